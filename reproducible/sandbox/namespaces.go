//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const partNamespaces = "namespaces"

// newNamespacesOfChild are those that process 1 starts in. That of clocks it makes
// for itself, since the clocks have to be set before anything is in it.
const newNamespacesOfChild = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
	unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// namespaces has the stage start itself again in new ones, as another child of the
// monitor. The result of the first, the process number of the second, is not among
// the right ones: so the first ends by telling it.
func (c *child) namespaces(doors []int) {
	flags, group := uint64(newNamespacesOfChild|unix.CLONE_PARENT), uint64(0)
	for i, version := range doors {
		fd := uint64(controlFD + 1 + i)
		if version == 1 {
			c.add("enter the control group", 1, 1, unix.SYS_WRITE, fd, c.text("0"), 1)
		} else {
			flags, group = flags|unix.CLONE_INTO_CGROUP, fd
		}
	}
	args := []uint64{0: flags, 10: group} // struct clone_args of Linux 5.7
	c.do("clone3", unix.SYS_CLONE3, c.words(args...), uint64(8*len(args)))
}

// users waits until the monitor has said which users exist; until then, the child
// can make no file and have no identity. It comes as late as it can, so that the
// monitor says so while the child does something else.
func (c *child) users() { c.wait() }

// secondStage returns the process number of the child that a first stage has told.
func (c *child) secondStage(s step) (pid int, ok bool) {
	ok = s.index < uint64(len(c.steps)) && c.steps[s.index].call == unix.SYS_CLONE3 && s.result > 0
	return int(s.result), ok
}

// mapUsers says which users of the machine exist in the namespace of a child. Root
// maps the build's user to one that owns nothing, and itself to root for the set-up;
// anybody else can only map the build's user to himself, and gives up groups.
func (p *plan) mapUsers(pid int) error {
	users := fmt.Sprintf("%d %d 1\n", p.UID, p.HostUID)
	groups := fmt.Sprintf("%d %d 1\n", p.GID, p.HostGID)
	proc := "/proc/" + strconv.Itoa(pid)
	if p.Switch {
		users, groups = "0 0 1\n"+users, "0 0 1\n"+groups
	} else if err := tellKernel(proc+"/setgroups", "deny"); err != nil {
		return err
	}
	return errors.Join(tellKernel(proc+"/uid_map", users), tellKernel(proc+"/gid_map", groups))
}

// tellKernel writes text at once, as files of /proc demand.
func tellKernel(name, text string) error {
	fd, err := unix.Open(name, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: name, Err: err}
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte(text)); err != nil {
		return &os.PathError{Op: "write", Path: name, Err: err}
	}
	return nil
}

// clocks makes a time namespace (time_namespaces(7)) in which the machine has just
// started, and enters it.
func (c *child) clocks() error {
	offsets, err := freshStart()
	if err != nil || offsets == "" {
		return err
	}
	c.do("unshare CLONE_NEWTIME", unix.SYS_UNSHARE, unix.CLONE_NEWTIME)
	fd := c.open("open timens_offsets", unix.SYS_OPENAT, atCWD, c.text("/proc/self/timens_offsets"), unix.O_WRONLY|unix.O_CLOEXEC)
	c.add("write timens_offsets", int64(len(offsets)), int64(len(offsets)), unix.SYS_WRITE, fd, c.text(offsets), uint64(len(offsets)))
	c.close(fd)
	fd = c.open("open time_for_children", unix.SYS_OPENAT, atCWD, c.text("/proc/self/ns/time_for_children"), unix.O_RDONLY|unix.O_CLOEXEC)
	c.do("setns", unix.SYS_SETNS, fd, unix.CLONE_NEWTIME)
	c.close(fd)
	c.do("clock_gettime", unix.SYS_CLOCK_GETTIME, unix.CLOCK_BOOTTIME, c.report+uint64(unsafe.Offsetof(report{}.UpTime)))
	return nil
}

// freshStart returns the offsets that set the clocks to zero, or "" where the
// kernel has no time namespaces. They count from the machine's own clocks, while
// the monitor's may be set themselves.
func freshStart() (string, error) {
	text, err := readProc("/proc/self/timens_offsets")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", machineError("time namespace", err)
	}
	own := map[string]time.Duration{}
	for line := range strings.Lines(text) {
		var name string
		var seconds, nanoseconds int64
		if _, err := fmt.Sscan(line, &name, &seconds, &nanoseconds); err != nil {
			return "", machineError("time namespace", err)
		}
		own[name] = time.Duration(seconds)*time.Second + time.Duration(nanoseconds)
	}
	var b strings.Builder
	for _, clock := range []struct {
		name string
		id   int32
	}{{"monotonic", unix.CLOCK_MONOTONIC}, {"boottime", unix.CLOCK_BOOTTIME}} {
		var now unix.Timespec
		if err := unix.ClockGettime(clock.id, &now); err != nil {
			return "", machineError("time namespace", os.NewSyscallError("clock_gettime", err))
		}
		offset := unix.NsecToTimespec(int64(own[clock.name]) - now.Nano())
		fmt.Fprintf(&b, "%s %d %d\n", clock.name, offset.Sec, offset.Nsec)
	}
	return b.String(), nil
}
