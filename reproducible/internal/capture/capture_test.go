//go:build unix

package capture_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/internal/capture"
)

// sink hashes what it is given; before, if set, runs first.
type sink struct{ before func() }

func (s sink) PutFile(_ context.Context, r io.Reader) (digest.Digest, int64, error) {
	if s.before != nil {
		s.before()
	}
	b, err := io.ReadAll(r)
	return digest.FromBytes(b), int64(len(b)), err
}

func outputs(t *testing.T, dir string, limits reproducible.Limits, k capture.Sink, declared ...string) ([]reproducible.Artifact, []reproducible.Finding, error) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	return capture.Outputs(t.Context(), root, declared, limits, k)
}

func put(dir, name, text string) error {
	path := filepath.Join(dir, name)
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644))
}

func TestDeclaredFilesAndDirectoriesAreTaken(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, errors.Join(put(dir, "z", "last"), put(dir, "d/b", "2"), put(dir, "d/a/x", "1"), put(dir, "stray", ""), put(dir, "dd", "")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d/empty"), 0o755))
	artifacts, findings, err := outputs(t, dir, reproducible.Limits{}, sink{}, "z", "d")
	require.NoError(t, err)
	require.Equal(t, []reproducible.Artifact{
		{Path: "d/a/x", Digest: digest.FromBytes([]byte("1")).Set(), Size: 1, Mode: 0o644},
		{Path: "d/b", Digest: digest.FromBytes([]byte("2")).Set(), Size: 1, Mode: 0o644},
		{Path: "z", Digest: digest.FromBytes([]byte("last")).Set(), Size: 4, Mode: 0o644},
	}, artifacts)
	require.Equal(t, []reproducible.Finding{
		{Code: reproducible.CodeOutputUndeclared, Path: "/out/dd"},
		{Code: reproducible.CodeOutputUndeclared, Path: "/out/stray"},
	}, findings)
}

func TestWhatIsNoOutputIsRefused(t *testing.T) {
	for name, x := range map[string]struct {
		make func(dir string) error
		code attest.Code
	}{
		"nothing":                 {func(string) error { return nil }, reproducible.CodeOutputMissing},
		"an empty directory":      {func(dir string) error { return os.Mkdir(dir+"/o", 0o755) }, reproducible.CodeOutputMissing},
		"a link to a file beside": {func(dir string) error { return errors.Join(put(dir, "x", ""), os.Symlink("x", dir+"/o")) }, reproducible.CodeOutputType},
		"a link out":              {func(dir string) error { return os.Symlink("/etc/passwd", dir+"/o") }, reproducible.CodeOutputType},
		"a link in a directory":   {func(dir string) error { return errors.Join(put(dir, "o/x", ""), os.Symlink("x", dir+"/o/y")) }, reproducible.CodeOutputType},
		"a link to a directory":   {func(dir string) error { return errors.Join(put(dir, "d/x", ""), os.Symlink("d", dir+"/o")) }, reproducible.CodeOutputType},
		"a pipe":                  {func(dir string) error { return syscall.Mkfifo(dir+"/o", 0o644) }, reproducible.CodeOutputType},
		"a pipe in a directory":   {func(dir string) error { return errors.Join(put(dir, "o/x", ""), syscall.Mkfifo(dir+"/o/y", 0o644)) }, reproducible.CodeOutputType},
		"a hard link":             {func(dir string) error { return errors.Join(put(dir, "x", ""), os.Link(dir+"/x", dir+"/o")) }, reproducible.CodeOutputLinked},
		"a setuid file":           {func(dir string) error { return errors.Join(put(dir, "o", ""), os.Chmod(dir+"/o", 0o755|os.ModeSetuid)) }, reproducible.CodeOutputMode},
		"a setgid file":           {func(dir string) error { return errors.Join(put(dir, "o", ""), os.Chmod(dir+"/o", 0o755|os.ModeSetgid)) }, reproducible.CodeOutputMode},
		"a sticky directory": {func(dir string) error {
			return errors.Join(put(dir, "o/x", ""), os.Chmod(dir+"/o", 0o755|os.ModeSticky))
		}, reproducible.CodeOutputMode},
		"a file without permission": {func(dir string) error { return errors.Join(put(dir, "o", ""), os.Chmod(dir+"/o", 0)) }, reproducible.CodeOutputMode},
		"a name with a newline":     {func(dir string) error { return put(dir, "o/a\nb", "") }, reproducible.CodeOutputName},
		"a name of bytes":           {func(dir string) error { return put(dir, "o/\xff", "") }, reproducible.CodeOutputName},
		"too deep":                  {func(dir string) error { return put(dir, "o/"+strings.Repeat("d/", 70)+"x", "") }, reproducible.CodeOutputName},
		"a sparse exabyte": {func(dir string) error { return errors.Join(put(dir, "o", ""), os.Truncate(dir+"/o", 1<<40)) },
			reproducible.CodeLimitOutput},
		"too much together": {func(dir string) error {
			return errors.Join(put(dir, "o/a", strings.Repeat("x", 600)), put(dir, "o/b", strings.Repeat("x", 600)))
		}, reproducible.CodeLimitOutput},
		"too many": {func(dir string) error {
			var faults []error
			for i := range 200 {
				faults = append(faults, put(dir, fmt.Sprint("o/", i), ""))
			}
			return errors.Join(faults...)
		}, reproducible.CodeLimitOutput},
		"too many that are not declared": {func(dir string) error {
			faults := []error{put(dir, "o", "")}
			for i := range 200 {
				faults = append(faults, put(dir, fmt.Sprint("other/", i), ""))
			}
			return errors.Join(faults...)
		}, reproducible.CodeLimitOutput},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, x.make(dir))
			artifacts, _, err := outputs(t, dir, reproducible.Limits{OutputBytes: 1000, OutputFiles: 100}, sink{}, "o")
			require.Empty(t, artifacts)
			var got []attest.Code
			for _, r := range attest.Reasons(err) {
				got = append(got, r.Code)
			}
			require.Contains(t, got, x.code, "%v", err)
		})
	}
}

