//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
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

func attackTable(outside int) map[string]attack {
	readOnly, denied, absent := unix.EROFS.Error(), unix.EPERM.Error(), unix.ENOENT.Error()
	byMode := unix.EACCES.Error() // the mode 0555 refuses before the mount does
	pid := strconv.Itoa(outside)
	return map[string]attack{
		"the running program is not overwritten":       {"open-for-writing /proc/self/exe", byMode},
		"process 1 is not overwritten":                 {"open-for-writing /proc/1/exe", byMode},
		"the root of process 1 is the build's":         {"open /proc/1/root/etc/passwd", absent},
		"the machine's files are not there":            {"open /etc/passwd", absent},
		"the machine's home directories are not there": {"open /root", absent},
		"/sys is not there":                            {"open /sys/kernel", absent},
		"core_pattern is not there":                    {"open-for-writing /proc/sys/kernel/core_pattern", absent},
		"sysrq is not there":                           {"open-for-writing /proc/sysrq-trigger", absent},
		"kernel memory is not there":                   {"open /proc/kcore", absent},
		"kernel symbols are not there":                 {"open /proc/kallsyms", absent},
		"the list of keys is not there":                {"open /proc/keys", absent},
		"the machine's memory device is not there":     {"open /dev/mem", absent},
		"the machine's terminal is not there":          {"open /dev/tty", absent},
		"disks are not there":                          {"open /dev/vda", absent},
		"/proc is read-only":                           {"open-for-writing /proc/self/oom_score_adj", readOnly},
		"user mappings cannot be changed":              {"open-for-writing /proc/self/uid_map", readOnly},
		"a process outside is not in /proc":            {"open /proc/" + pid + "/status", absent},
		"the memory of a process outside is not there": {"open /proc/" + pid + "/mem", absent},
		"the root of a process outside is not there":   {"open /proc/" + pid + "/root/etc/passwd", absent},

		"an input is not written":         {"open-for-writing /bin/tool", byMode},
		"an input's mode is not changed":  {"chmod /bin/tool", readOnly},
		"an input's owner is not changed": {"chown /bin/tool", readOnly},
		"an input's times are not set":    {"touch /bin/tool", readOnly},
		"an input is not deleted":         {"unlink /bin/tool", readOnly},
		"an input is not renamed":         {"rename /bin/tool /bin/other", readOnly},
		"an input gets no attribute":      {"setxattr /bin/tool", readOnly},
		"an input is not hard-linked":     {"link /bin/tool /out/result", unix.EXDEV.Error()},
		"an input is not cloned":          {"reflink /bin/tool /out/result", unix.EXDEV.Error()},
		"a tree's file is not written":    {"open-for-writing /tree/file", byMode},
		"a tree gets no file":             {"create /tree/new", readOnly},
		"the root gets no file":           {"create /new", readOnly},
		"/dev gets no file":               {"create /dev/new", readOnly},
		"a device's mode is not changed":  {"chmod /dev/null", readOnly},
		"no device is made":               {"device", denied},

		"descriptors of the monitor are closed": {"use-descriptors", "no descriptor"},
		"TCP to the machine's loopback":         {"dial tcp " + freshTCP, unix.ECONNREFUSED.Error()},
		"TCP to another machine":                {"dial tcp 192.0.2.1:80", unix.ENETUNREACH.Error()},
		"TCP over IPv6":                         {"dial tcp [2001:db8::1]:80", unix.ENETUNREACH.Error()},
		"UDP to another machine":                {"dial udp 192.0.2.1:53", unix.ENETUNREACH.Error()},
		"DNS has no server":                     {"resolve", unix.ECONNREFUSED.Error()},
		"a netlink socket":                      {"socket 16 2", unix.EAFNOSUPPORT.Error()},
		"a kernel crypto socket":                {"socket 38 2", unix.EAFNOSUPPORT.Error()},
		"a packet socket":                       {"socket 17 2", unix.EAFNOSUPPORT.Error()},
		"a socket to the hypervisor":            {"socket 40 2", unix.EAFNOSUPPORT.Error()},
		"a family with high bits set":           {"socket 0x100000010 2", unix.EAFNOSUPPORT.Error()},
		"a raw socket":                          {"socket 2 3", denied},
		"a raw socket with flags":               {"socket 10 " + strconv.Itoa(unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK), denied},

		"a process outside is not killed":         {"kill " + pid, unix.ESRCH.Error()},
		"a process outside is not stopped":        {"stop " + pid, unix.ESRCH.Error()},
		"root is not become":                      {"become 0", ""},
		"another user is not become":              {"become 4242", unix.EINVAL.Error()},
		"capabilities are not raised":             {"raise-caps", denied},
		"limits are not raised":                   {"raise-limit", denied},
		"a terminal gets no input":                {"tiocsti", denied},
		"a terminal gets no input by a wide call": {"tiocsti-64", denied},
		"a console gets no selection":             {"tioclinux", denied},
		"a user namespace by clone":               {"clone-newuser", denied},
		"a user namespace by unshare":             calling(unix.SYS_UNSHARE, denied, unix.CLONE_NEWUSER),
		"a mount namespace by unshare":            calling(unix.SYS_UNSHARE, denied, unix.CLONE_NEWNS),
		"a time namespace by unshare":             calling(unix.SYS_UNSHARE, denied, unix.CLONE_NEWTIME),
		"clone3":                                  calling(unix.SYS_CLONE3, unix.ENOSYS.Error()),
		"a call newer than the filter":            calling(2000, unix.ENOSYS.Error()),
		"the greatest number of a call":           calling(0x3fffffff, unix.ENOSYS.Error()),
		"a ring of calls":                         calling(unix.SYS_IO_URING_SETUP, unix.ENOSYS.Error(), 1),
	}
}

