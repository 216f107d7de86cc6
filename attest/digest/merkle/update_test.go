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
	"github.com/sealwright/sealwright/attest/digest/merkle"
)

func TestAnUpdateGivesTheRootAndTheFileOfANewBuild(t *testing.T) {
	for name, p := range kinds() {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, 7))
			for _, n := range []int{1024, 70_001, 400_000} {
				b := fit(p, content(n))
				tree, out := open(t, p, b)
				for range 12 {
					var dirty []merkle.Range
					for range random.IntN(5) {
						at := random.IntN(len(b))
						length := random.IntN(min(len(b)-at, 1+random.IntN(60_000)) + 1)
						dirty = append(dirty, merkle.Range{Offset: int64(at), Length: int64(length)})
						for i := at; i < at+length; i++ {
							b[i] = byte(random.Uint32())
						}
					}
					preview, err := tree.Update(t.Context(), bytes.NewReader(b), dirty, nil)
					require.NoError(t, err)
					got, err := tree.Update(t.Context(), bytes.NewReader(b), dirty, out)
					require.NoError(t, err)
					want, file := build(t, p, b)
					require.Equal(t, want.String(), got.String())
					require.Equal(t, want.String(), preview.String())
					require.Equal(t, want.String(), tree.Root().String())
					require.True(t, bytes.Equal(file.b, out.b))
					_, err = io.Copy(io.Discard, io.NewSectionReader(tree.ReaderAt(bytes.NewReader(b)), 0, want.Size))
					require.NoError(t, err)
				}
			}
		})
	}
}

func TestAnUpdateOfOneByteReadsOneLeafAndOneBlockOfEachLevel(t *testing.T) {
	p := merkle.Params{Kind: merkle.FSVerity}
	b := content(4096 * 128 * 3) // two levels
	root, out := build(t, p, b)
	var blocks, leaves int
	tree, err := merkle.OpenTree(root, source{read: func(p []byte, offset int64) (int, error) {
		blocks++
		return out.ReadAt(p, offset)
	}})
	require.NoError(t, err)
	blocks = 0
	b[1_000_000] ^= 1
	data := source{read: func(p []byte, offset int64) (int, error) {
		leaves += len(p)
		return bytes.NewReader(b).ReadAt(p, offset)
	}}
	got, err := tree.Update(t.Context(), data, []merkle.Range{{Offset: 1_000_000, Length: 1}}, out)
	require.NoError(t, err)
	assert.Equal(t, 4096, leaves)
	assert.Equal(t, 1, blocks, "the top block was read when the tree was opened")
	want, _ := build(t, p, b)
	assert.True(t, want.Equal(got))
}

func TestAnUpdateThatFailsChangesNothingOrSaysSo(t *testing.T) {
	p := merkle.Params{Kind: merkle.RFC9162, BlockSize: 512}
	b := content(512 * 1000)
	dirty := []merkle.Range{{Offset: 0, Length: int64(len(b))}}

	t.Run("ranges outside of the content", func(t *testing.T) {
		tree, out := open(t, p, b)
		for _, r := range []merkle.Range{{-1, 2}, {0, -1}, {0, int64(len(b)) + 1}, {int64(len(b)), 1}, {1 << 62, 1 << 62}} {
			_, err := tree.Update(t.Context(), bytes.NewReader(b), []merkle.Range{r}, out)
			refused(t, merkle.CodeRange, err)
		}
	})
	t.Run("content that cannot be read before anything is written", func(t *testing.T) {
		tree, out := open(t, p, b)
		_, err := tree.Update(t.Context(), source{read: func([]byte, int64) (int, error) { return 0, errBroken }}, dirty, out)
		refused(t, digest.CodeRead, err)
		_, err = tree.Update(t.Context(), bytes.NewReader(b), dirty, out)
		require.NoError(t, err)
	})
	t.Run("a context that ends half-way spoils the file, and the tree says so", func(t *testing.T) {
		tree, out := open(t, p, b)
		ctx, cancel := context.WithCancel(t.Context())
		data := source{read: func(p []byte, offset int64) (int, error) {
			if offset > int64(len(b))/2 {
				cancel()
			}
			return bytes.NewReader(bytes.Repeat([]byte{1}, len(b))).ReadAt(p, offset)
		}}
		_, err := tree.Update(ctx, data, dirty, out)
		refused(t, digest.CodeCancelled, err)
		_, err = tree.ReaderAt(bytes.NewReader(b)).ReadAt(make([]byte, 10), 0)
		refused(t, merkle.CodeStale, err)
		_, err = tree.ProveInclusion(0)
		refused(t, merkle.CodeStale, err)
		_, err = tree.Update(t.Context(), bytes.NewReader(b), dirty, out)
		refused(t, merkle.CodeStale, err)
	})
	t.Run("a tree file that was tampered with is not laundered into a new root", func(t *testing.T) {
		tree, out := open(t, p, b)
		out.b[len(out.b)-8192] ^= 1 // a sibling of the leaf that changes
		_, err := tree.Update(t.Context(), bytes.NewReader(b), []merkle.Range{{Offset: int64(len(b)) - 1, Length: 1}}, out)
		require.ErrorIs(t, err, merkle.ErrCorrupt)
	})
	t.Run("a disk that is full", func(t *testing.T) {
		tree, _ := open(t, p, b)
		_, err := tree.Update(t.Context(), bytes.NewReader(b), dirty, fullDisk{})
		refused(t, merkle.CodeWrite, err)
	})
}

// Item 34: after an update the old blocks are forgotten.
func TestAnUpdateForgetsTheOldBlocks(t *testing.T) {
	b := content(512 * 1000)
	tree, out := open(t, merkle.Params{Kind: merkle.RFC9162, BlockSize: 512}, b)
	r := tree.ReaderAt(bytes.NewReader(b))
	_, err := io.Copy(io.Discard, io.NewSectionReader(r, 0, r.Size()))
	require.NoError(t, err)
	old := bytes.Clone(b)
	b[700] ^= 1
	_, err = tree.Update(t.Context(), bytes.NewReader(b), []merkle.Range{{Offset: 700, Length: 1}}, out)
	require.NoError(t, err)
	_, err = r.ReadAt(make([]byte, 512), 512)
	require.NoError(t, err, "the new content")
	_, err = tree.ReaderAt(bytes.NewReader(old)).ReadAt(make([]byte, 512), 512)
	require.ErrorIs(t, err, merkle.ErrCorrupt, "the old content")
}
