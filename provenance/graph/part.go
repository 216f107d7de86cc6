package graph

import "encoding/binary"

// maxStatements bounds the statements of a part: a posting has 28 bits for one.
const maxStatements = 1 << 28

// A part is a set of statements and the nodes that they mention, each numbered from
// zero. A store is a sequence of parts; a node may be in several, a statement is in
// one. Segments and the delta are parts.
type part interface {
	statements() uint32
	nodes() uint32
	// record returns the wire form of a statement's record.
	record(statement uint32) ([]byte, error)
	// node returns a node, whose key is only valid until the part is closed.
	node(node uint32) (view, error)
	// find returns the node with the key.
	find(fingerprint uint64, key []byte) (node uint32, found bool, err error)
	// mayHold reports whether the part may hold the envelope with a fingerprint.
	mayHold(fingerprint uint64) (bool, error)
	// postings returns where a node has a role.
	postings(node uint32, ro role) (postings, error)
	// aside returns the part as one that does not use the mappings of files: who looks
	// here and there once should not keep it all in memory.
	aside() part
	// scan returns all nodes and then all records, for a merge.
	scan() scanner
	close() error
}

// A view is a node as a part has it.
type view struct {
	fingerprint uint64
	key         []byte
	mentioned
}

// A mentioned tells how a node is mentioned.
type mentioned struct {
	roles uint32                 // a bit for each
	count uint32                 // of postings; more than maxInlinePosts if they are not here
	few   [maxInlinePosts]uint32 // role<<28 | statement, ascending
}

// postings returns those in a role, if they are here.
func (m *mentioned) postings(ro role) (p postings, ok bool) {
	if m.count > maxInlinePosts {
		return p, false
	}
	for _, v := range m.few[:m.count] {
		if role(v>>28) == ro {
			p.few[p.hi] = v & (maxStatements - 1)
			p.hi++
		}
	}
	return p, true
}

// A scanner reads a part from its beginning to its end.
type scanner interface {
	// next reads the next node in the order of fingerprints and keys, unless there is none.
	next(into *scanned) (ok bool, err error)
	// record reads the next record; it is good until the next call.
	record() ([]byte, error)
}

// A scanned node is good until the next one is read.
type scanned struct {
	view
	node uint32
	list []byte // all postings, if they are neither in few nor too many
}

// manyPostings are too many to be scanned with their node.
const manyPostings = 1 << 12

// postings are statements in ascending order: those at lo to hi of a file; or hi of a
// delta's list, from the chunk lo on; or the first hi of few.
type postings struct {
	file   *blocks
	posts  []uint32
	lo, hi uint64
	few    [maxInlinePosts]uint32
}

func (p *postings) count() uint64 {
	if p.file == nil {
		return p.hi
	}
	return p.hi - p.lo
}

func (p *postings) at(i uint64) (uint32, error) {
	switch {
	case p.file != nil:
		v, err := posting(p.file, p.lo+i)
		return v & (maxStatements - 1), err
	case p.posts != nil:
		return chunked(p.posts, uint32(p.lo), uint32(i)), nil
	}
	return p.few[i], nil
}

// A listBuffer holds what postings are read into.
type listBuffer struct {
	bytes []byte
	list  []uint32
}

// aside returns n statements from the i-th on, past the mapping of a file: whoever reads
// everything once should not keep it in memory. They are good until the next call.
func (p *postings) aside(buf *listBuffer, i, n uint64) ([]uint32, error) {
	buf.list = buf.list[:0]
	if p.file == nil {
		for j := range n {
			v, err := p.at(i + j)
			if err != nil {
				return nil, err
			}
			buf.list = append(buf.list, v)
		}
		return buf.list, nil
	}
	b, err := p.file.aside(&buf.bytes, 4*(p.lo+i), 4*n)
	for ; len(b) >= 4; b = b[4:] {
		buf.list = append(buf.list, binary.LittleEndian.Uint32(b)&(maxStatements-1))
	}
	return buf.list, err
}
