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
	fileKeys            // keys, one after the other
	fileNodes           // for each node, in order: fingerprint, where its key ends, where its postings end
	fileBuckets         // for each bucket of fingerprints, the first node in it or above: 4 bytes
	filePostings        // for each node: role<<28 | statement, ascending: 4 bytes
	segmentFiles
)

// suffixes are the names of a segment's files.
var suffixes = [segmentFiles]string{"records", "offsets", "keys", "nodes", "buckets", "postings"}

const nodeEntry = 8 + 8 + 8

// A segment is a part in files.
type segment struct {
	files     [segmentFiles]*blocks
	name      string
	count     uint32 // statements
	nodeCount uint32
	buckets   uint64
	memo      memo
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
	statements, nodes := files[fileOffsets].size/8, files[fileNodes].size/nodeEntry
	if files[fileOffsets].size%8 != 0 || files[fileNodes].size%nodeEntry != 0 || files[filePostings].size%4 != 0 ||
		files[fileBuckets].size%4 != 0 || files[fileBuckets].size < 8 || statements > maxStatements || nodes > 1<<32-2 {
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
	start, end, err := s.between(fileOffsets, uint64(statement), 8, 0)
	if err != nil {
		return nil, err
	}
	return s.files[fileRecords].read(start, end-start)
}

// between returns the number at a field of an entry, and of the entry before it.
func (s *segment) between(file int, i, entry, field uint64) (start, end uint64, err error) {
	if i == 0 {
		b, err := s.files[file].read(field, 8)
		if err != nil {
			return 0, 0, err
		}
		end = binary.LittleEndian.Uint64(b)
	} else {
		b, err := s.files[file].read((i-1)*entry+field, entry+8)
		if err != nil {
			return 0, 0, err
		}
		start, end = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[entry:])
	}
	if start > end {
		return 0, 0, s.damaged("offsets that ascend")
	}
	return start, end, nil
}

func (s *segment) key(node uint32) (uint64, []byte, error) {
	if node >= s.nodeCount {
		return 0, nil, s.damaged("a node of the segment")
	}
	start, b := uint64(0), []byte(nil)
	var err error
	if node == 0 {
		b, err = s.files[fileNodes].read(0, nodeEntry)
	} else if b, err = s.files[fileNodes].read(uint64(node-1)*nodeEntry, 2*nodeEntry); err == nil {
		start, b = binary.LittleEndian.Uint64(b[8:]), b[nodeEntry:]
	}
	if err != nil {
		return 0, nil, err
	}
	end := binary.LittleEndian.Uint64(b[8:])
	if start > end {
		return 0, nil, s.damaged("offsets that ascend")
	}
	key, err := s.files[fileKeys].read(start, end-start)
	return binary.LittleEndian.Uint64(b), key, err
}

// bucket returns in which of n buckets a fingerprint lies.
func bucket(fingerprint, n uint64) uint64 {
	hi, _ := bits.Mul64(fingerprint, n)
	return hi
}

func (s *segment) text(node uint32, keep bool, from *slab) (string, error) {
	return s.memo.text(s, node, keep, from)
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
	entries, err := s.files[fileNodes].read(uint64(lo)*nodeEntry, uint64(hi-lo)*nodeEntry)
	if err != nil {
		return 0, false, err
	}
	at := func(i uint32) uint64 { return binary.LittleEndian.Uint64(entries[uint64(i)*nodeEntry:]) }
	i, n := uint32(0), hi-lo
	for j := n; i < j; {
		if m := i + (j-i)/2; at(m) < fp {
			i = m + 1
		} else {
			j = m
		}
	}
	for ; i < n && at(i) == fp; i++ {
		_, got, err := s.key(lo + i)
		if err != nil {
			return 0, false, err
		}
		if bytes.Equal(got, key) {
			return lo + i, true, nil
		}
	}
	return 0, false, nil
}

func (s *segment) postings(node uint32, ro role) (postings, error) {
	if node >= s.nodeCount {
		return postings{}, s.damaged("a node of the segment")
	}
	start, end, err := s.between(fileNodes, uint64(node), nodeEntry, 16)
	if err != nil {
		return postings{}, err
	}
	if end > s.files[filePostings].size/4 {
		return postings{}, s.damaged("postings in the file")
	}
	file := s.files[filePostings]
	lo, err := lowerBound(file, start, end, uint32(ro)<<28)
	if err != nil {
		return postings{}, err
	}
	hi, err := lowerBound(file, lo, end, uint32(ro+1)<<28) // there are fewer than 16 roles
	return postings{file: file, lo: lo, hi: hi}, err
}

// fewPostings are looked at one by one to tell a node's roles.
const fewPostings = 16

func (s *segment) roles(node uint32) (mask uint32, err error) {
	if node >= s.nodeCount {
		return 0, s.damaged("a node of the segment")
	}
	start, end, err := s.between(fileNodes, uint64(node), nodeEntry, 16)
	if err != nil {
		return 0, err
	}
	file := s.files[filePostings]
	if end-start > fewPostings {
		first, err := posting(file, start)
		if err != nil {
			return 0, err
		}
		last, err := posting(file, end-1)
		return 2<<(last>>28) - 1<<(first>>28), err // they ascend
	}
	b, err := file.read(4*start, 4*(end-start))
	for ; len(b) >= 4; b = b[4:] {
		mask |= 1 << (binary.LittleEndian.Uint32(b) >> 28)
	}
	return mask, err
}

// lowerBound returns the first place from lo to hi whose posting is not less. The
// ends are tried first: most lists are short or have one role.
func lowerBound(file *blocks, lo, hi uint64, least uint32) (uint64, error) {
	for step := uint64(1); lo < hi; step *= 2 {
		at := min(lo+step-1, hi-1)
		v, err := posting(file, at)
		if err != nil {
			return 0, err
		}
		if v >= least {
			hi = at
			break
		}
		lo = at + 1
	}
	for lo < hi {
		m := lo + (hi-lo)/2
		v, err := posting(file, m)
		if err != nil {
			return 0, err
		}
		if v < least {
			lo = m + 1
		} else {
			hi = m
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

func (s *segment) order(place uint32) uint32 { return place }

func (s *segment) close() error { return closeFiles(s.files) }

func (s *segment) damaged(want string) *attest.Error {
	return attest.Refuse(CodeDamaged, s.name, want, "something else")
}
