//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/sandbox"
)

// unlimited are the guarantees that need control groups, which not every user
// may make.
const unlimited = reproducible.MemoryLimit | reproducible.PIDsLimit

// always are the guarantees that a Sandbox gives unless it is asked for more.
const always = reproducible.AllGuarantees &^ reproducible.Traced

func TestTheMachineGrantsWhatABuildThenGets(t *testing.T) {
	l := newLab(t)
	c, err := l.box.Probe(t.Context())
	require.NoError(t, err)
	require.True(t, c.Granted.Has(always&^unlimited), "%v", c.Missing)
	require.Equal(t, c.Granted == always, c.Missing == nil, "what is missing has a reason: %v", c.Missing)
	spec := l.spec("echo", "hello")
	spec.Require = c.Granted
	r, err := l.build(t, spec)
	require.NoError(t, err, "%s", logOf(err))
	require.Equal(t, c.Granted, r.Achieved)
	require.Equal(t, "hello", l.text(t, r, "result"))
}

func TestTheCommandIsNobodyAndAlone(t *testing.T) {
	l := newLab(t)
	spec := l.spec("identity")
	spec.UID, spec.GID, spec.Hostname, spec.Umask = 1234, 2345, "builder.example", 0o077
	r, err := l.build(t, spec)
	require.NoError(t, err, "%s", logOf(err))
	text := l.text(t, r, "result")
	require.Contains(t, text, "uid 1234 gid 2345 pid 1 parent 0 session 1 host builder.example umask 0077\n")
	for _, line := range []string{
		"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
		"CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2",
		"NSpid:\t1", "Threads:",
	} {
		require.Contains(t, text, "\n"+line)
	}
}

func TestTheFileTreeHoldsNothingElse(t *testing.T) {
	l := newLab(t)
	for dir, want := range map[string]string{
		"/":    "bin dev out proc tmp",
		"/bin": "tool",
		"/dev": "fd full null random shm stderr stdin stdout urandom zero",
		"/tmp": "home",
		"/out": "",
	} {
		t.Run(dir, func(t *testing.T) {
			r, err := l.build(t, l.spec("look", dir))
			require.NoError(t, err)
			require.Equal(t, want, l.text(t, r, "result"))
		})
	}
	r, err := l.build(t, l.spec("look", "/proc"))
	require.NoError(t, err)
	require.Equal(t, "1 self thread-self", l.text(t, r, "result"))
}

func TestTheEnvironmentIsNotInherited(t *testing.T) {
	for _, name := range []string{"LD_PRELOAD", "GIT_DIR", "GOFLAGS", "BASH_ENV", "http_proxy"} {
		t.Setenv(name, "inherited")
	}
	l := newLab(t)
	spec := l.spec("environment")
	spec.Epoch = 1700000000
	r, err := l.build(t, spec)
	require.NoError(t, err)
	require.Equal(t, []string{
		"HOME=/tmp/home", "LC_ALL=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin", "SOURCE_DATE_EPOCH=1700000000", "TMPDIR=/tmp", "TZ=UTC",
	}, strings.Split(l.text(t, r, "result"), "\n"))
}

func TestGeneratedCodeMayRunFromAMemfd(t *testing.T) {
	l := newLab(t)
	r, err := l.build(t, l.spec("memfd"))
	require.NoError(t, err, "%s", logOf(err))
	require.Equal(t, "from memory", l.text(t, r, "result"))
}

func TestTheLoopbackIsTheBuildsOwn(t *testing.T) {
	l := newLab(t)
	r, err := l.build(t, l.spec("loopback"))
	require.NoError(t, err, "%s", logOf(err))
	require.Equal(t, "served", l.text(t, r, "result"))
}

func TestHostPathsAreReadOnlyAndRecorded(t *testing.T) {
	l := newLab(t)
	for command, want := range map[string]string{"look /etc/ssl": "certs", "create /etc/ssl/new": ""} {
		words := strings.Fields(command)
		spec := l.spec(words[0], words[1:]...)
		spec.HostPaths = []string{"/etc/ssl"}
		r, err := l.build(t, spec)
		require.NoError(t, err, "%s", logOf(err))
		require.False(t, r.Achieved.Has(reproducible.InputsPinned))
		require.Equal(t, []reproducible.Finding{{Code: reproducible.CodeHostPath, Path: "/etc/ssl"}}, r.Findings)
		require.Contains(t, l.text(t, r, "result"), want)
	}
}

func TestAHostPathThatIsNotThereIsRefused(t *testing.T) {
	l := newLab(t)
	spec := l.spec("echo")
	spec.HostPaths = []string{"/no/such/directory"}
	_, err := l.build(t, spec)
	require.True(t, hasCode(err, reproducible.CodeInput), "%v", err)
}

