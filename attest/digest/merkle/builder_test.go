package merkle_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/digesttest"
	"github.com/sealwright/sealwright/attest/digest/merkle"
)

func TestABuilderAndAParallelBuildAgreeHoweverTheContentArrives(t *testing.T) {
	for name, p := range kinds() {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(2, 2))
			for _, n := range []int{0, 1, 511, 512, 5000, 70_000, 3<<20 + 511} {
				b := fit(p, content(n))
				if len(b) == 0 && n > 0 || n == 0 && (p.Kind == merkle.DMVerity0 || p.Kind == merkle.DMVerity1) {
					continue
				}
				want, tree := build(t, p, b)
				var out file
				builder, err := merkle.NewBuilder(p, int64(len(b)), &out)
				require.NoError(t, err)
				blind, err := merkle.NewBuilder(p, -1, nil)
				require.NoError(t, err)
				for rest := b; len(rest) > 0; {
					m := min(1+random.IntN(len(b)/3+1), len(rest))
					for _, w := range []io.Writer{builder, blind} {
						_, err := w.Write(rest[:m])
						require.NoError(t, err)
					}
					rest = rest[m:]
				}
				for _, w := range []*merkle.Builder{builder, blind} {
					got, err := w.Finish()
					require.NoError(t, err)
					require.True(t, want.Equal(got), "%d bytes", n)
				}
				require.True(t, bytes.Equal(tree.b, out.b), "%d bytes", n)
				size, err := merkle.TreeSize(p, int64(len(b)))
				require.NoError(t, err)
				require.EqualValues(t, size, len(out.b))
				for _, workers := range []int{1, 3} {
					got, err := merkle.Build(t.Context(), bytes.NewReader(b), p, merkle.BuildOptions{Workers: workers})
					require.NoError(t, err)
					require.True(t, want.Equal(got))
				}
			}
		})
	}
}

func TestABuilderRefusesWhatWasNotDeclared(t *testing.T) {
	p := merkle.Params{Kind: merkle.RFC9162}
	b, err := merkle.NewBuilder(p, 10, nil)
	require.NoError(t, err)
	_, err = b.Write(make([]byte, 11))
	refused(t, merkle.CodeSize, err)
	_, err = b.Finish()
	refused(t, merkle.CodeSize, err)

	b, err = merkle.NewBuilder(p, 10, nil)
	require.NoError(t, err)
	_, err = b.Write(make([]byte, 9))
	require.NoError(t, err)
	_, err = b.Finish()
	refused(t, merkle.CodeSize, err)

	_, err = merkle.NewBuilder(p, -1, &file{})
	refused(t, merkle.CodeSize, err)

	b, err = merkle.NewBuilder(p, -1, nil)
	require.NoError(t, err)
	_, err = b.Finish()
	require.NoError(t, err)
	_, err = b.Finish()
	refused(t, merkle.CodeFinished, err)
	_, err = b.Write([]byte{1})
	refused(t, merkle.CodeFinished, err)

	b, err = merkle.NewBuilder(merkle.Params{Kind: merkle.DMVerity1}, -1, nil)
	require.NoError(t, err)
	_, err = b.Write(make([]byte, 4095))
	require.NoError(t, err)
	_, err = b.Finish()
	refused(t, merkle.CodeSize, err)
}

