package sha256x

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSumManyAgreesAtEveryLength(t *testing.T) {
	const longest = 1100
	pool := randomBytes(1, longest)
	eachKernel(t, func(t *testing.T, k *kernel) {
		for _, p := range []int{0, 1, 7, 55, 56, 63, 64, 65, 127, 128, 200} {
			prefix := randomBytes(uint64(p), p)
			var msgs [][]byte
			for n := range longest + 1 {
				msgs = append(msgs, pool[longest-n:])
			}
			dst := make([][Size]byte, len(msgs))
			k.sumMany(dst, prefix, msgs)
			for n, m := range msgs {
				require.Equal(t, want(prefix, m), dst[n], "prefix of %d, message of %d bytes", p, n)
			}
		}
	})
}

func TestSumManyAgreesAtEveryCountOfMessages(t *testing.T) {
	pool := randomBytes(2, 70_000)
	eachKernel(t, func(t *testing.T, k *kernel) {
		for count := range 3*maxLanes + 2 {
			msgs := make([][]byte, count)
			for i := range msgs {
				msgs[i] = pool[i : i+(i*7919)%3000]
			}
			dst := make([][Size]byte, count)
			k.sumMany(dst, []byte{0}, msgs)
			for i, m := range msgs {
				require.Equal(t, want([]byte{0}, m), dst[i], "message %d of %d", i, count)
			}
		}
	})
}

func TestMessagesLongerThanOneCallOfAssembly(t *testing.T) {
	const call = maxBlocks * BlockSize
	pool := randomBytes(3, 3*call+64)
	eachKernel(t, func(t *testing.T, k *kernel) {
		var msgs [][]byte
		for _, n := range []int{call - 1, call, call + 1, call + 63, call + 64, 2*call - 64, 2 * call, 2*call + 64, 3 * call} {
			msgs = append(msgs, pool[:n], pool[64:n], pool[3:n])
		}
		dst := make([][Size]byte, len(msgs))
		k.sumMany(dst, nil, msgs)
		for i, m := range msgs {
			require.Equal(t, sha256.Sum256(m), dst[i], "message of %d bytes", len(m))
		}
	})
}

func TestSumManyOfKnownVectors(t *testing.T) {
	// FIPS 180-4 examples, as published by NIST (Secure Hash Standard, SHA256.pdf).
	vectors := map[string]string{
		"":    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
	}
	eachKernel(t, func(t *testing.T, k *kernel) {
		for m, digest := range vectors {
			var dst [maxLanes][Size]byte
			msgs := make([][]byte, maxLanes)
			for i := range msgs {
				msgs[i] = []byte(m)
			}
			k.sumMany(dst[:], nil, msgs)
			for _, d := range dst {
				require.Equal(t, digest, hex.EncodeToString(d[:]))
			}
		}
	})
}

func TestSumManyRefusesUnequalCounts(t *testing.T) {
	require.Panics(t, func() { SumMany(make([][Size]byte, 1), nil, nil) })
	require.NotPanics(t, func() { SumMany(nil, []byte("prefix"), nil) })
}
