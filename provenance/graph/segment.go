package graph

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/bits"
	"os"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// The files of a segment. All numbers in them are little-endian.
const (
	fileRecords  = iota // wire forms of records, one after the other
	fileOffsets         // for each statement, where its record ends: 8 bytes
	fileKeys            // keys that do not fit into the entries of their nodes
	fileNodes           // for each node, in order: a nodeEntry
	fileBuckets         // for each bucket of fingerprints, the first node in it or above: 4 bytes
	filePostings        // those that do not fit: role<<28 | statement, ascending: 4 bytes
	fileFilter          // of the fingerprints of envelopes
	segmentFiles
)

// suffixes are the names of a segment's files.
var suffixes = [segmentFiles]string{"records", "offsets", "keys", "nodes", "buckets", "postings", "filter"}

// A segment is a part in files.
type segment struct {
	files     [segmentFiles]*blocks
	name      string
	count     uint32 // statements
	nodeCount uint32
	buckets   uint64
}

// openSegment opens the files that the manifest names.
func openSegment(root *os.Root, m segmentEntry, mapping bool) (*segment, error) {
	var files [segmentFiles]*blocks
	for i, suffix := range suffixes {
		f, err := root.Open(m.Name + "." + suffix)
		if err == nil {
			files[i], err = openBlocks(f, m.Sums[i], mapping)
			if err != nil {
				_ = f.Close()
			}
		} else {
			err = attest.Refuse(CodeDamaged, m.Name+"."+suffix, "the file that the manifest names", "").Because(err)
		}
		if err != nil {
			return nil, errors.Join(err, closeFiles(files))
		}
	}
	s, err := newSegment(m.Name, files)
	if err != nil {
		return nil, errors.Join(err, closeFiles(files))
	}
	return s, nil
}

func closeFiles(files [segmentFiles]*blocks) error {
	var errs []error
	for _, f := range files {
		if f != nil && f.unmap != nil {
			errs = append(errs, f.unmap())
		}
	}
	return errors.Join(errs...)
}

// newSegment demands that the files have the sizes of a segment.
func newSegment(name string, files [segmentFiles]*blocks) (*segment, error) {
	s := &segment{name: name, files: files}
	statements, nodes := files[fileOffsets].size/8, files[fileNodes].size/entrySize
	if files[fileOffsets].size%8 != 0 || files[fileNodes].size%entrySize != 0 || files[filePostings].size%4 != 0 ||
		files[fileBuckets].size%4 != 0 || files[fileBuckets].size < 8 || files[fileFilter].size < filterBlock || files[fileFilter].size%filterBlock != 0 || statements > maxStatements || nodes > 1<<32-2 {
		return nil, attest.Refuse(CodeDamaged, name, "files of the sizes of a segment", strconv.FormatUint(nodes, 10)+" nodes")
	}
	s.count, s.nodeCount = uint32(statements), uint32(nodes)
	s.buckets = files[fileBuckets].size/4 - 1
	return s, nil
}

func (s *segment) statements() uint32 { return s.count }

func (s *segment) nodes() uint32 { return s.nodeCount }

func (s *segment) record(statement uint32) ([]byte, error) {
	if statement >= s.count {
		return nil, s.damaged("a statement of the segment")
	}
	var start, end uint64
	if statement == 0 {
		b, err := s.files[fileOffsets].read(0, 8)
		if err != nil {
			return nil, err
		}
		end = binary.LittleEndian.Uint64(b)
	} else {
		b, err := s.files[fileOffsets].read(8*uint64(statement-1), 16)
		if err != nil {
			return nil, err
		}
		start, end = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	}
	if start > end {
		return nil, s.damaged("offsets that ascend")
	}
	return s.files[fileRecords].read(start, end-start)
}

// entry returns the entry of a node.
func (s *segment) entry(node uint32) (nodeEntry, error) {
	if node >= s.nodeCount {
		return nil, s.damaged("a node of the segment")
	}
	b, err := s.files[fileNodes].read(uint64(node)*entrySize, entrySize)
	return nodeEntry(b), err
}

func (s *segment) node(node uint32) (view, error) {
	e, err := s.entry(node)
	if err != nil {
		return view{}, err
	}
	key, err := s.keyOf(e)
	return view{e.fingerprint(), key, e.mentioned()}, err
}

func (s *segment) keyOf(e nodeEntry) ([]byte, error) {
	if key, ok := e.inlineKey(); ok {
		return key, nil
	}
	offset, size := e.longKey()
	if size >= 1<<wordBits {
		return nil, s.damaged("a key that is not too long")
	}
	return s.files[fileKeys].read(offset, size)
}

// bucket returns in which of n buckets a fingerprint lies.
func bucket(fingerprint, n uint64) uint64 {
	hi, _ := bits.Mul64(fingerprint, n)
	return hi
}

