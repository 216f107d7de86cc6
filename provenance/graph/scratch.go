package graph

import "hash/maphash"

// An idTable maps numbers to numbers. It serves one query after the other. What is looked
// at out of order, the slots, is as small as it can be, so that it stays near the
// processor; the entries are in the order in which they came, which is about that in
// which queries ask for them. Its seed is secret, so that nobody can choose numbers that
// collide.
type idTable struct {
	seed    maphash.Seed
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
	return idTable{seed: maphash.MakeSeed(), slots: make([]uint32, leastSlots)}
}

// reset empties the table. It keeps its memory, but gives it to the next query only as far
// as that needs it.
func (t *idTable) reset() {
	if len(t.entries) > 0 {
		clear(t.slots)
	}
	t.slots, t.entries = t.slots[:leastSlots], t.entries[:0]
}

// slot returns where the key is, or has room.
func (t *idTable) slot(key uint64) *uint32 {
	mask := uint64(len(t.slots) - 1)
	for at := maphash.Comparable(t.seed, key) & mask; ; at = (at + 1) & mask {
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

// put adds the key, unless it is there.
func (t *idTable) put(key uint64, value uint32) {
	s := t.slot(key)
	if *s != 0 {
		return
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
}
