//go:build linux && (amd64 || arm64)

package sandbox

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/trace"
)

// A child is this program, re-executed as process 1 of fresh namespaces, on its
// way to becoming the command. Credentials, no_new_privs and the filter belong
// to one thread, so everything happens on the thread that will exec.
type child struct {
	plan     *plan
	achieved reproducible.Guarantees
	output   int // descriptor of /out
	listener int // descriptor that the tracer listens on, or -1
	program  program
}

// becomeChild returns at once unless this process is the child of a sandbox.
func becomeChild() {
	if !inherited() {
		return
	}
	runtime.LockOSThread()
	c := &child{output: -1, listener: -1}
	step, err := c.run()
	c.send(report{Step: step, Error: err.Error()})
	os.Exit(125)
}

// A step is one part of the set-up, named in errors.
type step struct {
	name string
	do   func() error
}

// Steps that fail for what the spec says rather than for what the machine is.
const (
	stepDir  = "dir"
	stepExec = "exec"
)

// run does every step and becomes the command; it returns only with an error.
func (c *child) run() (string, error) {
	steps := []step{
		{"plan", c.readPlan},
		{"descriptors", c.closeOnExec},
		{"mounts", c.mounts},
		{"namespaces", c.namespaces},
		{"hostname", c.hostname},
		{"loopback", loopback},
		{"identity", c.identity},
		{"parent", c.followParent},
		{"directories", c.directories},
		{stepDir, func() error { return unix.Chdir(c.plan.Dir) }},
		{"stdin", stdin},
		{"processors", func() error { return takeProcessors(c.plan.CPUs) }},
		{"filter", c.filter},
		{"program", c.prepareExec},
		{"trace", c.trace},
		{"report", c.reportAndWait},
		{"limits", c.limits},
		{stepExec, c.exec},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return s.name, err
		}
	}
	return stepExec, errors.New("exec returned")
}

func (c *child) readPlan() (err error) {
	c.plan, err = readPlan()
	return err
}

// closeOnExec marks every descriptor from 3 on.
func (c *child) closeOnExec() error {
	if err := unix.CloseRange(3, ^uint(0)>>1, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return os.NewSyscallError("close_range", err)
	}
	c.achieved |= reproducible.ClosedDescriptors | reproducible.CleanEnvironment
	return nil
}

func (c *child) hostname() error {
	if err := errors.Join(unix.Sethostname([]byte(c.plan.Hostname)), unix.Setdomainname(nil)); err != nil {
		return err
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err
	}
	if unix.ByteSliceToString(u.Nodename[:]) == c.plan.Hostname {
		c.achieved |= reproducible.FixedHostname
	}
	return nil
}

// namespaces checks that the child shares none with its monitor.
func (c *child) namespaces() error {
	means := map[string]reproducible.Guarantees{
		"net": reproducible.NoNetwork, "ipc": reproducible.IPCIsolation, "uts": reproducible.UTSIsolation,
		"user": reproducible.UserIsolation, "pid": reproducible.PIDIsolation | reproducible.KillTree,
		"mnt": reproducible.MinimalRoot, "cgroup": 0,
	}
	for name, guarantee := range means {
		own, err := os.Readlink("/proc/self/ns/" + name)
		if err != nil {
			return err
		}
		if monitors := c.plan.Namespaces[name]; monitors == "" || own == monitors {
			return errors.New("the " + name + " namespace is the monitor's")
		}
		c.achieved |= guarantee
	}
	return nil
}

// loopback brings up the only interface.
func loopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_UP)
	return os.NewSyscallError("ioctl SIOCSIFFLAGS", unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r))
}

// followParent makes the death of the monitor the child's. A monitor that died
// before has closed its end of the control socket.
func (c *child) followParent() error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	fds := []unix.PollFd{{Fd: controlFD, Events: unix.POLLRDHUP}}
	if _, err := unix.Poll(fds, 0); err != nil {
		return os.NewSyscallError("poll", err)
	}
	if fds[0].Revents&(unix.POLLRDHUP|unix.POLLHUP) != 0 {
		return errors.New("the monitor is gone")
	}
	return nil
}

// directories makes the home as the identity that will use it and keeps a
// descriptor of /out for the monitor.
func (c *child) directories() error {
	unix.Umask(0o022)
	if err := unix.Mkdir(reproducible.HomeDir, 0o755); err != nil {
		return os.NewSyscallError("mkdir", err)
	}
	unix.Umask(int(c.plan.Umask))
	fd, err := unix.Open(reproducible.OutputDir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	c.output = fd
	return os.NewSyscallError("open", err)
}

func stdin() error {
	fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("open", err)
	}
	return os.NewSyscallError("dup3", unix.Dup3(fd, 0, 0))
}

// reportAndWait tells the monitor what was achieved and waits for permission to
// run the command.
func (c *child) reportAndWait() error {
	fds := []int{c.output}
	if c.listener >= 0 {
		fds = append(fds, c.listener)
	}
	if err := c.send(report{Achieved: c.achieved}, fds...); err != nil {
		return err
	}
	permission := make([]byte, 1)
	n, err := unix.Read(controlFD, permission)
	if err != nil {
		return os.NewSyscallError("read", err)
	}
	if n != 1 {
		return errors.New("no permission")
	}
	return nil
}

// send writes one message, with descriptors if there are any. Another thread
// does it: this one may already be watched by a tracer that does not listen yet,
// and the runtime starts no thread from a locked one, so the others are not.
func (c *child) send(r report, fds ...int) error {
	body, err := strictjson.Marshal(r)
	if err != nil {
		return err
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	sent := make(chan error)
	go func() {
		sent <- os.NewSyscallError("sendmsg", unix.Sendmsg(controlFD, body, rights, nil, unix.MSG_NOSIGNAL))
	}()
	return <-sent
}

// trace has the monitor told of system calls. From here on this thread can make
// none of those that are watched until the monitor listens.
func (c *child) trace() (err error) {
	if w := c.plan.watch(); w != (trace.Watch{}) {
		c.listener, err = trace.Install(w)
	}
	return err
}

// A program is what execve(2) takes, made before the limits are set.
type program struct {
	path      *byte
	argv, env []*byte
	failure   [errnoSize]byte
}

// errnoSize is the size of the message that tells why exec failed: an error
// number. It is no JSON, because a program under the limits of the command may
// have no memory to make any.
const errnoSize = 4

func (c *child) prepareExec() (err error) {
	if c.program.path, err = syscall.BytePtrFromString(c.plan.Command[0]); err != nil {
		return err
	}
	if c.program.argv, err = syscall.SlicePtrFromStrings(c.plan.Command); err != nil {
		return err
	}
	c.program.env, err = syscall.SlicePtrFromStrings(c.plan.Env)
	return err
}

// exec becomes the command, without allocating. The program is busy for an
// instant when the monitor has just written it and another of its children,
// forked meanwhile, has not yet closed what it inherited (go.dev/issue/22315).
func (c *child) exec() error {
	p := &c.program
	pause := unix.Timespec{Nsec: 10_000_000}
	var e syscall.Errno
	for range 200 {
		_, _, e = unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(p.path)),
			uintptr(unsafe.Pointer(&p.argv[0])), uintptr(unsafe.Pointer(&p.env[0])))
		if e != unix.ETXTBSY {
			break
		}
		_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
	}
	binary.LittleEndian.PutUint32(p.failure[:], uint32(e))
	_, _, _ = unix.RawSyscall(unix.SYS_WRITE, controlFD, uintptr(unsafe.Pointer(&p.failure)), errnoSize)
	_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, 125, 0, 0)
	return e
}
