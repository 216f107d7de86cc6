package policy

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A shard forgets the oldest of its entries and no other, however their keys collide.
func TestAShardKeepsTheNewestEntries(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	now := time.Unix(1, 2).UTC()
	for _, most := range []int{1, 2, 3, 7, 8, 9, 64, 100} {
		s := shard{most: most}
		var order []cacheKey
		held := map[cacheKey]Decision{}
		for i := range 5000 {
			var key cacheKey
			binary.LittleEndian.PutUint32(key[4:], random.Uint32N(4)<<31>>(random.Uint32N(5)*7)) // few marks
			key[20] = byte(random.IntN(2 * most))
			d := Decision{sealed: new(sealed), at: now, until: now.Add(time.Duration(i+1) * time.Nanosecond)}
			if _, there := held[key]; !there {
				if len(order) == most {
					delete(held, order[0])
					order = order[1:]
				}
				order = append(order, key)
			}
			held[key] = d
			s.put(&key, d)
			if i%50 != 0 {
				continue
			}
			for _, k := range order {
				got := s.get(&k, now)
				require.Same(t, held[k].sealed, got.sealed)
				require.Equal(t, held[k].until, got.until)
			}
			require.LessOrEqual(t, 2*len(order), len(s.index))
			require.Len(t, slices.DeleteFunc(slices.Clone(s.index), func(slot uint64) bool { return slot == 0 }), len(order))
		}
		forgotten := cacheKey{31: 1}
		require.Zero(t, s.get(&forgotten, now))
		last := order[len(order)-1]
		require.Zero(t, s.get(&last, held[last].until), "its time is over")
		require.Zero(t, s.get(&last, now.Add(-1)), "its time has not begun")
	}
}
