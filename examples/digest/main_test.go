package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// built is the program, built once into a directory that TestMain removes.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "digest")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "digest")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := built(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// program runs the program in a directory and returns what it printed and its
// exit status.
func program(t *testing.T, dir string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	path, err := built()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil {
		require.ErrorAs(t, err, &exit)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// folder returns a directory with a file of 3 000 000 bytes.
func folder(t *testing.T) (dir string, content []byte) {
	t.Helper()
	dir, content = t.TempDir(), make([]byte, 3_000_000)
	_, err := rand.NewChaCha8([32]byte{1}).Read(content)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), content, 0o600))
	return dir, content
}

// peer runs a program of a Debian package.
func peer(t *testing.T, dir, pkg, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip("needs the Debian package " + pkg)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

func TestSumPrintsWhatTheToolsPrint(t *testing.T) {
	dir, _ := folder(t)
	t.Run("sha256sum", func(t *testing.T) {
		out, _, status := program(t, dir, "sum", "file")
		require.Zero(t, status)
		assert.Equal(t, peer(t, dir, "coreutils", "sha256sum", "file"), out)
	})
	t.Run("b3sum", func(t *testing.T) {
		out, _, status := program(t, dir, "sum", "-a", "blake3", "file")
		require.Zero(t, status)
		assert.Equal(t, peer(t, dir, "b3sum", "b3sum", "file"), out)
	})
	t.Run("fsverity", func(t *testing.T) {
		want := strings.Fields(peer(t, dir, "fsverity", "fsverity", "digest", "file"))[0]
		out, _, status := program(t, dir, "tree", "file")
		require.Zero(t, status)
		assert.Contains(t, out, "file digest "+want+"\n")
		out, _, status = program(t, dir, "sum", "-a", "sha256,fsverity-sha256", "file")
		require.Zero(t, status)
		assert.Contains(t, out, "fsverity-"+want+"  file\n")
	})
	t.Run("a directory, with sha256sum -c to read it", func(t *testing.T) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "second"), nil, 0o600))
		out, _, status := program(t, dir, "sum", ".")
		require.Zero(t, status)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "SUMS"), []byte(out), 0o600))
		assert.Equal(t, "file: OK\nsecond: OK\n", peer(t, dir, "coreutils", "sha256sum", "-c", "SUMS"))
	})
	t.Run("JSON", func(t *testing.T) {
		out, _, status := program(t, dir, "sum", "-json", "file")
		require.Zero(t, status)
		var line struct {
			Name    string
			Size    int64
			Digests map[string]string
		}
		require.NoError(t, json.Unmarshal([]byte(out), &line))
		assert.Equal(t, "file", line.Name)
		assert.EqualValues(t, 3_000_000, line.Size)
		assert.Len(t, line.Digests["sha256"], 64)
	})
}

func TestVerifyTellsRightFromWrong(t *testing.T) {
	dir, content := folder(t)
	out, _, status := program(t, dir, "sum", "-checkpoints", "hints", "file")
	require.Zero(t, status)
	want := "sha256:" + strings.Fields(out)[0]
	for _, args := range [][]string{{want, "file"}, {"-checkpoints", "hints", want, "file"}} {
		out, _, status := program(t, dir, append([]string{"verify"}, args...)...)
		require.Zero(t, status)
		assert.Contains(t, out, want)
	}
	content[1_500_000] ^= 1
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), content, 0o600))
	for _, args := range [][]string{{want, "file"}, {"-checkpoints", "hints", want, "file"}, {"-json", want, "file"}} {
		out, errs, status := program(t, dir, append([]string{"verify"}, args...)...)
		assert.Equal(t, 1, status)
		assert.Contains(t, errs, "digest: digest.")
		assert.Empty(t, out)
	}
}

// value returns what stands behind a name in the output.
func value(t *testing.T, out, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(out, name)
	require.True(t, ok, "%s", out)
	return strings.Fields(rest)[0]
}

func TestATreeVerifiesAndTellsWhereAFileIsWrong(t *testing.T) {
	for _, kind := range []string{"fsverity", "rfc9162"} {
		dir, content := folder(t)
		out, _, status := program(t, dir, "tree", "-kind", kind, "-salt", "", "-out", "tree", "file")
		require.Zero(t, status)
		root := value(t, out, "root")
		for _, args := range [][]string{{root, "file"}, {"-tree", "tree", root, "file"}} {
			_, _, status = program(t, dir, append([]string{"verify"}, args...)...)
			require.Zero(t, status)
		}
		content[1_500_000] ^= 1
		require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), content, 0o600))
		_, errs, status := program(t, dir, "verify", root, "file")
		assert.Equal(t, 1, status)
		assert.Contains(t, errs, "refused")
		_, errs, status = program(t, dir, "verify", "-tree", "tree", root, "file")
		assert.Equal(t, 1, status)
		assert.Contains(t, errs, "byte 1499136 of the content")
		_, _, status = program(t, dir, "verify", "-tree", "file", root, "file")
		assert.Equal(t, 1, status, "a file that is no tree")
	}
}

