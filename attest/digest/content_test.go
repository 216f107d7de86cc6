package digest_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
)

// testKey authenticates states and caches.
var testKey = make([]byte, 32)

// content returns n bytes that no pattern of blocks repeats.
func content(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// refused asserts that err is an *Error with that code.
func refused(t *testing.T, code digest.Code, err error) *digest.Error {
	t.Helper()
	var e *digest.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, code, e.Code, "%v", err)
	return e
}

// expect returns what exactly b is expected to be.
func expect(b []byte) digest.Expect {
	return digest.Expect{Size: int64(len(b)), Digests: digest.FromBytes(b).Set()}
}

// tempRoot returns a directory and the root of it.
func tempRoot(t testing.TB) (string, *os.Root) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return dir, root
}

// write stores a file under dir.
func write(t testing.TB, dir, name string, b []byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, b, 0o644))
}

// flip returns a copy of b with one bit changed.
func flip(b []byte, bit int) []byte {
	c := append([]byte(nil), b...)
	c[bit/8] ^= 1 << (bit % 8)
	return c
}

// refusedWithSomeCode asserts that err carries a code of the catalogue.
func refusedWithSomeCode(t *testing.T, err error) {
	t.Helper()
	var e *digest.Error
	require.ErrorAs(t, err, &e)
	assert.Contains(t, digest.Codes(), e.Code)
}
