package gobinary_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// program is a module that needs nothing but the runtime and one real module,
// which this module requires too, so that it is at hand without a network.
const program = `package main

import "golang.org/x/mod/semver"

func main() { println(semver.IsValid("v1.2.3")) }
`

// build compiles program for an operating system, with extra lines in go.mod.
func build(goos, extra string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "gobinary-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	sum, err := os.ReadFile("../../go.sum")
	if err != nil {
		return nil, err
	}
	files := map[string]string{
		"go.mod":       "module example.com/program\n\ngo 1.25\n\nrequire golang.org/x/mod v0.42.0\n" + extra,
		"go.sum":       string(sum),
		"main.go":      program,
		"local/go.mod": "module golang.org/x/mod\n",
		"local/semver/semver.go": "package semver\n\n// IsValid is fake.\n" +
			"func IsValid(string) bool { return true }\n",
	}
	for name, content := range files {
		at := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(content), 0o644)); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", "out", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0", "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, errors.Join(err, errors.New(string(out)))
	}
	return os.ReadFile(filepath.Join(dir, "out"))
}

var (
	linux    = sync.OnceValues(func() ([]byte, error) { return build("linux", "") })
	windows  = sync.OnceValues(func() ([]byte, error) { return build("windows", "") })
	darwin   = sync.OnceValues(func() ([]byte, error) { return build("darwin", "") })
	replaced = sync.OnceValues(func() ([]byte, error) { return build("linux", "replace golang.org/x/mod => ./local\n") })
)

// binaryOf returns a copy of what was built.
func binaryOf(t testing.TB, built func() ([]byte, error)) []byte {
	t.Helper()
	data, err := built()
	require.NoError(t, err)
	return bytes.Clone(data)
}

// sumOf returns the hash that this module's go.sum records.
func sumOf(t testing.TB, module string) string {
	t.Helper()
	sum, err := os.ReadFile("../../go.sum")
	require.NoError(t, err)
	for line := range strings.Lines(string(sum)) {
		if hash, ok := strings.CutPrefix(line, module+" "); ok {
			return strings.TrimSpace(hash)
		}
	}
	require.Fail(t, "no sum of "+module)
	return ""
}
