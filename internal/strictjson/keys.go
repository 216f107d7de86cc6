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
	distinct bool // every object's keys are known to be: nothing is held
	seed     maphash.Seed
	seeded   bool
	stack    []key
	object              // the innermost one
	outer    []object   // the open ones around it
	tables   [][]uint32 // free ones
	fold     []byte     // scratch: a key in folded form
}

// A footing is where the stacks of a keySet begin, in one piece of memory.
type footing struct {
	stack [few]key
	outer [8]object
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
	if k.distinct {
		return
	}
	if k.stack == nil {
		f := new(footing)
		k.stack, k.outer = f.stack[:0], f.outer[:0]
	}
	k.outer = append(k.outer, k.object)
	k.object = object{base: len(k.stack)}
}

// close ends the innermost object.
func (k *keySet) close() {
	if k.distinct {
		return
	}
	k.stack = k.stack[:k.base]
	if k.table != nil {
		k.tables = append(k.tables, k.table)
	}
	k.object = k.outer[len(k.outer)-1]
	k.outer = k.outer[:len(k.outer)-1]
}

// add puts the key text of data into the innermost object. It returns CauseDuplicateKey
// or CauseFoldedKey, and the earlier key, where the object has one like it.
func (k *keySet) add(data []byte, text span) (cause Cause, twin []byte) {
	if k.table != nil {
		return k.addHashed(data, text)
	}
	h := k.mark(data, text)
	keys := k.stack[k.base:]
	for i := range keys {
		if keys[i].hash == h {
			if cause, twin = compare(text.plain(data), keys[i].text.plain(data)); cause != "" {
				return cause, twin
			}
		}
	}
	k.stack = append(k.stack, key{h, text})
	if len(keys) == few {
		k.hashAll(data)
	}
	return "", nil
}

// addHashed is add for an object with a table.
func (k *keySet) addHashed(data []byte, text span) (cause Cause, twin []byte) {
	keys := k.stack[k.base:]
	name := text.plain(data)
	h := k.hash(name)
	mask := uint64(len(k.table) - 1)
	for at := h & mask; k.table[at] != 0; at = (at + 1) & mask {
		if other := keys[k.table[at]-1]; other.hash == h {
			if cause, twin = compare(name, other.text.plain(data)); cause != "" {
				return cause, twin
			}
		}
	}
	k.stack = append(k.stack, key{h, text})
	k.index()
	return "", nil
}

// mark returns a number that all names equal under bytes.EqualFold share. Others may
// share it too, if somebody wants them to: it serves to compare with few.
func (k *keySet) mark(data []byte, text span) uint64 {
	if text.form == 0 {
		return mark(data[text.start:text.end])
	}
	k.fold = fold(k.fold[:0], text.plain(data))
	return mark(k.fold)
}

// mark takes letters of either case for the same. It looks at both ends of a long name.
func mark(name []byte) uint64 {
	const lower = 0x2020202020202020 // what makes a letter small
	var first, last uint64
	switch n := len(name); {
	case n >= 8:
		first, last = binary.LittleEndian.Uint64(name), binary.LittleEndian.Uint64(name[n-8:])
	case n >= 4:
		first, last = uint64(binary.LittleEndian.Uint32(name)), uint64(binary.LittleEndian.Uint32(name[n-4:]))
	case n > 0:
		first, last = uint64(name[0]), uint64(name[n/2])<<8|uint64(name[n-1])
	}
	return (first|lower)*0x9e3779b97f4a7c15 ^ (last | lower) + uint64(len(name))
}

// hash is mark with a hash that nobody can foresee.
func (k *keySet) hash(name []byte) uint64 {
	k.fold = fold(k.fold[:0], name)
	return maphash.Bytes(k.seed, k.fold)
}

// hashAll gives the innermost object its first table.
func (k *keySet) hashAll(data []byte) {
	if !k.seeded {
		k.seed, k.seeded = maphash.MakeSeed(), true
	}
	keys := k.stack[k.base:]
	for i := range keys {
		keys[i].hash = k.hash(keys[i].text.plain(data))
	}
	k.index()
}

// index enters the newest key into the innermost object's table, which it makes or
// doubles where that would leave it more than half full.
func (k *keySet) index() {
	keys := k.stack[k.base:]
	if 2*len(keys) <= len(k.table) {
		enter(k.table, keys, len(keys)-1)
		return
	}
	small := k.table
	k.table = k.empty(2 * len(small))
	if small != nil {
		k.tables = append(k.tables, small)
	}
	for i := range keys {
		enter(k.table, keys, i)
	}
}

// empty returns an empty table of the size; it takes a free one where that is
// large enough.
func (k *keySet) empty(size int) []uint32 {
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
