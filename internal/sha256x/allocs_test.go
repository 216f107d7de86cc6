//go:build !race

package sha256x

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Under the race detector the compiler does not see that the hash of
// crypto/sha256 stays on the stack.
func TestNothingAllocates(t *testing.T) {
	pool := randomBytes(16, 1<<17)
	data := [][]byte{pool, pool[:640], nil, pool[:6400], pool[64:], pool[:64]}
	states := make([]State, len(data))
	dst := make([][Size]byte, 32)
	flat := IV()
	eachKernel(t, func(t *testing.T, k *kernel) {
		require.Zero(t, testing.AllocsPerRun(5, func() { k.fold(states, data) }), "fold")
		require.Zero(t, testing.AllocsPerRun(5, func() { k.sumMany(dst[:len(data)], pool[:100], data) }), "sumMany")
		require.Zero(t, testing.AllocsPerRun(5, func() {
			k.sumFixed(dst, Midstate{State: IV()}, []byte{1}, pool[:32*64], 64)
		}), "sumFixed")
		require.Zero(t, testing.AllocsPerRun(5, func() { k.finishFixed(dst[:len(states)], states, 64) }), "finishFixed")
		require.Zero(t, testing.AllocsPerRun(5, func() {
			k.foldWithLeaves(&flat, IV(), states[:4], pool[:1<<14], 4096)
		}), "foldWithLeaves")
	})
}
