//go:build linux && (amd64 || arm64)

package sandbox

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/store"
)

func TestWhatIsMountedMustBeWhatIsVerified(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "store"), store.Limits{})
	require.NoError(t, err)
	d, _, err := s.PutFile(t.Context(), strings.NewReader("content"))
	require.NoError(t, err)
	box := &Sandbox{config: Config{Store: s}}
	spec := &reproducible.Spec{Inputs: []reproducible.Input{{Path: "/in", Kind: reproducible.File, Digest: d}}}
	path, err := s.MaterializeFile(t.Context(), d, false)
	require.NoError(t, err)
	for name, x := range map[string]struct {
		mount func(name string) error
		right bool
	}{
		"the same file":         {func(name string) error { return os.Link(path, name) }, true},
		"a file of equal bytes": {func(name string) error { return os.WriteFile(name, []byte("content"), 0o444) }, false},
		"a link to the file":    {func(name string) error { return os.Symlink(path, name) }, false},
		"nothing":               {func(string) error { return nil }, false},
	} {
		for _, copied := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				dir := t.TempDir()
				require.NoError(t, x.mount(filepath.Join(dir, "in")))
				root, err := os.OpenRoot(dir)
				require.NoError(t, err)
				defer root.Close()
				in, err := box.offer(t.Context(), spec)
				require.NoError(t, err)
				defer func() { require.NoError(t, in.close()) }()
				mounts := []mount{{Source: filepath.Join(dir, "in"), Target: "in", Copy: copied}}
				require.NoError(t, in.verified())
				check, other := in.mounted(root, mounts), in.copied(mounts)
				if copied {
					check, other = other, check
				}
				require.NoError(t, other, "that is not how this one gets there")
				if x.right {
					require.NoError(t, check)
					require.NoError(t, in.verified())
					return
				}
				require.ErrorIs(t, check, attest.Is(reproducible.CodeInput))
				require.ErrorIs(t, in.verified(), attest.Is(reproducible.CodeInput), "from here on it counts as not verified")
			})
		}
	}
}

func TestToVerifyTakesNoWallTime(t *testing.T) {
	var ended atomic.Bool
	r := &run{spec: &reproducible.Spec{Limits: reproducible.Limits{Wall: 10 * time.Millisecond}}}
	r.wall = time.AfterFunc(time.Hour, func() { ended.Store(true) })
	r.unaccounted(func() {
		require.False(t, r.wall.Stop(), "no time runs")
		time.Sleep(50 * time.Millisecond)
		require.False(t, ended.Load())
	})
	require.Eventually(t, ended.Load, 10*time.Second, time.Millisecond, "it begins anew")
}
