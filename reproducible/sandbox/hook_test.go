//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"bytes"
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

// forged returns a memfd with a plan of the right form, sealed or not.
func forged(t *testing.T, seals int) *os.File {
	t.Helper()
	fd, err := unix.MemfdCreate("plan", unix.MFD_ALLOW_SEALING)
	require.NoError(t, err)
	f := os.NewFile(uintptr(fd), "plan")
	t.Cleanup(func() { _ = f.Close() })
	_, err = f.WriteString("sealwright sandbox plan\n1\n" + `{"command":["/bin/false"]}`)
	require.NoError(t, err)
	_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals)
	require.NoError(t, err)
	return f
}

const everySeal = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE

// TestOnlyARealChildIsTaken starts this program in ways that imitate a child of
// a sandbox. Each time it must do what its arguments say: fail for want of the
// act, with status 2.
func TestOnlyARealChildIsTaken(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	newPID := &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	for name, x := range map[string]struct {
		files []*os.File
		env   []string
		attr  *syscall.SysProcAttr
	}{
		"by argv[0] alone":                         {},
		"by the environment":                       {env: []string{"SANDBOX=1", "_=sandbox"}},
		"with a sealed plan outside of process 1":  {files: []*os.File{forged(t, everySeal)}},
		"as process 1 without a plan":              {attr: newPID},
		"as process 1 with an unsealed plan":       {files: []*os.File{forged(t, 0)}, attr: newPID},
		"as process 1 with a half-sealed plan":     {files: []*os.File{forged(t, unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK)}, attr: newPID},
		"as process 1 with a file that is no plan": {files: []*os.File{os.Stdin}, attr: newPID},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := &exec.Cmd{
				Path: self, Args: []string{"sandbox", toolArgument, "no such act"},
				Env: append([]string{}, x.env...), ExtraFiles: x.files, SysProcAttr: x.attr,
			}
			var out bytes.Buffer
			cmd.Stderr = &out
			err := cmd.Run()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, 2, exit.ExitCode(), "%s", out.String())
			require.Contains(t, out.String(), "no act")
		})
	}
}

func TestARealPlanIsTakenByProcess1(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := &exec.Cmd{
		Path: self, Args: []string{"sandbox", toolArgument, "no such act"}, Env: []string{},
		ExtraFiles: []*os.File{forged(t, everySeal)},
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWPID,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		},
	}
	err = cmd.Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 125, exit.ExitCode(), "the child gives up, and does not do what its arguments say")
}

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
	_, err := l.build(t, l.spec("sleep", mark))
	require.NoError(t, err)
}

func TestTheDeathOfTheMonitorIsTheDeathOfTheBuild(t *testing.T) {
	static, err := staticBinary()
	require.NoError(t, err)
	mark := newMark()
	cmd := exec.Command(static, "-test.run=^TestMonitor$")
	cmd.Env = append(os.Environ(), monitorVariable+"="+mark, staticVariable+"="+static, "TMPDIR="+t.TempDir())
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { return len(processesWith(t, mark)) == 1 }, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Eventually(t, func() bool { return len(processesWith(t, mark)) == 0 }, 5*time.Second, 10*time.Millisecond)
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
