//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/sandbox"
)

// knobs tells everything that a spec decides about the surroundings of a command,
// as lines of a name and a value.
func knobs([]string) error {
	host, err := os.Hostname()
	umask := unix.Umask(0)
	unix.Umask(umask)
	made := os.WriteFile("/tmp/made", nil, 0o666)
	info, stat := os.Stat("/tmp/made")
	if err := errors.Join(err, made, stat); err != nil {
		return err
	}
	var set unix.CPUSet
	affinity := unix.SchedGetaffinity(0, &set)
	lines := []string{
		"locale " + os.Getenv("LC_ALL"), "zone " + os.Getenv("TZ"), "epoch " + os.Getenv("SOURCE_DATE_EPOCH"),
		fmt.Sprint("clock ", time.Now().Unix()), "host " + host, fmt.Sprintf("umask %03o", umask), "mode " + info.Mode().String(),
		fmt.Sprint("uid ", os.Getuid()), fmt.Sprint("gid ", os.Getgid()),
		fmt.Sprint("processors ", runtime.NumCPU(), " ", set.Count()),
	}
	return errors.Join(affinity, result(strings.Join(lines, "\n")))
}

func TestTwoBuildsThatDifferInOneKnobSeeThatDifferenceAlone(t *testing.T) {
	l := newLab(t)
	see := func(t *testing.T, change func(*reproducible.Spec)) map[string]string {
		s := l.spec("knobs")
		s.Require = reproducible.FixedClock | reproducible.FixedHostname
		change(s)
		r, err := l.build(t, s)
		require.NoError(t, err, "%s", logOf(err))
		out := map[string]string{}
		for line := range strings.SplitSeq(l.text(t, r, "result"), "\n") {
			name, value, _ := strings.Cut(line, " ")
			out[name] = value
		}
		return out
	}
	var machine unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &machine))
	all := strconv.Itoa(machine.Count())
	plain := map[string]string{
		"locale": "C.UTF-8", "zone": "UTC", "epoch": "0", "clock": "0", "host": "build", "umask": "022", "mode": "-rw-r--r--",
		"uid": "1000", "gid": "1000", "processors": all + " " + all,
	}
	for name, x := range map[string]struct {
		change func(*reproducible.Spec)
		want   map[string]string
	}{
		"none":              {func(*reproducible.Spec) {}, nil},
		"locale":            {func(s *reproducible.Spec) { s.Locale = "tr_TR.UTF-8" }, map[string]string{"locale": "tr_TR.UTF-8"}},
		"time zone":         {func(s *reproducible.Spec) { s.TZ = "Asia/Kathmandu" }, map[string]string{"zone": "Asia/Kathmandu"}},
		"SOURCE_DATE_EPOCH": {func(s *reproducible.Spec) { s.Epoch = 1e9 }, map[string]string{"epoch": "1000000000", "clock": "1000000000"}},
		"host name":         {func(s *reproducible.Spec) { s.Hostname = "other.example" }, map[string]string{"host": "other.example"}},
		"umask":             {func(s *reproducible.Spec) { s.Umask = 0o077 }, map[string]string{"umask": "077", "mode": "-rw-------"}},
		"user":              {func(s *reproducible.Spec) { s.UID = 7 }, map[string]string{"uid": "7"}},
		"group":             {func(s *reproducible.Spec) { s.GID = 7 }, map[string]string{"gid": "7"}},
		"processors":        {func(s *reproducible.Spec) { s.CPUs = 1 }, map[string]string{"processors": "1 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			want := maps.Clone(plain)
			maps.Copy(want, x.want)
			require.Equal(t, want, see(t, x.change))
		})
	}
}

func TestTheUmaskOfTheCallerReachesNoBuild(t *testing.T) {
	l := newLab(t)
	before := unix.Umask(0o077)
	defer unix.Umask(before)
	r, err := l.build(t, l.spec("knobs"))
	require.NoError(t, err, "%s", logOf(err))
	require.Contains(t, l.text(t, r, "result"), "mode -rw-r--r--")
}

// freeAffinity tries to run on every processor.
func freeAffinity([]string) error {
	var set unix.CPUSet
	for cpu := range 1024 {
		set.Set(cpu)
	}
	return unix.SchedSetaffinity(0, &set)
}

func TestACommandGetsNoMoreProcessorsThanTheSpecSays(t *testing.T) {
	l, thread := threadLab(t)
	for name, b := range map[string]reproducible.Builder{"in a sandbox": l.box, "in a thread": thread} {
		t.Run(name, func(t *testing.T) {
			s := l.spec("confined", "free-affinity")
			s.CPUs = 1
			r, err := b.Build(t.Context(), s)
			require.NoError(t, err, "%s", logOf(err))
			require.Equal(t, "0 "+unix.EPERM.Error()+"\n", l.text(t, r, "result"))
		})
	}
	var now unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &now))
	require.Equal(t, runtime.NumCPU(), now.Count(), "the caller keeps its own")
}

