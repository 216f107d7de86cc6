//go:build linux && (amd64 || arm64)

package sandbox

import (
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/internal/seccompbpf"
)

// newNamespaces are the clone flags that make namespaces, which no build may.
const newNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWTIME

// A kind is which filter a command gets.
type kind struct {
	thread     bool // that of NewThread
	fixedClock bool
	keepCPUs   bool // the processors are the spec's
}

// assembled are filters that were needed before. Its zero value has none.
type assembled struct{ byKind sync.Map }

// of returns that of a kind.
func (a *assembled) of(k kind) ([]seccompbpf.Instruction, error) {
	if program, ok := a.byKind.Load(k); ok {
		return program.([]seccompbpf.Instruction), nil
	}
	f := filter(k.fixedClock)
	if k.thread {
		f = threadFilter()
	}
	if k.keepCPUs {
		f.Rules = append(f.Rules, keepProcessors())
	}
	program, err := f.Assemble()
	if err == nil {
		a.byKind.Store(k, program)
	}
	return program, err
}

// filter is the system call policy of every build. Where the clock is fixed, it
// denies the calls that tell the date besides others that the monitor answers.
func filter(fixedClock bool) seccompbpf.Filter {
	denied := seccompbpf.Errno(uint16(unix.EPERM))
	absent := seccompbpf.Errno(uint16(unix.ENOSYS))
	f := seccompbpf.Filter{
		Arch: auditArch, Foreign: foreignBit, Last: lastSyscall, Beyond: absent,
	}
	for _, nr := range slices.Concat(deniedCalls(), deniedHere()) {
		f.Rules = append(f.Rules, seccompbpf.Rule{Syscall: nr, Action: denied})
	}
	if fixedClock {
		for _, nr := range []uint32{unix.SYS_ADJTIMEX, unix.SYS_CLOCK_ADJTIME} {
			f.Rules = append(f.Rules, seccompbpf.Rule{Syscall: nr, Action: denied})
		}
	}
	// Programs fall back from these to calls that the filter can judge.
	for _, nr := range []uint32{unix.SYS_CLONE3, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER} {
		f.Rules = append(f.Rules, seccompbpf.Rule{Syscall: nr, Action: absent})
	}
	return withArguments(f, denied)
}

// withArguments adds the rules that look at arguments.
func withArguments(f seccompbpf.Filter, denied seccompbpf.Action) seccompbpf.Filter {
	rule := func(nr uint32, action seccompbpf.Action, when ...seccompbpf.Condition) {
		f.Rules = append(f.Rules, seccompbpf.Rule{Syscall: nr, Action: action, When: when})
	}
	// CLONE_NEWTIME shares its bit with the exit signal of clone, which is no
	// signal that exists.
	rule(unix.SYS_CLONE, denied, seccompbpf.Condition{Arg: 0, Op: seccompbpf.AnyBit, Value: newNamespaces})
	rule(unix.SYS_UNSHARE, denied, seccompbpf.Condition{Arg: 0, Op: seccompbpf.AnyBit, Value: newNamespaces})
	for _, request := range []uint32{unix.TIOCSTI, unix.TIOCLINUX} {
		rule(unix.SYS_IOCTL, denied, seccompbpf.Condition{Arg: 1, Op: seccompbpf.Equal, Value: request})
	}
	for _, nr := range []uint32{unix.SYS_SOCKET, unix.SYS_SOCKETPAIR} {
		rule(nr, seccompbpf.Errno(uint16(unix.EAFNOSUPPORT)),
			seccompbpf.Condition{Arg: 0, Op: seccompbpf.NotEqual, Value: unix.AF_UNIX},
			seccompbpf.Condition{Arg: 0, Op: seccompbpf.NotEqual, Value: unix.AF_INET},
			seccompbpf.Condition{Arg: 0, Op: seccompbpf.NotEqual, Value: unix.AF_INET6})
		for _, kind := range []uint32{unix.SOCK_RAW, unix.SOCK_PACKET} {
			for _, flags := range []uint32{0, unix.SOCK_CLOEXEC, unix.SOCK_NONBLOCK, unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK} {
				rule(nr, denied, seccompbpf.Condition{Arg: 1, Op: seccompbpf.Equal, Value: kind | flags})
			}
		}
	}
	return f
}

// deniedCalls are refused on every architecture: they reach into other
// processes, into the kernel, or around the file tree. Most need capabilities
// that the command does not have; the filter keeps their code out of reach too.
func deniedCalls() []uint32 {
	return []uint32{
		// other processes
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE,
		unix.SYS_PROCESS_MRELEASE, unix.SYS_KCMP, unix.SYS_PIDFD_GETFD,
		// namespaces and mounts
		unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT,
		unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_OPEN_TREE_ATTR, unix.SYS_FSOPEN, unix.SYS_FSCONFIG,
		unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR, unix.SYS_STATMOUNT, unix.SYS_LISTMOUNT, unix.SYS_LISTNS,
		// files by handle, notification of foreign opens, quotas
		unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_FANOTIFY_INIT, unix.SYS_FANOTIFY_MARK,
		unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_ACCT, unix.SYS_SWAPON, unix.SYS_SWAPOFF,
		// the kernel itself
		unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_MEMFD_SECRET,
		unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
		unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_REBOOT, unix.SYS_SYSLOG,
		// keys
		unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL,
		// clocks and names
		unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX,
		unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME, unix.SYS_VHANGUP,
		// where pages lie
		unix.SYS_MOVE_PAGES, unix.SYS_MIGRATE_PAGES,
	}
}