func TestAProofConvincesWithoutTheFile(t *testing.T) {
	dir, content := folder(t)
	out, _, status := program(t, dir, "tree", "-kind", "rfc9162", "-out", "tree", "file")
	require.Zero(t, status)
	root := value(t, out, "root")
	_, errs, status := program(t, dir, "prove", "-tree", "tree", "-root", root, "-range", "1000000+5000", "-out", "proof", "file")
	require.Zero(t, status, errs)
	require.NoError(t, os.Remove(filepath.Join(dir, "file")))
	require.NoError(t, os.Remove(filepath.Join(dir, "tree")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bytes"), content[1_000_000:1_005_000], 0o600))
	check := func(span string) int {
		_, _, status := program(t, dir, "prove", "-check", "proof", "-root", root, "-range", span, "bytes")
		return status
	}
	assert.Zero(t, check("1000000+5000"))
	assert.Equal(t, 1, check("1000001+5000"), "another place")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bytes"), content[1_000_001:1_005_001], 0o600))
	assert.Equal(t, 1, check("1000000+5000"), "other bytes")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "proof"), []byte("junk"), 0o600))
	assert.Equal(t, 1, check("1000000+5000"), "junk for a proof")
}

func TestExitStatusesTellTheCause(t *testing.T) {
	dir, _ := folder(t)
	for name, c := range map[string]struct {
		status int
		args   []string
	}{
		"help":                         {0, []string{"-h"}},
		"help of a command":            {0, []string{"sum", "-h"}},
		"nothing":                      {2, nil},
		"an unknown command":           {2, []string{"hash", "file"}},
		"an unknown flag":              {2, []string{"sum", "-x", "file"}},
		"no file":                      {2, []string{"sum"}},
		"an unknown algorithm":         {2, []string{"sum", "-a", "crc32", "file"}},
		"a malformed digest":           {2, []string{"verify", "sha256:xyz", "file"}},
		"a weak digest alone":          {1, []string{"verify", "md5:d41d8cd98f00b204e9800998ecf8427e", "file"}},
		"an unknown kind of tree":      {2, []string{"tree", "-kind", "ipfs", "file"}},
		"a block that is too small":    {2, []string{"tree", "-block", "100", "file"}},
		"a malformed salt":             {2, []string{"tree", "-salt", "xyz", "file"}},
		"a proof without a root":       {2, []string{"prove", "-range", "0+1", "file"}},
		"a malformed range":            {2, []string{"prove", "-range", "0+1x", "file"}},
		"a directory to verify":        {2, []string{"verify", "sha256:" + strings.Repeat("0", 64), "."}},
		"a file that does not exist":   {4, []string{"sum", "missing"}},
		"a tree nowhere to be written": {4, []string{"tree", "-out", "missing/tree", "file"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, errs, status := program(t, dir, c.args...)
			assert.Equal(t, c.status, status, errs)
			if name == "nothing" || name == "an unknown command" {
				assert.Contains(t, errs, "sum, verify, tree, prove")
			}
			assert.NotEmpty(t, errs)
			assert.Empty(t, out)
		})
	}
}

// sparse makes a file whose sum takes longer than the bar waits.
func sparse(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "large"))
	require.NoError(t, err)
	require.NoError(t, f.Truncate(2<<30))
	require.NoError(t, f.Close())
}

// opened reports whether a process has a file open.
func opened(fds, name string) bool {
	entries, _ := os.ReadDir(fds) // gone, or not there yet
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join(fds, e.Name())); err == nil && filepath.Base(target) == name {
			return true
		}
	}
	return false
}

func TestAnInterruptedSumIsIncomplete(t *testing.T) {
	dir := t.TempDir()
	sparse(t, dir)
	path, err := built()
	require.NoError(t, err)
	cmd := exec.Command(path, "sum", "-a", "sha512", "large")
	cmd.Dir = dir
	require.NoError(t, cmd.Start())
	fds := fmt.Sprintf("/proc/%d/fd", cmd.Process.Pid)
	require.Eventually(t, func() bool { return opened(fds, "large") }, time.Minute, time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.Error(t, cmd.Wait())
	assert.Equal(t, 3, cmd.ProcessState.ExitCode())
}

func TestLongWorkShowsABarOnATerminalOnly(t *testing.T) {
	dir := t.TempDir()
	sparse(t, dir)
	_, errs, status := program(t, dir, "sum", "large")
	require.Zero(t, status)
	assert.Empty(t, errs)
	path, err := built()
	require.NoError(t, err)
	out := peer(t, dir, "bsdutils", "script", "-qec", path+" sum large", "/dev/null")
	assert.Contains(t, out, "large")
	assert.Regexp(t, `\d+% `, out)
	assert.Contains(t, out, "  large\r\n", "the sum itself")
}
