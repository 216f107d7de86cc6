package digest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/digesttest"
)

const stride = digest.MinStride

// Offsets in the wire form of checkpoints, as its documentation tells them.
const (
	atAlgorithm = 16
	atStride    = 32
	atSize      = 40
	atDigest    = 48
	atStates    = 80
)

func wireOf(t *testing.T, b []byte) []byte {
	t.Helper()
	w, err := checkpointsOf(t, b).MarshalBinary()
	require.NoError(t, err)
	return w
}

func parse(t *testing.T, w []byte) *digest.Checkpoints {
	t.Helper()
	c, err := digest.ParseCheckpoints(w)
	require.NoError(t, err)
	return c
}

func patched(w []byte, offset int, p []byte) []byte {
	w = bytes.Clone(w)
	copy(w[offset:], p)
	return w
}

func uint64Bytes(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// verifyWith verifies b with hints on one and on two workers.
func verifyWith(t *testing.T, b []byte, want digest.Expect, hints *digest.Checkpoints) error {
	t.Helper()
	one := digest.VerifyAt(t.Context(), bytes.NewReader(b), want, hints, digest.Options{Workers: 1})
	two := digest.VerifyAt(t.Context(), bytes.NewReader(b), want, hints, digest.Options{Workers: 2})
	assert.Equal(t, one == nil, two == nil, "%v / %v", one, two)
	return one
}

func TestHonestCheckpointsVerifyContentOfEverySize(t *testing.T) {
	all := content(20*stride + 100)
	for _, size := range []int{
		0, 1, 55, 56, 63, 64, 65, stride - 1, stride, stride + 1, stride + 56, 2*stride - 64, 2 * stride,
		3*stride + 63, 7 * stride, 8*stride + 1, 9*stride - 1, 20*stride + 100,
	} {
		b := all[:size]
		hints := parse(t, wireOf(t, b))
		assert.Equal(t, max(0, (size-1)/stride), hints.Len())
		assert.Equal(t, int64(size), hints.Size())
		assert.Equal(t, int64(stride), hints.Stride())
		assert.Equal(t, digest.FromBytes(b), hints.Digest())
		require.NoError(t, verifyWith(t, b, expect(b), hints), "size %d", size)
		require.NoError(t, verifyWith(t, b, digest.Expect{Size: -1, Digests: expect(b).Digests}, hints), "size %d", size)
	}
}

func TestCheckpointsAreThoseOfTheStandardLibrary(t *testing.T) {
	b := content(5*stride + 1)
	for _, algorithms := range [][]digest.Algorithm{{digest.SHA256}, {digest.SHA256, digest.FSVeritySHA256}} {
		r, err := digest.Sum(t.Context(), bytes.NewReader(b), digest.Options{Algorithms: algorithms, CheckpointStride: stride})
		require.NoError(t, err)
		w, err := r.Checkpoints.MarshalBinary()
		require.NoError(t, err)
		h := sha256.New()
		for i := range 5 {
			h.Write(b[i*stride : (i+1)*stride])
			saved, err := h.(encoding.BinaryMarshaler).MarshalBinary()
			require.NoError(t, err)
			assert.Equal(t, saved[4:36], w[atStates+32*i:][:32])
		}
		assert.Len(t, w, atStates+5*32)
	}
}

func TestAlteredContentWithHonestCheckpointsIsRefused(t *testing.T) {
	b := content(5*stride + 77)
	hints := checkpointsOf(t, b)
	for bit := 0; bit < len(b)*8; bit += 40_009 {
		refused(t, digest.CodeCheckpointSegment, firstOrFinal(verifyWith(t, flip(b, bit), expect(b), hints)))
	}
	for _, offset := range []int{0, stride - 1, stride, 2 * stride, 5*stride - 1} {
		refused(t, digest.CodeCheckpointSegment, verifyWith(t, flip(b, offset*8), expect(b), hints))
	}
	for _, offset := range []int{5 * stride, len(b) - 1} {
		refused(t, digest.CodeCheckpointFinal, verifyWith(t, flip(b, offset*8), expect(b), hints))
	}
}

// firstOrFinal renames a failure in the last segment to one in any segment.
func firstOrFinal(err error) error {
	if errors.Is(err, &digest.Error{Code: digest.CodeCheckpointFinal}) {
		return err
	}
	var e *digest.Error
	if errors.As(err, &e) && e.Code == digest.CodeCheckpointFinal {
		c := *e
		c.Code = digest.CodeCheckpointSegment
		return &c
	}
	return err
}

func TestAlteredContentWithRebuiltCheckpointsIsRefused(t *testing.T) {
	b := content(4*stride + 9)
	forged := flip(b, 2*stride*8+5)
	w := wireOf(t, forged) // every segment of forged holds under these
	refused(t, digest.CodeCheckpointDigest, verifyWith(t, forged, expect(b), parse(t, w)))

	honest := digest.FromBytes(b)
	raw, err := hex.DecodeString(honest.Hex)
	require.NoError(t, err)
	refused(t, digest.CodeCheckpointFinal, verifyWith(t, forged, expect(b), parse(t, patched(w, atDigest, raw))))
}

func TestRebuiltCheckpointsThatJoinTheHonestChainAreRefused(t *testing.T) {
	b := content(4*stride + 9)
	forged := flip(b, stride*8+5) // in segment 1
	w := patched(wireOf(t, forged), atStates+32, wireOf(t, b)[atStates+32:])
	copy(w[atDigest:], wireOf(t, b)[atDigest:atStates])
	e := refused(t, digest.CodeCheckpointSegment, verifyWith(t, forged, expect(b), parse(t, w)))
	assert.Equal(t, "bytes 65536 to 131072", e.Where)
}

func TestEveryBitOfTheCheckpointsCounts(t *testing.T) {
	b := content(2*stride + 300)
	w := wireOf(t, b)
	for bit := range len(w) * 8 {
		hints, err := digest.ParseCheckpoints(flip(w, bit))
		if err == nil {
			err = digest.VerifyAt(t.Context(), bytes.NewReader(b), expect(b), hints, digest.Options{Workers: 1})
		}
		var e *digest.Error
		require.ErrorAs(t, err, &e, "bit %d", bit)
	}
}

func TestCheckpointsCannotReplaceTheInitialValue(t *testing.T) {
	// The file has no place for the value at offset 0. An attacker who chose it
	// could put any first segment before honest content; a file that shifts its
	// values by one to make room does not verify.
	b := content(3*stride + 1)
	w := wireOf(t, b)
	shifted := append(bytes.Clone(w[:atStates]), make([]byte, 32)...)
	shifted = append(shifted, w[atStates:len(w)-32]...)
	e := refused(t, digest.CodeCheckpointSegment, verifyWith(t, b, expect(b), parse(t, shifted)))
	assert.Equal(t, "bytes 0 to 65536", e.Where)
}

func TestCheckpointsOfAnotherAlgorithmAreRefused(t *testing.T) {
	b := content(3*stride + 1)
	w := wireOf(t, b)
	for _, name := range []string{"sha224", "SHA256", "sha256\x00x", "sha512", ""} {
		field := make([]byte, 16)
		copy(field, name)
		_, err := digest.ParseCheckpoints(patched(w, atAlgorithm, field))
		refused(t, digest.CodeCheckpointAlgorithm, err)
	}
	// The same compression function from the IV of SHA-224, under the label of
	// SHA-256.
	h := sha256.New224()
	for i := range 3 {
		h.Write(b[i*stride : (i+1)*stride])
		saved, err := h.(encoding.BinaryMarshaler).MarshalBinary()
		require.NoError(t, err)
		copy(w[atStates+32*i:], saved[4:36])
	}
	refused(t, digest.CodeCheckpointSegment, verifyWith(t, b, expect(b), parse(t, w)))
}

func TestCheckpointsOfAnotherStrideAreRefused(t *testing.T) {
	b := content(4 * stride)
	w := wireOf(t, b)
	_, err := digest.ParseCheckpoints(patched(w, atStride, uint64Bytes(2*stride)))
	refused(t, digest.CodeCheckpointSyntax, err)
	// The right number of values for that stride, but not its values.
	two := patched(w[:atStates+32], atStride, uint64Bytes(2*stride))
	refused(t, digest.CodeCheckpointSegment, verifyWith(t, b, expect(b), parse(t, two)))

	for name, n := range map[string]uint64{
		"zero": 0, "one": 1, "no multiple of a block": stride + 1, "no multiple of the least stride": stride + 64,
		"beyond the largest": 2 << 30, "negative": 1<<64 - stride, "that overflows": 1 << 63,
	} {
		t.Run("a stride "+name, func(t *testing.T) {
			_, err := digest.ParseCheckpoints(patched(w, atStride, uint64Bytes(n)))
			refused(t, digest.CodeCheckpointStride, err)
		})
	}
}

func TestCheckpointsOfAnotherSizeAreRefused(t *testing.T) {
	b := content(4*stride - 100)
	w := wireOf(t, b)
	for _, n := range []uint64{3*stride + 1, uint64(len(b)) - 1, uint64(len(b)) + 1, 4 * stride} { // the same number of values
		refused(t, digest.CodeCheckpointSize, verifyWith(t, b, expect(b), parse(t, patched(w, atSize, uint64Bytes(n)))))
	}
	for _, n := range []uint64{1 << 61, 1 << 63, 1<<64 - 1} {
		_, err := digest.ParseCheckpoints(patched(w, atSize, uint64Bytes(n)))
		refused(t, digest.CodeCheckpointSize, err)
	}
	_, err := digest.ParseCheckpoints(patched(w, atSize, uint64Bytes(1<<60)))
	refused(t, digest.CodeCheckpointStride, err)
}

func TestOneCheckpointTooFewOrTooManyIsRefused(t *testing.T) {
	b := content(4 * stride)
	w := wireOf(t, b)
	for name, bad := range map[string][]byte{
		"one too few":                   w[:len(w)-32],
		"one too many":                  append(bytes.Clone(w), make([]byte, 32)...),
		"the digest as one more":        append(bytes.Clone(w), w[atDigest:atStates]...),
		"half a value":                  w[:len(w)-16],
		"a byte after the end":          append(bytes.Clone(w), 0),
		"a byte missing":                w[:len(w)-1],
		"a header only":                 w[:atStates],
		"half a header":                 w[:40],
		"nothing":                       nil,
		"another magic":                 patched(w, 0, []byte("sealwright-scp2\n")),
		"a value for an empty document": patched(w, atSize, uint64Bytes(0)),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := digest.ParseCheckpoints(bad)
			refused(t, digest.CodeCheckpointSyntax, err)
			_, err = digest.ReadCheckpoints(bytes.NewReader(bad), int64(len(b)))
			assert.Error(t, err)
		})
	}
}

