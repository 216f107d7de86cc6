package sha256x

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFoldWithLeavesAgreesAtEveryLeafSize(t *testing.T) {
	const most = 1 << 18
	pool := randomBytes(17, most+1)[1:] // not aligned
	eachKernel(t, func(t *testing.T, k *kernel) {
		for size := BlockSize; size <= 1<<17; size *= 2 {
			for count := range min(most/size, 2*maxLanes+1) + 1 {
				p := pool[:size*count]
				flat, leaves := IV(), make([]State, count)
				k.foldWithLeaves(&flat, IV(), leaves, p, size)
				require.Equal(t, want(nil, p), finish(k, flat, len(p)), "flat, %d leaves of %d", count, size)
				for i, s := range leaves {
					require.Equal(t, want(nil, p[i*size:(i+1)*size]), finish(k, s, size), "leaf %d of %d", i, size)
				}
			}
		}
	})
}

func TestFoldWithLeavesContinuesTheFlatChainAndTheSalt(t *testing.T) {
	salt, before := randomBytes(18, BlockSize), randomBytes(19, 5*BlockSize)
	p := randomBytes(20, 6*1024)
	eachKernel(t, func(t *testing.T, k *kernel) {
		states := []State{IV(), IV()}
		k.fold(states, [][]byte{salt, before})
		flat, leaves := states[1], make([]State, 6)
		k.foldWithLeaves(&flat, states[0], leaves, p, 1024)
		require.Equal(t, want(before, p), finish(k, flat, len(before)+len(p)))
		for i, s := range leaves {
			require.Equal(t, want(salt, p[i*1024:(i+1)*1024]), finish(k, s, BlockSize+1024))
		}
	})
}

func TestFoldWithLeavesRefusesMisuse(t *testing.T) {
	flat := IV()
	for name, call := range map[string]func(){
		"a leaf smaller than a block":        func() { FoldWithLeaves(&flat, IV(), nil, nil, 32) },
		"a leaf that is not a power of two":  func() { FoldWithLeaves(&flat, IV(), make([]State, 1), make([]byte, 192), 192) },
		"a negative leaf size":               func() { FoldWithLeaves(&flat, IV(), nil, nil, -64) },
		"part of a leaf":                     func() { FoldWithLeaves(&flat, IV(), make([]State, 1), make([]byte, 96), 64) },
		"more leaves than bytes for them":    func() { FoldWithLeaves(&flat, IV(), make([]State, 2), make([]byte, 64), 64) },
		"fewer leaves than bytes for leaves": func() { FoldWithLeaves(&flat, IV(), nil, make([]byte, 64), 64) },
	} {
		t.Run(name, func(t *testing.T) { require.Panics(t, call) })
	}
	require.Equal(t, IV(), flat)
}
