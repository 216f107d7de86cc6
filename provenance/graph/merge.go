package graph

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/sealwright/sealwright/attest"
)

// checkEvery is how many items pass between looks at the context.
const checkEvery = 1 << 12

// perBucket is the mean number of nodes in a bucket.
const perBucket = 4

// A merger writes several parts as one segment: statements in the order of parts,
// nodes in the order of fingerprints. It needs four bytes of memory per node.
type merger struct {
	sources []*merging
	files   [segmentFiles]*blockWriter

	buckets, bucket uint64
	node            uint32
	keyEnd, postEnd uint64
	filter          []byte
	record          []byte // scratch
	lists           listBuffer
}

// A merging is a part that is merged.
type merging struct {
	part
	scanner scanner
	base    uint32   // its first statement in the segment
	ids     []uint32 // the new number of each of its nodes
	head    scanned  // its next node, unless it is done
	done    bool
	before  []byte // the key of the node before, if there is one
	any     bool
}

// writeSegment merges the parts into files that create makes, and returns what the
// manifest must know.
func writeSegment(ctx context.Context, parts []part, create func(suffix string) (io.WriteCloser, error)) (e segmentEntry, err error) {
	m := &merger{}
	statements, nodes := uint64(0), uint64(0)
	for _, p := range parts {
		m.sources = append(m.sources, &merging{part: p, base: uint32(statements), ids: make([]uint32, p.nodes()), scanner: p.scan()})
		statements += uint64(p.statements())
		nodes += uint64(p.nodes())
	}
	if statements > maxStatements || nodes > math.MaxUint32-2 {
		return e, attest.Refuse(CodeLimit, "segment", "fewer statements and nodes", "too many")
	}
	m.buckets, m.filter = max(1, nodes/perBucket), newFilter(statements)
	for i, suffix := range suffixes {
		f, err := create(suffix)
		if err != nil {
			return e, errors.Join(err, m.close(&e))
		}
		m.files[i] = newBlockWriter(f)
	}
	if err = m.writeNodes(ctx); err == nil {
		err = m.writeRecords(ctx)
	}
	if closeErr := m.close(&e); err == nil && closeErr != nil {
		err = attest.Refuse(CodeStorage, "segment", "a durable segment", "").Because(closeErr)
	}
	e.Statements, e.Nodes = uint32(statements), m.node
	return e, err
}

func (m *merger) close(e *segmentEntry) error {
	var errs []error
	for i, w := range m.files {
		if w == nil {
			continue
		}
		sum, err := w.close()
		e.Sums[i] = sum
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// writeNodes writes everything but the records, and numbers the nodes anew.
func (m *merger) writeNodes(ctx context.Context) error {
	for _, s := range m.sources {
		if err := s.advance(); err != nil {
			return err
		}
	}
	var same []*merging // whose next node is the least
	for n := 0; ; n++ {
		if n%checkEvery == 0 && ctx.Err() != nil {
			return canceled(ctx)
		}
		if same = m.least(same[:0]); len(same) == 0 {
			break
		}
		if err := m.writeNode(same); err != nil {
			return err
		}
		for _, s := range same {
			if err := s.advance(); err != nil {
				return err
			}
		}
	}
	for m.bucket <= m.buckets {
		m.endBucket()
	}
	m.files[fileFilter].write(m.filter)
	return nil
}

// advance reads the next node of a part, and demands that they ascend.
func (s *merging) advance() error {
	fingerprint := s.head.fingerprint
	s.before = append(s.before[:0], s.head.key...)
	ok, err := s.scanner.next(&s.head)
	if err != nil || !ok {
		s.done = true
		return err
	}
	if c := cmp.Compare(fingerprint, s.head.fingerprint); s.any && (c > 0 || c == 0 && bytes.Compare(s.before, s.head.key) >= 0) {
		return damaged("nodes in order", "a node that is not above the one before")
	}
	s.any = true
	return nil
}

// least appends the parts whose next node is the least of all.
func (m *merger) least(same []*merging) []*merging {
	for _, s := range m.sources {
		if s.done {
			continue
		}
		if len(same) > 0 {
			least := &same[0].head
			c := cmp.Compare(s.head.fingerprint, least.fingerprint)
			if c == 0 {
				c = bytes.Compare(s.head.key, least.key)
			}
			switch {
			case c > 0:
				continue
			case c < 0:
				same = same[:0]
			}
		}
		same = append(same, s)
	}
	return same
}

// writeNode writes one node of the parts in same, with its postings in all of them.
func (m *merger) writeNode(same []*merging) error {
	n := &same[0].head
	for bucket(n.fingerprint, m.buckets) >= m.bucket {
		m.endBucket()
	}
	var wire [entrySize]byte
	e := nodeEntry(wire[:])
	if !e.reset(n.fingerprint, n.key, m.keyEnd) {
		m.files[fileKeys].write(n.key)
		m.keyEnd += uint64(len(n.key))
	}
	roles, count := uint32(0), uint64(0)
	for _, s := range same {
		roles |= s.head.roles
		count += uint64(s.head.count)
		s.ids[s.head.node] = m.node
	}
	e.setRoles(roles)
	if roles>>roleEnvelope&1 == 1 {
		addToFilter(m.filter, n.fingerprint)
	}
	m.node++
	if count > maxInlinePosts {
		e.setLongPostings(m.postEnd, count)
		m.files[fileNodes].write(wire[:])
		return m.writeLists(same, roles, count)
	}
	var few [maxInlinePosts]uint32
	list := few[:0]
	for _, s := range same {
		for _, v := range s.head.few[:s.head.count] {
			v, err := s.renumbered(v)
			if err != nil {
				return err
			}
			list = append(list, v)
		}
	}
	slices.Sort(list)
	e.setPostings(list)
	m.files[fileNodes].write(wire[:])
	return nil
}

// renumbered returns a posting of the part as one of the segment.
func (s *merging) renumbered(v uint32) (uint32, error) {
	if v&(maxStatements-1) >= s.statements() {
		return 0, damaged("a statement of the segment", "another number")
	}
	return v + s.base, nil // a part has fewer statements than a posting can tell
}

// endBucket writes the number of the first node of the next bucket.
func (m *merger) endBucket() {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], m.node)
	m.files[fileBuckets].write(b[:])
	m.bucket++
}