// deniedTable are calls that the filter denies whatever their arguments: with
// none that make sense, another error would come from the kernel behind it.
func deniedTable() map[string]uintptr {
	return map[string]uintptr{
		"setns": unix.SYS_SETNS, "mount": unix.SYS_MOUNT, "umount": unix.SYS_UMOUNT2, "pivot_root": unix.SYS_PIVOT_ROOT,
		"chroot": unix.SYS_CHROOT, "open_tree": unix.SYS_OPEN_TREE, "move_mount": unix.SYS_MOVE_MOUNT,
		"fsopen": unix.SYS_FSOPEN, "fsmount": unix.SYS_FSMOUNT, "mount_setattr": unix.SYS_MOUNT_SETATTR,
		"open_tree_attr": unix.SYS_OPEN_TREE_ATTR, "statmount": unix.SYS_STATMOUNT,
		"ptrace": unix.SYS_PTRACE, "process_vm_readv": unix.SYS_PROCESS_VM_READV, "process_vm_writev": unix.SYS_PROCESS_VM_WRITEV,
		"pidfd_getfd": unix.SYS_PIDFD_GETFD, "kcmp": unix.SYS_KCMP,
		"keyctl": unix.SYS_KEYCTL, "add_key": unix.SYS_ADD_KEY, "request_key": unix.SYS_REQUEST_KEY,
		"bpf": unix.SYS_BPF, "perf_event_open": unix.SYS_PERF_EVENT_OPEN, "userfaultfd": unix.SYS_USERFAULTFD,
		"init_module": unix.SYS_INIT_MODULE, "finit_module": unix.SYS_FINIT_MODULE, "kexec_load": unix.SYS_KEXEC_LOAD,
		"reboot": unix.SYS_REBOOT, "syslog": unix.SYS_SYSLOG, "swapon": unix.SYS_SWAPON, "acct": unix.SYS_ACCT,
		"sethostname": unix.SYS_SETHOSTNAME, "clock_settime": unix.SYS_CLOCK_SETTIME, "settimeofday": unix.SYS_SETTIMEOFDAY,
		"open_by_handle_at": unix.SYS_OPEN_BY_HANDLE_AT, "fanotify_init": unix.SYS_FANOTIFY_INIT, "quotactl": unix.SYS_QUOTACTL,
	}
}

