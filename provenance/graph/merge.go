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
const perBucket = 8

// A merger writes several parts as one segment: statements in the order of parts,
// nodes in the order of fingerprints. It needs four bytes of memory per node.
type merger struct {
	parts []part
	files [segmentFiles]*blockWriter
	// base is the first statement of each part in the segment, ids the new number of
	// each node by part and old number.
	base []uint32
	ids  [][]uint32
	next []uint32 // place of each part's next node
	// head is the key of each part's next node.
	head  []headKey
	masks []uint32 // scratch: the roles of one node in each part

	buckets, bucket uint64
	node            uint32
	keyEnd, postEnd uint64
}

type headKey struct {
	fingerprint uint64
	key         []byte
	node        uint32
	done        bool
}

// writeSegment merges the parts into files that create makes, and returns what the
// manifest must know.
func writeSegment(ctx context.Context, parts []part, create func(suffix string) (io.WriteCloser, error)) (e segmentEntry, err error) {
	m := &merger{parts: parts}
	statements, nodes := uint64(0), uint64(0)
	for _, p := range parts {
		m.base = append(m.base, uint32(statements))
		statements += uint64(p.statements())
		nodes += uint64(p.nodes())
	}
	if statements > maxStatements || nodes > math.MaxUint32-2 {
		return e, attest.Refuse(CodeLimit, "segment", "fewer statements and nodes", "too many")
	}
	m.buckets = max(1, nodes/perBucket)
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
	m.next, m.head = make([]uint32, len(m.parts)), make([]headKey, len(m.parts))
	for i, p := range m.parts {
		m.ids = append(m.ids, make([]uint32, p.nodes()))
		if err := m.advance(i); err != nil {
			return err
		}
	}
	var same []int // parts whose next node is the least
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
		for _, i := range same {
			if err := m.advance(i); err != nil {
				return err
			}
		}
	}
	for m.bucket <= m.buckets {
		m.endBucket()
	}
	return nil
}

// advance loads the next node of a part, and demands that they ascend.
func (m *merger) advance(i int) error {
	p, place := m.parts[i], m.next[i]
	if place >= p.nodes() {
		m.head[i] = headKey{done: true}
		return nil
	}
	node := p.order(place)
	fp, key, err := p.key(node)
	if err != nil {
		return err
	}
	h := headKey{fingerprint: fp, key: key, node: node}
	if place > 0 && compareHeads(m.head[i], h) >= 0 {
		return damaged("nodes in order", "a node that is not above the one before")
	}
	m.head[i], m.next[i] = h, place+1
	return nil
}

func compareHeads(a, b headKey) int {
	if c := cmp.Compare(a.fingerprint, b.fingerprint); c != 0 {
		return c
	}
	return bytes.Compare(a.key, b.key)
}

// least appends the parts whose next node is the least of all.
func (m *merger) least(same []int) []int {
	for i, h := range m.head {
		if h.done {
			continue
		}
		if len(same) > 0 {
			switch c := compareHeads(h, m.head[same[0]]); {
			case c > 0:
				continue
			case c < 0:
				same = same[:0]
			}
		}
		same = append(same, i)
	}
	return same
}

// writeNode writes one node of the parts in same, with its postings in all of them.
func (m *merger) writeNode(same []int) error {
	h := m.head[same[0]]
	for bucket(h.fingerprint, m.buckets) >= m.bucket {
		m.endBucket()
	}
	m.files[fileKeys].write(h.key)
	m.keyEnd += uint64(len(h.key))
	masks := m.masks[:0]
	for _, i := range same {
		mask, err := m.parts[i].roles(m.head[i].node)
		if err != nil {
			return err
		}
		masks = append(masks, mask)
	}
	m.masks = masks
	for ro := range roles {
		for k, i := range same {
			if masks[k]>>ro&1 == 0 {
				continue
			}
			if err := m.writePostings(i, m.head[i].node, ro); err != nil {
				return err
			}
		}
	}
	var entry [nodeEntry]byte
	binary.LittleEndian.PutUint64(entry[0:], h.fingerprint)
	binary.LittleEndian.PutUint64(entry[8:], m.keyEnd)
	binary.LittleEndian.PutUint64(entry[16:], m.postEnd)
	m.files[fileNodes].write(entry[:])
	for _, i := range same {
		m.ids[i][m.head[i].node] = m.node
	}
	m.node++
	return nil
}

// endBucket writes the number of the first node of the next bucket.
func (m *merger) endBucket() {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], m.node)
	m.files[fileBuckets].write(b[:])
	m.bucket++
}

func (m *merger) writePostings(i int, node uint32, ro role) error {
	list, err := m.parts[i].postings(node, ro)
	if err != nil {
		return err
	}
	var b [4]byte
	for j := range list.count() {
		statement, err := list.at(j)
		if err != nil {
			return err
		}
		if statement >= m.parts[i].statements() {
			return damaged("a statement of the segment", "another number")
		}
		binary.LittleEndian.PutUint32(b[:], uint32(ro)<<28|(statement+m.base[i]))
		m.files[filePostings].write(b[:])
	}
	m.postEnd += list.count()
	return nil
}

// writeRecords writes the records with the new numbers.
func (m *merger) writeRecords(ctx context.Context) error {
	var r record
	var wire []byte
	var end uint64
	for i, p := range m.parts {
		for statement := range p.statements() {
			if statement%checkEvery == 0 && ctx.Err() != nil {
				return canceled(ctx)
			}
			b, err := p.record(statement)
			if err == nil {
				err = r.parse(b, p.nodes())
			}
			if err != nil {
				return err
			}
			r.renumber(m.ids[i])
			wire = r.append(wire[:0])
			end += uint64(len(wire))
			m.files[fileRecords].write(wire)
			var offset [8]byte
			binary.LittleEndian.PutUint64(offset[:], end)
			m.files[fileOffsets].write(offset[:])
		}
	}
	return nil
}

func canceled(ctx context.Context) error {
	return attest.Refuse(CodeCanceled, "", "time", "").Because(context.Cause(ctx))
}

// fanOut is how many segments of about one size are merged into one.
const fanOut = 4

// tail returns how many of the last segments, by their statements, are to be merged:
// fanOut, if none of them is more than about fanOut times as large as another.
func tail(statements []uint32) int {
	if len(statements) < fanOut {
		return 0
	}
	last := statements[len(statements)-fanOut:]
	sum := uint64(0)
	for _, n := range last {
		sum += uint64(n)
	}
	if slices.Max(last)/fanOut > slices.Min(last)*fanOut/2 || sum > maxStatements {
		return 0
	}
	return fanOut
}
