//go:build linux && (amd64 || arm64)

package ociruntime_test

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/ociruntime"
	"github.com/sealwright/sealwright/reproducible/store"
)

// toolArgument makes the test binary act as the command of a build.
const toolArgument = "act-as-the-command"

func TestMain(m *testing.M) {
	if name, ok := strings.CutPrefix(filepath.Base(os.Args[0]), "fake-"); ok {
		os.Exit(misbehave(name, os.Args[1:]))
	}
	if len(os.Args) > 2 && os.Args[1] == toolArgument {
		os.Exit(act(os.Args[2], os.Args[3:]))
	}
	if os.Getenv(otherRuntime) != "" {
		if err := hideUnified(); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	if staticDir != "" {
		_ = os.RemoveAll(staticDir)
	}
	os.Exit(code)
}

var staticDir string

// staticBinary returns the path of a build of this test binary that needs no shared
// library, so that it runs in an empty file tree.
var staticBinary = sync.OnceValues(func() (string, error) {
	self, err := os.Executable()
	if err != nil || isStatic(self) {
		return self, err
	}
	if staticDir, err = os.MkdirTemp("", "ociruntime-static-"); err != nil {
		return "", err
	}
	path := filepath.Join(staticDir, "ociruntime.test")
	cmd := exec.Command("go", "test", "-c", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func isStatic(path string) bool {
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return false
		}
	}
	return true
}

// A lab is a Builder with a store that holds the test binary.
type lab struct {
	store   *store.Store
	config  ociruntime.Config
	builder *ociruntime.Builder
	tool    digest.Digest
}

// find returns the path of a program of a Debian package, or skips the test.
func find(t testing.TB, name, pkg string) string {
	t.Helper()
	for _, dir := range []string{"/usr/sbin", "/usr/bin", "/usr/local/bin"} {
		if path, err := filepath.EvalSymlinks(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	t.Skip("needs the Debian package " + pkg)
	return ""
}

func newLab(t testing.TB) *lab {
	t.Helper()
	l := labWith(t, find(t, laboratory(), laboratory()))
	path, err := staticBinary()
	require.NoError(t, err)
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	l.tool, _, err = l.store.PutFile(t.Context(), f)
	require.NoError(t, err)
	return l
}

// labWith is a lab with another runtime, and without the test binary.
func labWith(t testing.TB, runtime string) *lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, whose runtimes these are")
	}
	dir, err := os.MkdirTemp("", "ociruntime-")
	require.NoError(t, err)
	t.Cleanup(func() { removeAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o711))
	s, err := store.Open(filepath.Join(dir, "store"), store.Limits{})
	require.NoError(t, err)
	work := filepath.Join(dir, "work")
	require.NoError(t, os.Mkdir(work, 0o711))
	t.Cleanup(func() {
		left, err := os.ReadDir(work)
		require.NoError(t, err)
		require.Empty(t, left, "nothing is left behind")
	})
	program, err := os.ReadFile(runtime)
	require.NoError(t, err)
	l := &lab{store: s, config: ociruntime.Config{
		Runtime: runtime, Digest: digest.FromBytes(program), Dir: work, Store: s, Now: time.Now,
	}}
	l.builder, err = ociruntime.New(t.Context(), l.config)
	require.NoError(t, err)
	return l
}

// removeAll deletes a store, whose trees are read-only.
func removeAll(dir string) {
	_ = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(name, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}

// spec returns a spec that runs one act of the test binary.
func (l *lab) spec(act string, args ...string) *reproducible.Spec {
	return &reproducible.Spec{
		Inputs:  []reproducible.Input{{Path: "/bin/tool", Kind: reproducible.Executable, Digest: l.tool}},
		Command: append([]string{"/bin/tool", toolArgument, act}, args...),
		Outputs: []string{"result"},
		Limits:  reproducible.Limits{Wall: time.Minute},
	}
}

func (l *lab) build(t testing.TB, s *reproducible.Spec) (*reproducible.Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	return l.builder.Build(ctx, s)
}

// text returns the content of an artifact.
func (l *lab) text(t testing.TB, r *reproducible.Result, path string) string {
	t.Helper()
	a, ok := r.Artifact(path)
	require.True(t, ok, "no artifact %s", path)
	d, ok := a.Digest.Strongest()
	require.True(t, ok)
	b, err := l.store.ReadFile(t.Context(), d, 1<<20)
	require.NoError(t, err)
	return string(b)
}

// logOf returns the log of a build that failed.
func logOf(err error) string {
	var failed *reproducible.RunError
	if errors.As(err, &failed) {
		return string(failed.Result.Log.Text)
	}
	return ""
}
