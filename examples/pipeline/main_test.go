package main

import (
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

// program builds the pipeline once for a test.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipeline")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// run runs it and returns the exit status and both outputs.
func runProgram(t *testing.T, program string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil {
		require.True(t, errors.As(err, &exit), "%v", err)
		status = exit.ExitCode()
	}
	return status, out.String(), errs.String()
}

// upper is a project with a build that needs no compiler.
func upper(t *testing.T, extra ...string) []string {
	t.Helper()
	dir := t.TempDir()
	src := filepath.Join(dir, "notes")
	require.NoError(t, os.Mkdir(src, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(src, "a.txt"), []byte("some text\n"), 0o644))
	return append([]string{
		"-src", src, "-cmd", "tr a-z A-Z < a.txt > ../out/upper", "-artifact", "upper", "-host", hostPaths(),
		"-store", filepath.Join(dir, "store"), "-out", filepath.Join(dir, "evidence"), "-json",
	}, extra...)
}

// hostPaths are the directories of this machine in which a shell lives.
func hostPaths() string {
	var found []string
	for _, dir := range []string{"/bin", "/usr", "/lib", "/lib64"} {
		if _, err := os.Stat(dir); err == nil {
			found = append(found, dir)
		}
	}
	return strings.Join(found, ",")
}

func TestAProjectOfOnesOwnGoesDownTheWholeLine(t *testing.T) {
	args := upper(t)
	status, stdout, stderr := runProgram(t, program(t), args...)
	require.Zero(t, status, stderr)
	var a account
	require.NoError(t, json.Unmarshal([]byte(stdout), &a))
	assert.Equal(t, "identical", a.Comparison)
	assert.Equal(t, "allow", a.Verdict)
	assert.Nil(t, a.Database, "without a database nothing was scanned")
	assert.NotContains(t, strings.ReplaceAll(stdout, "clean-environment", ""), "clean")
	require.Len(t, a.Running, 1)
	assert.Equal(t, a.Artifact.Digest, a.Running[0].Artifact)
	deployed, err := os.ReadFile(filepath.Join(a.Target, filepath.FromSlash(a.Release), "upper"))
	require.NoError(t, err)
	assert.Equal(t, "SOME TEXT\n", string(deployed))
	for _, b := range a.Builds {
		assert.NotContains(t, b.Achieved.Names(), "inputs-pinned", "host directories are not pinned")
	}

	status, _, stderr = runProgram(t, program(t), args...)
	assert.Equal(t, 4, status)
	assert.Contains(t, stderr, "is not empty")
}

func TestAnIncompleteScanIsNoCleanScan(t *testing.T) {
	for name, command := range map[string]string{
		"a text that no scanner reads":           "tr a-z A-Z < a.txt > ../out/upper",
		"a native program that names no package": "cat /bin/sh > ../out/upper",
	} {
		t.Run(name, func(t *testing.T) { incomplete(t, command) })
	}
}

// incomplete demands that what a command leaves, held against a database, is not
// said to be without findings.
func incomplete(t *testing.T, command string) {
	db := filepath.Join(t.TempDir(), "osv")
	require.NoError(t, os.MkdirAll(db, 0o755))
	record := `{"schema_version":"1.3.1","id":"GO-2020-0001","modified":"2026-01-01T00:00:00Z","published":"2020-01-01T00:00:00Z",` +
		`"affected":[{"package":{"name":"example.com/bad","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}`
	require.NoError(t, os.WriteFile(filepath.Join(db, "GO-2020-0001.json"), []byte(record), 0o644))
	args := upper(t, "-osv", db, "-osv-date", time.Now().Format(time.DateOnly))
	args[3] = command
	status, stdout, stderr := runProgram(t, program(t), args...)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "policy.need.missing")
	var a account
	require.NoError(t, json.Unmarshal([]byte(stdout), &a))
	assert.Equal(t, "indeterminate", a.Verdict)
	assert.NotEmpty(t, a.NotScanned)
	require.NotNil(t, a.Stopped)
	assert.NotEmpty(t, a.Stopped.Reasons)
	assert.Empty(t, a.Running)
}

