//go:build linux && (amd64 || arm64)

package sandbox

import (
	"context"
	"errors"
	"math"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/cgroup"
	"github.com/sealwright/sealwright/reproducible"
)

// A jail is a child between its start and its end. It belongs to one thread: the
// death of that which started the child would kill the child (prctl(2),
// PR_SET_PDEATHSIG), and only the one that traces it can wait for it.
type jail struct {
	child   *child
	process *os.Process
	control *os.File // the monitor's end of the control pair
	traced  bool
	ended   *ending // once it has been waited for
}

// An ending is how the child went, known only when its whole pid namespace is
// empty.
type ending struct {
	status syscall.WaitStatus
	used   time.Duration // CPU time of the child and all that it waited for
	err    error
}

// start starts a child, which has begun with its script when start returns. It
// enters through doors, which start closes; each of its processes can have so much
// memory. Standard output and error go to log. The calling goroutine must be locked
// to its thread, and stay so until the child has ended.
func start(c *child, doors []cgroup.Door, addressSpace int64, log *os.File) (*jail, error) {
	files := []*os.File{2: log, controlFD: nil}
	var versions []int
	for _, d := range doors {
		defer d.File.Close()
		versions = append(versions, d.Version)
		files = append(files, d.File)
	}
	if err := c.begin(versions, addressSpace); err != nil {
		return nil, err
	}
	stage, err := c.file()
	if err != nil {
		return nil, attest.Refuse(CodeSetUp, "stage", "an executable in memory", "").Because(err)
	}
	defer stage.Close()
	near, far, err := controlPair()
	if err != nil {
		return nil, machineError("control", err)
	}
	j := &jail{child: c, control: near}
	files[0], files[1], files[controlFD] = stage, log, far
	first, err := os.StartProcess("/proc/self/fd/0", []string{"sandbox"}, &os.ProcAttr{Env: []string{}, Files: files})
	_ = far.Close()
	if err != nil {
		return nil, errors.Join(attest.Refuse(CodeSetUp, "stage", "to start", "").Because(err), near.Close())
	}
	err = j.meet()
	_, waitErr := first.Wait()
	if waitErr != nil {
		waitErr = machineError("wait", waitErr)
	}
	if err := errors.Join(err, waitErr); err != nil {
		j.abandon()
		return nil, err
	}
	return j, nil
}

// meet learns from the first stage which process is the child.
func (j *jail) meet() error {
	body, err := j.receive()
	if err != nil {
		return err
	}
	told, failed := failure(body)
	if !failed {
		return attest.Refuse(CodeSetUp, "stage", "a child", "its end")
	}
	pid, ok := j.child.secondStage(told)
	if !ok {
		return j.refusal(told)
	}
	if j.process, err = os.FindProcess(pid); err != nil {
		return machineError("child", err)
	}
	if err := j.child.plan.mapUsers(pid); err != nil {
		return attest.Refuse(CodeSetUp, partNamespaces, "the users of a new namespace", "").Because(err)
	}
	return j.permit()
}

// abandon ends a child that is not wanted.
func (j *jail) abandon() {
	if j.process != nil {
		j.stop()
	}
	j.done()
}

// proc returns the path of what the kernel tells about the child.
func (j *jail) proc(name string) string {
	return "/proc/" + strconv.Itoa(j.process.Pid) + "/" + name
}

// controlPair returns the two ends of the control socket.
func controlPair() (near, far *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control"), nil
}

// receive returns one message, which is empty when the child has closed its end:
// it became the command, or died.
func (j *jail) receive() ([]byte, error) {
	body := make([]byte, max(reportSize, stepSize)+1)
	for {
		n, err := unix.Read(int(j.control.Fd()), body)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECONNRESET): // it died with something unread
			return nil, nil
		case err != nil:
			return nil, machineError("control", os.NewSyscallError("read", err))
		default:
			return body[:n], nil
		}
	}
}

// failure returns the step that ended a child, if a message tells one.
func failure(body []byte) (s step, ok bool) {
	if len(body) != stepSize {
		return s, false
	}
	s = *(*step)(unsafe.Pointer(&body[0]))
	return s, s.index != math.MaxUint64
}

// expect receives the first size bytes of a report. Any other message is why the
// child has ended.
func (j *jail) expect(size int) (*report, error) {
	body, err := j.receive()
	if err != nil {
		return nil, err
	}
	if s, failed := failure(body); failed {
		return nil, j.refusal(s)
	}
	rep := &report{}
	if len(body) != size || copy(unsafe.Slice((*byte)(unsafe.Pointer(rep)), reportSize), body) != size || rep.NoStep != math.MaxUint64 {
		return nil, attest.Refuse(CodeSetUp, "child", "a report", "its end")
	}
	return rep, nil
}

// ran tells why a child that has ended did not become the command.
func (j *jail) ran() error {
	body, err := j.receive()
	if s, failed := failure(body); failed {
		return j.refusal(s)
	}
	return err
}

// permit lets the child go on.
func (j *jail) permit() error {
	if _, err := unix.Write(int(j.control.Fd()), []byte{1}); err != nil {
		return machineError("permission", os.NewSyscallError("write", err))
	}
	return nil
}

// follow makes the monitor the tracer of the child, which waits.
func (j *jail) follow() error {
	err := seize(j.process.Pid)
	j.traced = err == nil
	return err
}

// stop kills the child, and by its death everything in its pid namespace, and
// waits until all of it is gone.
func (j *jail) stop() {
	_ = j.process.Kill() // fails only when the process has ended
	j.wait()
}

// wait waits for the end.
func (j *jail) wait() ending {
	if j.ended == nil {
		e := j.waitFor()
		j.ended = &e
	}
	return *j.ended
}

func (j *jail) waitFor() ending {
	if j.traced {
		return j.waitTraced(j.process.Pid)
	}
	state, err := j.process.Wait()
	if err != nil {
		return ending{err: err}
	}
	return ending{status: state.Sys().(syscall.WaitStatus), used: state.UserTime() + state.SystemTime()}
}

// done closes what the monitor holds.
func (j *jail) done() {
	_ = j.control.Close()
	if j.process != nil {
		_ = j.process.Release()
	}
}

// stopWhen kills the child when ctx ends. The returned function ends the watch.
func (j *jail) stopWhen(ctx context.Context) (release func()) {
	unwatch := context.AfterFunc(ctx, func() { _ = j.process.Kill() })
	return func() { unwatch() }
}

// listener returns the descriptor through which the child's calls are told.
func (j *jail) listener() (*os.File, error) {
	var fd int
	var refused error
	err := j.process.WithHandle(func(handle uintptr) {
		fd, refused = unix.PidfdGetfd(int(handle), int(j.child.listener), 0)
	})
	if err := errors.Join(err, os.NewSyscallError("pidfd_getfd", refused)); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "listener"), nil
}

// refusal tells a step that failed for what the spec says from one that the
// machine refused.
func (j *jail) refusal(s step) error {
	part, why := j.child.describe(s)
	if part == partDir || part == partExec {
		return attest.Refuse(reproducible.CodeStart, part, "a command that starts", why)
	}
	return attest.Refuse(CodeSetUp, part, "the isolation", why)
}

func machineError(where string, err error) error {
	return attest.Refuse(CodeMachine, where, "", "").Because(err)
}