func calling(nr uintptr, want string, args ...uintptr) attack {
	command := "call " + strconv.Itoa(int(nr))
	for _, a := range args {
		command += " " + strconv.Itoa(int(a))
	}
	return attack{command, want}
}

// freshTCP stands for the address of a listener on the machine.
const freshTCP = "LISTENER"

func TestEveryAttackIsRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	leak, err := unix.Open("/dev/null", unix.O_RDONLY, 0) // not close-on-exec
	require.NoError(t, err)
	defer unix.Close(leak)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	tree := l.putFiles(t, map[string]string{"file": "content"})
	table := attackTable(os.Getpid())
	for name, nr := range deniedTable() {
		table["the call "+name] = calling(nr, unix.EPERM.Error())
	}
	for name, a := range table {
		t.Run(name, func(t *testing.T) {
			command := strings.ReplaceAll(a.command, freshTCP, listener.Addr().String())
			words := strings.Fields(command)
			spec := l.spec(words[0], words[1:]...)
			spec.Inputs = append(spec.Inputs, reproducible.Input{Path: "/tree", Kind: reproducible.Tree, Digest: tree})
			r, err := l.build(t, spec)
			require.NoError(t, err, "%s", logOf(err))
			require.Contains(t, l.text(t, r, "result"), a.want)
		})
	}
}

func TestForeignCallsCostTheProcessItsLife(t *testing.T) {
	l := newLab(t)
	for name := range foreign() {
		t.Run(name, func(t *testing.T) {
			_, err := l.build(t, l.spec(name))
			var failed *reproducible.RunError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, "SIGSYS", failed.Result.Exit.Signal)
		})
	}
}

func TestAnAbstractSocketOfTheMachineIsOutOfReach(t *testing.T) {
	l := newLab(t)
	name := "@sealwright-" + strconv.Itoa(os.Getpid())
	listener, err := net.Listen("unix", name)
	require.NoError(t, err)
	defer listener.Close()
	r, err := l.build(t, l.spec("dial", "unix", name))
	require.NoError(t, err, "%s", logOf(err))
	require.Contains(t, l.text(t, r, "result"), unix.ECONNREFUSED.Error())
	c, err := net.Dial("unix", name)
	require.NoError(t, err, "it is within reach of a process outside")
	require.NoError(t, c.Close())
}

func TestUDPDoesNotReachTheMachinesLoopback(t *testing.T) {
	l := newLab(t)
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer conn.Close()
	_, err = l.build(t, l.spec("dial", "udp", conn.LocalAddr().String()))
	require.Error(t, err, "writing to the own loopback is allowed")
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
	_, _, err = conn.ReadFrom(make([]byte, 100))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestAWrongOutputIsRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for name, x := range map[string]struct {
		command string
		code    attest.Code
	}{
		"a link to a file of the machine":  {"symlink /etc/passwd", reproducible.CodeOutputType},
		"a link to an input":               {"symlink /bin/tool", reproducible.CodeOutputType},
		"a link to a descriptor":           {"symlink /proc/self/fd/1", reproducible.CodeOutputType},
		"a link that goes up":              {"symlink ../../../../etc/passwd", reproducible.CodeOutputType},
		"a pipe":                           {"fifo", reproducible.CodeOutputType},
		"a socket":                         {"bound-socket", reproducible.CodeOutputType},
		"a setuid file":                    {"setuid-mode", reproducible.CodeOutputMode},
		"a file without read permission":   {"unreadable", reproducible.CodeOutputMode},
		"a sparse file beyond the limit":   {"sparse 2000000000", reproducible.CodeLimitOutput},
		"directories beyond any path":      {"deep 1500", reproducible.CodeOutputName},
		"nothing":                          {"kit", reproducible.CodeOutputMissing},
		"a sparse file of a whole exabyte": {"sparse 1152921504606846976", reproducible.CodeExit},
	} {
		t.Run(name, func(t *testing.T) {
			words := strings.Fields(x.command)
			spec := l.spec(words[0], words[1:]...)
			spec.Limits.OutputBytes = 1 << 20
			_, err := l.build(t, spec)
			require.ErrorIs(t, err, attest.Is(x.code), "%s", logOf(err))
		})
	}
}

