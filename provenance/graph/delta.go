package graph

import (
	"bytes"
	"cmp"
	"slices"
)

// A delta is the part that grows: what the log holds, in memory. It consists of a few
// large slices without pointers, for there may be millions of nodes, and the garbage
// collector would look at each of theirs.
type delta struct {
	table   []uint32 // nodes plus one, by fingerprint; at most half full
	all     []deltaNode
	keys    []byte
	lists   []deltaList
	posts   []uint32 // the chunks of lists
	records []byte
	ends    []uint64 // of records
	bytes   int      // an estimate of the memory in use
}

type deltaNode struct {
	fingerprint uint64
	keyEnd      uint64
	list        uint32 // plus one, of the node's first role
}

// A deltaList is the statements in which a node has a role: in chunks of 1, 2, 4, ...
// statements, each with the place of the next chunk before it.
type deltaList struct {
	next        uint32 // plus one, of the node's next role
	role        role
	first, last uint32 // chunks
	count       uint32
}

// Estimates of the memory that a node, a list and a posting take beyond their bytes, with
// what slices have in reserve.
const (
	nodeCost    = 80
	listCost    = 50
	postingCost = 10
)

func newDelta() *delta { return &delta{table: make([]uint32, 16)} }

// roomy returns s with room for n more, twice as large if there is none: append would
// move large slices more often.
func roomy[T any](s []T, n int) []T {
	if cap(s)-len(s) < n {
		return slices.Grow(s, max(n, len(s)))
	}
	return s
}

// slot returns where the table has the node with the key, or has room for it.
func (d *delta) slot(fp uint64, key []byte) int {
	mask := len(d.table) - 1
	for at := int(fp) & mask; ; at = (at + 1) & mask {
		id := d.table[at]
		if id == 0 || d.all[id-1].fingerprint == fp && bytes.Equal(d.keyOf(id-1), key) {
			return at
		}
	}
}

// intern returns the id of the node with the key, which is made if it is new.
func (d *delta) intern(key []byte) uint32 {
	fp := fingerprint(key)
	at := d.slot(fp, key)
	if id := d.table[at]; id > 0 {
		return id - 1
	}
	d.keys = append(roomy(d.keys, len(key)), key...)
	d.all = append(roomy(d.all, 1), deltaNode{fingerprint: fp, keyEnd: uint64(len(d.keys))})
	d.table[at] = uint32(len(d.all))
	d.bytes += len(key) + nodeCost
	if 2*len(d.all) > len(d.table) {
		d.grow()
	}
	return uint32(len(d.all) - 1)
}

// grow doubles the table.
func (d *delta) grow() {
	d.table = make([]uint32, 2*len(d.table))
	mask := len(d.table) - 1
	for i := range d.all {
		at := int(d.all[i].fingerprint) & mask
		for d.table[at] != 0 {
			at = (at + 1) & mask
		}
		d.table[at] = uint32(i + 1)
	}
}

func (d *delta) keyOf(id uint32) []byte {
	start := uint64(0)
	if id > 0 {
		start = d.all[id-1].keyEnd
	}
	return d.keys[start:d.all[id].keyEnd]
}

// add takes in a record whose ids are the delta's.
func (d *delta) add(r *record) {
	statement := uint32(len(d.ends))
	before := len(d.records)
	d.records = r.append(roomy(d.records, 256))
	d.ends = append(d.ends, uint64(len(d.records)))
	d.bytes += len(d.records) - before + 8
	r.each(func(id uint32, ro role) { d.post(id, ro, statement) })
	for i := range r.mentions {
		for _, id := range d.aliases(r.mentions[i].digests) {
			d.post(id, roleAlias, statement)
		}
	}
}

