//go:build linux && (amd64 || arm64)

package ociruntime_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/measure"
	"github.com/sealwright/sealwright/reproducible/ociruntime"
)

// misbehave is what the test binary does as a runtime.
func misbehave(how string, args []string) int {
	option := func(name string) string { return args[slices.Index(args, name)+1] }
	switch how {
	case "does-nothing":
	case "prints-garbage":
		fmt.Println(strings.Repeat("\x00\xff garbage \x1b[2J", 1000))
		_ = os.WriteFile(option("--log"), []byte("{\"level\":\"error\",\"msg\":\"\x1b[2J garbage\"}\n[[[["), 0o600)
		return 1
	case "writes-garbage":
		if slices.Contains(args, "--pid-file") {
			_ = os.WriteFile(option("--pid-file"), []byte("garbage"), 0o600)
		}
	case "names-another-process":
		if slices.Contains(args, "--pid-file") {
			_ = os.WriteFile(option("--pid-file"), []byte(fmt.Sprint(os.Getpid())), 0o600)
		}
	case "leaves-state":
		_ = os.Mkdir(filepath.Join(option("--root"), "container"), 0o700)
		return 1
	case "hangs":
		if slices.Contains(args, "create") || slices.Contains(args, "run") {
			time.Sleep(time.Hour)
		}
	}
	return 0
}

// fakeRuntime is a runtime that misbehaves.
func fakeRuntime(t *testing.T, how string) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	in, err := os.Open(self)
	require.NoError(t, err)
	defer in.Close()
	path := filepath.Join(t.TempDir(), "fake-"+how)
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	require.NoError(t, err)
	_, err = io.Copy(out, in)
	require.NoError(t, errors.Join(err, out.Close()))
	return path
}

// plain is a spec without a program in the store: nothing of it should run.
func plain() *reproducible.Spec {
	return &reproducible.Spec{Command: []string{"/bin/tool"}, Outputs: []string{"result"}}
}

func TestARuntimeThatMisbehavesIsRefused(t *testing.T) {
	for how, code := range map[string]attest.Code{
		"does-nothing":          ociruntime.CodeRuntime,
		"prints-garbage":        ociruntime.CodeRuntime,
		"writes-garbage":        ociruntime.CodeRuntime,
		"names-another-process": ociruntime.CodeSetUp,
		"leaves-state":          ociruntime.CodeRuntime,
	} {
		t.Run(how, func(t *testing.T) {
			l := labWith(t, fakeRuntime(t, how))
			r, err := l.builder.Build(t.Context(), plain())
			require.Nil(t, r)
			require.ErrorIs(t, err, attest.Is(code))
			require.NotContains(t, err.Error(), "\x1b")
			var ran *reproducible.RunError
			require.NotErrorAs(t, err, &ran, "nothing ran")
		})
	}
}

func TestARuntimeThatHangsIsStoppedWithTheContext(t *testing.T) {
	l := labWith(t, fakeRuntime(t, "hangs"))
	cause := errors.New("the caller has left")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, cause)
	defer cancel()
	_, err := l.builder.Build(ctx, plain())
	require.ErrorIs(t, err, attest.Is(reproducible.CodeCancelled))
	require.ErrorIs(t, err, cause)
}

func TestARuntimeOfAnotherDigestIsRefused(t *testing.T) {
	path := fakeRuntime(t, "does-nothing")
	l := labWith(t, path)
	c := l.config
	c.Digest = digest.FromBytes([]byte("another program"))
	_, err := ociruntime.New(t.Context(), c)
	require.ErrorIs(t, err, attest.Is(ociruntime.CodeDigest))
}

func TestARuntimeThatIsReplacedDoesNotRun(t *testing.T) {
	path := fakeRuntime(t, "does-nothing")
	l := labWith(t, path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = f.WriteString("x")
	require.NoError(t, errors.Join(err, f.Close()))
	_, err = l.builder.Build(t.Context(), plain())
	require.ErrorIs(t, err, attest.Is(measure.CodeToolChanged))
}

func TestAScriptIsNoRuntime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runtime")
	text := []byte("#!/bin/sh\nexit 0\n")
	require.NoError(t, os.WriteFile(path, text, 0o755))
	l := labWith(t, fakeRuntime(t, "does-nothing"))
	c := l.config
	c.Runtime, c.Digest = path, digest.FromBytes(text)
	_, err := ociruntime.New(t.Context(), c)
	require.ErrorIs(t, err, attest.Is(measure.CodeToolFormat))
}

func TestAnIncompleteConfigIsRefused(t *testing.T) {
	whole := labWith(t, fakeRuntime(t, "does-nothing")).config
	for name, change := range map[string]func(*ociruntime.Config){
		"without a store":           func(c *ociruntime.Config) { c.Store = nil },
		"without a clock":           func(c *ociruntime.Config) { c.Now = nil },
		"with a relative runtime":   func(c *ociruntime.Config) { c.Runtime = "runc" },
		"without a directory":       func(c *ociruntime.Config) { c.Dir = "" },
		"with a relative directory": func(c *ociruntime.Config) { c.Dir = "work" },
	} {
		t.Run(name, func(t *testing.T) {
			c := whole
			change(&c)
			_, err := ociruntime.New(t.Context(), c)
			require.ErrorIs(t, err, attest.Is(ociruntime.CodeConfig))
		})
	}
}

// TestCrunRunsOrIsRefusedClearly holds on every machine: crun refuses one with
// controllers in both versions of control groups, and says so.
func TestCrunRunsOrIsRefusedClearly(t *testing.T) {
	l := labWith(t, find(t, "crun", "crun"))
	granted, err := l.builder.Probe(t.Context())
	if err == nil {
		require.True(t, granted.Has(reproducible.Hermetic|reproducible.Seccomp|reproducible.NoCapabilities))
		return
	}
	require.ErrorIs(t, err, attest.Is(ociruntime.CodeRuntime))
	require.Zero(t, granted)
	require.Contains(t, err.Error(), "cgroup", "the runtime's own words")
}