func TestACommandThatCannotStartIsRefused(t *testing.T) {
	l := newLab(t)
	for name, change := range map[string]func(*reproducible.Spec){
		"no such program":     func(s *reproducible.Spec) { s.Command[0] = "/bin/other" },
		"no such directory":   func(s *reproducible.Spec) { s.Dir = "/nowhere" },
		"a program to read":   func(s *reproducible.Spec) { s.Inputs[0].Kind = reproducible.File },
		"a directory as such": func(s *reproducible.Spec) { s.Command[0] = "/tmp" },
	} {
		t.Run(name, func(t *testing.T) {
			spec := l.spec("echo")
			change(spec)
			r, err := l.build(t, spec)
			require.True(t, hasCode(err, reproducible.CodeStart), "%v", err)
			require.Nil(t, r)
		})
	}
}

func TestWhatTheMachineDoesNotGrantIsRefusedByNameBeforeAnythingRuns(t *testing.T) {
	l := newLab(t)
	why := errors.New("no user namespaces here")
	box, err := sandbox.New(sandbox.Config{
		Store: l.store, Now: func() time.Time { panic("nothing may start") },
		Probe: func(context.Context) (sandbox.Capabilities, error) {
			return sandbox.Capabilities{Granted: reproducible.NoNetwork, Missing: why}, nil
		},
	})
	require.NoError(t, err)
	spec := l.spec("echo")
	spec.Require = reproducible.NoNetwork | reproducible.Seccomp | reproducible.MemoryLimit
	_, err = box.Build(t.Context(), spec)
	require.True(t, hasCode(err, reproducible.CodeRequireUnmet), "%v", err)
	require.ErrorIs(t, err, why)
	var unmet *reproducible.UnmetError
	require.ErrorAs(t, err, &unmet)
	require.Equal(t, reproducible.Seccomp|reproducible.MemoryLimit, unmet.Missing)
	require.ErrorContains(t, err, "memory-limit")
}

func TestEachGuaranteeThatAMachineLacksIsRefusedByItsName(t *testing.T) {
	l := newLab(t)
	for _, name := range reproducible.AllGuarantees.Names() {
		t.Run(name, func(t *testing.T) {
			lacking, err := reproducible.ParseGuarantee(name)
			require.NoError(t, err)
			why := errors.New("the kernel was built without it")
			box, err := sandbox.New(sandbox.Config{
				Store: l.store, Now: func() time.Time { panic("nothing may start") },
				Probe: func(context.Context) (sandbox.Capabilities, error) {
					return sandbox.Capabilities{Granted: reproducible.AllGuarantees &^ lacking, Missing: why}, nil
				},
			})
			require.NoError(t, err)
			spec := l.spec("echo")
			spec.Require = reproducible.AllGuarantees
			r, err := box.Build(t.Context(), spec)
			require.Nil(t, r)
			require.True(t, hasCode(err, reproducible.CodeRequireUnmet), "%v", err)
			require.ErrorIs(t, err, why)
			require.ErrorContains(t, err, "missing "+name+":")
			var unmet *reproducible.UnmetError
			require.ErrorAs(t, err, &unmet)
			require.Equal(t, lacking, unmet.Missing)
		})
	}
}

func TestAProbeThatPromisesTooMuchIsCaught(t *testing.T) {
	l := newLab(t)
	box, err := sandbox.New(sandbox.Config{
		Store: l.store, Now: time.Now,
		Probe: func(context.Context) (sandbox.Capabilities, error) {
			return sandbox.Capabilities{Granted: reproducible.AllGuarantees}, nil
		},
	})
	require.NoError(t, err)
	spec := l.spec("echo")
	spec.Require = reproducible.MemoryLimit
	r, err := box.Build(t.Context(), spec)
	if err != nil {
		require.True(t, hasCode(err, reproducible.CodeRequireUnmet), "%v", err)
		return
	}
	require.True(t, r.Achieved.Has(reproducible.MemoryLimit))
}

func TestASandboxNeedsItsStoreAndClock(t *testing.T) {
	l := newLab(t)
	_, err := sandbox.New(sandbox.Config{Now: time.Now})
	require.True(t, hasCode(err, sandbox.CodeConfig))
	_, err = sandbox.New(sandbox.Config{Store: l.store})
	require.True(t, hasCode(err, sandbox.CodeConfig))
}

func TestManyBuildsRunAtOnce(t *testing.T) {
	l := newLab(t)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			word := strings.Repeat("x", i)
			r, err := l.build(t, l.spec("echo", word))
			if err != nil {
				t.Error(err)
				return
			}
			if a, _ := r.Artifact("result"); a.Size != int64(i) {
				t.Errorf("%d bytes, want %d", a.Size, i)
			}
		})
	}
	wg.Wait()
}

func TestNoDescriptorOrGroupIsLeft(t *testing.T) {
	l := newLab(t)
	_, err := l.build(t, l.spec("echo"))
	require.NoError(t, err)
	before := descriptors(t)
	for range 5 {
		_, err := l.build(t, l.spec("echo"))
		require.NoError(t, err)
		_, err = l.build(t, l.spec("no such act"))
		require.Error(t, err)
	}
	require.LessOrEqual(t, len(descriptors(t)), len(before)+1)
}

func descriptors(t *testing.T) []os.DirEntry {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return list
}
