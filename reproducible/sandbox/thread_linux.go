//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/seccompbpf"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/process"
)

// thread is the process.Preparer of NewThread.
type thread struct {
	uid, gid uint32              // of commands when the caller is root
	version  func() (int, error) // of landlock(7)
	filters  *assembled
}

func newThread(uid, gid uint32) process.Confiner {
	t := thread{uid, gid, landlockVersion, &assembled{}}
	if t.uid == 0 {
		t.uid = 65534
	}
	if t.gid == 0 {
		t.gid = 65534
	}
	return t
}

// Grants tells all or nothing.
func (t thread) Grants() (reproducible.Guarantees, error) {
	v, err := t.version()
	if err != nil {
		return 0, attest.Refuse(CodeSetUp, "landlock", "version "+strconv.Itoa(minLandlock), "none").Because(err)
	}
	if v < minLandlock {
		return 0, attest.Refuse(CodeSetUp, "landlock", "version "+strconv.Itoa(minLandlock), strconv.Itoa(v))
	}
	return ThreadGuarantees, nil
}

// Start starts cmd on a thread that has restricted itself. All of it belongs to
// one thread, is inherited by what it starts, and ends with it: a goroutine that
// ends while locked to its thread takes the thread along.
func (t thread) Start(cmd *exec.Cmd, tree process.Tree) error { return t.Prepare(tree)(cmd) }

// Prepare has a thread restrict itself, and wait for the command.
func (t thread) Prepare(tree process.Tree) (start func(cmd *exec.Cmd) error) {
	granted, err := t.Grants()
	if granted != 0 {
		err = checkProcessors(tree.CPUs)
	}
	if err != nil {
		return func(*exec.Cmd) error { return err }
	}
	commands, results := make(chan *exec.Cmd, 1), make(chan error, 1)
	go func() { _ = onSpareThread(func() error { results <- t.startOne(tree, commands); return nil }) }()
	return func(cmd *exec.Cmd) error {
		if cmd == nil {
			commands <- nil
			return <-results
		}
		// The monitor, who may be root, has made everything in the tree by now. Before,
		// the identity of the command must not have a way to lead it elsewhere.
		if given := t.giveAway(tree); given != nil {
			commands <- nil
			return errors.Join(attest.Refuse(CodeMachine, tree.Root, "", "").Because(given), <-results)
		}
		commands <- cmd
		return <-results
	}
}

// startOne restricts this thread, and starts the command that comes, if one comes.
func (t thread) startOne(tree process.Tree, commands <-chan *exec.Cmd) error {
	err := t.confine(tree)
	if err != nil {
		err = attest.Refuse(CodeSetUp, "thread", "the confinement", "").Because(err)
	}
	cmd := <-commands
	if cmd == nil || err != nil {
		return err
	}
	return cmd.Start()
}

// onSpareThread runs do on a thread that ends with it. The main thread never
// ends, and stands for the process in /proc, so it is passed over.
func onSpareThread(do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == os.Getpid() {
			err := onSpareThread(do) // on another one, since this one is taken
			runtime.UnlockOSThread()
			done <- err
			return
		}
		done <- do()
	}()
	return <-done
}

// giveAway lets the identity of the command into its directories.
func (t thread) giveAway(tree process.Tree) error {
	if os.Geteuid() != 0 {
		return nil
	}
	faults := []error{os.Chown(tree.Root, int(t.uid), int(t.gid))}
	for _, top := range tree.Writable {
		faults = append(faults, filepath.WalkDir(top, func(name string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Lchown(name, int(t.uid), int(t.gid)))
		}))
	}
	return errors.Join(faults...)
}

// confine restricts this thread for tree. It opens what the command may reach while it
// can still open it: the directories may not be the command's yet.
func (t thread) confine(tree process.Tree) error {
	ruleset, err := territory{
		read: append([]string{tree.Root}, tree.Host...), write: tree.Writable,
		use: []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"},
	}.ruleset()
	if err != nil {
		return err
	}
	defer unix.Close(ruleset)
	if err := t.dropPrivileges(); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl PR_SET_NO_NEW_PRIVS", err)
	}
	if err := restrict(ruleset); err != nil {
		return err
	}
	if err := takeProcessors(tree.CPUs); err != nil {
		return err
	}
	program, err := t.filters.of(kind{thread: true, keepCPUs: tree.CPUs != 0})
	if err != nil {
		return err
	}
	return install(program)
}

// dropPrivileges takes the command's identity and empties every set of
// capabilities of this thread. Without CAP_SETPCAP the bounding set stays, which
// grants nothing under no_new_privs.
func (t thread) dropPrivileges() error {
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl PR_CAP_AMBIENT", err)
	}
	if err := dropBounding(); err != nil && !errors.Is(err, unix.EPERM) {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_SECUREBITS, securebits, 0, 0, 0); err != nil && !errors.Is(err, unix.EPERM) {
		return os.NewSyscallError("prctl PR_SET_SECUREBITS", err)
	}
	if os.Geteuid() == 0 {
		if err := switchTo(t.uid, t.gid); err != nil {
			return err
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capset(&header, &data[0]); err != nil {
		return os.NewSyscallError("capset", err)
	}
	if err := unix.Capget(&header, &data[0]); err != nil {
		return os.NewSyscallError("capget", err)
	}
	if data != ([2]unix.CapUserData{}) {
		return errors.New("capabilities remain")
	}
	return nil
}

// threadFilter denies what namespaces would make private: sockets, and System V
// and POSIX objects, which have names of their own outside the file tree.
func threadFilter() seccompbpf.Filter {
	f := filter(false)
	var more []seccompbpf.Rule
	for _, nr := range []uint32{
		unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_SHMCTL, unix.SYS_SEMGET, unix.SYS_SEMOP, unix.SYS_SEMCTL, unix.SYS_SEMTIMEDOP,
		unix.SYS_MSGGET, unix.SYS_MSGSND, unix.SYS_MSGRCV, unix.SYS_MSGCTL, unix.SYS_MQ_OPEN, unix.SYS_MQ_UNLINK,
	} {
		more = append(more, seccompbpf.Rule{Syscall: nr, Action: seccompbpf.Errno(uint16(unix.EPERM))})
	}
	more = append(more, seccompbpf.Rule{Syscall: unix.SYS_SOCKET, Action: seccompbpf.Errno(uint16(unix.EAFNOSUPPORT))})
	f.Rules = append(more, f.Rules...)
	return f
}

// install installs a filter on this thread.
func install(program []seccompbpf.Instruction) error {
	sock := make([]unix.SockFilter, len(program))
	for i, in := range program {
		sock[i] = unix.SockFilter{Code: in.Code, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	prog := unix.SockFprog{Len: uint16(len(sock)), Filter: &sock[0]}
	_, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog)))
	if e != 0 {
		return os.NewSyscallError("seccomp", e)
	}
	mode, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0)
	if err != nil || mode != unix.SECCOMP_MODE_FILTER {
		return errors.Join(errors.New("no filter is in force"), err)
	}
	return nil
}
