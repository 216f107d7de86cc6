//go:build linux && (amd64 || arm64)

package trace

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/internal/seccompbpf"
	"github.com/sealwright/sealwright/reproducible"
)

// A form says where a system call keeps what it names.
type form uint8

const (
	formPath     form = iota // one path
	formTwoPaths             // the first name goes (rename) or is followed (link), the second comes
	formOpen                 // a path, and flags that tell reading from writing
	formOpen2                // a path, and struct open_how
	formExec                 // a program
	formAddress              // a socket address
	formMessage              // struct msghdr
	formMessages             // an array of struct mmsghdr
)

// none marks an argument that a call does not have.
const none = -1

// A call is one system call that the tracer watches.
type call struct {
	nr   uint32
	form form
	op   reproducible.Op
	// Indexes of arguments: directory descriptor (or none), path or address,
	// flags, mode, vector or length (or none).
	dir, path, flags int
	// The second path of formTwoPaths.
	dir2, path2 int
	// nofollow: a symbolic link at the end is itself the object.
	nofollow bool
}

// commonCalls are those of every architecture.
func commonCalls() []call {
	return []call{
		{nr: unix.SYS_OPENAT, form: formOpen, dir: 0, path: 1, flags: 2},
		{nr: unix.SYS_OPENAT2, form: formOpen2, dir: 0, path: 1, flags: 2},
		{nr: unix.SYS_EXECVE, form: formExec, op: reproducible.OpExec, dir: none, path: 0, flags: none},
		{nr: unix.SYS_EXECVEAT, form: formExec, op: reproducible.OpExec, dir: 0, path: 1, flags: 4},
		{nr: unix.SYS_TRUNCATE, form: formPath, op: reproducible.OpWrite, dir: none, path: 0},
		{nr: unix.SYS_UNLINKAT, form: formPath, op: reproducible.OpRemove, dir: 0, path: 1, nofollow: true},
		{nr: unix.SYS_MKDIRAT, form: formPath, op: reproducible.OpWrite, dir: 0, path: 1, nofollow: true},
		{nr: unix.SYS_MKNODAT, form: formPath, op: reproducible.OpWrite, dir: 0, path: 1, nofollow: true},
		{nr: unix.SYS_SYMLINKAT, form: formPath, op: reproducible.OpWrite, dir: 1, path: 2, nofollow: true},
		{nr: unix.SYS_LINKAT, form: formTwoPaths, op: reproducible.OpOpen, dir: 0, path: 1, dir2: 2, path2: 3},
		{nr: unix.SYS_RENAMEAT2, form: formTwoPaths, op: reproducible.OpRemove, dir: 0, path: 1, dir2: 2, path2: 3, nofollow: true},
		{nr: unix.SYS_RENAMEAT, form: formTwoPaths, op: reproducible.OpRemove, dir: 0, path: 1, dir2: 2, path2: 3, nofollow: true},
		{nr: unix.SYS_CONNECT, form: formAddress, op: reproducible.OpConnect, path: 1, flags: 2},
		{nr: unix.SYS_BIND, form: formAddress, op: reproducible.OpWrite, path: 1, flags: 2},
		{nr: unix.SYS_SENDTO, form: formAddress, op: reproducible.OpConnect, path: 4, flags: 5},
		{nr: unix.SYS_SENDMSG, form: formMessage, op: reproducible.OpConnect, path: 1},
		{nr: unix.SYS_SENDMMSG, form: formMessages, op: reproducible.OpConnect, path: 1, flags: 2},
	}
}

// calls returns every call that the tracer watches.
func calls() []call { return slices.Concat(commonCalls(), callsHere()) }

// blindSpots are what no watched call tells.
func blindSpots() []string {
	return []string{"descriptors opened before", "metadata"}
}

// Watch says which calls a Tracer is told of.
type Watch struct {
	// Files: opens, writes, removals, programs and connections.
	Files bool
	// Clock: questions for the date.
	Clock bool
}

// Filter returns the system call filter under which the process that becomes the
// build has the tracer told of its calls (seccomp(2),
// SECCOMP_FILTER_FLAG_NEW_LISTENER). From then on each of them blocks until a Tracer
// answers. It allows or notifies; it refuses nothing but foreign architectures.
func Filter(w Watch) seccompbpf.Filter {
	f := seccompbpf.Filter{Arch: auditArch, Foreign: foreignBit, Last: lastSyscall, Beyond: seccompbpf.Allow}
	if w.Files {
		for _, c := range calls() {
			f.Rules = append(f.Rules, seccompbpf.Rule{Syscall: c.nr, Action: seccompbpf.Notify})
		}
	}
	if w.Clock {
		f.Rules = append(f.Rules, clockRules()...)
	}
	return f
}
