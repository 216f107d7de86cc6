package policy

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// cacheKey is the digest of a request without its Now.
type cacheKey [sha256.Size]byte

// mark returns bits of the key that do not tell its shard.
func (k *cacheKey) mark() uint32 { return binary.LittleEndian.Uint32(k[4:]) }

// A shard holds the decisions whose keys begin alike. To find one takes two looks into
// memory that a large cache does not share with the processor's: one into the index, and
// one at the entry.
type shard struct {
	mu      sync.Mutex
	most    int
	entries []entry
	oldest  int // of the entries, once there are most
	// index is a hash table with open addressing. A slot holds the mark of an entry's
	// key and above it the entry's number plus one; zero if it is free. At most half of
	// the slots are taken.
	index []uint64
}

// mostEntries is how many entries a slot can tell apart.
const mostEntries = 1<<31 - 1

// An entry is a decision that allows, and when. It fills one cache line.
type entry struct {
	key                 cacheKey
	sealed              *sealed
	at, until           int64 // seconds since 1970
	atNanos, untilNanos int32
}

func (e *entry) decision() Decision {
	return Decision{sealed: e.sealed, at: time.Unix(e.at, int64(e.atNanos)).UTC(), until: time.Unix(e.until, int64(e.untilNanos)).UTC()}
}

// get returns the decision under the key, if it allows at now, and else the zero one.
func (s *shard) get(key *cacheKey, now time.Time) Decision {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot, there := s.find(key)
	if !there {
		return Decision{}
	}
	if d := s.at(slot).decision(); d.Allowed(now) {
		return d
	}
	return Decision{}
}

// put stores a decision that allows. It replaces the one under the same key, or the
// oldest if the shard is full.
func (s *shard) put(key *cacheKey, d Decision) {
	e := entry{*key, d.sealed, d.at.Unix(), d.until.Unix(), int32(d.at.Nanosecond()), int32(d.until.Nanosecond())}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot, there := s.find(key); there {
		*s.at(slot) = e
		return
	}
	if len(s.entries) < s.most {
		s.entries = append(s.entries, e)
		s.enter(len(s.entries) - 1)
		return
	}
	if slot, there := s.find(&s.entries[s.oldest].key); there {
		s.free(slot)
	}
	s.entries[s.oldest] = e
	s.enter(s.oldest)
	s.oldest = (s.oldest + 1) % s.most
}

// find returns the key's slot, or that where it would be.
func (s *shard) find(key *cacheKey) (slot int, there bool) {
	if len(s.index) == 0 {
		return 0, false
	}
	mask := len(s.index) - 1
	mark := key.mark()
	for slot = int(mark) & mask; s.index[slot] != 0; slot = (slot + 1) & mask {
		if uint32(s.index[slot]) == mark && s.at(slot).key == *key {
			return slot, true
		}
	}
	return slot, false
}

// at returns the entry of a slot that is taken.
func (s *shard) at(slot int) *entry { return &s.entries[s.index[slot]>>32-1] }

// enter gives the ith entry a slot. Its key must have none.
func (s *shard) enter(i int) {
	if 2*len(s.entries) > len(s.index) {
		s.index = make([]uint64, max(8, 2*len(s.index)))
		for j := range s.entries {
			if j != i {
				s.enter(j)
			}
		}
	}
	key := &s.entries[i].key
	slot, _ := s.find(key)
	s.index[slot] = uint64(i+1)<<32 | uint64(key.mark())
}

// free empties the slot, and moves those up that were put behind it for want of room.
func (s *shard) free(slot int) {
	mask := len(s.index) - 1
	for next := (slot + 1) & mask; s.index[next] != 0; next = (next + 1) & mask {
		home := int(uint32(s.index[next])) & mask
		if (next-home)&mask >= (next-slot)&mask {
			s.index[slot] = s.index[next]
			slot = next
		}
	}
	s.index[slot] = 0
}