// writeLists writes the postings of one node, count of them in all parts.
func (m *merger) writeLists(same []*merging, roles uint32, count uint64) error {
	end := m.postEnd + count
	for ro := range role(16) {
		if roles>>ro&1 == 0 {
			continue
		}
		for _, s := range same {
			if err := m.writeList(s, ro); err != nil {
				return err
			}
		}
	}
	if m.postEnd != end {
		return damaged("as many postings as nodes have", "another number")
	}
	return nil
}

// writeList writes the postings of the next node of a part in one role.
func (m *merger) writeList(s *merging, ro role) error {
	if s.head.count <= maxInlinePosts {
		for _, v := range s.head.few[:s.head.count] {
			if role(v>>28) == ro {
				if err := m.writePosting(s, v); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if s.head.list != nil {
		for list := s.head.list; len(list) >= 4; list = list[4:] {
			if v := binary.LittleEndian.Uint32(list); role(v>>28) == ro {
				if err := m.writePosting(s, v); err != nil {
					return err
				}
			}
		}
		return nil
	}
	list, err := s.postings(s.head.node, ro)
	if err != nil {
		return err
	}
	const most = streamSize / 4
	for from := uint64(0); from < list.count(); from += most {
		chunk, err := list.aside(&m.lists, from, min(most, list.count()-from))
		if err != nil {
			return err
		}
		for _, statement := range chunk {
			if err := m.writePosting(s, uint32(ro)<<28|statement); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *merger) writePosting(s *merging, v uint32) error {
	v, err := s.renumbered(v)
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], v)
	m.files[filePostings].write(b[:])
	m.postEnd++
	return err
}

// writeRecords writes the records with the new numbers.
func (m *merger) writeRecords(ctx context.Context) error {
	var end uint64
	var offset [8]byte
	for _, s := range m.sources {
		for statement := range s.statements() {
			if statement%checkEvery == 0 && ctx.Err() != nil {
				return canceled(ctx)
			}
			b, err := s.scanner.record()
			if err == nil {
				m.record = append(m.record[:0], b...)
				err = renumberWire(m.record, s.ids)
			}
			if err != nil {
				return err
			}
			end += uint64(len(b))
			m.files[fileRecords].write(m.record)
			binary.LittleEndian.PutUint64(offset[:], end)
			m.files[fileOffsets].write(offset[:])
		}
	}
	return nil
}

func canceled(ctx context.Context) error {
	return attest.Refuse(CodeCanceled, "", "time", "").Because(context.Cause(ctx))
}
