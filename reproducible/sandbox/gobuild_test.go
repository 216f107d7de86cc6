//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
)

const (
	depModule  = "module example.com/dep\n\ngo 1.26\n"
	depSource  = "package dep\n\nfunc Greeting() string { return \"hello from a pinned module\\n\" }\n"
	mainModule = "module example.com/app\n\ngo 1.26\n\nrequire example.com/dep v1.0.0\n"
	mainSource = "package main\n\nimport \"example.com/dep\"\n\nfunc main() { print(dep.Greeting()) }\n" // no package but runtime's own
)

// goTools returns as much of this machine's GOROOT as a program takes that imports
// nothing.
func goTools(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs go in PATH")
	}
	out, err := exec.Command("go", "env", "GOROOT", "GOTOOLDIR").Output()
	require.NoError(t, err)
	lines := strings.Fields(string(out))
	root, tools := lines[0], lines[1]
	list := exec.Command("go", "list", "-deps", "-f", "{{.Dir}}", "runtime")
	list.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err = list.Output()
	require.NoError(t, err)
	from := []string{filepath.Join(root, "VERSION"), filepath.Join(root, "go.env"), filepath.Join(root, "bin", "go"), filepath.Join(root, "pkg", "include"),
		filepath.Join(root, "src", "runtime", "cgo")} // for its headers
	for _, tool := range []string{"asm", "compile", "link"} {
		from = append(from, filepath.Join(tools, tool))
	}
	dir := t.TempDir()
	for _, name := range append(from, strings.Fields(string(out))...) {
		copyTo(t, root, dir, name)
	}
	return dir
}

// copyTo copies a file, or the files of a directory, to the same place below
// another root.
func copyTo(t *testing.T, root, dir, name string) {
	t.Helper()
	names := []string{name}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		names, err = filepath.Glob(filepath.Join(name, "*.*"))
		require.NoError(t, err)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		require.NoError(t, err)
		if info.IsDir() || strings.HasSuffix(name, "_test.go") {
			continue
		}
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		at, err := filepath.Rel(root, name)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, at)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, at), content, info.Mode().Perm()))
	}
}

// putDir stores a directory and reports what that took.
func (l *lab) putDir(t *testing.T, dir string) digest.Digest {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	start := time.Now()
	d, m, err := l.store.PutTree(t.Context(), root)
	require.NoError(t, err)
	put := time.Since(start)
	start = time.Now()
	_, err = l.store.Materialize(t.Context(), d)
	require.NoError(t, err)
	first := time.Since(start)
	start = time.Now()
	_, err = l.store.Materialize(t.Context(), d)
	require.NoError(t, err)
	t.Logf("%s: %d entries, put %v, materialize %v, again %v", dir, len(m.Entries), put, first, time.Since(start))
	return d
}

// putFiles stores a tree that is given as text.
func (l *lab) putFiles(t *testing.T, files map[string]string) digest.Digest {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return l.putDir(t, dir)
}

// moduleZip is the zip file of the module example.com/dep.
func moduleZip(t *testing.T) (body, sum, modSum string) {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range map[string]string{"go.mod": depModule, "dep.go": depSource} {
		f, err := w.Create("example.com/dep@v1.0.0/" + name)
		require.NoError(t, err)
		_, err = f.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	path := filepath.Join(t.TempDir(), "dep.zip")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	sum, err := dirhash.HashZip(path, dirhash.Hash1)
	require.NoError(t, err)
	modPath := filepath.Join(t.TempDir(), "go.mod")
	require.NoError(t, os.WriteFile(modPath, []byte(depModule), 0o600))
	modSum, err = dirhash.HashDir(filepath.Dir(modPath), "", dirhash.Hash1)
	require.NoError(t, err)
	return b.String(), sum, modSum
}

func TestARealGoBuildIsBitIdenticalWithoutHostPaths(t *testing.T) {
	t.Parallel()
	goroot := goTools(t)
	l := newLab(t)
	body, sum, modSum := moduleZip(t)
	const at = "example.com/dep/@v/"
	spec := &reproducible.Spec{
		Inputs: []reproducible.Input{
			{Path: "/usr/local/go", Kind: reproducible.Tree, Digest: l.putDir(t, goroot)},
			{Path: "/proxy", Kind: reproducible.Tree, Digest: l.putFiles(t, map[string]string{
				at + "list": "v1.0.0\n", at + "v1.0.0.info": `{"Version":"v1.0.0"}`,
				at + "v1.0.0.mod": depModule, at + "v1.0.0.zip": body,
			})},
			{Path: "/src", Kind: reproducible.Tree, Digest: l.putFiles(t, map[string]string{
				"go.mod": mainModule, "main.go": mainSource,
				"go.sum": "example.com/dep v1.0.0 " + sum + "\nexample.com/dep v1.0.0/go.mod " + modSum + "\n",
			})},
		},
		Command: []string{"/usr/local/go/bin/go", "build", "-trimpath", "-buildvcs=false", "-o", "/out/app", "."},
		Env: map[string]string{
			"CGO_ENABLED": "0", "GOCACHE": "/tmp/cache", "GOPATH": "/tmp/gopath", "GOTOOLCHAIN": "local",
			"GOPROXY": "file:///proxy", "GOSUMDB": "off",
		},
		Dir:     "/src",
		Outputs: []string{"app"},
		Require: reproducible.Hermetic | reproducible.Seccomp | reproducible.NoCapabilities,
	}
	a, err := l.build(t, spec)
	require.NoError(t, err, "%s", logOf(err))
	b, err := l.build(t, spec)
	require.NoError(t, err)
	c, err := reproducible.Compare(a, b)
	require.NoError(t, err)
	require.NoError(t, c.Err())
	require.Equal(t, reproducible.Identical, c.Verdict())
	t.Logf("%v, first build %v, second %v", a.Artifacts, a.Finished.Sub(a.Started), b.Finished.Sub(b.Started))
	require.Equal(t, "hello from a pinned module\n", l.runArtifact(t, a, "app"))
}

// runArtifact runs a program that a build made.
func (l *lab) runArtifact(t *testing.T, r *reproducible.Result, name string) string {
	t.Helper()
	a, ok := r.Artifact(name)
	require.True(t, ok)
	d, _ := a.Digest.Strongest()
	path, err := l.store.MaterializeFile(t.Context(), d, true)
	require.NoError(t, err)
	out, err := exec.Command(path).CombinedOutput()
	require.NoError(t, err)
	return string(out)
}
