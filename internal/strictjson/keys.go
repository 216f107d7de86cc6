package strictjson

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"unicode"
	"unicode/utf8"
)

// A keySet holds the keys of every object that is open, on one stack, so that
// the objects of a document share its memory. An object with many keys also has
// a hash table over its part of the stack; the hash is seeded anew for each
// document, so that nobody can choose keys that collide.
type keySet struct {
	seed   maphash.Seed
	seeded bool
	stack  []key
	opened []object
	tables [][]uint32 // free ones
	plain  []byte     // scratch: a key without escapes
	fold   []byte     // scratch: a key in folded form

	// Where stack, opened and fold begin, to save allocations.
	firstKeys   [few]key
	firstOpened [8]object
	firstFold   [64]byte
}

type key struct {
	hash uint64 // of the folded text: its mark, or with a table the seeded hash
	text span
}

type object struct {
	base  int      // index of its first key on the stack
	table []uint32 // open addressing: index of the key relative to base, plus one
}

// few is how many keys are compared one by one before a table is made.
const few = 16

// open begins an object.
func (k *keySet) open() {
	if k.stack == nil {
		k.stack, k.opened, k.fold = k.firstKeys[:0], k.firstOpened[:0], k.firstFold[:0]
	}
	k.opened = append(k.opened, object{base: len(k.stack)})
}

// close ends the innermost object.
func (k *keySet) close() {
	o := k.opened[len(k.opened)-1]
	k.opened = k.opened[:len(k.opened)-1]
	k.stack = k.stack[:o.base]
	if o.table != nil {
		k.tables = append(k.tables, o.table)
	}
}

// add puts a key into the innermost object. It returns CauseDuplicateKey or
// CauseFoldedKey, and the earlier key, where the object has one like it.
func (k *keySet) add(data, name []byte, text span) (cause Cause, twin []byte) {
	o := &k.opened[len(k.opened)-1]
	keys := k.stack[o.base:]
	if o.table != nil {
		return k.addHashed(data, name, text, o)
	}
	h := k.mark(name)
	for i := range keys {
		if keys[i].hash == h {
			if cause, twin = compare(name, keys[i].text.plain(data)); cause != "" {
				return cause, twin
			}
		}
	}
	k.stack = append(k.stack, key{h, text})
	if len(keys) == few {
		k.hashAll(data, o)
	}
	return "", nil
}

// addHashed is add for an object with a table.
func (k *keySet) addHashed(data, name []byte, text span, o *object) (cause Cause, twin []byte) {
	keys := k.stack[o.base:]
	h := k.hash(name)
	mask := uint64(len(o.table) - 1)
	for at := h & mask; o.table[at] != 0; at = (at + 1) & mask {
		if other := keys[o.table[at]-1]; other.hash == h {
			if cause, twin = compare(name, other.text.plain(data)); cause != "" {
				return cause, twin
			}
		}
	}
	k.stack = append(k.stack, key{h, text})
	k.index(o)
	return "", nil
}

// mark returns a number that all names equal under bytes.EqualFold share. Others may
// share it too, if somebody wants them to: it serves to compare with few.
func (k *keySet) mark(name []byte) uint64 {
	h, high := mark(name)
	if high != 0 {
		k.fold = fold(k.fold[:0], name)
		h, _ = mark(k.fold)
	}
	return h
}

// mark takes letters of either case for the same. high is not zero if name is not ASCII.
func mark(name []byte) (h uint64, high byte) {
	const lower = 0x2020202020202020 // what makes a letter small
	h = uint64(len(name))
	var all, last uint64
	for rest := name; len(rest) > 0; {
		if len(rest) >= 8 {
			last, rest = binary.LittleEndian.Uint64(rest), rest[8:]
		} else if len(name) >= 8 {
			last, rest = binary.LittleEndian.Uint64(name[len(name)-8:]), nil
		} else {
			for _, c := range rest {
				last = last<<8 | uint64(c)
			}
			rest = nil
		}
		all |= last
		h = (h ^ (last | lower)) * 0x9e3779b97f4a7c15
		h ^= h >> 32
	}
	return h, beyondASCII(all)
}

// hash is mark with a hash that nobody can foresee.
func (k *keySet) hash(name []byte) uint64 {
	k.fold = fold(k.fold[:0], name)
	return maphash.Bytes(k.seed, k.fold)
}

// hashAll gives the object its first table.
func (k *keySet) hashAll(data []byte, o *object) {
	if !k.seeded {
		k.seed, k.seeded = maphash.MakeSeed(), true
	}
	keys := k.stack[o.base:]
	for i := range keys {
		keys[i].hash = k.hash(keys[i].text.plain(data))
	}
	k.index(o)
}

// index enters the newest key into the object's table, which it makes or
// doubles where that would leave it more than half full.
func (k *keySet) index(o *object) {
	keys := k.stack[o.base:]
	if 2*len(keys) <= len(o.table) {
		enter(o.table, keys, len(keys)-1)
		return
	}
	small := o.table
	o.table = k.table(2 * len(small))
	if small != nil {
		k.tables = append(k.tables, small)
	}
	for i := range keys {
		enter(o.table, keys, i)
	}
}

// table returns an empty table of the size; it takes a free one where that is
// large enough.
func (k *keySet) table(size int) []uint32 {
	size = max(4*few, size)
	for i, t := range k.tables {
		if cap(t) >= size {
			k.tables[i] = k.tables[len(k.tables)-1]
			k.tables = k.tables[:len(k.tables)-1]
			t = t[:size]
			clear(t)
			return t
		}
	}
	return make([]uint32, size)
}

func enter(table []uint32, keys []key, i int) {
	at := keys[i].hash & uint64(len(table)-1)
	for table[at] != 0 {
		at = (at + 1) & uint64(len(table)-1)
	}
	table[at] = uint32(i + 1)
}

// compare tells how two keys are alike.
func compare(a, b []byte) (Cause, []byte) {
	if bytes.Equal(a, b) {
		return CauseDuplicateKey, b
	}
	if bytes.EqualFold(a, b) {
		return CauseFoldedKey, b
	}
	return "", nil
}

// fold appends to dst the form of name that all names equal under
// bytes.EqualFold share.
func fold(dst, name []byte) []byte {
	for i, c := range name {
		if c >= utf8.RuneSelf {
			return foldRunes(dst, name[i:])
		}
		if c-'a' <= 'z'-'a' {
			c -= 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// foldRunes replaces each rune by the smallest that folds with it.
func foldRunes(dst, name []byte) []byte {
	for len(name) > 0 {
		r, n := utf8.DecodeRune(name)
		name = name[n:]
		for next := unicode.SimpleFold(r); ; next = unicode.SimpleFold(next) {
			if next <= r {
				r = next
				break
			}
			r = next
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}
