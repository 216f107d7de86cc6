package graph

import (
	"bytes"
	"math/bits"
	"slices"

	"github.com/sealwright/sealwright/internal/sha256x"
)

// A delta is the part that grows: what the log holds, in memory. It consists of a few
// large slices without pointers, for there may be millions of nodes, and the garbage
// collector would look at each of theirs.
type delta struct {
	table   []uint64 // of nodes, by fingerprint: half of that, and the node plus one; at most half full
	entries []byte   // for each node, in the order of their coming, a nodeEntry
	keys    []byte   // that do not fit into the entries of their nodes
	lists   []deltaList
	posts   []uint32 // the chunks of lists
	records []byte
	ends    []uint64 // of records
	bytes   int      // an estimate of the memory in use
}

// A deltaList is the statements in which a node has a role, if they do not fit into its
// entry: in chunks of 1, 2, 4, ... statements, each with the place of the next chunk before
// it. The entry has the list of the node's last role, plus one.
type deltaList struct {
	next        uint32 // plus one, of the node's next role
	role        role
	first, last uint32 // chunks
	count       uint32
}

// Estimates of the memory that a node, a list and a posting take beyond their bytes. What
// slices have in reserve is not touched before it is needed.
const (
	nodeCost    = entrySize + 4*8 // with its part of the table, which is at least a quarter full
	listCost    = 32
	postingCost = 8
)

func newDelta() *delta { return &delta{table: make([]uint64, 16)} }

// emptied returns an empty delta in the memory of d, which must not be used any more.
func (d *delta) emptied() *delta {
	clear(d.table)
	return &delta{
		table: d.table, entries: d.entries[:0], keys: d.keys[:0], lists: d.lists[:0], posts: d.posts[:0],
		records: d.records[:0], ends: d.ends[:0],
	}
}

// roomy returns s with room for n more, twice as large if there is none: append would move
// large slices more often. It would also clear what is beyond them, and so take memory that
// may never be used.
func roomy[T any](s []T, n int) []T {
	if cap(s)-len(s) >= n {
		return s
	}
	large := make([]T, len(s), len(s)+max(n, len(s)))
	copy(large, s)
	return large
}

func (d *delta) entry(node uint32) nodeEntry {
	return nodeEntry(d.entries[entrySize*uint64(node):][:entrySize])
}

// shift is how far a fingerprint is shifted to give its place in the table: its highest
// bits, so that the table is nearly in order.
func (d *delta) shift() int { return bits.LeadingZeros64(uint64(len(d.table) - 1)) }

// slot returns where the table has the node with the key, or has room for it.
func (d *delta) slot(fp uint64, key []byte) int {
	mask := len(d.table) - 1
	for at := int(fp >> d.shift()); ; at = (at + 1) & mask {
		v := d.table[at]
		if v == 0 || v>>32 == fp>>32 && d.isNode(uint32(v)-1, fp, key) {
			return at
		}
	}
}

func (d *delta) isNode(node uint32, fp uint64, key []byte) bool {
	e := d.entry(node)
	return e.fingerprint() == fp && bytes.Equal(d.keyOf(e), key)
}

// internAtOnce is how many keys internAll takes.
const internAtOnce = 16

// internAll is intern for several keys. Most nodes are where they are looked for first: there
// all are looked for before anything is done about one, so that the ways from memory overlap.
func (d *delta) internAll(ids []uint32, keys [][]byte) {
	var sums [internAtOnce][sha256x.Size]byte
	var prints, first [internAtOnce]uint64
	sha256x.SumMany(sums[:len(keys)], nil, keys)
	shift := d.shift()
	for i := range keys {
		prints[i] = printOf(sums[i])
		first[i] = d.table[prints[i]>>shift]
	}
	for i, v := range first[:len(keys)] {
		if v == 0 || v>>32 != prints[i]>>32 || !d.isNode(uint32(v)-1, prints[i], keys[i]) {
			first[i] = 0
		}
	}
	for i, v := range first[:len(keys)] {
		if v == 0 {
			ids[i] = d.intern(prints[i], keys[i])
		} else {
			ids[i] = uint32(v) - 1
		}
	}
}

// intern returns the node with the key, which is made if it is new.
func (d *delta) intern(fp uint64, key []byte) uint32 {
	at := d.slot(fp, key)
	if v := d.table[at]; v > 0 {
		return uint32(v) - 1
	}
	start := len(d.entries)
	d.entries = roomy(d.entries, entrySize)[:start+entrySize]
	if !nodeEntry(d.entries[start:]).reset(fp, key, uint64(len(d.keys))) {
		d.keys = append(roomy(d.keys, len(key)), key...)
		d.bytes += len(key)
	}
	nodes := d.nodes()
	d.table[at] = fp>>32<<32 | uint64(nodes)
	d.bytes += nodeCost
	if 2*int(nodes) > len(d.table) {
		d.grow()
	}
	return nodes - 1
}

// grow doubles the table.
func (d *delta) grow() {
	small := d.table
	d.table = make([]uint64, 2*len(small))
	mask, shift := len(d.table)-1, d.shift()
	for _, v := range small {
		if v == 0 {
			continue
		}
		at := int(v >> shift)
		for d.table[at] != 0 {
			at = (at + 1) & mask
		}
		d.table[at] = v
	}
}

