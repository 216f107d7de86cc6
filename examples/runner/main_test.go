package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A bench is the built program with a source directory and a store.
type bench struct{ program, src, store, to string }

func newBench(t *testing.T) bench {
	t.Helper()
	dir := t.TempDir()
	b := bench{filepath.Join(dir, "runner"), filepath.Join(dir, "src"), filepath.Join(dir, "store"), filepath.Join(dir, "to")}
	out, err := exec.Command("go", "build", "-o", b.program, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, os.Mkdir(b.src, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(b.src, "a.txt"), []byte("some text\n"), 0o644))
	t.Cleanup(func() {
		_ = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				return os.Chmod(name, 0o700)
			}
			return nil
		})
	})
	return b
}

// run returns the exit status and the account.
func (b bench) run(t *testing.T, args ...string) (int, account, string) {
	t.Helper()
	var out, errs strings.Builder
	cmd := exec.Command(b.program, append([]string{"-json", "-store", b.store, "-to", b.to}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	status := 0
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		require.True(t, errors.As(err, &exit), "%v", err)
		status = exit.ExitCode()
	}
	var a account
	if out.Len() > 0 {
		require.NoError(t, json.Unmarshal([]byte(out.String()), &a), out.String())
	}
	return status, a, errs.String()
}

// needSandbox skips where the machine grants none.
func (b bench) needSandbox(t *testing.T) {
	t.Helper()
	status, a, errs := b.run(t, "-explain", "-in", "src="+b.src, "-tool", "sh", "-out", "x", "--", "sh")
	require.NotEqual(t, 2, status, errs)
	if len(a.Granted) == 0 {
		t.Skip("needs a machine that grants user namespaces: " + a.Missing + a.Refused)
	}
}

func TestACommandRunsWithPinnedToolsAloneAndTheRunSaysSo(t *testing.T) {
	b := newBench(t)
	b.needSandbox(t)
	args := []string{"-in", "src=" + b.src, "-tool", "sh", "-tool", "tr", "-out", "upper", "--", "sh", "-c", "tr a-z A-Z < a.txt > /out/upper; ls / 2>&1; echo done"}
	status, a, errs := b.run(t, args...)
	require.Zero(t, status, "%s %s", errs, a.Refused)
	text, err := os.ReadFile(filepath.Join(b.to, "upper"))
	require.NoError(t, err)
	assert.Equal(t, "SOME TEXT\n", string(text))
	assert.Contains(t, a.Log, "ls: not found", "a tool that was not named is not there")
	assert.Contains(t, a.Achieved.Names(), "inputs-pinned")
	assert.Contains(t, a.Achieved.Names(), "no-network")
	assert.Len(t, a.Outputs, 1)
	assert.True(t, a.Complete)
	var read []string
	for _, in := range a.Read {
		read = append(read, in.Path)
		assert.False(t, in.Digest.IsZero(), in.Path)
	}
	assert.Subset(t, read, []string{"/src/a.txt", "/bin/sh", "/bin/tr"})
	for _, in := range a.Inputs {
		assert.False(t, in.Digest.IsZero(), in.Path)
	}

	status, _, errs = b.run(t, args...)
	assert.Equal(t, 2, status, "an output is never overwritten")
	assert.Contains(t, errs, "exists already")
	require.NoError(t, os.Remove(filepath.Join(b.to, "upper")))
	status, again, _ := b.run(t, args...)
	require.Zero(t, status)
	assert.Equal(t, a.Spec, again.Spec)
	assert.Equal(t, a.Outputs[0].Digest, again.Outputs[0].Digest)
}

func TestEveryWayToStopHasItsStatus(t *testing.T) {
	b := newBench(t)
	b.needSandbox(t)
	sh := func(script string, more ...string) []string {
		return append(append([]string{"-in", "src=" + b.src, "-tool", "sh"}, more...), "-out", "x", "--", "sh", "-c", script)
	}
	for name, c := range map[string]struct {
		args   []string
		status int
		reason string
	}{
		"a command that fails":            {sh("echo broken >&2; exit 7"), 1, "reproducible.command.exit"},
		"an output that is missing":       {sh("true"), 1, "reproducible.output.missing"},
		"a command that takes too long":   {sh("while :; do :; done", "-wall", "1s"), 1, "reproducible.limit.wall"},
		"a tool that is not there":        {sh("true", "-tool", "no-such-tool"), 1, "reproducible.measure.tool-absent"},
		"a guarantee that has no name":    {sh("true", "-require", "magic"), 2, ""},
		"a date before all dates":         {sh("true", "-epoch", "-5"), 2, ""},
		"an output elsewhere":             {[]string{"-in", "src=" + b.src, "-tool", "sh", "-out", "../x", "--", "sh"}, 2, ""},
		"a host path that stays unpinned": {sh("true", "-host", "/etc", "-require", "inputs-pinned"), 1, "reproducible.require.unmet"},
		"a directory that is not there":   {[]string{"-in", "src=" + b.src + "x", "-out", "x", "--", "sh"}, 4, ""},
		"a tool that nobody mounts":       {[]string{"-in", "src=" + b.src, "-tool", "sh", "-out", "x", "--", "make"}, 2, ""},
		"a program of a missing tree":     {[]string{"-in", "src=" + b.src, "-tool", "sh", "-out", "x", "--", "/usr/bin/sh"}, 2, ""},
		"two file systems":                {sh("true", "-host", "/etc", "-root", "x"), 2, ""},
		"an archive that is not there":    {sh("true", "-root", b.src+"x"), 4, ""},
		"an archive that is none":         {sh("true", "-root", filepath.Join(b.src, "a.txt")), 1, "reproducible.inputs.archive"},
		"no command":                      {[]string{"-out", "x"}, 2, ""},
		"no output":                       {[]string{"--", "sh"}, 2, ""},
		"an input without a name":         {[]string{"-in", b.src, "-out", "x", "--", "sh"}, 2, ""},
		"an unknown flag":                 {[]string{"-no-such-flag"}, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, a, errs := b.run(t, c.args...)
			assert.Equal(t, c.status, status, "%s %s", errs, a.Refused)
			assert.Equal(t, c.status == 2, errs != "", "misuse alone is told beside the account")
			if c.reason != "" {
				var codes []string
				for _, r := range a.Reasons {
					codes = append(codes, string(r.Code))
				}
				assert.Contains(t, codes, c.reason)
			}
			assert.NoFileExists(t, filepath.Join(b.to, "x"))
		})
	}
}

