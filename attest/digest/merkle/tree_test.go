package merkle_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/merkle"
)

func TestVerifiedReadsReturnTheContent(t *testing.T) {
	for name, p := range kinds() {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{1, 4096, 70_001, 300_000} {
				b := fit(p, content(n))
				if len(b) == 0 {
					continue
				}
				tree, _ := open(t, p, b)
				r := tree.ReaderAt(bytes.NewReader(b))
				require.EqualValues(t, len(b), r.Size())
				if n <= 4096 { // the kit reads byte by byte
					require.NoError(t, iotest.TestReader(io.NewSectionReader(r, 0, r.Size()), b))
				}
				random := rand.New(rand.NewPCG(4, uint64(n)))
				for range 50 {
					at, length := random.IntN(len(b)), random.IntN(20_000)
					got := bytes.Repeat([]byte{0xee}, length)
					m, err := r.ReadAt(got, int64(at))
					want := b[at:min(at+length, len(b))]
					require.Equal(t, want, got[:m])
					if m < length {
						require.Equal(t, io.EOF, err)
					} else {
						require.NoError(t, err)
					}
				}
			}
		})
	}
}

func TestReadsOutsideOfTheContentReturnNothing(t *testing.T) {
	tree, _ := open(t, merkle.Params{Kind: merkle.FSVerity}, content(5000))
	r := tree.ReaderAt(bytes.NewReader(content(5000)))
	_, err := r.ReadAt(make([]byte, 1), -1)
	refused(t, merkle.CodeRange, err)
	n, err := r.ReadAt(make([]byte, 1), 5000)
	assert.Zero(t, n)
	assert.Equal(t, io.EOF, err)
}

func TestEveryBitOfTheContentIsVerified(t *testing.T) {
	for name, p := range kinds() {
		t.Run(name, func(t *testing.T) {
			b := fit(p, content(2*1024+100))
			tree, _ := open(t, p, b)
			block := tree.Root().BlockSize
			for i := range len(b) * 8 {
				if i%8 > 0 && i/8%97 > 0 { // all bits of each 97th byte, one bit of the others
					continue
				}
				b[i/8] ^= 1 << (i % 8)
				got := bytes.Repeat([]byte{0xee}, len(b))
				n, err := tree.ReaderAt(bytes.NewReader(b)).ReadAt(got, 0)
				b[i/8] ^= 1 << (i % 8)
				var c *merkle.CorruptError
				require.ErrorAs(t, err, &c, "bit %d", i)
				require.ErrorIs(t, err, merkle.ErrCorrupt)
				require.Zero(t, c.Level)
				require.EqualValues(t, i/8/block*block, c.Offset)
				require.LessOrEqual(t, n, i/8, "nothing from the bad block on")
				require.Equal(t, b[:n], got[:n])
				require.Equal(t, make([]byte, len(b)-n), got[n:], "what was not verified is cleared")
			}
		})
	}
}

// Item 31.
func TestEveryBitOfTheTreeFileIsVerified(t *testing.T) {
	for name, p := range kinds() {
		t.Run(name, func(t *testing.T) {
			b := fit(p, content(20*1024))
			root, tree := build(t, p, b)
			r := rand.New(rand.NewPCG(5, 5))
			for i := range tree.b {
				bit := byte(1) << r.IntN(8)
				tree.b[i] ^= bit
				opened, err := merkle.OpenTree(root, tree)
				if err == nil {
					_, err = io.Copy(io.Discard, io.NewSectionReader(opened.ReaderAt(bytes.NewReader(b)), 0, root.Size))
				}
				tree.b[i] ^= bit
				var c *merkle.CorruptError
				require.ErrorAs(t, err, &c, "byte %d", i)
				require.Positive(t, c.Level)
				require.LessOrEqual(t, c.Offset, int64(i))
			}
		})
	}
}

// Item 31.
func TestATreeFileOfTheWrongLengthIsRefused(t *testing.T) {
	for name, p := range kinds() {
		t.Run(name, func(t *testing.T) {
			b := fit(p, content(20*1024))
			root, tree := build(t, p, b)
			for name, wrong := range map[string][]byte{
				"empty":                  nil,
				"truncated by a byte":    tree.b[:len(tree.b)-1],
				"truncated by a half":    tree.b[:len(tree.b)/2],
				"one byte more":          append(bytes.Clone(tree.b), 0),
				"an extra level on top":  append(make([]byte, 4096), tree.b...),
				"an extra level at last": append(bytes.Clone(tree.b), tree.b...),
			} {
				_, err := merkle.OpenTree(root, &file{b: wrong})
				refused(t, merkle.CodeTreeLength, err)
				_ = name
			}
			_, err := merkle.OpenTree(root, source{read: func([]byte, int64) (int, error) { return 0, errBroken }})
			refused(t, digest.CodeRead, err)
			_, err = merkle.OpenTree(root, source{read: func([]byte, int64) (int, error) { return 0, nil }})
			refused(t, digest.CodeReader, err)
		})
	}
	small, err := merkle.Build(t.Context(), bytes.NewReader([]byte("x")), merkle.Params{Kind: merkle.RFC9162}, merkle.BuildOptions{})
	require.NoError(t, err)
	_, err = merkle.OpenTree(small, &file{b: make([]byte, 8192)})
	refused(t, merkle.CodeTreeLength, err)
}

