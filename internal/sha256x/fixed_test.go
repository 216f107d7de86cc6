package sha256x

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestSumFixedAgreesAtEveryRecordSize(t *testing.T) {
	const count = maxLanes + 5
	pool := randomBytes(11, 300*count)
	eachKernel(t, func(t *testing.T, k *kernel) {
		for _, p := range []int{0, 1, 2, 55, 63, 64, 65, 128, 130} {
			prefix := randomBytes(uint64(p), p)
			for size := range 300 {
				src := pool[:size*count]
				var dst [count][Size]byte
				k.sumFixed(dst[:], Midstate{State: IV()}, prefix, src, size)
				for i := range dst {
					require.Equal(t, want(prefix, src[i*size:(i+1)*size]), dst[i],
						"record %d of %d bytes behind a prefix of %d", i, size, p)
				}
			}
		}
	})
}

func TestSumFixedAgreesAtEveryCount(t *testing.T) {
	pool := randomBytes(12, 64*100)
	eachKernel(t, func(t *testing.T, k *kernel) {
		for count := range 100 {
			dst := make([][Size]byte, count)
			k.sumFixed(dst, Midstate{State: IV()}, []byte{1}, pool[:64*count], 64)
			for i := range dst {
				require.Equal(t, want([]byte{1}, pool[64*i:64*i+64]), dst[i])
			}
		}
	})
}

func TestSumFixedContinuesAMidstate(t *testing.T) {
	const count = 7
	salt := randomBytes(13, 3*BlockSize)
	pool := randomBytes(14, count*4096)
	eachKernel(t, func(t *testing.T, k *kernel) {
		for blocks := range 4 {
			init := Midstate{State: IV(), Length: uint64(blocks * BlockSize)}
			state := []State{init.State}
			k.fold(state, [][]byte{salt[:blocks*BlockSize]})
			init.State = state[0]
			for _, size := range []int{1, 64, 100, 1024, 4096} {
				for _, prefix := range [][]byte{nil, {1}, salt[:70]} {
					var dst [count][Size]byte
					k.sumFixed(dst[:], init, prefix, pool[:size*count], size)
					for i := range dst {
						head := append(append([]byte(nil), salt[:blocks*BlockSize]...), prefix...)
						require.Equal(t, want(head, pool[i*size:(i+1)*size]), dst[i])
					}
				}
			}
		}
	})
}

func TestSumFixedReplacesALevelByTheNext(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernel) {
		level := randomBytes(15, 64*77)
		expected := make([][Size]byte, 77)
		for i := range expected {
			expected[i] = want([]byte{1}, level[64*i:64*i+64])
		}
		dst := unsafe.Slice((*[Size]byte)(level), 77)
		k.sumFixed(dst, Midstate{State: IV()}, []byte{1}, level, 64)
		require.Equal(t, expected, dst)
	})
}

func TestSumFixedRefusesMisuse(t *testing.T) {
	dst := make([][Size]byte, 2)
	iv := Midstate{State: IV()}
	for name, call := range map[string]func(){
		"a negative record size":                func() { SumFixed(dst, iv, nil, nil, -1) },
		"fewer records than destinations":       func() { SumFixed(dst, iv, nil, make([]byte, 64), 64) },
		"more records than destinations":        func() { SumFixed(dst, iv, nil, make([]byte, 192), 64) },
		"part of a record":                      func() { SumFixed(dst, iv, nil, make([]byte, 129), 64) },
		"bytes of records of no bytes":          func() { SumFixed(dst, iv, nil, make([]byte, 1), 0) },
		"a midstate in the middle of a block":   func() { SumFixed(dst, Midstate{IV(), 1}, nil, make([]byte, 128), 64) },
		"FinishFixed with too few destinations": func() { FinishFixed(dst, make([]State, 3), 64) },
		"FinishFixed in the middle of a block":  func() { FinishFixed(dst, make([]State, 2), 65) },
	} {
		t.Run(name, func(t *testing.T) { require.Panics(t, call) })
	}
}

func TestFinishFixedLeavesTheStatesAsTheyAre(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernel) {
		for count := range 2*maxLanes + 2 {
			states := make([]State, count)
			data := make([][]byte, count)
			for i := range states {
				states[i], data[i] = IV(), randomBytes(uint64(i), 2*BlockSize)
			}
			k.fold(states, data)
			before := append([]State(nil), states...)
			dst := make([][Size]byte, count)
			k.finishFixed(dst, states, 2*BlockSize)
			for i := range dst {
				require.Equal(t, want(nil, data[i]), dst[i])
			}
			require.ElementsMatch(t, before, states)
		}
	})
}

// Lengths are counted in bits, modulo 2^64 as in crypto/sha256.
func TestPaddingOfAHugeMessage(t *testing.T) {
	var e edge
	var l layout
	l.plan(1<<60, 0, 5)
	l.pad(&e)
	require.Equal(t, []byte{0x80, 0, 0, 0, 0, 0, 0, 0x28}, e[l.end-8:l.end])
}