func TestEveryWrongOutputIsNamed(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, errors.Join(os.Symlink("x", dir+"/a"), syscall.Mkfifo(dir+"/b", 0o644)))
	_, _, err := outputs(t, dir, reproducible.Limits{}, sink{}, "a", "b", "c")
	require.ErrorContains(t, err, `"a"`)
	require.ErrorContains(t, err, `"b"`)
	require.ErrorContains(t, err, `"c"`)
}

func TestAnOutputThatChangesWhileItIsReadIsRefused(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"growing":   func(path string) error { return os.WriteFile(path, []byte("longer than before"), 0o644) },
		"shrinking": func(path string) error { return os.Truncate(path, 1) },
		"rewritten": func(path string) error { return os.WriteFile(path, []byte("other"), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, put(dir, "o", "first"))
			path := filepath.Join(dir, "o")
			k := sink{before: func() { require.NoError(t, change(path)) }}
			_, _, err := outputs(t, dir, reproducible.Limits{}, k, "o")
			require.Equal(t, reproducible.CodeOutputChanged, attest.Reasons(err)[0].Code)
		})
	}
}

func TestACancelledCaptureEnds(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, put(dir, "o", ""))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = capture.Outputs(ctx, root, []string{"o"}, reproducible.Limits{}, sink{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestAResultGetsItsOutputsAndFindings(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, errors.Join(put(dir, "o", "text"), put(dir, "stray", "")))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	spec := &reproducible.Spec{Outputs: []string{"o"}, HostPaths: []string{"/usr"}}
	r := &reproducible.Result{}
	require.NoError(t, capture.Into(t.Context(), r, root, spec, sink{}))
	require.Len(t, r.Artifacts, 1)
	require.Equal(t, []reproducible.Finding{
		{Code: reproducible.CodeOutputUndeclared, Path: "/out/stray"}, {Code: reproducible.CodeHostPath, Path: "/usr"},
	}, r.Findings)

	spec.Outputs = []string{"missing"}
	r = &reproducible.Result{}
	err = capture.Into(t.Context(), r, root, spec, sink{})
	var failed *reproducible.RunError
	require.ErrorAs(t, err, &failed)
	require.Same(t, r, failed.Result)
	require.ErrorIs(t, err, attest.Is(reproducible.CodeOutputMissing))
	require.Len(t, r.Findings, 3)
	require.Empty(t, r.Artifacts)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = capture.Into(ctx, r, root, spec, sink{})
	require.ErrorIs(t, err, attest.Is(reproducible.CodeCancelled))
	require.False(t, errors.As(err, &failed), "no fault of the outputs")
}
