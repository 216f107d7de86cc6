//go:build linux && (amd64 || arm64)

package sandbox

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/internal/seccompbpf"
)

// answer is what the assembled policy says of a call, in the interpreter of
// golang.org/x/net/bpf, which reads words big-endian.
func answer(t *testing.T, vm *bpf.VM, arch, nr uint32, args ...uint64) seccompbpf.Action {
	t.Helper()
	b := make([]byte, 64)
	binary.BigEndian.PutUint32(b[0:], nr)
	binary.BigEndian.PutUint32(b[4:], arch)
	for i, a := range args {
		binary.BigEndian.PutUint32(b[16+8*i:], uint32(a))
		binary.BigEndian.PutUint32(b[20+8*i:], uint32(a>>32))
	}
	n, err := vm.Run(b)
	require.NoError(t, err)
	return seccompbpf.Action(uint32(n))
}

func policy(t *testing.T) *bpf.VM {
	t.Helper()
	program, err := filter(false).Assemble()
	require.NoError(t, err)
	raw := make([]bpf.Instruction, len(program))
	for i, in := range program {
		raw[i] = bpf.RawInstruction{Op: in.Code, Jt: in.Jt, Jf: in.Jf, K: in.K}.Disassemble()
	}
	vm, err := bpf.NewVM(raw)
	require.NoError(t, err)
	return vm
}

func TestThePolicyMeansWhatAnIndependentInterpreterSays(t *testing.T) {
	vm := policy(t)
	denied := seccompbpf.Errno(uint16(unix.EPERM))
	for _, nr := range append(deniedCalls(), deniedHere()...) {
		require.Equal(t, denied, answer(t, vm, auditArch, nr), "call %d", nr)
	}
	for _, nr := range []uint32{unix.SYS_READ, unix.SYS_OPENAT, unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_MMAP, unix.SYS_EXIT_GROUP, unix.SYS_MEMFD_CREATE} {
		require.Equal(t, seccompbpf.Allow, answer(t, vm, auditArch, nr), "call %d", nr)
	}
	for _, arch := range []uint32{unix.AUDIT_ARCH_I386, unix.AUDIT_ARCH_ARM, unix.AUDIT_ARCH_MIPS, 0, 1 << 31} {
		require.Equal(t, seccompbpf.KillProcess, answer(t, vm, arch, unix.SYS_READ), "architecture %x", arch)
	}
	for nr := uint32(lastSyscall + 1); nr < 4096; nr++ {
		require.Equal(t, seccompbpf.Errno(uint16(unix.ENOSYS)), answer(t, vm, auditArch, nr), "call %d", nr)
	}
}

func TestThePolicyLooksAtArguments(t *testing.T) {
	vm := policy(t)
	denied, foreign := seccompbpf.Errno(uint16(unix.EPERM)), seccompbpf.Errno(uint16(unix.EAFNOSUPPORT))
	for name, x := range map[string]struct {
		nr   uint32
		args []uint64
		want seccompbpf.Action
	}{
		"a thread":                     {unix.SYS_CLONE, []uint64{unix.CLONE_VM | unix.CLONE_THREAD | unix.CLONE_SIGHAND}, seccompbpf.Allow},
		"a fork":                       {unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD)}, seccompbpf.Allow},
		"a namespace":                  {unix.SYS_CLONE, []uint64{unix.CLONE_NEWUSER | uint64(unix.SIGCHLD)}, denied},
		"a namespace among high bits":  {unix.SYS_CLONE, []uint64{1<<32 | unix.CLONE_NEWNET}, denied},
		"an unshared table of files":   {unix.SYS_UNSHARE, []uint64{unix.CLONE_FILES}, seccompbpf.Allow},
		"an unshared namespace":        {unix.SYS_UNSHARE, []uint64{unix.CLONE_FILES | unix.CLONE_NEWNS}, denied},
		"a request for a window size":  {unix.SYS_IOCTL, []uint64{1, unix.TIOCGWINSZ}, seccompbpf.Allow},
		"an injection":                 {unix.SYS_IOCTL, []uint64{0, unix.TIOCSTI}, denied},
		"an injection among high bits": {unix.SYS_IOCTL, []uint64{0, 0xffffffff<<32 | unix.TIOCSTI}, denied},
		"a Unix socket":                {unix.SYS_SOCKET, []uint64{unix.AF_UNIX, unix.SOCK_STREAM}, seccompbpf.Allow},
		"an IPv6 socket":               {unix.SYS_SOCKET, []uint64{unix.AF_INET6, unix.SOCK_DGRAM | unix.SOCK_CLOEXEC}, seccompbpf.Allow},
		"a pair":                       {unix.SYS_SOCKETPAIR, []uint64{unix.AF_UNIX, unix.SOCK_SEQPACKET}, seccompbpf.Allow},
		"a netlink socket":             {unix.SYS_SOCKET, []uint64{unix.AF_NETLINK, unix.SOCK_DGRAM}, foreign},
		"a socket among high bits":     {unix.SYS_SOCKET, []uint64{1<<32 | unix.AF_ALG, unix.SOCK_SEQPACKET}, foreign},
		"a raw socket":                 {unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_RAW | unix.SOCK_CLOEXEC}, denied},
		"a packet socket of old":       {unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_PACKET}, denied},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, x.want, answer(t, vm, auditArch, x.nr, x.args...))
		})
	}
}
