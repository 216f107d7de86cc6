package digest_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/digesttest"
)

// verifications are the ways to verify.
func verifications(t *testing.T) map[string]func(b []byte, want digest.Expect) error {
	return map[string]func(b []byte, want digest.Expect) error{
		"Verify": func(b []byte, want digest.Expect) error {
			return digest.Verify(t.Context(), bytes.NewReader(b), want, digest.Options{})
		},
		"VerifyAt": func(b []byte, want digest.Expect) error {
			return digest.VerifyAt(t.Context(), bytes.NewReader(b), want, nil, digest.Options{})
		},
		"NewVerifyingReader": func(b []byte, want digest.Expect) error {
			_, err := io.ReadAll(digest.NewVerifyingReader(io.NopCloser(bytes.NewReader(b)), want))
			return err
		},
	}
}

func TestWhatIsExpectedIsAcceptedAndNothingElse(t *testing.T) {
	b := content(150_000)
	sha := digest.FromBytes(b).Hex
	other := digest.FromBytes([]byte("other")).Hex
	git1, git256 := digesttest.GitBlob(sha1.New(), b), digesttest.GitBlob(sha256.New(), b)
	sha512 := digesttest.Oracle(digest.SHA512, b)
	n := int64(len(b))
	cases := map[string]struct {
		want digest.Expect
		code digest.Code // "" is accepted
	}{
		"the SHA-256 and the size":                {digest.Expect{Size: n, Digests: digest.Set{digest.SHA256: sha}}, ""},
		"the SHA-256 of unknown size":             {digest.Expect{Size: -1, Digests: digest.Set{digest.SHA256: sha}}, ""},
		"the SHA-512 alone":                       {digest.Expect{Size: n, Digests: digest.Set{digest.SHA512: sha512}}, ""},
		"the fs-verity digest alone":              {digest.Expect{Size: n, Digests: digest.Set{digest.FSVeritySHA256: digesttest.Oracle(digest.FSVeritySHA256, b)}}, ""},
		"a SHA-256 git blob id alone":             {digest.Expect{Size: n, Digests: digest.Set{digest.GitBlob: git256}}, ""},
		"a SHA-1 git blob id beside the SHA-256":  {digest.Expect{Size: n, Digests: digest.Set{digest.GitBlob: git1, digest.SHA256: sha}}, ""},
		"a right digest beside unknown ones":      {digest.Expect{Size: n, Digests: digest.Set{digest.SHA256: sha, "sha3_256": other, digest.GitCommit: git1}}, ""},
		"a right digest beside BLAKE3":            {digest.Expect{Size: n, Digests: digest.Set{digest.SHA256: sha, digest.BLAKE3: other}}, ""},
		"the zero Expect":                         {digest.Expect{}, digest.CodeEmpty},
		"an empty set":                            {digest.Expect{Size: n, Digests: digest.Set{}}, digest.CodeEmpty},
		"a forgotten size":                        {digest.Expect{Digests: digest.Set{digest.SHA256: sha}}, digest.CodeSize},
		"a size of minus two":                     {digest.Expect{Size: -2, Digests: digest.Set{digest.SHA256: sha}}, digest.CodeOption},
		"one byte less":                           {digest.Expect{Size: n - 1, Digests: digest.Set{digest.SHA256: sha}}, digest.CodeSize},
		"one byte more":                           {digest.Expect{Size: n + 1, Digests: digest.Set{digest.SHA256: sha}}, digest.CodeSize},
		"another SHA-256":                         {digest.Expect{Size: n, Digests: digest.Set{digest.SHA256: other}}, digest.CodeMismatch},
		"only a SHA-1 git blob id":                {digest.Expect{Size: n, Digests: digest.Set{digest.GitBlob: git1}}, digest.CodeNoShared},
		"only MD5":                                {digest.Expect{Size: n, Digests: digest.Set{digest.MD5: strings.Repeat("0", 32)}}, digest.CodeNoShared},
		"only SHA-1":                              {digest.Expect{Size: n, Digests: digest.Set{digest.SHA1: strings.Repeat("0", 40)}}, digest.CodeNoShared},
		"only an unknown algorithm":               {digest.Expect{Size: n, Digests: digest.Set{"sha3_256": sha}}, digest.CodeNoShared},
		"only BLAKE3 without its module":          {digest.Expect{Size: n, Digests: digest.Set{digest.BLAKE3: sha}}, digest.CodeNoShared},
		"only a directory hash":                   {digest.Expect{Size: n, Digests: digest.Set{digest.DirHash: sha}}, digest.CodeNoShared},
		"a right SHA-512 and a wrong SHA-256":     {digest.Expect{Size: n, Digests: digest.Set{digest.SHA512: sha512, digest.SHA256: other}}, digest.CodeMismatch},
		"a right SHA-256 and a wrong weak id":     {digest.Expect{Size: n, Digests: digest.Set{digest.SHA256: sha, digest.GitBlob: strings.Repeat("0", 40)}}, digest.CodeMismatch},
		"the SHA-256 as fs-verity digest":         {digest.Expect{Size: n, Digests: digest.Set{digest.FSVeritySHA256: sha}}, digest.CodeMismatch},
		"the SHA-256 in capitals":                 {digest.Expect{Size: n, Digests: digest.Set{digest.SHA256: strings.ToUpper(sha)}}, digest.CodeSyntax},
		"a truncated SHA-256":                     {digest.Expect{Size: n, Digests: digest.Set{digest.SHA256: sha[:62]}}, digest.CodeLength},
		"a right digest beside a malformed value": {digest.Expect{Size: n, Digests: digest.Set{digest.SHA256: sha, digest.MD5: "x"}}, digest.CodeLength},
	}
	for name, c := range cases {
		for way, verify := range verifications(t) {
			t.Run(name+" by "+way, func(t *testing.T) {
				err := verify(b, c.want)
				if c.code == "" {
					require.NoError(t, err)
					return
				}
				refused(t, c.code, err)
			})
		}
	}
}

