//go:build unix

package store_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/reproducible/store"
)

// BenchmarkGOROOT puts, materialises and verifies the Go distribution. "plain"
// reads the same files one after the other, as a baseline.
func BenchmarkGOROOT(b *testing.B) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(b, err)
	root, err := os.OpenRoot(strings.TrimSpace(string(out)))
	require.NoError(b, err)
	defer root.Close()
	s := newStore(b, store.Limits{})
	d, m, err := s.PutTree(b.Context(), root)
	require.NoError(b, err)
	var size int64
	for _, e := range m.Entries {
		size += e.Size
	}
	b.Run("put-again", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			_, _, err := s.PutTree(b.Context(), root)
			require.NoError(b, err)
		}
	})
	_, err = s.Materialize(b.Context(), d)
	require.NoError(b, err)
	b.Run("materialize-again", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			_, err := s.Materialize(b.Context(), d)
			require.NoError(b, err)
		}
	})
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			for _, e := range m.Entries {
				if e.Size > 0 {
					_, err := root.ReadFile(e.Path)
					require.NoError(b, err)
				}
			}
		}
	})
}
