//go:build linux && (amd64 || arm64)

package sandbox

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// A jail is a child between its start and its end.
type jail struct {
	process *os.Process
	control *os.File // the monitor's end of the control pair
	ended   chan ending
	// seize asks the thread that started the child to become its tracer, and
	// seized answers. Closing seize tells it that nobody will.
	seize  chan struct{}
	seized chan error
	let    sync.Once
}

// An ending is how the child went, known only when its whole pid namespace is
// empty.
type ending struct {
	status syscall.WaitStatus
	used   time.Duration // CPU time of the child and all that it waited for
	err    error
}

// start starts this program again as process 1 of fresh namespaces. Standard
// output and error go to log. The death of the thread that started it would
// kill the child (prctl(2), PR_SET_PDEATHSIG), so one locked thread starts it,
// waits for it, and ends.
func (s *Sandbox) start(p *plan, log *os.File) (*jail, error) {
	planFile, err := p.file()
	if err != nil {
		return nil, machineError("plan", err)
	}
	defer planFile.Close()
	near, far, err := controlPair()
	if err != nil {
		return nil, machineError("control", err)
	}
	defer far.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, errors.Join(machineError(os.DevNull, err), near.Close())
	}
	defer null.Close()

	j := &jail{control: near, ended: make(chan ending, 1), seize: make(chan struct{}), seized: make(chan error, 1)}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		process, err := os.StartProcess("/proc/self/exe", []string{"sandbox"}, &os.ProcAttr{
			Dir:   "/",
			Env:   []string{},
			Files: []*os.File{null, log, log, planFD: planFile, controlFD: far},
			Sys:   s.attributes(p),
		})
		j.process = process
		started <- err
		if err != nil {
			return
		}
		traced := p.FixedClock
		if traced {
			if _, traced = <-j.seize; traced {
				j.seized <- seizeAll(process.Pid)
			}
		}
		j.ended <- j.waitFor(process, traced)
	}()
	if err := <-started; err != nil {
		return nil, errors.Join(attest.Refuse(CodeSetUp, "namespaces", "new namespaces", "").Because(err), near.Close())
	}
	return j, nil
}

// waitFor waits on the thread that started the child.
func (j *jail) waitFor(process *os.Process, traced bool) ending {
	if traced {
		return j.waitTraced(process.Pid)
	}
	state, err := process.Wait()
	if err != nil {
		return ending{err: err}
	}
	return ending{status: state.Sys().(syscall.WaitStatus), used: state.UserTime() + state.SystemTime()}
}

// follow makes the monitor the tracer of the child, which has stopped before its
// command.
func (j *jail) follow() error {
	j.seize <- struct{}{}
	return <-j.seized
}

// attributes ask for the namespaces. Root maps the build's user to one that owns
// nothing, and itself to root for the set-up; anybody else can only map the
// build's user to himself, and keeps the capabilities of the set-up over the
// exec as ambient ones.
func (s *Sandbox) attributes(p *plan) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
			unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP,
		Setsid:    true,
		Pdeathsig: syscall.SIGKILL,
	}
	if p.Switch {
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}, {ContainerID: int(p.UID), HostID: int(s.config.HostUID), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}, {ContainerID: int(p.GID), HostID: int(s.config.HostGID), Size: 1}}
		a.GidMappingsEnableSetgroups = true
		return a
	}
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: int(p.UID), HostID: os.Geteuid(), Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: int(p.GID), HostID: os.Getegid(), Size: 1}}
	a.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_SETPCAP}
	return a
}

// controlPair returns the two ends of the control socket.
func controlPair() (near, far *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control"), nil
}

// receive reads one report and the descriptors that came with it. ok is false
// when the child has closed its end: it became the command, or died.
func (j *jail) receive() (r report, fds []*os.File, ok bool, err error) {
	body, rights := make([]byte, 64<<10), make([]byte, unix.CmsgSpace(2*4))
	n, rightsLen, _, _, err := unix.Recvmsg(int(j.control.Fd()), body, rights, unix.MSG_CMSG_CLOEXEC)
	for errors.Is(err, unix.EINTR) {
		n, rightsLen, _, _, err = unix.Recvmsg(int(j.control.Fd()), body, rights, unix.MSG_CMSG_CLOEXEC)
	}
	if err != nil && !errors.Is(err, unix.ECONNRESET) {
		return report{}, nil, false, os.NewSyscallError("recvmsg", err)
	}
	fds, err = descriptors(rights[:rightsLen])
	if err != nil || n <= 0 {
		return report{}, fds, false, err
	}
	if n == errnoSize {
		why := syscall.Errno(binary.LittleEndian.Uint32(body))
		return report{Step: stepExec, Error: os.NewSyscallError("execve", why).Error()}, fds, true, nil
	}
	return r, fds, true, strictjson.Unmarshal(body[:n], &r, strictjson.Options{})
}

// descriptors returns those in a control message: of /out, and of the listener.
func descriptors(rights []byte) ([]*os.File, error) {
	if len(rights) == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil || len(messages) != 1 {
		return nil, errors.Join(errors.New("malformed control message"), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for _, fd := range fds {
		files = append(files, os.NewFile(uintptr(fd), "from the child"))
	}
	return files, nil
}

// permit lets the child run the command.
func (j *jail) permit() error {
	_, err := unix.Write(int(j.control.Fd()), []byte{1})
	return os.NewSyscallError("write", err)
}

// stop kills the child, and by its death everything in its pid namespace, and
// waits until all of it is gone.
func (j *jail) stop() ending {
	_ = j.process.Kill() // fails only when the process has ended
	j.let.Do(func() { close(j.seize) })
	return j.wait()
}

// wait waits for the end.
func (j *jail) wait() ending {
	e := <-j.ended
	j.ended <- e // so that it can be asked again
	return e
}

// done closes what the monitor holds.
func (j *jail) done() { _ = j.control.Close() }

// stopWhen kills the child when ctx ends. The returned function ends the watch.
func (j *jail) stopWhen(ctx context.Context) (release func()) {
	unwatch := context.AfterFunc(ctx, func() { _ = j.process.Kill() })
	return func() { unwatch() }
}

func machineError(where string, err error) error {
	return attest.Refuse(CodeMachine, where, "", "").Because(err)
}