func TestEmptyContentCanBeExpected(t *testing.T) {
	for way, verify := range verifications(t) {
		t.Run(way, func(t *testing.T) {
			require.NoError(t, verify(nil, expect(nil)))
			refused(t, digest.CodeSize, verify([]byte("x"), expect(nil)))
		})
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	b := content(200)
	for way, verify := range verifications(t) {
		t.Run(way, func(t *testing.T) {
			for bit := range len(b) * 8 {
				refused(t, digest.CodeMismatch, verify(flip(b, bit), expect(b)))
			}
		})
	}
}

func TestOptionsThatTheExpectationDecidesAreRefused(t *testing.T) {
	b := content(10)
	for name, o := range map[string]digest.Options{
		"algorithms":    {Algorithms: []digest.Algorithm{digest.SHA256}},
		"object format": {Git: digest.GitSHA256},
		"fs-verity":     {FSVerity: []digest.FSVerity{{}}},
		"size":          {Size: 10},
		"checkpoints":   {CheckpointStride: stride},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, digest.CodeOption, digest.Verify(t.Context(), bytes.NewReader(b), expect(b), o))
			refused(t, digest.CodeOption, digest.VerifyAt(t.Context(), bytes.NewReader(b), expect(b), nil, o))
		})
	}
}

func TestAnInjectedHashIsVerified(t *testing.T) {
	b := content(1000)
	o := digest.Options{Extra: map[digest.Algorithm]func() hash.Hash{digest.BLAKE3: sha256.New}} // stands in for BLAKE3
	want := digest.Expect{Size: 1000, Digests: digest.Set{digest.BLAKE3: digest.FromBytes(b).Hex}}
	require.NoError(t, digest.Verify(t.Context(), bytes.NewReader(b), want, o))
	refused(t, digest.CodeMismatch, digest.Verify(t.Context(), bytes.NewReader(flip(b, 0)), want, o))
}

func TestAGitBlobIDOfAStreamOfUnknownSizeCannotBeVerified(t *testing.T) {
	b := content(10)
	want := digest.Expect{Size: -1, Digests: digest.Set{digest.SHA256: digest.FromBytes(b).Hex, digest.GitBlob: digesttest.GitBlob(sha1.New(), b)}}
	refused(t, digest.CodeUndeclared, digest.Verify(t.Context(), bytes.NewReader(b), want, digest.Options{}))
	require.NoError(t, digest.VerifyAt(t.Context(), bytes.NewReader(b), want, nil, digest.Options{}))
}