func TestLengthExtensionIsRefused(t *testing.T) {
	// The digest of a message is the chaining value of message || padding. Who
	// appends to that has a message whose checkpoint is that digest.
	message := content(2*stride - 9) // its padding ends on a checkpoint
	padding := append([]byte{0x80}, binary.BigEndian.AppendUint64(nil, uint64(len(message))*8)...)
	extended := append(bytes.Clone(message), padding...)
	require.Len(t, extended, 2*stride)
	digestOf, err := hex.DecodeString(digest.FromBytes(message).Hex)
	require.NoError(t, err)
	unsized := digest.Expect{Size: -1, Digests: expect(message).Digests}

	t.Run("the padding taken for content", func(t *testing.T) {
		w := patched(wireOf(t, extended), atDigest, digestOf)
		refused(t, digest.CodeCheckpointFinal, verifyWith(t, extended, unsized, parse(t, w)))
	})
	t.Run("content appended after a checkpoint that equals the digest", func(t *testing.T) {
		longer := append(bytes.Clone(extended), "and more"...)
		w := wireOf(t, longer)
		assert.Equal(t, digestOf, w[len(w)-32:])
		refused(t, digest.CodeCheckpointFinal, verifyWith(t, longer, unsized, parse(t, patched(w, atDigest, digestOf))))
	})
	t.Run("a source that is longer than it says", func(t *testing.T) {
		s := &digesttest.Source{Content: extended, SizeBias: -int64(len(padding))}
		refused(t, digest.CodeSize, digest.VerifyAt(t.Context(), s, unsized, checkpointsOf(t, message), digest.Options{}))
	})
	t.Run("a source that is shorter than it says", func(t *testing.T) {
		s := &digesttest.Source{Content: message[:len(message)-1], SizeBias: 1}
		refused(t, digest.CodeSize, digest.VerifyAt(t.Context(), s, unsized, checkpointsOf(t, message), digest.Options{}))
	})
}

