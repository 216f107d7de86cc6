//go:build linux && (amd64 || arm64)

package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/process"
	"github.com/sealwright/sealwright/reproducible/store"
)

// privateTree is a tree as package process makes it.
func privateTree(t *testing.T) process.Tree {
	root, err := os.MkdirTemp(t.TempDir(), "build-") // of mode 0700
	require.NoError(t, err)
	tree := process.Tree{Root: root, Host: []string{"/usr"}, Writable: []string{filepath.Join(root, "out"), filepath.Join(root, "tmp")}}
	for _, dir := range tree.Writable {
		require.NoError(t, os.Mkdir(dir, 0o755))
	}
	return tree
}

func owner(t *testing.T, name string) int {
	info, err := os.Lstat(name)
	require.NoError(t, err)
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

// noMoreGoroutines waits for the goroutines that have told their result and not ended.
func noMoreGoroutines(t *testing.T, than int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end) && runtime.NumGoroutine() > than; {
		time.Sleep(time.Millisecond)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), than)
}

func TestWhatIsPreparedIsGivenAwayWhenTheCommandStarts(t *testing.T) {
	before := runtime.NumGoroutine()
	tree := privateTree(t)
	start := thread{65534, 65534, landlockVersion, &assembled{}}.Prepare(tree)
	time.Sleep(10 * time.Millisecond) // in which the thread restricts itself
	for _, name := range append(tree.Writable, tree.Root) {
		require.Equal(t, os.Geteuid(), owner(t, name), "nobody else can lead the monitor elsewhere")
	}
	cmd := exec.Command("/bin/true")
	require.NoError(t, start(cmd))
	require.NoError(t, cmd.Wait())
	for _, name := range append(tree.Writable, tree.Root) {
		require.Equal(t, 65534, owner(t, name))
	}
	noMoreGoroutines(t, before)
}

func TestWhatIsPreparedAndNotUsedLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	tree := privateTree(t)
	require.NoError(t, thread{65534, 65534, landlockVersion, &assembled{}}.Prepare(tree)(nil))
	require.Equal(t, os.Geteuid(), owner(t, tree.Root))
	noMoreGoroutines(t, before)
}

func TestABuildWhoseInputsAreMissingUsesNoThread(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "store"), store.Limits{})
	require.NoError(t, err)
	dir := t.TempDir()
	b, err := NewThread(ThreadConfig{Store: s, Dir: dir, Now: never})
	require.NoError(t, err)
	before := runtime.NumGoroutine()
	_, err = b.Build(t.Context(), &reproducible.Spec{
		Inputs:  []reproducible.Input{{Path: "/in", Kind: reproducible.File, Digest: digest.FromBytes([]byte("absent"))}},
		Command: []string{"/in"}, Outputs: []string{"a"},
	})
	require.ErrorIs(t, err, attest.Is(reproducible.CodeInput))
	require.ErrorIs(t, err, attest.Is(store.CodeAbsent))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	noMoreGoroutines(t, before)
}