func (d *delta) keyOf(e nodeEntry) []byte {
	if key, ok := e.inlineKey(); ok {
		return key
	}
	offset, size := e.longKey()
	return d.keys[offset : offset+size]
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
		if strong(d.keyOf(d.entry(id))) {
			out = append(out, id)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// post notes that a node has a role in a statement, which is not before those that were
// noted.
func (d *delta) post(node uint32, ro role, statement uint32) {
	e := d.entry(node)
	m := e.mentioned()
	e.setRoles(m.roles | 1<<ro)
	if m.count > maxInlinePosts {
		d.postLong(e, ro, statement)
		return
	}
	v := uint32(ro)<<28 | statement
	at, found := slices.BinarySearch(m.few[:m.count], v)
	if found {
		return
	}
	if m.count < maxInlinePosts {
		e.setPostings(slices.Insert(m.few[:m.count], at, v))
		return
	}
	e.setLongPostings(0, 0)
	for _, v := range m.few {
		d.postLong(e, role(v>>28), v&(maxStatements-1))
	}
	d.postLong(e, ro, statement)
}

// list returns a node's list for a role, or nil.
func (d *delta) list(e nodeEntry, ro role) *deltaList {
	for at, _ := e.longPostings(); at > 0; at = uint64(d.lists[at-1].next) {
		if l := &d.lists[at-1]; l.role == ro {
			return l
		}
	}
	return nil
}

// postLong is post for a node whose postings are in lists.
func (d *delta) postLong(e nodeEntry, ro role, statement uint32) {
	head, count := e.longPostings()
	l := d.list(e, ro)
	if l == nil {
		chunk := uint32(len(d.posts))
		d.posts = append(roomy(d.posts, 2), 0, statement)
		d.lists = append(roomy(d.lists, 1), deltaList{next: uint32(head), role: ro, first: chunk, last: chunk, count: 1})
		e.setLongPostings(uint64(len(d.lists)), count+1)
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
	e.setLongPostings(head, count+1)
}

func (d *delta) statements() uint32 { return uint32(len(d.ends)) }

func (d *delta) nodes() uint32 { return uint32(len(d.entries) / entrySize) }

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
	e := d.entry(node)
	return view{e.fingerprint(), d.keyOf(e), e.mentioned()}, nil
}

func (d *delta) find(fp uint64, key []byte) (uint32, bool, error) {
	v := d.table[d.slot(fp, key)]
	return uint32(max(v, 1)) - 1, v > 0, nil
}

func (d *delta) postings(node uint32, ro role) (postings, error) {
	e := d.entry(node)
	m := e.mentioned()
	if p, ok := m.postings(ro); ok {
		return p, nil
	}
	l := d.list(e, ro)
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

func (d *delta) aside() part { return d }

func (d *delta) scan() scanner {
	order := d.nearlySorted()
	for i, v := range order {
		at := i
		for ; at > 0 && d.less(v, order[at-1]); at-- {
			order[at] = order[at-1]
		}
		order[at] = v
	}
	return &deltaScanner{delta: d, order: order}
}

// nearlySorted returns what is in the table, each near its place in the order of
// fingerprints.
func (d *delta) nearlySorted() []uint64 {
	order := make([]uint64, 0, d.nodes())
	var around []uint64 // which found no room before the end of the table
	shift := d.shift()
	for at, v := range d.table {
		switch {
		case v == 0:
		case int(v>>shift) > at:
			around = append(around, v)
		default:
			order = append(order, v)
		}
	}
	return append(order, around...)
}

// less compares what is in the table by fingerprints and keys.
func (d *delta) less(a, b uint64) bool {
	if a>>32 != b>>32 {
		return a < b
	}
	x, y := d.entry(uint32(a)-1), d.entry(uint32(b)-1)
	if x.fingerprint() != y.fingerprint() {
		return x.fingerprint() < y.fingerprint()
	}
	return bytes.Compare(d.keyOf(x), d.keyOf(y)) < 0
}

// A deltaScanner reads a delta in order.
type deltaScanner struct {
	delta     *delta
	order     []uint64
	ahead     [16 * entrySize]byte // entries that were read at once: so their ways from memory overlap
	read      int                  // of those
	statement uint32
}

func (s *deltaScanner) next(n *scanned) (bool, error) {
	if len(s.order) == 0 {
		return false, nil
	}
	if s.read%len(s.ahead) == 0 {
		for i, v := range s.order[:min(len(s.order), len(s.ahead)/entrySize)] {
			copy(s.ahead[i*entrySize:], s.delta.entry(uint32(v)-1))
		}
		s.read = 0
	}
	e := nodeEntry(s.ahead[s.read:][:entrySize])
	s.read += entrySize
	n.node = uint32(s.order[0]) - 1
	n.fingerprint, n.key, n.mentioned = e.fingerprint(), s.delta.keyOf(e), e.mentioned()
	s.order = s.order[1:]
	return true, nil
}

func (s *deltaScanner) record() ([]byte, error) {
	s.statement++
	return s.delta.record(s.statement - 1)
}

func (d *delta) close() error { return nil }
