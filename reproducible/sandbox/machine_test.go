//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/sandbox"
)

// poorVariable says that this process runs on a machine that grants little.
const poorVariable = "SEALWRIGHT_TEST_POOR"

// TestOnAPoorMachine does its work when the next test starts it in a user
// namespace that maps one user only, so that none is left for builds.
func TestOnAPoorMachine(t *testing.T) {
	if os.Getenv(poorVariable) == "" {
		return // it is the program of the next test
	}
	l := newLab(t)
	c, err := l.box.Probe(t.Context())
	require.NoError(t, err)
	require.Zero(t, c.Granted)
	require.True(t, hasCode(c.Missing, sandbox.CodeSetUp), "%v", c.Missing)
	spec := l.spec("echo")
	_, err = l.build(t, spec)
	require.True(t, hasCode(err, sandbox.CodeSetUp), "it is refused also when nothing is required: %v", err)
	spec.Require = reproducible.Hermetic
	_, err = l.build(t, spec)
	var unmet *reproducible.UnmetError
	require.ErrorAs(t, err, &unmet)
	require.Equal(t, reproducible.Hermetic, unmet.Missing)
	require.True(t, hasCode(err, sandbox.CodeSetUp), "the reason is told: %v", err)
}

func TestAMachineThatRefusesAStepIsNeverWorkedAround(t *testing.T) {
	static, err := staticBinary()
	require.NoError(t, err)
	cmd := exec.Command(static, "-test.run=^TestOnAPoorMachine$", "-test.v")
	cmd.Env = append(os.Environ(), poorVariable+"=1", staticVariable+"="+static, "TMPDIR="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestOnAPoorMachine")
}

// monitorVariable makes the test TestMonitor run a build that never ends.
const monitorVariable = "SEALWRIGHT_TEST_MONITOR"

func TestMonitor(t *testing.T) {
	mark := os.Getenv(monitorVariable)
	if mark == "" {
		return // it is the program of the next test
	}
	l := newLab(t)
	s := l.spec("sleep", mark)
	if strings.HasPrefix(mark, tracedMark) {
		l, _ = traced(t, sandbox.TraceOptions{})
		s.Require = reproducible.Traced | reproducible.FixedClock
	}
	_, err := l.build(t, s)
	require.NoError(t, err)
}

// tracedMark begins the mark of a build that is to be traced.
const tracedMark = "traced-"

func TestTheDeathOfTheMonitorIsTheDeathOfTheBuild(t *testing.T) {
	static, err := staticBinary()
	require.NoError(t, err)
	for _, kind := range []string{"", tracedMark} {
		mark := kind + newMark()
		cmd := exec.Command(static, "-test.run=^TestMonitor$")
		cmd.Env = append(os.Environ(), monitorVariable+"="+mark, staticVariable+"="+static, "TMPDIR="+t.TempDir())
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool { return len(processesWith(t, mark)) == 1 }, 20*time.Second, 10*time.Millisecond)
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
		require.Eventually(t, func() bool { return len(processesWith(t, mark)) == 0 }, 5*time.Second, 10*time.Millisecond, kind)
	}
}

// TestEverythingAgainAsAnotherUser runs the tests of this package as uid 65534,
// who owns nothing and has no privilege, when this run is root's.
func TestEverythingAgainAsAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		require.NotZero(t, os.Getuid(), "this run is without privilege already")
		return
	}
	static, err := staticBinary()
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "sandbox-nobody-")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "sandbox.test")
	content, err := os.ReadFile(static)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(binary, content, 0o755))
	require.NoError(t, os.Chmod(dir, 0o755))
	home := filepath.Join(dir, "home")
	require.NoError(t, os.Mkdir(home, 0o700))
	require.NoError(t, os.Chown(home, 65534, 65534))
	args := []string{"-test.skip=RealGoBuild|Monitor", "-test.v"}
	if testing.Short() {
		args = append(args, "-test.short")
	}
	cmd := exec.Command(binary, args...)
	cmd.Dir = home
	cmd.Env = []string{"TMPDIR=" + home, "HOME=" + home, staticVariable + "=" + binary}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, failures(string(out)))
	}
	require.Contains(t, string(out), "--- PASS: TestEveryAttackIsRefused")
	t.Logf("%d tests passed as uid 65534", strings.Count(string(out), "--- PASS"))
}

// failures keeps what is worth reading of the output of tests.
func failures(out string) string {
	var kept []string
	for line := range strings.Lines(out) {
		if !strings.Contains(line, "--- PASS") && !strings.HasPrefix(line, "=== ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
