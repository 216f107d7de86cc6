//go:build linux && (amd64 || arm64)

package ociruntime_test

import (
	"errors"
	"maps"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
)

// An attack is a command and how the kernel must refuse it.
type attack struct {
	command string // act and arguments
	want    string // part of the error that the command got
}

func calling(nr uintptr, want error, args ...uintptr) attack {
	command := "call " + strconv.Itoa(int(nr))
	for _, a := range args {
		command += " " + strconv.Itoa(int(a))
	}
	return attack{command, want.Error()}
}

func attackTable(outside, listener string) map[string]attack {
	readOnly, denied, absent := unix.EROFS.Error(), unix.EPERM.Error(), unix.ENOENT.Error()
	family := unix.EAFNOSUPPORT.Error()
	return map[string]attack{
		"the machine's files are not there":            {"open /etc/passwd", absent},
		"the machine's home directories are not there": {"open /root", absent},
		"/sys is not there":                            {"open /sys/kernel", absent},
		"kernel settings are not there":                {"open /proc/sys/kernel/core_pattern", absent},
		"sysrq is not there":                           {"open /proc/sysrq-trigger", absent},
		"kernel memory is not there":                   {"open /proc/kcore", absent},
		"the list of keys is not there":                {"open /proc/keys", absent},
		"disks are not there":                          {"open /dev/vda", absent},
		"/proc is read-only":                           {"open-for-writing /proc/self/oom_score_adj", readOnly},
		"a process outside is not in /proc":            {"open /proc/" + outside + "/status", absent},
		"the root of process 1 is the build's":         {"open /proc/1/root/etc/passwd", absent},
		"an input is not written":                      {"open-for-writing /bin/tool", unix.EACCES.Error()},
		"an input's mode is not changed":               {"chmod /bin/tool", readOnly},
		"an input is not deleted":                      {"unlink /bin/tool", readOnly},
		"an input is not hard-linked":                  {"link /bin/tool /out/result", unix.EXDEV.Error()},
		"the root gets no file":                        {"create /new", readOnly},
		"/dev gets no file":                            {"create /dev/new", readOnly},
		"no device is made":                            {"device", denied},
		"descriptors of the runtime are closed":        {"use-descriptors", "no descriptor"},
		"TCP to the machine's loopback":                {"dial tcp " + listener, unix.ECONNREFUSED.Error()},
		"TCP to another machine":                       {"dial tcp 192.0.2.1:80", unix.ENETUNREACH.Error()},
		"UDP to another machine":                       {"dial udp 192.0.2.1:53", unix.ENETUNREACH.Error()},
		"a socket without a family":                    {"socket 0 2", family},
		"a netlink socket":                             {"socket 16 2", family},
		"a kernel crypto socket":                       {"socket 38 5", family},
		"a socket to the hypervisor":                   {"socket 40 1", family},
		"an AX.25 socket":                              {"socket 3 5", family},
		"a family with high bits set":                  {"socket 0x100000010 2", family},
		"a raw socket":                                 {"socket 2 3", denied},
		"a raw socket with flags":                      {"socket 10 " + strconv.Itoa(unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK), denied},
		"a process outside is not killed":              {"kill " + outside, unix.ESRCH.Error()},
		"root is not become":                           {"become 0", denied},
		"another user is not become":                   {"become 4242", unix.EINVAL.Error()},
		"capabilities are not raised":                  {"raise-caps", denied},
		"limits are not raised":                        {"raise-limit", denied},
		"a terminal gets no input":                     {"tiocsti", denied},
		"a terminal gets no input by a wide call":      {"tiocsti-64", denied},
		"a user namespace by clone":                    {"clone-newuser", denied},
		"a user namespace by unshare":                  calling(unix.SYS_UNSHARE, unix.EPERM, unix.CLONE_NEWUSER),
		"two namespaces by unshare":                    calling(unix.SYS_UNSHARE, unix.EPERM, unix.CLONE_NEWUSER|unix.CLONE_NEWNS),
		"a time namespace by unshare":                  calling(unix.SYS_UNSHARE, unix.EPERM, unix.CLONE_NEWTIME),
		"clone3":                                       calling(unix.SYS_CLONE3, unix.ENOSYS),
		"a ring of calls":                              calling(unix.SYS_IO_URING_SETUP, unix.ENOSYS, 1),
		"ptrace":                                       calling(unix.SYS_PTRACE, unix.EPERM),
		"foreign memory":                               calling(unix.SYS_PROCESS_VM_READV, unix.EPERM),
		"mount":                                        calling(unix.SYS_MOUNT, unix.EPERM),
		"setns":                                        calling(unix.SYS_SETNS, unix.EPERM),
		"bpf":                                          calling(unix.SYS_BPF, unix.EPERM),
		"perf_event_open":                              calling(unix.SYS_PERF_EVENT_OPEN, unix.EPERM),
		"userfaultfd":                                  calling(unix.SYS_USERFAULTFD, unix.EPERM),
		"keyctl":                                       calling(unix.SYS_KEYCTL, unix.EPERM),
		"fanotify":                                     calling(unix.SYS_FANOTIFY_INIT, unix.EPERM),
		"files by handle":                              calling(unix.SYS_OPEN_BY_HANDLE_AT, unix.EPERM),
	}
}

