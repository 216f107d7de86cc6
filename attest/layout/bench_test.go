package layout_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/layout"
)

// BenchmarkVerify verifies one supply chain of two steps and three links, from files
// on both sides.
func BenchmarkVerify(b *testing.B) {
	w := newWorld()
	for i := range 1_000 {
		name := "src/" + string(rune('a'+i%26)) + "/" + string(rune('a'+i/26%26)) + string(rune('a'+i/676)) + ".go"
		w.links["write"].Products[name] = file(name)
		w.links["pack"].Materials[name] = file(name)
	}
	e := w.evidence(b)
	dir := b.TempDir()
	for name, f := range e.Links.(fstest.MapFS) {
		require.NoError(b, os.WriteFile(filepath.Join(dir, name), f.Data, 0o644))
	}
	root := filepath.Join(dir, "root.layout")
	require.NoError(b, os.WriteFile(root, e.Layout, 0o644))
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		v, err := layout.NewVerifier(w.trust)
		require.NoError(b, err)
		for b.Loop() {
			signed, err := os.ReadFile(root)
			require.NoError(b, err)
			_, err = v.Verify(b.Context(), layout.Evidence{Layout: signed, Links: os.DirFS(dir)}, now())
			require.NoError(b, err)
		}
	})
	b.Run("in-toto-golang", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			loaded, err := in_toto.LoadMetadata(root)
			require.NoError(b, err)
			_, err = in_toto.InTotoVerify(loaded, map[string]in_toto.Key{owner.id(): owner.key()}, dir, "", nil, nil, false)
			require.NoError(b, err)
		}
	})
}
