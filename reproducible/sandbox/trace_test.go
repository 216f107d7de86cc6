//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/sandbox"
	"github.com/sealwright/sealwright/reproducible/trace"
)

// traced returns a lab whose sandbox watches, and an input tree at /in with one
// file for each way to open one.
func traced(t testing.TB, o sandbox.TraceOptions) (*lab, reproducible.Input) {
	t.Helper()
	l := newLab(t)
	box, err := sandbox.New(sandbox.Config{Store: l.store, Now: time.Now, Trace: &o})
	require.NoError(t, err)
	l.box = box
	dir := t.TempDir()
	for name := range waysToOpen() {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644))
	}
	require.NoError(t, os.Symlink("by-openat", filepath.Join(dir, "symlink")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "script"), []byte("#! /in/second -x\n"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "second"), []byte("#!/bin/tool "+toolArgument+"\n"), 0o755))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	d, _, err := l.store.PutTree(t.Context(), root)
	require.NoError(t, err)
	return l, reproducible.Input{Path: "/in", Kind: reproducible.Tree, Digest: d}
}

// waysToOpen are the ways to read a file, by the name of the file that each
// reads. A way that the sandbox denies returns that error.
func waysToOpen() map[string]func(name string) error {
	open := func(trap uintptr, args ...uintptr) error {
		for len(args) < 6 {
			args = append(args, 0)
		}
		fd, _, e := unix.Syscall6(trap, args[0], args[1], args[2], args[3], args[4], args[5])
		if e != 0 {
			return e
		}
		return readAll(int(fd))
	}
	text := func(s string) uintptr { p, _ := unix.BytePtrFromString(s); return uintptr(unsafe.Pointer(p)) }
	cwd := uintptr(0xffffffffffffff9c)
	inDir := func(do func(dir int) error) error {
		dir, err := unix.Open("/in", unix.O_PATH|unix.O_DIRECTORY, 0)
		return errors.Join(err, do(dir))
	}
	ways := map[string]func(name string) error{
		"by-openat": func(name string) error { return open(unix.SYS_OPENAT, cwd, text("/in/"+name), 0) },
		"by-openat2": func(name string) error {
			how := unix.OpenHow{}
			return open(unix.SYS_OPENAT2, cwd, text("/in/"+name), uintptr(unsafe.Pointer(&how)), unix.SizeofOpenHow)
		},
		"by-descriptor": func(name string) error {
			return inDir(func(dir int) error { return open(unix.SYS_OPENAT, uintptr(dir), text(name), 0) })
		},
		"by-working-directory": func(name string) error {
			return errors.Join(unix.Chdir("/in"), open(unix.SYS_OPENAT, cwd, text("../in/./"+name), 0), unix.Chdir("/"))
		},
		"by-symlink": func(name string) error {
			return errors.Join(os.Symlink("/in/"+name, "/tmp/link"), open(unix.SYS_OPENAT, cwd, text("/tmp/link"), 0))
		},
		"by-path-descriptor": func(name string) error {
			fd, err := unix.Open("/in/"+name, unix.O_PATH, 0)
			return errors.Join(err, open(unix.SYS_OPENAT, cwd, text(fmt.Sprintf("/proc/self/fd/%d", fd)), 0))
		},
		"by-dev-fd": func(name string) error {
			fd, err := unix.Open("/in/"+name, unix.O_PATH, 0)
			return errors.Join(err, open(unix.SYS_OPENAT, cwd, text(fmt.Sprintf("/dev/fd/%d", fd)), 0))
		},
		"by-own-root": func(name string) error { return open(unix.SYS_OPENAT, cwd, text("/proc/self/root/in/"+name), 0) },
		"by-link-to-own-root": func(name string) error {
			return errors.Join(os.Symlink("/proc/self/root/in", "/tmp/root"), open(unix.SYS_OPENAT, cwd, text("/tmp/root/../in/"+name), 0))
		},
		"by-root-of-process-1": func(name string) error {
			return open(unix.SYS_OPENAT, cwd, text("/proc/1/root/in/"+name), 0)
		},
		"by-own-directory": func(name string) error {
			return errors.Join(unix.Chdir("/in"), open(unix.SYS_OPENAT, cwd, text("//proc/self/cwd/"+name), 0), unix.Chdir("/"))
		},
		"by-descriptor-of-proc": func(name string) error {
			dir, err := unix.Open("/proc/self", unix.O_PATH|unix.O_DIRECTORY, 0)
			return errors.Join(err, open(unix.SYS_OPENAT, uintptr(dir), text("root/in/"+name), 0))
		},
		"by-thread": func(name string) error {
			var group sync.WaitGroup
			var err error
			group.Go(func() { err = open(unix.SYS_OPENAT, cwd, text("/in/"+name), 0) })
			group.Wait()
			return err
		},
		"by-child": func(name string) error { return exec.Command("/bin/tool", toolArgument, "read", "/in/"+name).Run() },
		"by-mapped-program": func(name string) error {
			fd, err := unix.MemfdCreate("program", 0)
			self, read := os.ReadFile("/bin/tool")
			program := fmt.Sprintf("/proc/self/fd/%d", fd)
			return errors.Join(err, read, os.WriteFile(program, self, 0), exec.Command(program, toolArgument, "read", "/in/"+name).Run())
		},
		"by-long-path": func(name string) error {
			long := "/in/" + strings.Repeat("./", (4095-len("/in/")-len(name))/2) + name
			return open(unix.SYS_OPENAT, cwd, text(long), 0)
		},
		"by-too-long-path": func(name string) error {
			return open(unix.SYS_OPENAT, cwd, text("/in/"+strings.Repeat("./", 2050)+name), 0)
		},
		"by-unterminated-path": func(name string) error {
			page, err := unix.Mmap(-1, 0, 8192, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err != nil {
				return err
			}
			copy(page[4096-len("/in/"+name):], "/in/"+name)
			if err := unix.Mprotect(page[4096:], unix.PROT_NONE); err != nil {
				return err
			}
			return open(unix.SYS_OPENAT, cwd, uintptr(unsafe.Pointer(&page[4096-len("/in/"+name)])), 0)
		},
		"by-path-at-a-page-end": func(name string) error {
			page, err := unix.Mmap(-1, 0, 8192, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err != nil {
				return err
			}
			at := 4096 - len("/in/"+name) - 1
			copy(page[at:], "/in/"+name)
			if err := unix.Mprotect(page[4096:], unix.PROT_NONE); err != nil {
				return err
			}
			return open(unix.SYS_OPENAT, cwd, uintptr(unsafe.Pointer(&page[at])), 0)
		},
		"by-io-uring":    func(string) error { return open(unix.SYS_IO_URING_SETUP, 4, 0) },
		"by-file-handle": func(name string) error { _, _, err := unix.NameToHandleAt(unix.AT_FDCWD, "/in/"+name, 0); return err },
		"by-open-tree":   func(name string) error { return open(unix.SYS_OPEN_TREE, cwd, text("/in/"+name), 0) },
		"by-hard-link":   func(name string) error { return unix.Link("/in/"+name, "/tmp/hard") },
		"by-fanotify":    func(string) error { return open(unix.SYS_FANOTIFY_INIT, 0, 0) },
	}
	for name, way := range waysHere(open, text) {
		ways[name] = way
	}
	return ways
}

func readAll(fd int) error {
	defer unix.Close(fd)
	buffer := make([]byte, 64)
	n, err := unix.Read(fd, buffer)
	if err == nil && n == 0 {
		err = errors.New("nothing to read")
	}
	return err
}

// openEveryWay writes which ways read their file and which were refused.
func openEveryWay([]string) error {
	var lines []string
	for name, way := range waysToOpen() {
		verdict := "read"
		if err := way(name); err != nil {
			verdict = "refused: " + strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		lines = append(lines, name+" "+verdict)
	}
	slices.Sort(lines)
	return result(strings.Join(lines, "\n"))
}

func TestTheTraceHoldsEveryFileThatWasReadInAnyWay(t *testing.T) {
	l, in := traced(t, sandbox.TraceOptions{})
	s := l.spec("open-every-way")
	s.Inputs = append(s.Inputs, in)
	s.Require = reproducible.Traced
	r, err := l.build(t, s)
	require.NoError(t, err, logOf(err))
	require.True(t, r.Trace.Complete)
	require.Zero(t, r.Trace.Dropped)
	require.Equal(t, os.Geteuid() == 0, r.Trace.CrossChecked)
	opened := map[string]bool{}
	for _, a := range r.Trace.Accesses {
		assert.False(t, a.Unannounced, "%+v", a)
		if a.Op == reproducible.OpOpen {
			opened[a.Resolved] = true
		}
	}
	read := 0
	for line := range strings.Lines(l.text(t, r, "result")) {
		name, verdict, _ := strings.Cut(strings.TrimSpace(line), " ")
		if verdict == "read" {
			read++
			assert.True(t, opened["/in/"+name], "%s was read and is not in the trace", name)
		}
		t.Log(name, verdict)
	}
	require.GreaterOrEqual(t, read, 12)
}

func TestTheTraceTellsWhatWasSoughtInVainWrittenRemovedRunAndReachedFor(t *testing.T) {
	l, in := traced(t, sandbox.TraceOptions{})
	s := l.spec("everything-else")
	s.Inputs = append(s.Inputs, in)
	r, err := l.build(t, s)
	require.NoError(t, err, logOf(err))
	for _, want := range []reproducible.Access{
		{Op: reproducible.OpOpen, Path: "/in/none", Outcome: reproducible.OutcomeAbsent},
		{Op: reproducible.OpOpen, Path: "/in/by-openat/below", Outcome: reproducible.OutcomeAbsent},
		{Op: reproducible.OpOpen, Path: "/in/symlink", Resolved: "/in/by-openat", Outcome: reproducible.OutcomeFound},
		{Op: reproducible.OpOpen, Path: `/in/b\xffd\x0aname`, Outcome: reproducible.OutcomeAbsent},
		{Op: reproducible.OpWrite, Path: "/in/by-openat", Resolved: "/in/by-openat", Outcome: reproducible.OutcomeFound},
		{Op: reproducible.OpWrite, Path: "/tmp/new", Outcome: reproducible.OutcomeAbsent},
		{Op: reproducible.OpRemove, Path: "/tmp/new", Resolved: "/tmp/new", Outcome: reproducible.OutcomeFound},
		{Op: reproducible.OpWrite, Path: "/tmp/newer", Outcome: reproducible.OutcomeAbsent},
		{Op: reproducible.OpRemove, Path: "/tmp/newer", Resolved: "/tmp/newer", Outcome: reproducible.OutcomeFound},
		{Op: reproducible.OpWrite, Path: "/tmp/dir", Outcome: reproducible.OutcomeAbsent},
		{Op: reproducible.OpWrite, Path: "/tmp/socket", Outcome: reproducible.OutcomeAbsent},
		{Op: reproducible.OpExec, Path: "/bin/tool", Resolved: "/bin/tool", Outcome: reproducible.OutcomeFound},
		{Op: reproducible.OpExec, Path: "/in/script", Resolved: "/in/script", Outcome: reproducible.OutcomeFound},
		{Op: reproducible.OpLoad, Path: "/in/second", Resolved: "/in/second", Outcome: reproducible.OutcomeFound},
		{Op: reproducible.OpLoad, Path: "/bin/tool", Resolved: "/bin/tool", Outcome: reproducible.OutcomeFound},
		{Op: reproducible.OpExec, Path: "/usr/bin/none", Outcome: reproducible.OutcomeAbsent},
		{Op: reproducible.OpConnect, Path: "inet 192.0.2.1:443", Outcome: reproducible.OutcomeUnknown},
		{Op: reproducible.OpConnect, Path: "inet6 [2001:db8::1]:80", Outcome: reproducible.OutcomeUnknown},
		{Op: reproducible.OpConnect, Path: "inet 192.0.2.2:53", Outcome: reproducible.OutcomeUnknown},
		{Op: reproducible.OpConnect, Path: "unix /run/x", Outcome: reproducible.OutcomeUnknown},
		{Op: reproducible.OpConnect, Path: "unix @hidden", Outcome: reproducible.OutcomeUnknown},
	} {
		assert.Contains(t, r.Trace.Accesses, want)
	}
	b, err := r.Trace.Marshal()
	require.NoError(t, err)
	d, err := r.Trace.Digest()
	require.NoError(t, err)
	kept, err := l.store.ReadFile(t.Context(), d, 1<<20)
	require.NoError(t, err, "the trace lies in the store")
	require.Equal(t, b, kept)
	again, err := reproducible.ParseTrace(kept)
	require.NoError(t, err)
	require.Equal(t, r.Trace, again)
}

// everythingElse does one of each that the test above looks for.
func everythingElse([]string) error {
	ignore := func(error) {}
	for _, name := range []string{"/in/none", "/in/by-openat/below", "/in/symlink", "/in/b\xffd\nname"} {
		f, err := os.Open(name)
		ignore(err)
		_ = f.Close()
	}
	_, err := os.OpenFile("/in/by-openat", os.O_WRONLY, 0)
	if err == nil {
		return errors.New("an input was opened for writing")
	}
	faults := []error{
		os.WriteFile("/tmp/new", nil, 0o644), os.Rename("/tmp/new", "/tmp/newer"), os.Remove("/tmp/newer"),
		os.Mkdir("/tmp/dir", 0o755), unixSocket("/tmp/socket"),
	}
	ignore(exec.Command("/in/script").Run())
	ignore(exec.Command("/usr/bin/none").Run())
	for _, dial := range [][2]string{{"tcp", "192.0.2.1:443"}, {"tcp", "[2001:db8::1]:80"}, {"unix", "/run/x"}, {"unix", "@hidden"}} {
		c, err := net.DialTimeout(dial[0], dial[1], time.Second)
		ignore(err)
		if err == nil {
			_ = c.Close()
		}
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	ignore(unix.Sendto(fd, []byte("x"), 0, &unix.SockaddrInet4{Port: 53, Addr: [4]byte{192, 0, 2, 2}}))
	return errors.Join(append(faults, err, result("done"))...)
}

func TestAPolicyCanRefuseAProgramAndAnAddress(t *testing.T) {
	l, in := traced(t, sandbox.TraceOptions{Decide: func(a reproducible.Access) trace.Decision {
		if strings.HasPrefix(a.Path, "/in/") || strings.HasPrefix(a.Path, "inet ") {
			return trace.Refuse
		}
		return trace.Allow
	}})
	s := l.spec("everything-else")
	s.Inputs = append(s.Inputs, in)
	r, err := l.build(t, s)
	require.NoError(t, err, logOf(err))
	require.Contains(t, r.Trace.Accesses, reproducible.Access{Op: reproducible.OpExec, Path: "/in/script", Outcome: reproducible.OutcomeDenied})
	require.Contains(t, r.Trace.Accesses, reproducible.Access{Op: reproducible.OpConnect, Path: "inet 192.0.2.1:443", Outcome: reproducible.OutcomeDenied})
	for _, a := range r.Trace.Accesses {
		require.NotEqual(t, reproducible.OpLoad, a.Op, "what was refused loads nothing: %+v", a)
	}
}

func TestATraceThatRanOverIsNotComplete(t *testing.T) {
	l, in := traced(t, sandbox.TraceOptions{MaxAccesses: 3})
	s := l.spec("everything-else")
	s.Inputs = append(s.Inputs, in)
	r, err := l.build(t, s)
	require.NoError(t, err, logOf(err))
	require.False(t, r.Trace.Complete)
	require.Len(t, r.Trace.Accesses, 3)
	require.NotZero(t, r.Trace.Dropped)
	require.False(t, r.Achieved.Has(reproducible.Traced), "what was promised before the build is taken back")

	s.Require = reproducible.Traced
	_, err = l.build(t, s)
	require.ErrorIs(t, err, attest.Is(reproducible.CodeTrace))
}

func TestWithoutATracerATraceIsNotPromised(t *testing.T) {
	l := newLab(t)
	s := l.spec("echo", "x")
	r, err := l.build(t, s)
	require.NoError(t, err)
	require.Nil(t, r.Trace)
	require.False(t, r.Achieved.Has(reproducible.Traced))
	s.Require = reproducible.Traced
	_, err = l.build(t, s)
	require.ErrorIs(t, err, attest.Is(reproducible.CodeRequireUnmet))
}

// race opens a name that another thread keeps changing between two inputs.
func race([]string) error {
	name := []byte("/in/by-openat\x00")
	other := []byte("/in/by-thread\x00")
	text := append(slices.Clone(name), 0)
	var stop atomic.Bool
	var group sync.WaitGroup
	group.Go(func() {
		for i := 0; !stop.Load(); i++ {
			copy(text, [][]byte{name, other}[i%2])
		}
	})
	for range 3000 {
		fd, _, e := unix.Syscall6(unix.SYS_OPENAT, uintptr(0xffffffffffffff9c), uintptr(unsafe.Pointer(&text[0])), 0, 0, 0, 0)
		if e == 0 {
			_ = unix.Close(int(fd))
		}
	}
	stop.Store(true)
	group.Wait()
	return result("done")
}

func TestAThreadThatRewritesThePathHidesNothingFromTheCrossCheck(t *testing.T) {
	l, in := traced(t, sandbox.TraceOptions{})
	s := l.spec("race")
	s.Inputs = append(s.Inputs, in)
	r, err := l.build(t, s)
	require.NoError(t, err, logOf(err))
	if os.Geteuid() != 0 {
		require.False(t, r.Trace.CrossChecked)
		return
	}
	require.True(t, r.Trace.CrossChecked)
	var resolved []string
	for _, a := range r.Trace.Accesses {
		resolved = append(resolved, a.Resolved)
	}
	require.Subset(t, resolved, []string{"/in/by-openat", "/in/by-thread"})
}

func TestAPolicyThatPanicsCostsTheBuildItsLifeAndNothingElse(t *testing.T) {
	l, in := traced(t, sandbox.TraceOptions{Decide: func(a reproducible.Access) trace.Decision {
		if strings.HasPrefix(a.Path, "/in/") {
			panic("a mistake")
		}
		return trace.Allow
	}})
	s := l.spec("everything-else")
	s.Inputs = append(s.Inputs, in)
	_, err := l.build(t, s)
	require.ErrorIs(t, err, attest.Is(trace.CodeMachine))
	require.ErrorContains(t, err, "a mistake")
}

func TestTheMaterialsOfATracedBuildAreTheFilesThatItRead(t *testing.T) {
	l, in := traced(t, sandbox.TraceOptions{})
	s := l.spec("read-one", "/in/symlink")
	s.Inputs = append(s.Inputs, in)
	r, err := l.build(t, s)
	require.NoError(t, err, logOf(err))
	m, err := trace.MaterialsOf(t.Context(), s, r.Trace, l.store.Manifest)
	require.NoError(t, err)
	require.Equal(t, []attest.Descriptor{
		{Name: "/bin/tool", Digest: l.tool.Set()},
		{Name: "/in/by-openat", Digest: digest.FromBytes([]byte("by-openat")).Set()},
	}, m.Touched)
	statement, err := trace.Statement(r, m, trace.Process{HostID: "https://example.com/host", Event: "1"})
	require.NoError(t, err)
	require.Equal(t, predicate.RuntimeTraceType, statement.PredicateType())
	build, err := reproducible.Describe(s, r, reproducible.DescribeOptions{Builder: provenance.Builder{ID: "https://example.com/builder"}})
	require.NoError(t, err)
	d, err := r.Trace.Digest()
	require.NoError(t, err)
	require.Contains(t, string(build.Internal), d.String())
	require.Equal(t, "trace", build.Byproducts[1].Name)
}