func TestAnEndlessStreamIsLeftAtTheExpectedSize(t *testing.T) {
	endless := &counter{r: zeros{}}
	refused(t, digest.CodeSize, digest.Verify(t.Context(), endless, expect(make([]byte, 1000)), digest.Options{}))
	assert.LessOrEqual(t, endless.n, 1001)
}

func TestAVerifyingReaderWithholdsTheEnd(t *testing.T) {
	const held = 64 << 10
	for _, size := range []int{1, held, held + 1, 2 * held, 5*held + 3} {
		b := content(size)
		bad := flip(b, 8*(size-1))
		r := digest.NewVerifyingReader(io.NopCloser(bytes.NewReader(bad)), expect(b))
		got, err := io.ReadAll(r)
		refused(t, digest.CodeMismatch, err)
		assert.LessOrEqual(t, len(got), max(0, size-held), "size %d", size)
		n, err := r.Read(make([]byte, 10))
		assert.Zero(t, n)
		refused(t, digest.CodeMismatch, err)
		refused(t, digest.CodeUnverified, r.Close())
	}
}

func TestAVerifyingReaderPassesRightContentOn(t *testing.T) {
	b := content(300_001)
	for _, chunk := range []int{1, 1000, 65536, 1 << 20} {
		source := &digesttest.Reader{Content: b, Chunk: 50_000}
		r := digest.NewVerifyingReader(source, expect(b))
		var got bytes.Buffer
		_, err := io.CopyBuffer(onlyWriter{&got}, r, make([]byte, chunk))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(b, got.Bytes()))
		require.NoError(t, r.Close())
		assert.True(t, source.Closed)
		_, err = r.Read(make([]byte, 1))
		refused(t, digest.CodeUnverified, err)
	}
}

type onlyWriter struct{ io.Writer }

func TestClosingAVerifyingReaderEarlyIsAnError(t *testing.T) {
	b := content(200_000)
	for name, n := range map[string]int{"before the first byte": 0, "in the middle": 100_000, "after the last byte and before io.EOF": len(b)} {
		t.Run(name, func(t *testing.T) {
			source := &digesttest.Reader{Content: b}
			r := digest.NewVerifyingReader(source, expect(b))
			_, err := io.ReadFull(r, make([]byte, n))
			require.NoError(t, err)
			refused(t, digest.CodeUnverified, r.Close())
			assert.True(t, source.Closed)
			_, err = r.Read(make([]byte, 1))
			refused(t, digest.CodeUnverified, err)
		})
	}
}

func TestAVerifyingReaderRefusesABrokenStream(t *testing.T) {
	b := content(200_000)
	for name, source := range map[string]*digesttest.Reader{
		"io.ErrUnexpectedEOF": {Content: b, Fail: io.ErrUnexpectedEOF, FailAt: len(b), WithEnd: true},
		"an early end":        {Content: b[:150_000]},
		"one byte more":       {Content: append(bytes.Clone(b), 0)},
		"nothing for ever":    {Content: b, Empty: 1 << 30},
	} {
		t.Run(name, func(t *testing.T) {
			r := digest.NewVerifyingReader(source, expect(b))
			got, err := io.ReadAll(r)
			refusedWithSomeCode(t, err)
			assert.LessOrEqual(t, len(got), len(b)-64<<10)
			refused(t, digest.CodeUnverified, r.Close())
		})
	}
}

func TestAVerifyingReaderDoesNotReadForAnExpectationThatItRefuses(t *testing.T) {
	source := &digesttest.Reader{Content: content(10)}
	r := digest.NewVerifyingReader(source, digest.Expect{})
	_, err := r.Read(make([]byte, 1))
	refused(t, digest.CodeEmpty, err)
	refused(t, digest.CodeUnverified, r.Close())
	assert.True(t, source.Closed)
}

func TestFromBytesIsTheSHA256(t *testing.T) {
	sum := sha256.Sum256([]byte("abc"))
	assert.Equal(t, digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sum[:])}, digest.FromBytes([]byte("abc")))
}
