package sha256x

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// guarded returns memory of at least n bytes between two pages that cannot be
// read: a kernel that reads one byte too many, on either side, ends the process.
func guarded(t *testing.T, n int) []byte {
	t.Helper()
	page := os.Getpagesize()
	size := (n + page - 1) / page * page
	m, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(m)) })
	require.NoError(t, syscall.Mprotect(m[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(m[page+size:], syscall.PROT_NONE))
	inner := m[page : page+size : page+size]
	copy(inner, randomBytes(21, size))
	return inner
}

func TestNoKernelReadsBehindItsLanes(t *testing.T) {
	m := guarded(t, 20*BlockSize)
	eachKernel(t, func(t *testing.T, k *kernel) {
		for lanes := 1; lanes <= maxLanes; lanes++ {
			for blocks := 1; blocks <= 20; blocks++ {
				data := make([][]byte, lanes)
				for i := range data {
					data[i] = m[len(m)-blocks*BlockSize:]
					if i%2 == 1 {
						data[i] = m[:blocks*BlockSize]
					}
				}
				foldAndCheck(t, k, data)
			}
		}
	})
}

func TestNoMessageIsReadBehindItsEnd(t *testing.T) {
	m := guarded(t, 4096)
	eachKernel(t, func(t *testing.T, k *kernel) {
		for n := range 400 {
			msgs := [][]byte{m[len(m)-n:], m[:n], m[len(m)-n:], m[:n], m[len(m)-n:]}
			dst := make([][Size]byte, len(msgs))
			k.sumMany(dst, []byte{1}, msgs)
			for i := range dst {
				require.Equal(t, want([]byte{1}, msgs[i]), dst[i])
			}
			k.sumFixed(dst[:1], Midstate{State: IV()}, []byte{1}, msgs[0], n)
			require.Equal(t, want([]byte{1}, msgs[0]), dst[0])
		}
	})
}

func TestNoLeafIsReadBehindItsEnd(t *testing.T) {
	m := guarded(t, 1<<15)
	eachKernel(t, func(t *testing.T, k *kernel) {
		for size := BlockSize; size <= len(m); size *= 2 {
			for _, p := range [][]byte{m[len(m)-size:], m} {
				flat, leaves := IV(), make([]State, len(p)/size)
				k.foldWithLeaves(&flat, IV(), leaves, p, size)
				require.Equal(t, want(nil, p), finish(k, flat, len(p)))
			}
		}
	})
}