func TestEveryAttackIsRefused(t *testing.T) {
	l := newLab(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	leak, err := unix.Open("/dev/null", unix.O_RDONLY, 0) // not close-on-exec
	require.NoError(t, err)
	defer unix.Close(leak)
	table := attackTable(strconv.Itoa(os.Getpid()), listener.Addr().String())
	names := slices.Sorted(maps.Keys(table))
	var commands []string
	for _, name := range names {
		commands = append(commands, table[name].command)
	}
	r, err := l.build(t, l.spec("attack", commands...))
	require.NoError(t, err, "%s", logOf(err))
	refusals := strings.Split(l.text(t, r, "result"), "\n")
	require.Len(t, refusals, len(names))
	for i, name := range names {
		t.Run(name, func(t *testing.T) { require.Contains(t, refusals[i], table[name].want) })
	}
}

func TestBombsMeetTheirLimits(t *testing.T) {
	l := newLab(t)
	for name, x := range map[string]struct {
		act  string
		want error
	}{
		"a fork bomb":          {"fork-bomb /bin/tool " + toolArgument + " sleep", unix.EAGAIN},
		"an output bomb":       {"fill /out/result", unix.ENOSPC},
		"a scratch bomb":       {"fill /tmp/file", unix.ENOSPC},
		"a bomb of file names": {"many", unix.ENOSPC},
	} {
		t.Run(name, func(t *testing.T) {
			s := l.spec("attack", x.act)
			s.Limits.PIDs, s.Limits.OutputBytes, s.Limits.OutputFiles, s.Limits.ScratchBytes = 64, 1<<20, 100, 1<<20
			r, err := l.build(t, s)
			require.NoError(t, err, "%s", logOf(err))
			require.Contains(t, l.text(t, r, "result"), x.want.Error())
		})
	}
}

func TestAMemoryBombIsKilled(t *testing.T) {
	l := newLab(t)
	granted, err := l.builder.Probe(t.Context())
	require.NoError(t, err)
	if !granted.Has(reproducible.MemoryLimit) {
		return // this machine lends no control groups; the guarantee is not given
	}
	s := l.spec("hog")
	s.Limits.Memory = 256 << 20
	_, err = l.build(t, s)
	var failed *reproducible.RunError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, 128+int(unix.SIGKILL), failed.Result.Exit.Code)
}

func TestABuildThatComputesTooLongIsKilled(t *testing.T) {
	l := newLab(t)
	s := l.spec("burn")
	s.Limits.CPU = time.Second
	_, err := l.build(t, s)
	require.ErrorIs(t, err, attest.Is(reproducible.CodeLimitCPU))
}

func TestAnOutputThatIsALinkIsRefused(t *testing.T) {
	l := newLab(t)
	_, err := l.build(t, l.spec("symlink", "/etc/passwd"))
	require.ErrorIs(t, err, attest.Is(reproducible.CodeOutputType))
}

func TestWhatACommandLeavesRunningIsKilled(t *testing.T) {
	l := newLab(t)
	start := time.Now()
	_, err := l.build(t, l.spec("linger"))
	require.NoError(t, err, "%s", logOf(err))
	require.Less(t, time.Since(start), 30*time.Second)
}

func TestAForeignSystemCallCostsTheThreadItsLife(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		return // the call is one of x32
	}
	l := newLab(t)
	r, err := l.build(t, l.spec("foreign"))
	require.NoError(t, err, "%s", logOf(err))
	require.Equal(t, "the thread is gone", l.text(t, r, "result"))
}

func TestACommandSeesTheSpecsIdentityAndNothingElse(t *testing.T) {
	l := newLab(t)
	s := l.spec("identity")
	s.UID, s.GID, s.Umask, s.Hostname = 4711, 4712, 0o027, "builder"
	r, err := l.build(t, s)
	require.NoError(t, err, "%s", logOf(err))
	text := l.text(t, r, "result")
	require.Contains(t, text, "uid 4711 gid 4712 pid 1 host builder umask 0027\n")
	for _, line := range []string{"CapBnd:\t0000000000000000", "CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"} {
		require.Contains(t, text, line)
	}
	r, err = l.build(t, l.spec("look", "/", "/tmp", "/out"))
	require.NoError(t, err, "%s", logOf(err))
	require.Equal(t, "bin dev out proc tmp home", l.text(t, r, "result"))
}

func TestRequirementsAreMetOrNamed(t *testing.T) {
	l := newLab(t)
	granted, err := l.builder.Probe(t.Context())
	require.NoError(t, err)
	require.True(t, granted.Has(reproducible.Hermetic))
	s := l.spec("sleep")
	s.Require = reproducible.AllGuarantees
	_, err = l.build(t, s)
	var unmet *reproducible.UnmetError
	require.True(t, errors.As(err, &unmet))
	require.Equal(t, reproducible.AllGuarantees&^granted, unmet.Missing)
	require.True(t, unmet.Missing.Has(reproducible.Traced|reproducible.FixedClock), "an adapter has neither")
	t.Log(granted)
}