func (s *segment) find(fp uint64, key []byte) (uint32, bool, error) {
	b, err := s.files[fileBuckets].read(4*bucket(fp, s.buckets), 8)
	if err != nil {
		return 0, false, err
	}
	lo, hi := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if lo > hi || hi > s.nodeCount {
		return 0, false, s.damaged("buckets that ascend")
	}
	entries, err := s.files[fileNodes].read(uint64(lo)*entrySize, uint64(hi-lo)*entrySize)
	if err != nil {
		return 0, false, err
	}
	for node := lo; node < hi; node, entries = node+1, entries[entrySize:] {
		e := nodeEntry(entries[:entrySize])
		if e.fingerprint() != fp {
			continue
		}
		got, err := s.keyOf(e)
		if err != nil {
			return 0, false, err
		}
		if bytes.Equal(got, key) {
			return node, true, nil
		}
	}
	return 0, false, nil
}

func (s *segment) postings(node uint32, ro role) (p postings, err error) {
	e, err := s.entry(node)
	if err != nil {
		return p, err
	}
	m := e.mentioned()
	if p, ok := m.postings(ro); ok {
		return p, nil
	}
	start, count := e.longPostings()
	file := s.files[filePostings]
	if end := file.size / 4; start > end || count > end-start {
		return p, s.damaged("postings in the file")
	}
	p.file = file
	if p.lo, err = lowerBound(file, start, start+count, uint32(ro)<<28); err != nil {
		return p, err
	}
	p.hi, err = lowerBound(file, p.lo, start+count, uint32(ro+1)<<28) // there are fewer than 16 roles
	return p, err
}

// lowerBound returns the first place from lo to hi whose posting is not less. The
// ends are tried first: most lists have one role.
func lowerBound(file *blocks, lo, hi uint64, least uint32) (uint64, error) {
	for try := 0; lo < hi; try++ {
		at := lo + (hi-lo)/2
		switch try {
		case 0:
			at = lo
		case 1:
			at = hi - 1
		}
		v, err := posting(file, at)
		if err != nil {
			return 0, err
		}
		if v < least {
			lo = at + 1
		} else {
			hi = at
		}
	}
	return lo, nil
}

func posting(file *blocks, i uint64) (uint32, error) {
	b, err := file.read(4*i, 4)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b), nil
}

func (s *segment) aside() part {
	other := *s
	for i, f := range s.files {
		if f.reader != nil {
			other.files[i] = &blocks{name: f.name, reader: f.reader, size: f.size, sums: f.sums}
		}
	}
	return &other
}

func (s *segment) scan() scanner {
	open := func(file int) *stream { return &stream{file: s.files[file]} }
	return &segmentScanner{
		segment: s, nodes: open(fileNodes), keys: open(fileKeys), lists: open(filePostings), offsets: open(fileOffsets), records: open(fileRecords),
	}
}

// A segmentScanner reads each file of a segment in its order.
type segmentScanner struct {
	segment                              *segment
	nodes, keys, lists, offsets, records *stream
	node                                 uint32
	keyEnd, listEnd, recordEnd           uint64
}

func (s *segmentScanner) next(n *scanned) (ok bool, err error) {
	if s.node == s.segment.nodeCount {
		return false, nil
	}
	b, err := s.nodes.take(entrySize)
	if err != nil {
		return false, err
	}
	e := nodeEntry(b)
	n.fingerprint, n.mentioned, n.node = e.fingerprint(), e.mentioned(), s.node
	s.node++
	if n.key, ok = e.inlineKey(); !ok {
		offset, size := e.longKey()
		if offset != s.keyEnd {
			return false, s.segment.damaged("keys in order")
		}
		s.keyEnd += size
		if n.key, err = s.keys.take(size); err != nil {
			return false, err
		}
	}
	n.list = nil
	if n.count > maxInlinePosts {
		start, _ := e.longPostings()
		if start != s.listEnd {
			return false, s.segment.damaged("postings in order")
		}
		s.listEnd += uint64(n.count)
		if n.count >= manyPostings {
			return true, s.lists.skip(4 * uint64(n.count))
		}
		n.list, err = s.lists.take(4 * uint64(n.count))
	}
	return true, err
}

func (s *segmentScanner) record() ([]byte, error) {
	b, err := s.offsets.take(8)
	if err != nil {
		return nil, err
	}
	end := binary.LittleEndian.Uint64(b)
	if end < s.recordEnd {
		return nil, s.segment.damaged("offsets that ascend")
	}
	n := end - s.recordEnd
	s.recordEnd = end
	return s.records.take(n)
}

func (s *segment) close() error { return closeFiles(s.files) }

func (s *segment) damaged(want string) *attest.Error {
	return attest.Refuse(CodeDamaged, s.name, want, "something else")
}
