package osv_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/osv"
)

func BenchmarkLoad(b *testing.B) {
	dir := realDatabase(b)
	info, err := os.Stat(filepath.Join(dir, "Go", "all.zip"))
	require.NoError(b, err)
	b.SetBytes(info.Size())
	b.ReportAllocs()
	for b.Loop() {
		_, err := osv.Load(b.Context(), os.DirFS(dir), osv.Options{Ecosystems: []string{"Go"}})
		require.NoError(b, err)
	}
}

func BenchmarkMatch(b *testing.B) {
	s, err := osv.Load(b.Context(), os.DirFS(realDatabase(b)), osv.Options{Ecosystems: []string{"Go"}})
	require.NoError(b, err)
	packages := []scan.Package{
		goModule("stdlib", "1.25.0"), goModule("golang.org/x/crypto", "v0.20.0"),
		goModule("golang.org/x/net", "v0.20.0"), goModule("example.com/unheard-of", "v1.0.0"),
	}
	b.ReportAllocs()
	for b.Loop() {
		_, err := s.Match(b.Context(), packages)
		require.NoError(b, err)
	}
}
