package sha256x

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// foldAndCheck folds lanes from the IV and compares each finished chain with
// crypto/sha256.
func foldAndCheck(t *testing.T, k *kernel, data [][]byte) {
	t.Helper()
	states := make([]State, len(data))
	for i := range states {
		states[i] = IV()
	}
	k.fold(states, data)
	for i, p := range data {
		require.Equal(t, want(nil, p), finish(k, states[i], len(p)), "lane %d of %d", i, len(data))
	}
}

func TestFoldTakesLanesOfUnequalLength(t *testing.T) {
	pool := randomBytes(4, 1<<17)
	eachKernel(t, func(t *testing.T, k *kernel) {
		r := rand.New(rand.NewPCG(1, 1))
		for lanes := range 3*maxLanes + 1 {
			data := make([][]byte, lanes)
			for i := range data {
				data[i] = pool[i : i+BlockSize*r.IntN(40)]
			}
			foldAndCheck(t, k, data)
		}
	})
}

func TestFoldTakesIdleLanes(t *testing.T) {
	pool := randomBytes(5, 1<<12)
	eachKernel(t, func(t *testing.T, k *kernel) {
		for busy := range maxLanes {
			data := make([][]byte, maxLanes)
			data[busy] = pool[:640]
			foldAndCheck(t, k, data)
		}
		foldAndCheck(t, k, nil)
		foldAndCheck(t, k, make([][]byte, 2*maxLanes))
	})
}

func TestFoldLeavesAnIdleLaneAsItIs(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernel) {
		states := make([]State, maxLanes)
		for i := range states {
			states[i] = State{uint32(i), 1, 2, 3, 4, 5, 6, 7}
		}
		before := append([]State(nil), states...)
		data := make([][]byte, maxLanes)
		data[3] = randomBytes(6, BlockSize)
		k.fold(states, data)
		require.NotEqual(t, before[3], states[3])
		before[3] = states[3]
		require.Equal(t, before, states)
	})
}

func TestFoldTakesEveryAlignment(t *testing.T) {
	pool := randomBytes(7, 1<<12)
	eachKernel(t, func(t *testing.T, k *kernel) {
		for offset := range 64 {
			data := make([][]byte, maxLanes)
			for i := range data {
				data[i] = pool[(offset+i)%64:][:BlockSize*(1+i%3)]
			}
			foldAndCheck(t, k, data)
			for i := range data {
				data[i] = pool[offset:][:BlockSize*2]
			}
			foldAndCheck(t, k, data)
		}
	})
}

func TestFoldTakesTheSameBytesInSeveralLanes(t *testing.T) {
	pool := randomBytes(8, 1<<12)
	eachKernel(t, func(t *testing.T, k *kernel) {
		data := make([][]byte, 2*maxLanes)
		for i := range data {
			data[i] = pool[:BlockSize*(i/4)]
		}
		foldAndCheck(t, k, data)
	})
}

func TestFoldContinuesAChain(t *testing.T) {
	pool := randomBytes(9, 64*BlockSize)
	eachKernel(t, func(t *testing.T, k *kernel) {
		states := []State{IV(), IV(), IV(), IV(), IV()}
		for at := 0; at < len(pool); {
			n := min(len(pool)-at, BlockSize*(1+at/BlockSize%5))
			p := pool[at : at+n]
			k.fold(states, [][]byte{p, p, p, p, p})
			at += n
		}
		for _, s := range states {
			require.Equal(t, want(nil, pool), finish(k, s, len(pool)))
		}
	})
}

func TestFoldRefusesMisuseBeforeItTouchesAState(t *testing.T) {
	states := []State{IV(), IV()}
	require.Panics(t, func() { Fold(states, [][]byte{nil}) })
	require.Panics(t, func() { Fold(states, [][]byte{make([]byte, 64), make([]byte, 63)}) })
	require.Equal(t, []State{IV(), IV()}, states)
}

func TestConcurrentUse(t *testing.T) {
	pool := randomBytes(10, 1<<14)
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			for range 20 {
				states := []State{IV(), IV(), IV(), IV(), IV()}
				Fold(states, [][]byte{pool, pool[:64], pool, nil, pool})
				if finish(selected(), states[0], len(pool)) != want(nil, pool) {
					t.Error("a concurrent fold differs")
				}
			}
		})
	}
	g.Wait()
}

// The routines have frames of up to a kilobyte. A fold that happens to meet the
// end of the stack moves the states and pointers that it works on.
func TestFoldAtEveryDepthOfTheStack(t *testing.T) {
	pool := randomBytes(22, 4*BlockSize)
	data := make([][]byte, maxLanes)
	for i := range data {
		data[i] = pool[:BlockSize*(1+i%4)]
	}
	eachKernel(t, func(t *testing.T, k *kernel) {
		for depth := range 120 {
			done := make(chan bool)
			go func() { done <- foldDeep(k, data, depth) }()
			require.True(t, <-done, "at depth %d", depth)
		}
	})
}

// foldDeep folds below depth frames and tells whether all lanes came out right.
func foldDeep(k *kernel, data [][]byte, depth int) bool {
	var frame [64]byte
	if depth > 0 {
		frame[depth%64] = 1
		return foldDeep(k, data, depth-1) && frame[depth%64] == 1
	}
	var states [maxLanes]State
	for i := range states {
		states[i] = IV()
	}
	k.fold(states[:], data)
	for i, p := range data {
		if finish(k, states[i], len(p)) != want(nil, p) {
			return false
		}
	}
	return true
}
