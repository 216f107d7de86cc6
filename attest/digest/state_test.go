package digest_test

import (
	"bytes"
	"hash"
	"hash/maphash"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
)

var stateOptions = digest.Options{
	Algorithms:       []digest.Algorithm{digest.SHA256, digest.SHA384, digest.SHA512, digest.FSVeritySHA256, digest.FSVeritySHA512},
	FSVerity:         []digest.FSVerity{{BlockSize: 1024, Salt: []byte("salt")}, {Hash: digest.SHA512, BlockSize: 65536}},
	CheckpointStride: stride,
}

// sealedAt returns the sealed state of a Hasher that took in b.
func sealedAt(t testing.TB, b []byte, o digest.Options) []byte {
	t.Helper()
	h, err := digest.New(o)
	require.NoError(t, err)
	_, err = h.Write(b)
	require.NoError(t, err)
	s, err := h.State()
	require.NoError(t, err)
	assert.Equal(t, int64(len(b)), s.Size())
	sealed, err := s.Seal(testKey, "upload 7")
	require.NoError(t, err)
	return sealed
}

func TestAResumedHasherGivesTheSameResult(t *testing.T) {
	b := content(3*stride + 777)
	want, err := digest.Sum(t.Context(), bytes.NewReader(b), stateOptions)
	require.NoError(t, err)
	for _, cut := range []int{0, 1, 63, 64, 1000, 4096, 4097, stride - 1, stride, stride + 1, 128 * 4096 / 4, 3 * stride, len(b)} {
		sealed := sealedAt(t, b[:cut], stateOptions)
		s, err := digest.OpenState(testKey, "upload 7", sealed)
		require.NoError(t, err)
		h, err := digest.Resume(s, int64(cut), stateOptions)
		require.NoError(t, err)
		_, err = h.Write(b[cut:])
		require.NoError(t, err)
		got, err := h.Finish()
		require.NoError(t, err)
		assert.Equal(t, want, got, "cut at %d", cut)
	}
}

func TestTakingAStateDoesNotDisturbTheHasher(t *testing.T) {
	b := content(200_000)
	want, err := digest.Sum(t.Context(), bytes.NewReader(b), stateOptions)
	require.NoError(t, err)
	h, err := digest.New(stateOptions)
	require.NoError(t, err)
	for i := 0; i < len(b); i += 20_000 {
		_, err := h.State()
		require.NoError(t, err)
		_, err = h.Write(b[i : i+20_000])
		require.NoError(t, err)
	}
	got, err := h.Finish()
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestOneStateCanBeResumedManyTimes(t *testing.T) {
	b := content(100_000)
	s, err := digest.OpenState(testKey, "upload 7", sealedAt(t, b[:50_001], stateOptions))
	require.NoError(t, err)
	for _, end := range []int{60_000, 100_000, 60_000} {
		want, err := digest.Sum(t.Context(), bytes.NewReader(b[:end]), stateOptions)
		require.NoError(t, err)
		h, err := digest.Resume(s, 50_001, stateOptions)
		require.NoError(t, err)
		_, err = h.Write(b[50_001:end])
		require.NoError(t, err)
		got, err := h.Finish()
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestEveryBitOfASealedStateCounts(t *testing.T) {
	sealed := sealedAt(t, []byte("abc"), digest.Options{})
	for bit := range len(sealed) * 8 {
		_, err := digest.OpenState(testKey, "upload 7", flip(sealed, bit))
		refused(t, digest.CodeStateMAC, err)
	}
}

func TestAStateThatIsNotOursIsRefused(t *testing.T) {
	sealed := sealedAt(t, []byte("abc"), digest.Options{})
	otherKey := append([]byte(nil), testKey...)
	otherKey[31] ^= 1
	cases := map[string]struct {
		key     []byte
		context string
		b       []byte
		code    digest.Code
	}{
		"under a foreign key":          {otherKey, "upload 7", sealed, digest.CodeStateMAC},
		"replayed for another context": {testKey, "upload 8", sealed, digest.CodeStateMAC},
		"replayed for no context":      {testKey, "", sealed, digest.CodeStateMAC},
		"not sealed":                   {testKey, "upload 7", sealed[:len(sealed)-32], digest.CodeStateMAC},
		"cut short":                    {testKey, "upload 7", sealed[:20], digest.CodeStateSyntax},
		"empty":                        {testKey, "upload 7", nil, digest.CodeStateSyntax},
		"with bytes after it":          {testKey, "upload 7", append(bytes.Clone(sealed), 0), digest.CodeStateMAC},
		"under a short key":            {testKey[:31], "upload 7", sealed, digest.CodeStateKey},
		"under no key":                 {nil, "upload 7", sealed, digest.CodeStateKey},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := digest.OpenState(c.key, c.context, c.b)
			refused(t, c.code, err)
		})
	}
	h, err := digest.New(digest.Options{})
	require.NoError(t, err)
	s, err := h.State()
	require.NoError(t, err)
	_, err = s.Seal(testKey[:31], "")
	refused(t, digest.CodeStateKey, err)
}

func TestAStateIsResumedOnlyWhereItWasTaken(t *testing.T) {
	s, err := digest.OpenState(testKey, "upload 7", sealedAt(t, content(1000), digest.Options{}))
	require.NoError(t, err)
	for _, offset := range []int64{0, 999, 1001, -1, 1 << 62} {
		_, err := digest.Resume(s, offset, digest.Options{})
		refused(t, digest.CodeStateOffset, err)
	}
	_, err = digest.Resume(s, 1000, digest.Options{})
	require.NoError(t, err)
}

func TestAStateIsResumedOnlyWithItsAlgorithms(t *testing.T) {
	git := digest.Options{Algorithms: []digest.Algorithm{digest.GitBlob}, Size: 10}
	cases := map[string]struct{ made, resumed digest.Options }{
		"another algorithm":      {digest.Options{}, digest.Options{Algorithms: []digest.Algorithm{digest.SHA512}}},
		"one algorithm more":     {digest.Options{}, digest.Options{Algorithms: []digest.Algorithm{digest.SHA256, digest.SHA512}}},
		"checkpoints as well":    {digest.Options{}, digest.Options{CheckpointStride: stride}},
		"another stride":         {digest.Options{CheckpointStride: stride}, digest.Options{CheckpointStride: 2 * stride}},
		"another salt":           {digest.Options{FSVerity: []digest.FSVerity{{Salt: []byte("a")}}}, digest.Options{FSVerity: []digest.FSVerity{{Salt: []byte("b")}}}},
		"another block size":     {digest.Options{FSVerity: []digest.FSVerity{{BlockSize: 1024}}}, digest.Options{FSVerity: []digest.FSVerity{{BlockSize: 2048}}}},
		"another object format":  {git, digest.Options{Algorithms: git.Algorithms, Size: 10, Git: digest.GitSHA256}},
		"another size of a blob": {git, digest.Options{Algorithms: git.Algorithms, Size: 11}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, err := digest.OpenState(testKey, "upload 7", sealedAt(t, content(10), c.made))
			require.NoError(t, err)
			_, err = digest.Resume(s, 10, c.resumed)
			refused(t, digest.CodeStatePlan, err)
			_, err = digest.Resume(s, 10, c.made)
			require.NoError(t, err)
		})
	}
}

