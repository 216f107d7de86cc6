//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/sandbox"
	"github.com/sealwright/sealwright/reproducible/store"
)

// toolArgument makes the test binary act as the command of a build.
const toolArgument = "act-as-the-command"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == toolArgument {
		os.Exit(act(os.Args[2], os.Args[3:]))
	}
	code := m.Run()
	for _, dir := range []string{staticDir, storeDir} {
		if dir != "" {
			removeStore(dir)
		}
	}
	os.Exit(code)
}

// staticVariable names a static build of this test binary, for a run of it as
// another user, who cannot compile.
const staticVariable = "SEALWRIGHT_TEST_STATIC"

var staticDir string

// staticBinary returns the path of a build of this test binary that needs no
// shared library, so that it runs in an empty file tree.
var staticBinary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv(staticVariable); path != "" {
		return path, nil
	}
	self, err := os.Executable()
	if err != nil || isStatic(self) {
		return self, err
	}
	if staticDir, err = os.MkdirTemp("", "sandbox-static-"); err != nil {
		return "", err
	}
	if err := os.Chmod(staticDir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(staticDir, "sandbox.test")
	cmd := exec.Command("go", "test", "-c", "-ldflags=-s -w", "-o", path, ".")
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

// A lab is a sandbox with a store that holds the test binary.
type lab struct {
	store *store.Store
	box   *sandbox.Sandbox
	tool  digest.Digest
}

func newLab(t testing.TB) *lab {
	t.Helper()
	shared, err := sharedStore()
	require.NoError(t, err)
	l := *shared
	l.box, err = sandbox.New(sandbox.Config{Store: l.store, Now: time.Now})
	require.NoError(t, err)
	return &l
}

var storeDir string

// sharedStore returns a lab without a sandbox. What is in a store under a digest
// is the same for every test, so one store does for all.
var sharedStore = sync.OnceValues(func() (*lab, error) {
	path, err := staticBinary()
	if err != nil {
		return nil, err
	}
	if storeDir, err = os.MkdirTemp("", "sandbox-store-"); err != nil {
		return nil, err
	}
	s, err := store.Open(storeDir, store.Limits{})
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, _, err := s.PutFile(context.Background(), f)
	return &lab{store: s, tool: d}, err
})

// removeStore deletes a store, whose trees are read-only.
func removeStore(dir string) {
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
	return l.box.Build(ctx, s)
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
