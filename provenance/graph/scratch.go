package graph

import (
	"encoding/hex"
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/sealwright/sealwright/attest/digest"
)

// An idTable maps numbers to numbers. It is emptied at no cost, for it serves one query
// after the other. Its seed is secret, so that nobody can choose numbers that collide.
type idTable struct {
	seed  maphash.Seed
	slots []idSlot // a power of two, at most half full
	count int
	epoch uint32
}

type idSlot struct {
	key   uint64
	epoch uint32 // that of the table, or the slot is empty
	value uint32
}

func newIDTable() idTable {
	return idTable{seed: maphash.MakeSeed(), slots: make([]idSlot, 64), epoch: 1}
}

func (t *idTable) reset() {
	t.count = 0
	if t.epoch++; t.epoch == 0 {
		clear(t.slots)
		t.epoch = 1
	}
}

// slot returns where the key is, or has room.
func (t *idTable) slot(key uint64) *idSlot {
	mask := uint64(len(t.slots) - 1)
	for at := maphash.Comparable(t.seed, key) & mask; ; at = (at + 1) & mask {
		if s := &t.slots[at]; s.epoch != t.epoch || s.key == key {
			return s
		}
	}
}

func (t *idTable) get(key uint64) (uint32, bool) {
	s := t.slot(key)
	return s.value, s.epoch == t.epoch
}

// put adds the key, unless it is there.
func (t *idTable) put(key uint64, value uint32) {
	s := t.slot(key)
	if s.epoch == t.epoch {
		return
	}
	*s = idSlot{key, t.epoch, value}
	if t.count++; 2*t.count > len(t.slots) {
		old := t.slots
		t.slots = make([]idSlot, 2*len(old))
		for i := range old {
			if old[i].epoch == t.epoch {
				*t.slot(old[i].key) = old[i]
			}
		}
	}
}

// A slab is what the small texts and slices of an answer are cut from: the answer keeps
// its pieces, and they are never written again.
type slab struct {
	text  strings.Builder
	free  []digest.Digest // what is left of a piece
	piece int
}

// Sizes of a slab's pieces: each is twice the one before, from and to these.
const (
	leastText, mostText       = 128, 64 << 10
	leastDigests, mostDigests = 16, 1024
)

// reset lets the next answer have memory of its own.
func (s *slab) reset() { *s = slab{} }

// room makes room for n more bytes of text.
func (s *slab) room(n int) {
	if have := s.text.Cap(); have-s.text.Len() < n {
		s.text = strings.Builder{}
		s.text.Grow(max(n, min(max(2*have, leastText), mostText)))
	}
}

// string returns b as a string.
func (s *slab) string(b []byte) string {
	s.room(len(b))
	start := s.text.Len()
	s.text.Write(b)
	return s.text.String()[start:]
}

// hex returns b in hexadecimal.
func (s *slab) hex(b []byte) string {
	var buf [128]byte
	return s.string(hex.AppendEncode(buf[:0], b))
}

// digest appends the digest of which key is the key to list, which begin returned.
func (s *slab) digest(list []digest.Digest, key []byte) []digest.Digest {
	var d digest.Digest
	if known(key) {
		d = digest.Digest{Algorithm: algorithms[key[0]-1], Hex: s.hex(key[1:])}
	} else if foreign, ok := digestOf(string(key)); ok {
		d = foreign
	} else {
		return list
	}
	return append(list, d)
}

// begin returns an empty list for digest, and end keeps what is in it.
func (s *slab) begin() []digest.Digest {
	if cap(s.free) == 0 {
		s.piece = min(max(2*s.piece, leastDigests), mostDigests)
		s.free = make([]digest.Digest, 0, s.piece)
	}
	return s.free
}

func (s *slab) end(list []digest.Digest) []digest.Digest {
	n := len(list)
	if n == 0 {
		return nil
	}
	if n <= cap(s.free) {
		s.free = s.free[n:n]
	}
	return list[:n:n]
}

// A memo remembers the texts of a few nodes of a part, each in one of the ways of its
// set. The zero value is ready.
type memo [16][4]atomic.Pointer[remembered]

type remembered struct {
	node uint32
	text string
}

// text returns the text of a node that is no digest. Only if keep is set it is
// remembered: what many statements say, and not what few do.
func (m *memo) text(p part, node uint32, keep bool, s *slab) (string, error) {
	set := &m[node%uint32(len(m))]
	way := &set[node/uint32(len(m))%uint32(len(set))]
	for i := range set {
		r := set[i].Load()
		if r == nil {
			way = &set[i]
			break
		}
		if r.node == node {
			return r.text, nil
		}
	}
	_, key, err := p.key(node)
	if err != nil || len(key) == 0 {
		return "", err
	}
	if !keep {
		return s.string(key[1:]), nil
	}
	text := string(key[1:])
	way.Store(&remembered{node, text})
	return text, nil
}
