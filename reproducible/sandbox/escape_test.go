//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/sandbox"
	"github.com/sealwright/sealwright/reproducible/trace"
)

// effective tells as whom the command acts.
func effective([]string) error {
	return result(fmt.Sprint("uid ", os.Getuid(), " ", os.Geteuid(), " gid ", os.Getgid(), " ", os.Getegid()))
}

func TestASetuidProgramGivesNobodysRights(t *testing.T) {
	l := newLab(t)
	static, err := staticBinary()
	require.NoError(t, err)
	content, err := os.ReadFile(static)
	require.NoError(t, err)
	dir, err := os.MkdirTemp("/var/tmp", "setuid-") // /tmp is the build's own
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "program")
	require.NoError(t, os.WriteFile(program, content, 0o755))
	require.NoError(t, os.Chmod(program, 0o755|os.ModeSetuid|os.ModeSetgid))
	require.NoError(t, os.Chmod(dir, 0o755))
	s := l.spec("run", program, "effective")
	s.UID, s.GID, s.HostPaths = 1234, 2345, []string{dir}
	r, err := l.build(t, s)
	require.NoError(t, err, "%s", logOf(err))
	require.Equal(t, "uid 1234 1234 gid 2345 2345", l.text(t, r, "result"))
}

// The sandbox starts no copy of the program that embeds it: whatever the arguments and
// the environment of such a program say, it does what it always does.
func TestNoArgumentMakesAProgramAStage(t *testing.T) {
	static, err := staticBinary()
	require.NoError(t, err)
	ordinary, err := exec.Command(static, "-test.run=^$").CombinedOutput()
	require.NoError(t, err)
	for _, name := range []string{"stage", "sandbox", "init", "sealwright-init", "/proc/self/fd/0", "/proc/self/exe", "sealwright/reproducible/sandbox", ""} {
		cmd := exec.Command(static)
		cmd.Args = []string{name, "-test.run=^$"}
		cmd.Env = append(os.Environ(), "SEALWRIGHT_SANDBOX=1", "SEALWRIGHT_STAGE=1", "_SEALWRIGHT_REEXEC="+name)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Equal(t, string(ordinary), string(out), name)
	}
}

func TestAPolicyCanRefuseAProgramThatIsNoInput(t *testing.T) {
	refuse := func(a reproducible.Access) trace.Decision {
		if a.Op == reproducible.OpExec && a.Path != "/bin/tool" {
			return trace.Refuse
		}
		return trace.Allow
	}
	l, _ := traced(t, sandbox.TraceOptions{Decide: refuse})
	r, err := l.build(t, l.spec("memfd-execveat"))
	require.NoError(t, err, "%s", logOf(err))
	require.Equal(t, unix.EACCES.Error(), l.text(t, r, "result"))
	_, err = l.build(t, l.spec("memfd"))
	require.Error(t, err, "nor by its name in /proc")

	l, _ = traced(t, sandbox.TraceOptions{})
	r, err = l.build(t, l.spec("memfd-execveat"))
	require.NoError(t, err, "%s", logOf(err))
	require.Equal(t, "from memory", l.text(t, r, "result"))
	var ran []string
	for _, a := range r.Trace.Accesses {
		if a.Op == reproducible.OpExec {
			ran = append(ran, a.Resolved)
		}
	}
	require.Len(t, ran, 2, "without a policy it runs, and the trace tells: %q", ran)
}

// raceDirectory opens a relative name while another thread goes from one directory to
// another and back.
func raceDirectory([]string) error {
	if err := errors.Join(os.Mkdir("/tmp/decoy", 0o755), os.WriteFile("/tmp/decoy/by-openat", []byte("x"), 0o644), os.Chdir("/in")); err != nil {
		return err
	}
	var stop atomic.Bool
	var group sync.WaitGroup
	group.Go(func() {
		for i := 0; !stop.Load(); i++ {
			_ = unix.Chdir([]string{"/tmp/decoy", "/in"}[i%2])
		}
	})
	for range 3000 {
		if fd, err := unix.Open("by-openat", unix.O_RDONLY, 0); err == nil {
			_ = unix.Close(fd)
		}
	}
	stop.Store(true)
	group.Wait()
	return result("done")
}

func TestAThreadThatChangesTheDirectoryHidesNothingFromTheCrossCheck(t *testing.T) {
	l, in := traced(t, sandbox.TraceOptions{})
	s := l.spec("race-directory")
	s.Inputs = append(s.Inputs, in)
	r, err := l.build(t, s)
	require.NoError(t, err, "%s", logOf(err))
	require.Equal(t, os.Geteuid() == 0, r.Trace.CrossChecked)
	resolved := map[string]bool{}
	for _, a := range r.Trace.Accesses {
		resolved[a.Resolved] = true
	}
	require.True(t, resolved["/in/by-openat"])
}

// dieYoung starts processes that open files until they are killed.
func dieYoung([]string) error {
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 25 {
				cmd := exec.Command("/bin/tool", toolArgument, "race-on")
				if cmd.Start() == nil {
					time.Sleep(time.Duration(i) * time.Millisecond / 2)
					_ = cmd.Process.Kill()
					_ = cmd.Wait()
				}
			}
		})
	}
	group.Wait()
	return result("done")
}

// A number of a process that died while its call was looked at may be another's the
// next moment: what the tracer read then counts for nothing.
func TestWhatAProcessAskedThatDiedMeanwhileIsNotMadeUp(t *testing.T) {
	l, in := traced(t, sandbox.TraceOptions{})
	s := l.spec("die-young")
	s.Inputs = append(s.Inputs, in)
	s.Require = reproducible.Traced
	r, err := l.build(t, s)
	require.NoError(t, err, "%s", logOf(err))
	require.True(t, r.Trace.Complete)
	for _, a := range r.Trace.Accesses {
		if filepath.Dir(a.Path) == "/in" {
			require.Contains(t, []string{"/in/by-openat", "/in/by-thread"}, a.Path)
		}
	}
}