func TestAWorkerThatFailsFailsTheWhole(t *testing.T) {
	b := content(40 * stride)
	hints := checkpointsOf(t, b)
	failure := errors.New("bad sector")
	for _, at := range []int64{0, 13 * stride, 40*stride - 1} {
		s := &digesttest.Source{Content: b, Fail: failure, FailAt: at}
		err := digest.VerifyAt(t.Context(), s, expect(b), hints, digest.Options{Workers: 4})
		refused(t, digest.CodeRead, err)
		assert.ErrorIs(t, err, failure)
	}
}

func TestAContextThatEndsDuringTheLastSegmentIsAnError(t *testing.T) {
	b := content(40 * stride)
	hints := checkpointsOf(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	s := &digesttest.Source{Content: b, OnRead: func(offset int64, _ int) {
		if offset == 39*stride {
			cancel()
		}
	}}
	refused(t, digest.CodeCancelled, digest.VerifyAt(ctx, s, expect(b), hints, digest.Options{Workers: 2}))
}

func TestAHugeSidecarOfASmallFileIsRefusedEarly(t *testing.T) {
	b := content(100)
	header := wireOf(t, b)
	endless := &counter{r: io.MultiReader(bytes.NewReader(header), zeros{})}
	_, err := digest.ReadCheckpoints(endless, int64(len(b)))
	refused(t, digest.CodeCheckpointSyntax, err)
	assert.Less(t, endless.n, 4096)

	claims := patched(header, atSize, uint64Bytes(1<<37)) // 2^21 checkpoints
	endless = &counter{r: io.MultiReader(bytes.NewReader(claims), zeros{})}
	_, err = digest.ReadCheckpoints(endless, int64(len(b)))
	refused(t, digest.CodeCheckpointSize, err)
	assert.Less(t, endless.n, 4096)

	allocated := testing.AllocsPerRun(10, func() { _, err = digest.ParseCheckpoints(claims) })
	refused(t, digest.CodeCheckpointSyntax, err)
	assert.Less(t, allocated, 50.0)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestCheckpointsAreReadBackFromAStream(t *testing.T) {
	b := content(3 * stride)
	w := wireOf(t, b)
	c, err := digest.ReadCheckpoints(bytes.NewReader(w), int64(len(b)))
	require.NoError(t, err)
	again, err := c.MarshalBinary()
	require.NoError(t, err)
	assert.Equal(t, w, again)
	_, err = digest.ReadCheckpoints(io.MultiReader(bytes.NewReader(w[:100]), &digesttest.Reader{Fail: io.ErrClosedPipe}), int64(len(b)))
	refused(t, digest.CodeRead, err)
}

func TestTheZeroCheckpointsAreRefused(t *testing.T) {
	refused(t, digest.CodeCheckpointDigest, verifyWith(t, nil, expect(nil), &digest.Checkpoints{}))
	refused(t, digest.CodeCheckpointSize, verifyWith(t, content(10), expect(content(10)), &digest.Checkpoints{}))
}

// A consumer that took segments one by one, as they hold, would have taken
// forged content here: every segment but the last holds.
func TestNothingIsAcceptedBeforeTheChainIsClosed(t *testing.T) {
	b := content(8*stride + 1)
	forged := flip(b, 3)
	w := wireOf(t, forged)
	copy(w[atDigest:], wireOf(t, b)[atDigest:atStates])
	var done int64
	o := digest.Options{Workers: 2, Progress: func(n, _ int64) { done = n }}
	err := digest.VerifyAt(t.Context(), bytes.NewReader(forged), expect(b), parse(t, w), o)
	refused(t, digest.CodeCheckpointFinal, err)
	assert.LessOrEqual(t, done, int64(len(b)))
}

func TestHintsAreNotUsedWhereOtherDigestsAreWanted(t *testing.T) {
	b := content(2*stride + 1)
	want := expect(b)
	want.Digests[digest.SHA512] = digesttest.Oracle(digest.SHA512, b)
	hints := parse(t, flip(wireOf(t, b), (atStates+3)*8))
	require.NoError(t, digest.VerifyAt(t.Context(), bytes.NewReader(b), want, hints, digest.Options{}))
	want.Digests[digest.SHA512] = digesttest.Oracle(digest.SHA512, b[1:])
	refused(t, digest.CodeMismatch, digest.VerifyAt(t.Context(), bytes.NewReader(b), want, hints, digest.Options{}))
}

func FuzzParseCheckpoints(f *testing.F) {
	b := content(2*stride + 5)
	r, err := digest.Sum(context.Background(), bytes.NewReader(b), digest.Options{CheckpointStride: stride})
	require.NoError(f, err)
	w, err := r.Checkpoints.MarshalBinary()
	require.NoError(f, err)
	f.Add(w)
	f.Add(w[:atStates])
	f.Add(patched(w, atSize, uint64Bytes(1<<40)))
	f.Fuzz(func(t *testing.T, doc []byte) {
		c, err := digest.ParseCheckpoints(doc)
		if err != nil {
			refusedWithSomeCode(t, err)
			return
		}
		again, err := c.MarshalBinary()
		require.NoError(t, err)
		assert.True(t, bytes.Equal(doc, again))
		err = digest.VerifyAt(t.Context(), bytes.NewReader(b), expect(b), c, digest.Options{Workers: 1})
		if (err == nil) != bytes.Equal(doc, w) && c.Stride() == stride {
			t.Fatalf("accepted %v: %x", err == nil, doc)
		}
	})
}
