package fs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/fs"
)

func world(t testing.TB) (collecttest.World, string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "src/deep"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "src/a"), []byte(collecttest.Secret), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "src/deep/b"), []byte("b"), 0o755))
	require.NoError(t, os.Symlink("a", filepath.Join(dir, "src/link")))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return collecttest.World{Root: root}, dir
}

func TestCollectorKeepsTheContract(t *testing.T) {
	w, _ := world(t)
	collecttest.TestCollector(t, fs.Collector{Dir: "src", Name: "source"}, w)
}

func TestATreeIsMeasuredAsAnOutputOrAnInput(t *testing.T) {
	w, dir := world(t)
	root, err := os.OpenRoot(filepath.Join(dir, "src"))
	require.NoError(t, err)
	defer root.Close()
	m, err := treehash.Walk(t.Context(), root, treehash.WalkOptions{})
	require.NoError(t, err)
	want, err := m.Digest()
	require.NoError(t, err)
	f, err := fs.Collector{Dir: "src", Name: "tree"}.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	require.Equal(t, want.Set(), f.Outputs[0].Descriptor.Digest)
	require.Equal(t, collect.Measured, f.Outputs[0].Trust)
	require.Empty(t, f.Gaps)
	f, err = fs.Collector{Dir: "src", Name: "tree", Role: provenance.RoleSource}.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	require.Empty(t, f.Outputs)
	require.Equal(t, provenance.RoleSource, f.Inputs[0].Role)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "src/deep/b"), []byte("c"), 0o755))
	f, err = fs.Collector{Dir: "src", Name: "tree"}.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	require.NotEqual(t, want.Set(), f.Outputs[0].Descriptor.Digest)
}

func TestLinksThatLeadOutAreNotFollowedAndAreToldOf(t *testing.T) {
	w, dir := world(t)
	for i, target := range []string{"/etc/passwd", "../../x", "..", "deep/../../x"} {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, "src", fmt.Sprint("out", i))))
	}
	require.NoError(t, os.Symlink("deep/../a", filepath.Join(dir, "src/in")))
	f, err := fs.Collector{Dir: "src", Name: "tree"}.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	require.Len(t, f.Gaps, 1)
	require.Contains(t, f.Gaps[0].Why, "4 lead out")
}

func TestWhatIsNoTreeIsRefused(t *testing.T) {
	w, dir := world(t)
	require.NoError(t, os.Symlink("/etc", filepath.Join(dir, "etc")))
	require.NoError(t, os.Symlink("src", filepath.Join(dir, "alias")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "odd"), 0o755))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "odd/fifo"), 0o600))
	for _, d := range []string{"none", "src/a", "etc", "alias", "alias/deep", "..", "/etc", "src/../..", "odd"} {
		_, err := fs.Collector{Dir: d, Name: "tree"}.Collect(t.Context(), w.Environment())
		collecttest.RequireCode(t, err, collect.CodeFile)
	}
	for _, c := range []fs.Collector{{}, {Name: "x", Role: "x"}} {
		_, err := c.Collect(t.Context(), w.Environment())
		collecttest.RequireCode(t, err, collect.CodeOption)
	}
	_, err := fs.Collector{Dir: "src", Name: "tree", Limits: treehash.Limits{Entries: 1}}.Collect(t.Context(), w.Environment())
	require.ErrorIs(t, err, attest.Is(collect.CodeFile))
}