func TestAMachineWithFewerProcessorsIsRefusedBeforeAnythingRuns(t *testing.T) {
	l := newLab(t)
	never := func() time.Time { panic("nothing may start") }
	box, err := sandbox.New(sandbox.Config{Store: l.store, Now: never})
	require.NoError(t, err)
	_, thread := threadLab(t)
	for name, b := range map[string]reproducible.Builder{"a sandbox": box, "a thread": thread} {
		t.Run(name, func(t *testing.T) {
			s := l.spec("echo")
			s.CPUs = 1024
			r, err := b.Build(t.Context(), s)
			require.True(t, hasCode(err, reproducible.CodeCPUs), "%v", err)
			require.ErrorContains(t, err, "Spec.CPUs")
			require.Nil(t, r)
		})
	}
}

// list writes the names in directories in the order in which the kernel tells
// them.
func list(dirs []string) error {
	var lines []string
	for _, dir := range dirs {
		f, err := os.Open(dir)
		if err != nil {
			return err
		}
		names, err := f.Readdirnames(-1)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		lines = append(lines, strings.Join(names, " "))
	}
	return result(strings.Join(lines, "\n"))
}

// manyNames is a tree whose order by any hash is not that of its names.
func manyNames(t *testing.T, l *lab) (reproducible.Input, []string) {
	files := map[string]string{"sub/deep/z": "z", "sub/deep/a": "a", "sub/deep/M": "M", "sub/x": "x"}
	names := []string{"sub"}
	for i := range 300 {
		name := fmt.Sprintf("%x-%d", i*2654435761%4096, i)
		files[name], names = name, append(names, name)
	}
	slices.Sort(names)
	return reproducible.Input{Path: "/in/tree", Kind: reproducible.Tree, Digest: l.putFiles(t, files)}, names
}

func TestSortedInputsAreListedInAscendingOrder(t *testing.T) {
	l := newLab(t)
	tree, names := manyNames(t, l)
	file := reproducible.Input{Kind: reproducible.Executable, Digest: l.tool}
	dirs := []string{"/in/tree", "/in/tree/sub", "/in/tree/sub/deep", "/in", "/", "/dev", "/bin"}
	want := strings.Join([]string{
		strings.Join(names, " "), "deep x", "M a z", "A m tree z", "bin dev in out proc tmp",
		"fd full null random shm stderr stdin stdout urandom zero", "tool",
	}, "\n")
	for name, order := range map[string][]string{"one way": {"/in/z", "/in/A", "/in/m"}, "another": {"/in/m", "/in/z", "/in/A"}} {
		t.Run(name, func(t *testing.T) {
			s := l.spec("list", dirs...)
			s.Inputs = append(s.Inputs, tree)
			for _, at := range order {
				file.Path = at
				s.Inputs = append(s.Inputs, file)
			}
			s.Require = reproducible.SortedInputs | reproducible.Hermetic
			r, err := l.build(t, s)
			require.NoError(t, err, "%s", logOf(err))
			require.True(t, r.Achieved.Has(s.Require))
			require.Equal(t, want, l.text(t, r, "result"))
		})
	}
}

func TestSortedInputsAreInputsInEveryOtherWay(t *testing.T) {
	l, in := traced(t, sandbox.TraceOptions{})
	for act, want := range map[string]string{
		"read-one /in/by-openat": "by-openat", "read-one /in/symlink": "by-openat",
		"open-for-writing /in/by-openat": unix.EACCES.Error(), "create /in/new": unix.EROFS.Error(),
	} {
		t.Run(act, func(t *testing.T) {
			words := strings.Fields(act)
			s := l.spec(words[0], words[1:]...)
			s.Inputs = append(s.Inputs, in)
			s.Require = reproducible.SortedInputs | reproducible.Traced | reproducible.ReadOnlyInputs
			r, err := l.build(t, s)
			require.NoError(t, err, "%s", logOf(err))
			require.Contains(t, l.text(t, r, "result"), want)
			require.True(t, slices.ContainsFunc(r.Trace.Accesses, func(a reproducible.Access) bool {
				return strings.HasPrefix(a.Path, "/in/")
			}))
		})
	}
}

func TestSortedInputsAreMadeOnDemandAndNotOfHostPaths(t *testing.T) {
	l := newLab(t)
	r, err := l.build(t, l.spec("echo"))
	require.NoError(t, err)
	require.False(t, r.Achieved.Has(reproducible.SortedInputs))
	s := l.spec("echo")
	s.HostPaths, s.Require = []string{"/etc/ssl"}, reproducible.SortedInputs
	_, err = l.build(t, s)
	var unmet *reproducible.UnmetError
	require.ErrorAs(t, err, &unmet)
	require.Equal(t, reproducible.SortedInputs, unmet.Missing)
}