// Item 31: the hash of an RFC 9162 node does not cover the padding of its block.
func TestPaddingOtherThanZerosIsRefused(t *testing.T) {
	root, tree := build(t, merkle.Params{Kind: merkle.RFC9162, BlockSize: 512}, content(1024))
	tree.b[len(tree.b)-1] = 1
	_, err := merkle.OpenTree(root, tree)
	refused(t, merkle.CodeTreePadding, err)
	require.ErrorIs(t, err, merkle.ErrCorrupt)
}

func TestATreeOfAnotherRootIsRefused(t *testing.T) {
	for name, p := range kinds() {
		t.Run(name, func(t *testing.T) {
			b := fit(p, content(20*1024))
			root, tree := build(t, p, b)
			b[0] ^= 1
			other, _ := build(t, p, b)
			_, err := merkle.OpenTree(other, tree)
			require.ErrorIs(t, err, merkle.ErrCorrupt)
			wrong := root
			wrong.Hash = append(bytes.Clone(root.Hash), 0)
			_, err = merkle.OpenTree(wrong, tree)
			refused(t, merkle.CodeRoot, err)
		})
	}
}

// Item 34: the cache holds hashes, never content.
func TestAChangeOfTheContentIsSeenWithAWarmCache(t *testing.T) {
	b := content(64 * 1024)
	tree, _ := open(t, merkle.Params{Kind: merkle.FSVerity}, b)
	r := tree.ReaderAt(bytes.NewReader(b))
	got := make([]byte, 4096)
	_, err := r.ReadAt(got, 8192)
	require.NoError(t, err)
	b[8192] ^= 1
	_, err = r.ReadAt(got, 8192)
	require.ErrorIs(t, err, merkle.ErrCorrupt)
	b[8192] ^= 1
	_, err = r.ReadAt(got, 8192)
	require.NoError(t, err)
}

func TestTheCacheIsBounded(t *testing.T) {
	p := merkle.Params{Kind: merkle.RFC9162, BlockSize: 512}
	const size = 512 * 256 * 600 // 600 blocks of 8 KiB in the lowest level; the cache holds 512 blocks
	zeros := source{size: size, read: func(p []byte, offset int64) (int, error) {
		if offset >= size {
			return 0, io.EOF
		}
		clear(p)
		return len(p), nil
	}}
	var out file
	root, err := merkle.Build(t.Context(), zeros, p, merkle.BuildOptions{Out: &out})
	require.NoError(t, err)
	reads := 0
	tree, err := merkle.OpenTree(root, source{read: func(p []byte, offset int64) (int, error) {
		reads++
		return out.ReadAt(p, offset)
	}})
	require.NoError(t, err)
	r := tree.ReaderAt(zeros)
	b := make([]byte, 512)
	for _, round := range []struct{ first, reads int }{{0, 600 + 3 - 1}, {0, 0}} {
		for i := round.first; i < 600; i++ {
			_, err := r.ReadAt(b, int64(i)*512*256)
			require.NoError(t, err)
		}
	}
	assert.Greater(t, reads, 2*512, "the second round had to read again")
	reads = 0
	_, err = r.ReadAt(b, 599*512*256)
	require.NoError(t, err)
	assert.Zero(t, reads, "the last block used is cached")
}

func TestConcurrentReadsAndUpdatesAreSafe(t *testing.T) {
	b := content(200_000)
	tree, out := open(t, merkle.Params{Kind: merkle.FSVerity, BlockSize: 1024}, b)
	r := tree.ReaderAt(bytes.NewReader(b))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(6, uint64(i)))
			for range 200 {
				at, p := random.IntN(len(b)), make([]byte, random.IntN(9000))
				n, err := r.ReadAt(p, int64(at))
				if err != io.EOF {
					assert.NoError(t, err)
				}
				assert.Equal(t, b[at:at+n], p[:n])
			}
		})
	}
	for range 20 { // content that stays as it is keeps its root
		root, err := tree.Update(t.Context(), bytes.NewReader(b), []merkle.Range{{Offset: 100, Length: 5000}}, out)
		require.NoError(t, err)
		require.True(t, root.Equal(tree.Root()))
	}
	all.Wait()
}

func TestContentThatCannotBeReadIsNotCalledCorrupt(t *testing.T) {
	b := content(9000)
	tree, _ := open(t, merkle.Params{Kind: merkle.FSVerity}, b)
	got := make([]byte, 9000)
	_, err := tree.ReaderAt(source{read: func([]byte, int64) (int, error) { return 0, errBroken }}).ReadAt(got, 0)
	refused(t, digest.CodeRead, err)
	require.False(t, errors.Is(err, merkle.ErrCorrupt))
	_, err = tree.ReaderAt(bytes.NewReader(b[:8999])).ReadAt(got, 0)
	refused(t, merkle.CodeSize, err)
}
