package merkle_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/merkle"
)

// content returns size bytes that are the same in every run.
func content(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size), byte(size >> 8), 7}).Read(b) // never fails
	return b
}

// sizes returns block boundaries and samples up to 70 000 bytes.
func sizes(block, samples int) []int {
	all := []int{0, 1, 2, 31, 32, 33, 63, 64, 65, 70_000}
	for _, n := range []int{1, 2, 3, 7, 8, 9, 16, 17} {
		for d := -2; d <= 2; d++ {
			all = append(all, n*block+d)
		}
	}
	random := rand.New(rand.NewPCG(1, uint64(block)))
	for range samples {
		all = append(all, random.IntN(70_000))
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(n int) bool { return n > 70_000 })
}

// refused asserts the code of an error.
func refused(t *testing.T, code digest.Code, err error) {
	t.Helper()
	var e *digest.Error
	if assert.Error(t, err, "want %s", code) && assert.ErrorAs(t, err, &e) {
		assert.Equal(t, code, e.Code, "%v", err)
	}
}

// A file is a tree file in memory. It is safe for concurrent use.
type file struct {
	mu sync.Mutex
	b  []byte
}

func (f *file) WriteAt(p []byte, offset int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if need := int(offset) + len(p); need > len(f.b) {
		f.b = append(f.b, make([]byte, need-len(f.b))...)
	}
	return copy(f.b[offset:], p), nil
}

func (f *file) ReadAt(p []byte, offset int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.NewReader(f.b).ReadAt(p, offset)
}

// build builds the tree of b.
func build(t testing.TB, p merkle.Params, b []byte) (merkle.Root, *file) {
	t.Helper()
	var out file
	root, err := merkle.Build(t.Context(), bytes.NewReader(b), p, merkle.BuildOptions{Out: &out})
	require.NoError(t, err)
	return root, &out
}

// open builds and opens the tree of b.
func open(t testing.TB, p merkle.Params, b []byte) (*merkle.Tree, *file) {
	t.Helper()
	root, out := build(t, p, b)
	tree, err := merkle.OpenTree(root, out)
	require.NoError(t, err)
	return tree, out
}

// kinds are parameters of every kind whose trees have several levels over little
// content.
func kinds() map[string]merkle.Params {
	return map[string]merkle.Params{
		"fsverity":           {Kind: merkle.FSVerity, BlockSize: 1024},
		"fsverity, salted":   {Kind: merkle.FSVerity, BlockSize: 1024, Salt: []byte("pepper")},
		"fsverity, sha512":   {Kind: merkle.FSVerity, BlockSize: 1024, Hash: digest.SHA512, Salt: []byte{1}},
		"dmverity0, salted":  {Kind: merkle.DMVerity0, BlockSize: 512, Salt: bytes.Repeat([]byte{9}, 33)},
		"dmverity1":          {Kind: merkle.DMVerity1, BlockSize: 512},
		"dmverity1, salted":  {Kind: merkle.DMVerity1, BlockSize: 512, Salt: bytes.Repeat([]byte{5}, 200)},
		"dmverity1, sha512":  {Kind: merkle.DMVerity1, BlockSize: 512, Hash: digest.SHA512, Salt: []byte{2}},
		"rfc9162":            {Kind: merkle.RFC9162, BlockSize: 512},
		"rfc9162, 4096 byte": {Kind: merkle.RFC9162},
	}
}

// fit shortens b to what content of the parameters may be.
func fit(p merkle.Params, b []byte) []byte {
	if p.Kind == merkle.DMVerity0 || p.Kind == merkle.DMVerity1 {
		return b[:len(b)/p.BlockSize*p.BlockSize]
	}
	return b
}

var errBroken = errors.New("broken")

// A source is content that misbehaves.
type source struct {
	b    []byte
	size int64
	read func(p []byte, offset int64) (int, error)
}

func (s source) Size() int64 { return s.size }

func (s source) ReadAt(p []byte, offset int64) (int, error) {
	if s.read != nil {
		return s.read(p, offset)
	}
	return bytes.NewReader(s.b).ReadAt(p, offset)
}

var _ io.WriterAt = (*file)(nil)
