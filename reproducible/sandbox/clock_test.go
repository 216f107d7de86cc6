//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/sandbox"
)

// tellDate asks every clock, and another program, for the date.
func tellDate([]string) error {
	lines := []string{fmt.Sprintf("go %d.%09d", time.Now().Unix(), time.Now().Nanosecond())}
	for name, id := range map[string]int32{
		"realtime": unix.CLOCK_REALTIME, "coarse": unix.CLOCK_REALTIME_COARSE, "alarm": unix.CLOCK_REALTIME_ALARM, "tai": unix.CLOCK_TAI,
	} {
		var ts unix.Timespec
		_, _, e := unix.RawSyscall(unix.SYS_CLOCK_GETTIME, uintptr(id), uintptr(unsafe.Pointer(&ts)), 0)
		lines = append(lines, fmt.Sprintf("%s %d.%09d %d", name, ts.Sec, ts.Nsec, e))
	}
	var tv unix.Timeval
	var zone [2]int32
	_, _, e := unix.RawSyscall(unix.SYS_GETTIMEOFDAY, uintptr(unsafe.Pointer(&tv)), uintptr(unsafe.Pointer(&zone)), 0)
	lines = append(lines, fmt.Sprintf("timeofday %d.%06d %d %v", tv.Sec, tv.Usec, e, zone))
	_, _, e = unix.RawSyscall(unix.SYS_CLOCK_GETTIME, 0, 8, 0)
	lines = append(lines, fmt.Sprintf("nowhere %d", e))
	var adjust unix.Timex
	_, _, e = unix.RawSyscall(unix.SYS_ADJTIMEX, uintptr(unsafe.Pointer(&adjust)), 0, 0)
	lines = append(lines, fmt.Sprintf("adjtimex %d", e))
	child, err := exec.Command("/bin/tool", toolArgument, "print-date").CombinedOutput()
	lines = append(lines, "child "+strings.TrimSpace(string(child)))
	start := time.Now()
	time.Sleep(20 * time.Millisecond)
	lines = append(lines, fmt.Sprint("slept ", time.Since(start) >= 20*time.Millisecond))
	slices.Sort(lines)
	return errors.Join(err, result(strings.Join(lines, "\n")))
}

func TestAFixedClockIsTheSameForEveryProgramAndEveryQuestion(t *testing.T) {
	l := newLab(t)
	s := l.spec("tell-date")
	s.Epoch, s.Require = 1_700_000_000, reproducible.FixedClock
	r, err := l.build(t, s)
	require.NoError(t, err, "%s", logOf(err))
	require.True(t, r.Achieved.Has(reproducible.FixedClock))
	require.Nil(t, r.Trace, "a fixed clock alone traces nothing")
	require.Equal(t, strings.Join([]string{
		"adjtimex 1", "alarm 1700000000.000000000 0", "child 1700000000", "coarse 1700000000.000000000 0", "go 1700000000.000000000",
		"nowhere 14", "realtime 1700000000.000000000 0", "slept true", "tai 1700000000.000000000 0", "timeofday 1700000000.000000 0 [0 0]",
	}, "\n"), l.text(t, r, "result"))
	again, err := l.build(t, s)
	require.NoError(t, err)
	require.Equal(t, r.Artifacts, again.Artifacts)
}

func TestAClockIsFixedOnlyOnDemand(t *testing.T) {
	l := newLab(t)
	s := l.spec("tell-date")
	s.Epoch = 1_700_000_000
	r, err := l.build(t, s)
	require.NoError(t, err, "%s", logOf(err))
	require.False(t, r.Achieved.Has(reproducible.FixedClock))
	require.NotContains(t, l.text(t, r, "result"), "1700000000")
}