func TestABuildThatDiffersIsRefused(t *testing.T) {
	args := upper(t)
	args[3] = "od -An -N16 -tx1 /dev/urandom > ../out/upper"
	status, stdout, stderr := runProgram(t, program(t), args...)
	assert.Equal(t, 1, status, stderr)
	var a account
	require.NoError(t, json.Unmarshal([]byte(stdout), &a))
	assert.Equal(t, "different", a.Comparison)
	assert.Empty(t, a.Verdict)
}

func TestABuildThatFailsShowsItsLog(t *testing.T) {
	args := upper(t)
	args[3] = "echo no luck today; exit 3"
	status, _, stderr := runProgram(t, program(t), args...)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "no luck today")
	assert.Contains(t, stderr, "exit status 3")
}

func TestMisuseIsToldAndNothingIsWritten(t *testing.T) {
	p := program(t)
	for name, args := range map[string][]string{
		"a command without its artifact": {"-src", ".", "-cmd", "true"},
		"host directories without cmd":   {"-src", ".", "-host", "/usr"},
		"a TPM without roots":            {"-src", ".", "-tpm", "/dev/tpmrm0"},
		"a source that is not there":     {"-src", filepath.Join(t.TempDir(), "nothing")},
		"an argument":                    {"-src", ".", "more"},
		"a date without a database":      {"-src", ".", "-osv-date", "2026-01-01"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := runProgram(t, p, args...)
			assert.Equal(t, 2, status)
			assert.Empty(t, stdout)
			assert.NotEmpty(t, stderr)
		})
	}
}

func TestASoftwareTPMVouchesForTheMachine(t *testing.T) {
	socket, roots := swtpm(t)
	status, stdout, stderr := runProgram(t, program(t), upper(t, "-tpm", socket, "-tpm-roots", roots)...)
	require.Zero(t, status, stderr)
	var a account
	require.NoError(t, json.Unmarshal([]byte(stdout), &a))
	assert.Equal(t, "affirming", a.Hardware)
	assert.Equal(t, "the TPM at "+socket, a.TPM)
}

// swtpm starts a software TPM with a certified endorsement key.
func swtpm(t *testing.T) (socket, roots string) {
	t.Helper()
	for program, debian := range map[string]string{"swtpm": "swtpm", "swtpm_setup": "swtpm-tools"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("needs the Debian package " + debian)
		}
	}
	dir, err := os.MkdirTemp("", "tpm") // a socket's path must be short
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	ca := filepath.Join(dir, "ca")
	options := file("options", "--platform-manufacturer test\n--platform-version 1\n--platform-model test\n")
	local := file("local", "statedir = "+ca+"\nsigningkey = "+ca+"/key.pem\nissuercert = "+ca+"/issuer.pem\ncertserial = "+ca+"/serial\n")
	setup := file("setup", "create_certs_tool = swtpm_localca\ncreate_certs_tool_config = "+local+"\ncreate_certs_tool_options = "+options+"\n")
	out, err := exec.Command("swtpm_setup", "--tpm2", "--tpmstate", dir, "--create-ek-cert", "--config", setup).CombinedOutput()
	require.NoError(t, err, string(out))
	var pem []byte
	for _, name := range []string{"issuer.pem", "swtpm-localca-rootca-cert.pem"} {
		b, err := os.ReadFile(filepath.Join(ca, name))
		require.NoError(t, err)
		pem = append(pem, b...)
	}
	socket = filepath.Join(dir, "tpm")
	cmd := exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", "type=unixio,path="+socket,
		"--ctrl", "type=unixio,path="+filepath.Join(dir, "ctrl"), "--flags", "not-need-init,startup-clear")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	require.Eventually(t, func() bool { _, err := os.Stat(socket); return err == nil }, 10*time.Second, 5*time.Millisecond)
	return socket, file("roots.pem", string(pem))
}