func TestWhatTheCommandSoughtAndTriedToReachIsTold(t *testing.T) {
	b := newBench(t)
	b.needSandbox(t)
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("needs the Debian package bash")
	}
	status, a, errs := b.run(t, "-in", "src="+b.src, "-tool", "bash", "-tool", "sh", "-out", "x", "-require", "fixed-clock", "-epoch", "1700000000",
		"--", "bash", "-c", "read x < /src/none; (: 3<>/dev/tcp/192.0.2.1/80) ; printf '%(%s)T' -1 > /out/x")
	require.Zero(t, status, "%s %s", errs, a.Refused)
	assert.Contains(t, a.Sought, "/src/none")
	assert.Contains(t, a.Reached, "inet 192.0.2.1:80")
	assert.Contains(t, a.Untouched, "/bin/sh")
	date, err := os.ReadFile(filepath.Join(b.to, "x"))
	require.NoError(t, err)
	assert.Equal(t, "1700000000", string(date))
}

const copier = `package main

import "os"

func main() {
	b, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = os.WriteFile(os.Args[2], b, 0o644)
	}
	if err != nil {
		panic(err)
	}
}
`

func TestAFileAndTheArchiveOfADistributionArePinned(t *testing.T) {
	b := newBench(t)
	b.needSandbox(t)
	dir := t.TempDir()
	source, program, archive := filepath.Join(dir, "copy.go"), filepath.Join(dir, "copy"), filepath.Join(dir, "root.tar")
	require.NoError(t, os.WriteFile(source, []byte(copier), 0o644))
	compile := exec.Command("go", "build", "-o", program, source)
	compile.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := compile.CombinedOutput()
	require.NoError(t, err, string(out))
	text, err := os.ReadFile(program)
	require.NoError(t, err)
	file, err := os.Create(archive)
	require.NoError(t, err)
	w := tar.NewWriter(file)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "usr/bin/copy", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(text))}))
	_, err = w.Write(text)
	require.NoError(t, errors.Join(err, w.Close(), file.Close()))

	status, a, errs := b.run(t, "-root", archive, "-in", "/etc/motd="+filepath.Join(b.src, "a.txt"), "-out", "x", "--", "/usr/bin/copy", "/etc/motd", "/out/x")
	require.Zero(t, status, "%s %s %s", errs, a.Refused, a.Log)
	got, err := os.ReadFile(filepath.Join(b.to, "x"))
	require.NoError(t, err)
	assert.Equal(t, "some text\n", string(got))
	assert.Contains(t, a.Achieved.Names(), "inputs-pinned")
	for _, in := range a.Inputs {
		assert.False(t, in.Digest.IsZero(), in.Path)
	}
}

func TestAnInterruptedRunLeavesNothing(t *testing.T) {
	b := newBench(t)
	b.needSandbox(t)
	cmd := exec.Command(b.program, "-json", "-store", b.store, "-to", b.to, "-in", "src="+b.src, "-tool", "sh", "-out", "x",
		"--", "sh", "-c", "echo > /out/x; while :; do :; done")
	require.NoError(t, cmd.Start())
	time.Sleep(2 * time.Second)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Equal(t, 3, exit.ExitCode())
	assert.NoFileExists(t, filepath.Join(b.to, "x"))
}

func TestTheLogOfAFailedCommandIsTold(t *testing.T) {
	b := newBench(t)
	b.needSandbox(t)
	_, a, _ := b.run(t, "-in", "src="+b.src, "-tool", "sh", "-out", "x", "--", "sh", "-c", "echo broken >&2; exit 7")
	assert.Contains(t, a.Log, "broken")
}

func TestHelpTeachesAndExplainRunsNothing(t *testing.T) {
	b := newBench(t)
	out, err := exec.Command(b.program, "-h").CombinedOutput()
	require.NoError(t, err)
	for _, word := range []string{"-in", "-tool", "-out", "-host", "pinned"} {
		assert.Contains(t, string(out), word)
	}
	status, a, errs := b.run(t, "-explain", "-in", "src="+b.src, "-tool", "sh", "-out", "x", "--", "sh", "-c", "echo > /out/x")
	require.Zero(t, status, "%s %s", errs, a.Refused)
	assert.NotEmpty(t, a.Env)
	assert.Contains(t, a.Required, "inputs-pinned")
	assert.Empty(t, a.Outputs)
	assert.NoFileExists(t, filepath.Join(b.to, "x"))
}