// TestProgramsOfTheMachineReadTheFixedClock runs programs that this project did
// not make: C programs with the machine's C library, and interpreters.
func TestProgramsOfTheMachineReadTheFixedClock(t *testing.T) {
	l := newLab(t)
	for name, command := range map[string][]string{
		"date":                           {"/bin/sh", "-c", "/bin/date +%s >/out/result"},
		"a shell that waits for another": {"/bin/sh", "-c", "/bin/sh -c 'kill -STOP $$; /bin/date +%s' >/out/result & sleep 0.2; kill -CONT $!; wait; kill -STOP 1"},
		"perl":                           {"/usr/bin/perl", "-e", `open(F, ">/out/result"); print F time(), "\n"`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(command[0]); err != nil {
				t.Skip("needs the Debian package that has " + command[0])
			}
			s := l.spec("none")
			s.Inputs, s.Command = nil, command
			s.HostPaths = []string{"/bin", "/usr", "/lib", "/lib64"}
			s.Epoch, s.Require = 1_700_000_000, reproducible.FixedClock
			r, err := l.build(t, s)
			require.NoError(t, err, "%s", logOf(err))
			require.Equal(t, "1700000000\n", l.text(t, r, "result"))
		})
	}
}

// signals sends itself some and counts them.
func signals([]string) error {
	c := make(chan os.Signal, 10)
	signal.Notify(c, syscall.SIGUSR1, syscall.SIGTRAP)
	for _, s := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGTRAP} {
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			return err
		}
		if got := <-c; got != s {
			return fmt.Errorf("%v instead of %v", got, s)
		}
	}
	cmd := exec.Command("/bin/tool", toolArgument, "sleep")
	if err := cmd.Start(); err != nil {
		return err
	}
	for _, s := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT, syscall.SIGTERM} {
		if err := cmd.Process.Signal(s); err != nil {
			return err
		}
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		return fmt.Errorf("the child ended with %w", err)
	}
	return result("signals pass")
}

func TestAFixedClockLeavesSignalsAlone(t *testing.T) {
	l := newLab(t)
	s := l.spec("signals")
	s.Require = reproducible.FixedClock
	r, err := l.build(t, s)
	require.NoError(t, err, "%s", logOf(err))
	require.Equal(t, "signals pass", l.text(t, r, "result"))
}

func TestUnderAFixedClockTheEndIsToldAsWithout(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	mark := newMark()
	for range 3 {
		s := l.spec("linger", mark)
		s.Require = reproducible.FixedClock
		r, err := l.build(t, s)
		require.NoError(t, err, "%s", logOf(err))
		require.Equal(t, "as the command left it", l.text(t, r, "result"))
	}
	require.Empty(t, processesWith(t, mark))
	s := l.spec("burn")
	s.Require, s.Limits.CPU = reproducible.FixedClock, time.Second
	_, err := l.build(t, s)
	require.True(t, hasCode(err, reproducible.CodeLimitCPU), "%v", err)
	s = l.spec("sleep")
	s.Require, s.Limits.Wall = reproducible.FixedClock, 300*time.Millisecond
	_, err = l.build(t, s)
	require.True(t, hasCode(err, reproducible.CodeLimitWall), "%v", err)
	s = l.spec("none such")
	s.Require, s.Command = reproducible.FixedClock, []string{"/bin/none"}
	_, err = l.build(t, s)
	require.True(t, hasCode(err, reproducible.CodeStart), "%v", err)
}

func TestATracedBuildWithAFixedClockHasBoth(t *testing.T) {
	l, in := traced(t, sandbox.TraceOptions{})
	s := l.spec("tell-date")
	s.Inputs = append(s.Inputs, in)
	s.Epoch, s.Require = 1_700_000_000, reproducible.FixedClock|reproducible.Traced
	r, err := l.build(t, s)
	require.NoError(t, err, "%s", logOf(err))
	require.Contains(t, l.text(t, r, "result"), "child 1700000000")
	require.Contains(t, r.Trace.Accesses, reproducible.Access{
		Op: reproducible.OpExec, Path: "/bin/tool", Resolved: "/bin/tool", Outcome: reproducible.OutcomeFound,
	})
}
