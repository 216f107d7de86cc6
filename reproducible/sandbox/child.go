//go:build linux && (amd64 || arm64)

package sandbox

import (
	"math"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/internal/seccompbpf"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/trace"
)

// controlFD is where a child has its end of the control socket, a SOCK_SEQPACKET
// pair. Descriptors 0, 1 and 2 are its program and the log.
const controlFD = 3

// A child is the script of process 1 of a build, on its way to becoming the
// command.
type child struct {
	*script
	plan     *plan
	copies   []uint64 // descriptors of the mounts that the monitor fills, or 0, as in plan.Mounts
	listener uint64   // descriptor that the tracer listens on, or 0
	answer   uint64   // address of a byte that the monitor sends
	report   uint64   // address of a report
}

// A report is what a child tells the monitor before the command runs.
type report struct {
	NoStep uint64 // all ones, which no step has as its index
	Name   unix.Utsname
	UpTime unix.Timespec
}

// reportSize is the size of a report, and fillSize that of as much of it as tells
// that the child waits for its copies.
const (
	reportSize = int(unsafe.Sizeof(report{}))
	fillSize   = 8
)

// Parts that fail for what the spec says rather than for what the machine is.
const (
	partDir  = "dir"
	partExec = "exec"
)

// compose writes the script of a child that does what p says, except how it begins.
func compose(p *plan) (*child, error) {
	c := &child{script: newScript(), plan: p}
	c.answer, c.report = c.room(1), put(c.script, report{NoStep: math.MaxUint64})
	for _, part := range []struct {
		name    string
		compose func() error
	}{
		{"descriptors", c.closeDescriptors},
		{"clocks", c.clocks},
		{"mounts", c.mounts},
		{"hostname", c.hostname},
		{"loopback", c.loopback},
		{"identity", c.identity},
		{"parent", c.followParent},
		{"directories", c.directories},
		{partDir, c.changeDirectory},
		{"stdin", c.stdin},
		{"processors", c.processors},
		{"filter", c.filter},
		{"trace", c.watch},
		{"session", c.session},
		{"report", c.reportAndWait},
		{"limits", c.limits},
		{partExec, c.exec},
	} {
		c.part = part.name
		if err := part.compose(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// begin has the child enter control groups of those versions, whose doors it has in
// descriptors from controlFD+1 on, and limits the memory of its processes unless the
// group does. It may be called once.
func (c *child) begin(doors []int, addressSpace int64) (err error) {
	c.first(func() {
		c.part = "limits"
		if addressSpace != 0 {
			err = c.limit(unix.RLIMIT_AS, addressSpace, addressSpace)
		}
		c.part = partNamespaces
		c.namespaces(doors)
	})
	return err
}

// closeDescriptors leaves the child four, of which the last closes when it becomes
// the command.
func (c *child) closeDescriptors() error {
	c.do("close_range", unix.SYS_CLOSE_RANGE, controlFD+1, math.MaxUint32, 0)
	c.do("fcntl", unix.SYS_FCNTL, controlFD, unix.F_SETFD, unix.FD_CLOEXEC)
	return nil
}

// close closes a descriptor that open made.
func (c *child) close(fd uint64) {
	c.do("close", unix.SYS_CLOSE, fd)
	c.free[fd] = true
}

// wait waits for a word of the monitor, whose end ends the child.
func (c *child) wait() {
	c.add("read", 1, 1, unix.SYS_READ, controlFD, c.answer, 1)
}

// tell sends the first size bytes of the report.
func (c *child) tell(size int) {
	c.add("write", int64(size), int64(size), unix.SYS_WRITE, controlFD, c.report, uint64(size))
}

func (c *child) hostname() error {
	name := c.plan.Hostname
	c.do("sethostname", unix.SYS_SETHOSTNAME, c.text(name), uint64(len(name)))
	c.do("setdomainname", unix.SYS_SETDOMAINNAME, c.text(""), 0)
	c.do("uname", unix.SYS_UNAME, c.report+uint64(unsafe.Offsetof(report{}.Name)))
	return nil
}

// loopback brings up the only interface.
func (c *child) loopback() error {
	r, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_UP)
	fd := c.open("socket", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	c.do("ioctl SIOCSIFFLAGS", unix.SYS_IOCTL, fd, unix.SIOCSIFFLAGS, put(c.script, *r))
	c.close(fd)
	return nil
}

// followParent makes the death of the monitor the child's. A monitor that died
// before has closed its end of the control socket.
func (c *child) followParent() error {
	c.do("prctl PR_SET_PDEATHSIG", unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uint64(unix.SIGKILL))
	fds := put(c.script, unix.PollFd{Fd: controlFD, Events: unix.POLLRDHUP})
	c.do("ppoll", unix.SYS_PPOLL, fds, 1, c.words(0, 0), 0, 0)
	return nil
}

// directories makes the home as the identity that will use it.
func (c *child) directories() error {
	c.do("mkdir "+reproducible.HomeDir, unix.SYS_MKDIRAT, atCWD, c.text(reproducible.HomeDir), 0o755)
	c.any("umask", unix.SYS_UMASK, uint64(c.plan.Umask))
	return nil
}

func (c *child) changeDirectory() error {
	c.do("chdir", unix.SYS_CHDIR, c.text(c.plan.Dir))
	return nil
}

func (c *child) stdin() error {
	fd := c.open("open /dev/null", unix.SYS_OPENAT, atCWD, c.text("/dev/null"), unix.O_RDONLY|unix.O_CLOEXEC)
	c.do("dup3", unix.SYS_DUP3, fd, 0, 0)
	c.close(fd)
	return nil
}

// processors leaves the child those of the spec.
func (c *child) processors() error {
	if c.plan.CPUs == 0 {
		return nil
	}
	set, err := processors(c.plan.CPUs)
	if err != nil {
		return err
	}
	c.do("sched_setaffinity", unix.SYS_SCHED_SETAFFINITY, 0, uint64(unsafe.Sizeof(set)), put(c.script, set))
	return nil
}

// filter installs the system call policy.
func (c *child) filter() error {
	program, err := c.plan.Filters.of(kind{fixedClock: c.plan.FixedClock, keepCPUs: c.plan.CPUs != 0})
	c.do("seccomp", unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, c.seccomp(program))
	return err
}

// seccomp puts a filter as seccomp(2) takes it.
func (c *child) seccomp(program []seccompbpf.Instruction) (address uint64) {
	instructions := make([]uint64, len(program))
	for i, in := range program {
		instructions[i] = uint64(in.Code) | uint64(in.Jt)<<16 | uint64(in.Jf)<<24 | uint64(in.K)<<32
	}
	return c.words(uint64(len(program)), c.words(instructions...))
}

// watch has the monitor told of system calls. From here on the child can make none
// of those that are watched until the monitor listens.
func (c *child) watch() error {
	w := c.plan.watch()
	if w == (trace.Watch{}) {
		return nil
	}
	program, err := trace.Filter(w).Assemble()
	c.listener = c.open("seccomp", unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, listenerFlags(), c.seccomp(program))
	return err
}

// listenerFlags ask for a descriptor, and for calls that no signal makes start
// again where the kernel knows that (Linux 5.19): then it looks at the filter, of
// which there is none, and else at the flag.
func listenerFlags() uint64 {
	const plain, killable = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	if _, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, killable, 0); e == unix.EFAULT {
		return killable
	}
	return plain
}

// reportAndWait tells the monitor that the command could run, and waits for
// permission.
func (c *child) reportAndWait() error {
	c.tell(reportSize)
	c.wait()
	return nil
}

// session leaves the monitor's session, and with it any terminal. It comes late: each
// session has a share of the processors of its own (sched(7), "The autogroup feature"),
// and on a busy machine a new one waits for it; what is set up uses the monitor's.
func (c *child) session() error {
	c.add("setsid", 1, 1, unix.SYS_SETSID)
	return nil
}

// exec becomes the command. The program is busy for an instant when the monitor has
// just written it and another of its children, forked meanwhile, has not yet closed
// what it inherited (go.dev/issue/22315), so that is tried again, for two seconds.
func (c *child) exec() error {
	arguments := []uint64{c.text(c.plan.Command[0]), c.strings(c.plan.Command), c.strings(c.plan.Env)}
	for pause := time.Millisecond; pause < 2*time.Second; pause *= 2 {
		c.add("execve", -int64(unix.ETXTBSY), -int64(unix.ETXTBSY), unix.SYS_EXECVE, arguments...)
		c.do("nanosleep", unix.SYS_NANOSLEEP, put(c.script, unix.NsecToTimespec(pause.Nanoseconds())), 0)
	}
	c.add("execve", 1, 0, unix.SYS_EXECVE, arguments...)
	return nil
}

// describe tells why a step ended the child.
func (c *child) describe(s step) (part, why string) {
	if s.index >= uint64(len(c.steps)) {
		return "report", "no step " + strconv.FormatUint(s.index, 10)
	}
	what := c.calls[s.index]
	if s.result < 0 {
		return c.parts[s.index], what + ": " + unix.Errno(-s.result).Error()
	}
	return c.parts[s.index], what + ": the result " + strconv.FormatInt(s.result, 10)
}