func TestTheZeroStateIsRefused(t *testing.T) {
	_, err := digest.Resume(&digest.State{}, 0, digest.Options{})
	refused(t, digest.CodeStatePlan, err)
}

func TestAHashThatCannotSaveItselfHasNoState(t *testing.T) {
	o := digest.Options{
		Algorithms: []digest.Algorithm{"maphash"},
		Extra:      map[digest.Algorithm]func() hash.Hash{"maphash": func() hash.Hash { return new(maphash.Hash) }},
	}
	h, err := digest.New(o)
	require.NoError(t, err)
	_, err = h.State()
	refused(t, digest.CodeStateUnsupported, err)
}

func FuzzOpenState(f *testing.F) {
	o := digest.Options{
		Algorithms:       []digest.Algorithm{digest.SHA256, digest.SHA512},
		FSVerity:         []digest.FSVerity{{BlockSize: 1024}, {BlockSize: 1024, Hash: digest.SHA512}},
		CheckpointStride: stride,
	}
	h, err := digest.New(o)
	require.NoError(f, err)
	_, err = h.Write(content(40*1024 + 1))
	require.NoError(f, err)
	s, err := h.State()
	require.NoError(f, err)
	sealed, err := s.Seal(testKey, "c")
	require.NoError(f, err)
	f.Add(sealed)
	f.Add(sealed[:len(sealed)-32])
	f.Add(sealed[:40])
	f.Fuzz(func(t *testing.T, b []byte) {
		// As sent, and sealed anew: what a holder of the key may have written.
		for _, doc := range [][]byte{b, digest.SealRaw(testKey, "c", b)} {
			s, err := digest.OpenState(testKey, "c", doc)
			if err != nil {
				refusedWithSomeCode(t, err)
				continue
			}
			h, err := digest.Resume(s, s.Size(), o)
			if err != nil {
				refusedWithSomeCode(t, err)
				continue
			}
			if _, err := h.Write([]byte("more")); err != nil {
				refusedWithSomeCode(t, err)
				continue
			}
			_, err = h.Finish()
			require.NoError(t, err)
		}
	})
}
