package graph

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A placed key is a key with a fingerprint, which need not be its own.
type placed struct {
	fingerprint uint64
	key         string
}

// crowd returns keys whose fingerprints are alike in every way that matters to a table.
func crowd() (list []placed) {
	for i := range 40 {
		n := strconv.Itoa(i)
		list = append(list,
			placed{math.MaxUint64 - uint64(i)<<32, "last" + n}, // no room before the end of the table
			placed{uint64(i), "first" + n},                     // differ in the lower half only
			placed{7 << 40, "same" + n},                        // do not differ
			placed{uint64(i) << 58, "spread" + n},
			placed{uint64(i)<<58 | 1, strings.Repeat("long", 10) + n},
		)
	}
	return list
}

func scanAll(t *testing.T, d *delta) (list []placed) {
	t.Helper()
	s := d.scan()
	var n scanned
	for {
		ok, err := s.next(&n)
		require.NoError(t, err)
		if !ok {
			return list
		}
		require.Equal(t, string(d.keyOf(d.entry(n.node))), string(n.key))
		list = append(list, placed{n.fingerprint, string(n.key)})
	}
}

func TestADeltaIsReadInOrderAndFindsWhatIsAlike(t *testing.T) {
	want := crowd()
	d := newDelta()
	for round := range 2 {
		for i, p := range want {
			require.Equal(t, uint32(i), d.intern(p.fingerprint, []byte(p.key)))
			require.Equal(t, uint32(i), d.intern(p.fingerprint, []byte(p.key)))
		}
		for i, p := range want {
			node, found, err := d.find(p.fingerprint, []byte(p.key))
			require.NoError(t, err)
			require.True(t, found)
			require.Equal(t, uint32(i), node)
		}
		_, found, err := d.find(math.MaxUint64, []byte("none"))
		require.NoError(t, err)
		require.False(t, found)
		got := scanAll(t, d)
		require.ElementsMatch(t, want, got)
		require.True(t, slices.IsSortedFunc(got, func(a, b placed) int {
			return cmp.Or(cmp.Compare(a.fingerprint, b.fingerprint), strings.Compare(a.key, b.key))
		}), "round %d", round)
		d = d.emptied()
		require.Empty(t, scanAll(t, d))
	}
}

func TestInterningManyIsInterningEach(t *testing.T) {
	one, all := newDelta(), newDelta()
	for i := range 200 {
		var keys [][]byte
		for k := range 1 + i%internAtOnce {
			keys = append(keys, []byte("n"+strconv.Itoa(i*k%97)))
		}
		ids := make([]uint32, len(keys))
		all.internAll(ids, keys)
		for k, key := range keys {
			require.Equal(t, one.intern(fingerprint(key), key), ids[k])
		}
	}
	require.Equal(t, one.nodes(), all.nodes())
	require.True(t, bytes.Equal(one.entries, all.entries))
}

func TestABatchIsUsedAgain(t *testing.T) {
	b := newBatch()
	b.add(generated(1))
	first := bytes.Clone(b.encode())
	b = b.emptied()
	b.add(generated(2))
	require.NotEqual(t, first, b.encode())
	b = b.emptied()
	require.Nil(t, b.same(generated(1)))
	b.add(generated(1))
	require.Equal(t, first, b.encode())
	b.size = keptSize + 1
	require.Empty(t, b.emptied().payload, "much memory is given back")
}
