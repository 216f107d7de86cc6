//go:build linux && (amd64 || arm64)

package ociruntime

import (
	"golang.org/x/sys/unix"
)

type seccomp struct {
	DefaultAction string   `json:"defaultAction"`
	Architectures []string `json:"architectures"`
	Syscalls      []rule   `json:"syscalls"`
}

// A rule is for all of its names; an argument must meet its condition.
type rule struct {
	Names    []string    `json:"names"`
	Action   string      `json:"action"`
	ErrnoRet uint        `json:"errnoRet"`
	Args     []condition `json:"args,omitempty"`
}

type condition struct {
	Index    uint   `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo,omitempty"`
	Op       string `json:"op"`
}

// masked demands that the bits of mask have that value.
func masked(index uint, mask, value uint64) condition {
	return condition{index, mask, value, "SCMP_CMP_MASKED_EQ"}
}

// newSeccomp is the system call policy of every build: everything is allowed but
// what reaches into other processes, into the kernel, or around the file tree.
// Other architectures than the machine's are left out, which kills.
func newSeccomp() seccomp {
	refuse := func(errno unix.Errno, names []string, args ...condition) rule {
		return rule{Names: names, Action: "SCMP_ACT_ERRNO", ErrnoRet: uint(errno), Args: args}
	}
	s := seccomp{DefaultAction: "SCMP_ACT_ALLOW", Architectures: []string{architecture}}
	s.Syscalls = append(s.Syscalls,
		refuse(unix.EPERM, deniedCalls()),
		// Programs fall back from these to calls that the filter can judge.
		refuse(unix.ENOSYS, []string{"clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"}))
	// CLONE_NEWTIME shares its bit with the exit signal of clone, which is no signal
	// that exists.
	for _, flag := range []uint64{
		unix.CLONE_NEWNS, unix.CLONE_NEWCGROUP, unix.CLONE_NEWUTS, unix.CLONE_NEWIPC,
		unix.CLONE_NEWUSER, unix.CLONE_NEWPID, unix.CLONE_NEWNET, unix.CLONE_NEWTIME,
	} {
		s.Syscalls = append(s.Syscalls, refuse(unix.EPERM, []string{"clone", "unshare"}, masked(0, flag, flag)))
	}
	for _, request := range []uint64{unix.TIOCSTI, unix.TIOCLINUX} {
		s.Syscalls = append(s.Syscalls, refuse(unix.EPERM, []string{"ioctl"}, masked(1, 0xffffffff, request)))
	}
	sockets := []string{"socket", "socketpair"}
	for family := range uint64(unix.AF_INET6) {
		if family != unix.AF_UNIX && family != unix.AF_INET {
			s.Syscalls = append(s.Syscalls, refuse(unix.EAFNOSUPPORT, sockets, condition{0, family, 0, "SCMP_CMP_EQ"}))
		}
	}
	s.Syscalls = append(s.Syscalls, refuse(unix.EAFNOSUPPORT, sockets, condition{0, unix.AF_INET6, 0, "SCMP_CMP_GT"}))
	const kinds = 0xf // the rest of the argument are flags
	for _, kind := range []uint64{unix.SOCK_RAW, unix.SOCK_PACKET} {
		s.Syscalls = append(s.Syscalls, refuse(unix.EPERM, sockets, masked(1, kinds, kind)))
	}
	return s
}

// deniedCalls are refused whatever their arguments. Runtimes pass over the names
// that their libseccomp does not know.
func deniedCalls() []string {
	return []string{
		// other processes
		"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "kcmp", "pidfd_getfd",
		// namespaces and mounts
		"setns", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "open_tree_attr", "fsopen",
		"fsconfig", "fsmount", "fspick", "mount_setattr", "statmount", "listmount", "listns",
		// files by handle, notification of foreign opens, quotas
		"open_by_handle_at", "name_to_handle_at", "fanotify_init", "fanotify_mark", "quotactl", "quotactl_fd", "acct",
		"swapon", "swapoff",
		// the kernel itself
		"bpf", "perf_event_open", "userfaultfd", "memfd_secret", "init_module", "finit_module", "delete_module",
		"kexec_load", "kexec_file_load", "reboot", "syslog",
		// keys
		"add_key", "request_key", "keyctl",
		// clocks and names
		"settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "vhangup",
		// where pages lie
		"move_pages", "migrate_pages",
		// amd64 alone
		"iopl", "ioperm", "modify_ldt", "uselib", "ustat", "sysfs", "_sysctl", "create_module", "get_kernel_syms",
		"query_module", "nfsservctl",
	}
}