// aliases returns those of a descriptor's digests that are names of one artifact: all
// strong ones, if there are several.
func (d *delta) aliases(digests []uint32) []uint32 {
	if len(digests) < 2 {
		return nil
	}
	var out []uint32
	for _, id := range digests {
		if strong(d.keyOf(id)) {
			out = append(out, id)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// list returns the node's list for a role, or nil.
func (d *delta) list(id uint32, ro role) *deltaList {
	for at := d.all[id].list; at > 0; at = d.lists[at-1].next {
		if l := &d.lists[at-1]; l.role == ro {
			return l
		}
	}
	return nil
}

func (d *delta) post(id uint32, ro role, statement uint32) {
	l := d.list(id, ro)
	if l == nil {
		chunk := uint32(len(d.posts))
		d.posts = append(roomy(d.posts, 2), 0, statement)
		d.lists = append(roomy(d.lists, 1), deltaList{next: d.all[id].list, role: ro, first: chunk, last: chunk, count: 1})
		d.all[id].list = uint32(len(d.lists))
		d.bytes += listCost
		return
	}
	// Before a chunk of n there are n-1 statements in the chunks before.
	size := uint32(1)
	for 2*size-1 < l.count {
		size *= 2
	}
	used := l.count - (size - 1)
	if d.posts[l.last+used] == statement {
		return
	}
	if used == size {
		chunk := uint32(len(d.posts))
		d.posts = append(roomy(d.posts, int(1+2*size)), make([]uint32, 1+2*size)...)
		d.posts[l.last], l.last, used = chunk, chunk, 0
		d.bytes += int(2*size) * postingCost
	}
	d.posts[l.last+1+used] = statement
	l.count++
}

func (d *delta) statements() uint32 { return uint32(len(d.ends)) }

func (d *delta) nodes() uint32 { return uint32(len(d.all)) }

func (d *delta) record(statement uint32) ([]byte, error) {
	if statement >= d.statements() {
		return nil, damaged("a statement of the log", "another number")
	}
	start := uint64(0)
	if statement > 0 {
		start = d.ends[statement-1]
	}
	return d.records[start:d.ends[statement]], nil
}

func (d *delta) node(node uint32) (view, error) {
	return view{d.all[node].fingerprint, d.keyOf(node), mentioned{roles: d.roles(node), count: maxInlinePosts + 1}}, nil
}

func (d *delta) find(fp uint64, key []byte) (uint32, bool, error) {
	id := d.table[d.slot(fp, key)]
	return max(id, 1) - 1, id > 0, nil
}

func (d *delta) postings(node uint32, ro role) (postings, error) {
	l := d.list(node, ro)
	if l == nil {
		return postings{}, nil
	}
	return postings{posts: d.posts, lo: uint64(l.first), hi: uint64(l.count)}, nil
}

// chunked returns the i-th statement of the list whose first chunk is given.
func chunked(posts []uint32, chunk, i uint32) uint32 {
	size := uint32(1)
	for i >= size {
		i -= size
		size *= 2
		chunk = posts[chunk]
	}
	return posts[chunk+1+i]
}

func (d *delta) roles(node uint32) (mask uint32) {
	for at := d.all[node].list; at > 0; at = d.lists[at-1].next {
		mask |= 1 << d.lists[at-1].role
	}
	return mask
}

func (d *delta) aside() part { return d }

func (d *delta) scan() scanner {
	order := make([]sortKey, len(d.all))
	for i := range order {
		order[i] = sortKey{d.all[i].fingerprint, uint32(i)}
	}
	slices.SortFunc(order, func(a, b sortKey) int {
		if a.fingerprint != b.fingerprint {
			return cmp.Compare(a.fingerprint, b.fingerprint)
		}
		return bytes.Compare(d.keyOf(a.node), d.keyOf(b.node))
	})
	return &deltaScanner{delta: d, order: order}
}

type sortKey struct {
	fingerprint uint64
	node        uint32
}

// A deltaScanner reads a delta in order.
type deltaScanner struct {
	delta     *delta
	order     []sortKey
	statement uint32
}

func (s *deltaScanner) next(n *scanned) (bool, error) {
	if len(s.order) == 0 {
		return false, nil
	}
	d := s.delta
	n.fingerprint, n.node = s.order[0].fingerprint, s.order[0].node
	s.order = s.order[1:]
	n.key, n.roles, n.count = d.keyOf(n.node), 0, 0
	for at := d.all[n.node].list; at > 0; at = d.lists[at-1].next {
		l := &d.lists[at-1]
		n.roles |= 1 << l.role
		for i := uint32(0); i < l.count && n.count+i < maxInlinePosts; i++ {
			n.few[n.count+i] = uint32(l.role)<<28 | chunked(d.posts, l.first, i)
		}
		n.count += l.count
	}
	if n.count <= maxInlinePosts {
		slices.Sort(n.few[:n.count])
	}
	return true, nil
}

func (s *deltaScanner) record() ([]byte, error) {
	s.statement++
	return s.delta.record(s.statement - 1)
}

func (d *delta) close() error { return nil }
