package graph

import (
	"hash/maphash"
	"math/bits"
	"sync"
)

// An idTable maps numbers to numbers. It serves one query after the other. What is looked
// at out of order, the slots, is as small as it can be, so that it stays near the
// processor; the entries are in the order in which they came, which is about that in
// which queries ask for them. Its seed is secret, so that nobody can choose numbers that
// collide.
type idTable struct {
	seed    [2]uint64
	slots   []uint32 // places in entries plus one; a power of two, at most half full
	entries []idEntry
}

type idEntry struct {
	key   uint64
	value uint32
}

// leastSlots is how many slots a table begins with.
const leastSlots = 256

func newIDTable() idTable {
	secret := maphash.MakeSeed()
	return idTable{
		seed:  [2]uint64{maphash.Comparable(secret, 1), maphash.Comparable(secret, 2) | 1},
		slots: make([]uint32, leastSlots),
	}
}

// reset empties the table. It keeps its memory, but gives it to the next query only as far
// as that needs it.
func (t *idTable) reset() {
	if len(t.entries) > 0 {
		clear(t.slots)
	}
	t.slots, t.entries = t.slots[:leastSlots], t.entries[:0]
}

// hash multiplies with a secret, and uses both halves of the product, as foldhash does.
func (t *idTable) hash(key uint64) uint64 {
	hi, lo := bits.Mul64(key^t.seed[0], t.seed[1])
	return hi ^ lo
}

// touch reads where the key is looked for first; see walk.touch.
func (t *idTable) touch(key uint64) byte { return byte(t.slots[t.hash(key)&uint64(len(t.slots)-1)]) }

// slot returns where the key is, or has room.
func (t *idTable) slot(key uint64) *uint32 {
	mask := uint64(len(t.slots) - 1)
	for at := t.hash(key) & mask; ; at = (at + 1) & mask {
		if s := &t.slots[at]; *s == 0 || t.entries[*s-1].key == key {
			return s
		}
	}
}

func (t *idTable) get(key uint64) (uint32, bool) {
	s := *t.slot(key)
	if s == 0 {
		return 0, false
	}
	return t.entries[s-1].value, true
}

// claim returns the value of the key, which gets this one unless it is there.
func (t *idTable) claim(key uint64, value uint32) (found uint32, was bool) {
	s := t.slot(key)
	if *s != 0 {
		return t.entries[*s-1].value, true
	}
	t.entries = append(t.entries, idEntry{key, value})
	*s = uint32(len(t.entries))
	if n := 2 * len(t.slots); 2*len(t.entries) > len(t.slots) {
		if cap(t.slots) >= n {
			clear(t.slots)
			t.slots = t.slots[:n] // the rest is clear
		} else {
			t.slots = make([]uint32, n)
		}
		for i := range t.entries {
			*t.slot(t.entries[i].key) = uint32(i + 1)
		}
	}
	return value, false
}

// walks keeps the memory of a few queries for the next ones, for as long as the store is
// open: if the garbage collector took it, as it does from a sync.Pool, a query would have
// to make it again, which takes longer than many queries do. The zero value is ready.
type walks struct {
	mu   sync.Mutex
	idle []*walk
}

// What is kept is bounded: so many walks, each of at most so many rows and bytes.
const (
	manyWalks = 16
	manyRows  = 1 << 17
	manyBytes = 4 << 20
)

func (p *walks) get() *walk {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle) - 1; n >= 0 {
		w := p.idle[n]
		p.idle = p.idle[:n]
		return w
	}
	return &walk{spots: newIDTable(), cited: newIDTable(), seals: newIDTable()}
}

func (p *walks) put(w *walk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < manyWalks {
		p.idle = append(p.idle, w)
	}
}

// isLarge reports whether a walk has more memory than is kept.
func (w *walk) isLarge() bool {
	rows := len(w.nodes) + len(w.hops) + len(w.statements) + len(w.refs) + len(w.places)
	for _, s := range []*source{&w.source, &w.other} {
		rows += cap(s.mentions) + cap(s.arena)
	}
	return rows > manyRows || len(w.text) > manyBytes
}