// hasCode reports whether err carries the code.
func hasCode(err error, code attest.Code) bool {
	for _, r := range attest.Reasons(err) {
		if r.Code == code {
			return true
		}
	}
	return false
}

func TestBombsAreDefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	t.Run("a fork bomb meets the limit of processes", func(t *testing.T) {
		mark := newMark()
		spec := l.spec("fork-bomb", "/bin/tool", toolArgument, "sleep", mark)
		spec.Limits.PIDs = 64
		r, err := l.build(t, spec)
		require.NoError(t, err, "%s", logOf(err))
		require.Contains(t, l.text(t, r, "result"), unix.EAGAIN.Error())
		require.Empty(t, processesWith(t, mark), "none of them is left")
	})
	t.Run("an output bomb meets the limit of the file system", func(t *testing.T) {
		spec := l.spec("fill-output")
		spec.Limits.OutputBytes = 1 << 20
		r, err := l.build(t, spec)
		require.NoError(t, err, "%s", logOf(err))
		require.Contains(t, l.text(t, r, "result"), unix.ENOSPC.Error())
	})
	t.Run("a scratch bomb meets the limit of the file system", func(t *testing.T) {
		spec := l.spec("fill-scratch")
		spec.Limits.ScratchBytes = 1 << 20
		r, err := l.build(t, spec)
		require.NoError(t, err, "%s", logOf(err))
		require.Contains(t, l.text(t, r, "result"), unix.ENOSPC.Error())
	})
	t.Run("many files meet the limit of files", func(t *testing.T) {
		spec := l.spec("many")
		spec.Limits.OutputFiles = 100
		_, err := l.build(t, spec)
		require.Error(t, err)
		require.True(t, hasCode(err, reproducible.CodeExit) || hasCode(err, reproducible.CodeOutputMissing), "%v", err)
	})
	t.Run("a memory bomb meets the limit of memory", func(t *testing.T) {
		spec := l.spec("hog")
		spec.Limits.Memory = 1 << 30
		_, err := l.build(t, spec)
		var failed *reproducible.RunError
		require.ErrorAs(t, err, &failed)
		if failed.Result.Achieved.Has(reproducible.MemoryLimit) {
			require.Equal(t, reproducible.CodeLimitMemory, failed.Result.Exit.Limit)
		} else {
			require.Contains(t, string(failed.Result.Log.Text), "out of memory")
		}
	})
	t.Run("an endless loop meets the limit of CPU time", func(t *testing.T) {
		spec := l.spec("burn")
		spec.Limits.CPU = time.Second
		_, err := l.build(t, spec)
		require.True(t, hasCode(err, reproducible.CodeLimitCPU), "%v", err)
	})
}

// newMark returns an argument by which processes can be told.
func newMark() string { return fmt.Sprintf("mark-%d", time.Now().UnixNano()) }

// processesWith returns the processes of the machine that have the mark among
// their arguments.
func processesWith(t *testing.T, mark string) []string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	require.NotEmpty(t, lines)
	var out []string
	for _, line := range lines {
		text, err := os.ReadFile(line)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue
		}
		require.NoError(t, err)
		if strings.Contains(string(text), mark) {
			out = append(out, line)
		}
	}
	return out
}

func TestNothingOutlivesTheCommand(t *testing.T) {
	l := newLab(t)
	mark := newMark()
	for range 5 {
		r, err := l.build(t, l.spec("linger", mark))
		require.NoError(t, err, "%s", logOf(err))
		require.Equal(t, "as the command left it", l.text(t, r, "result"))
	}
	require.Empty(t, processesWith(t, mark))
}