func TestBuildRefusesContentThatMisbehaves(t *testing.T) {
	b := content(3 << 20)
	run := func(s digest.Source) error {
		_, err := merkle.Build(t.Context(), s, merkle.Params{Kind: merkle.FSVerity}, merkle.BuildOptions{})
		return err
	}
	refused(t, merkle.CodeSize, run(source{b: b, size: int64(len(b)) + 1}))
	refused(t, merkle.CodeSize, run(source{b: b, size: int64(len(b)) - 1}))
	refused(t, merkle.CodeSize, run(source{b: b, size: -1}))
	refused(t, digest.CodeReader, run(source{size: 10, read: func([]byte, int64) (int, error) { return 3, nil }}))
	refused(t, digest.CodeReader, run(source{size: 10, read: func(p []byte, _ int64) (int, error) { return len(p) + 1, nil }}))
	refused(t, digest.CodeReader, run(source{size: 10, read: func([]byte, int64) (int, error) { return -1, errBroken }}))
	failing := source{size: 3 << 20, read: func(p []byte, offset int64) (int, error) {
		if offset >= 2<<20 {
			return 0, errBroken
		}
		return len(p), nil
	}}
	refused(t, digest.CodeRead, run(failing))
	require.ErrorIs(t, run(failing), errBroken)
	refused(t, digest.CodeRead, run(source{size: 10, read: func(p []byte, _ int64) (int, error) { return 0, io.ErrUnexpectedEOF }}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := merkle.Build(ctx, bytes.NewReader(b), merkle.Params{Kind: merkle.FSVerity}, merkle.BuildOptions{})
	refused(t, digest.CodeCancelled, err)
	_, err = merkle.Build(t.Context(), bytes.NewReader(b), merkle.Params{Kind: merkle.FSVerity}, merkle.BuildOptions{Workers: -1})
	refused(t, merkle.CodeParams, err)
	_, err = merkle.Build(t.Context(), bytes.NewReader(b), merkle.Params{Kind: merkle.FSVerity}, merkle.BuildOptions{Out: fullDisk{}})
	refused(t, merkle.CodeWrite, err)
	require.ErrorIs(t, err, errBroken)
}

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) WriteAt([]byte, int64) (int, error) { return 0, errBroken }

func TestBuildRefusesContentThatChangedMeanwhile(t *testing.T) {
	guard := changed{source{b: content(5000), size: 5000}}
	_, err := merkle.Build(t.Context(), guard, merkle.Params{Kind: merkle.FSVerity}, merkle.BuildOptions{})
	refused(t, digest.CodeChanged, err)
}

type changed struct{ source }

func (changed) Unchanged() error { return &digest.Error{Code: digest.CodeChanged} }

func TestProgressEndsAtTheSize(t *testing.T) {
	var calls []int64
	_, err := merkle.Build(t.Context(), bytes.NewReader(content(3<<20+5)), merkle.Params{Kind: merkle.RFC9162},
		merkle.BuildOptions{Progress: func(done, total int64) {
			assert.EqualValues(t, 3<<20+5, total)
			calls = append(calls, done)
		}})
	require.NoError(t, err)
	assert.Equal(t, []int64{1 << 20, 2 << 20, 3 << 20, 3<<20 + 5}, calls)
}

// Item 28.
func TestParametersThatNoFormatAllowsAreRefused(t *testing.T) {
	for name, p := range map[string]merkle.Params{
		"the zero value":                          {},
		"an unknown kind":                         {Kind: 99},
		"a salt of 33 bytes for fs-verity":        {Kind: merkle.FSVerity, Salt: make([]byte, 33)},
		"a salt of 257 bytes for dm-verity":       {Kind: merkle.DMVerity1, Salt: make([]byte, 257)},
		"a salt for RFC 9162":                     {Kind: merkle.RFC9162, Salt: []byte{1}},
		"a block that is not a power of two":      {Kind: merkle.FSVerity, BlockSize: 4097},
		"a negative block":                        {Kind: merkle.FSVerity, BlockSize: -4096},
		"a block smaller than two digests":        {Kind: merkle.DMVerity1, BlockSize: 64, Hash: digest.SHA512},
		"a block smaller than the kernel's least": {Kind: merkle.FSVerity, BlockSize: 512},
		"a block over 64 KiB for fs-verity":       {Kind: merkle.FSVerity, BlockSize: 128 << 10},
		"a block over 1 MiB for RFC 9162":         {Kind: merkle.RFC9162, BlockSize: 2 << 20},
		"SHA-1":                                   {Kind: merkle.DMVerity1, Hash: digest.SHA1},
		"SHA-512 for RFC 9162":                    {Kind: merkle.RFC9162, Hash: digest.SHA512},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := merkle.NewBuilder(p, 4096, nil)
			refused(t, merkle.CodeParams, err)
			_, err = merkle.Build(t.Context(), bytes.NewReader(make([]byte, 4096)), p, merkle.BuildOptions{})
			refused(t, merkle.CodeParams, err)
			_, err = merkle.OpenTree(merkle.Root{Params: p, Size: 4096, Hash: make([]byte, 32)}, &file{})
			refused(t, merkle.CodeParams, err)
			_, err = merkle.TreeSize(p, 4096)
			refused(t, merkle.CodeParams, err)
		})
	}
}

// Item 29.
func TestTheEmptyFileHasItsSpecialRoot(t *testing.T) {
	root, tree := build(t, merkle.Params{Kind: merkle.FSVerity}, nil)
	assert.Equal(t, make([]byte, 32), root.Hash)
	assert.Empty(t, tree.b)
	sum, err := root.FileDigest()
	require.NoError(t, err)
	assert.Equal(t, "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95", hexOf(sum), "the file digest of any empty file, as the kernel's documentation and fsverity give it")
	root, _ = build(t, merkle.Params{Kind: merkle.RFC9162}, nil)
	assert.Equal(t, digest.FromBytes(nil).Hex, hexOf(root.Hash))
	_, err = merkle.Build(t.Context(), bytes.NewReader(nil), merkle.Params{Kind: merkle.DMVerity1}, merkle.BuildOptions{})
	refused(t, merkle.CodeSize, err)

	t.Run("no other root passes for it", func(t *testing.T) {
		for _, kind := range []merkle.Kind{merkle.FSVerity, merkle.RFC9162} {
			_, err := merkle.OpenTree(merkle.Root{Params: merkle.Params{Kind: kind}, Hash: bytes.Repeat([]byte{1}, 32)}, &file{})
			refused(t, merkle.CodeRoot, err)
		}
	})
}

func TestFileDigestsEqualThoseOfThePlainOracle(t *testing.T) {
	b := content(100_000)
	want, _ := build(t, merkle.Params{Kind: merkle.FSVerity}, b)
	sum, err := want.FileDigest()
	require.NoError(t, err)
	assert.Equal(t, digesttest.Oracle(digest.FSVeritySHA256, b), hexOf(sum))
}
