package tessera_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/tlog/dirlog"
)

// BenchmarkAdd is the time from an entry to its proof, against dirlog.
func BenchmarkAdd(b *testing.B) {
	b.Run("tessera", func(b *testing.B) { add(b, open(b, b.TempDir())) })
	b.Run("dirlog", func(b *testing.B) {
		root, err := os.OpenRoot(b.TempDir())
		require.NoError(b, err)
		defer root.Close()
		config := dirlog.Config{Root: root, Signer: newSigner(b)}
		require.NoError(b, dirlog.Create(b.Context(), config))
		l, err := dirlog.Open(b.Context(), config)
		require.NoError(b, err)
		defer l.Close()
		add(b, l)
	})
}

func add(b *testing.B, l log) {
	n := 0
	for b.Loop() {
		_, err := l.Add(b.Context(), fmt.Appendf(nil, "entry %d", n))
		require.NoError(b, err)
		n++
	}
}
