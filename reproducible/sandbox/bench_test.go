//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/reproducible"
)

// BenchmarkSpawn compares a build of almost nothing with the plain start of the
// same program. "admission" is everything up to the command: a probe.
func BenchmarkSpawn(b *testing.B) {
	l := newLab(b)
	path, err := l.store.MaterializeFile(b.Context(), l.tool, true)
	require.NoError(b, err)
	b.Run("fork-exec", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, exec.Command(path, toolArgument, "kit").Run())
		}
	})
	b.Run("admission", func(b *testing.B) {
		for b.Loop() {
			c, err := l.box.Probe(b.Context())
			require.NoError(b, err)
			require.NotZero(b, c.Granted)
		}
	})
	b.Run("build", func(b *testing.B) {
		for b.Loop() {
			r, err := l.box.Build(b.Context(), l.spec("echo"))
			require.NoError(b, err)
			require.NotZero(b, r.Achieved&reproducible.Hermetic)
		}
	})
}
