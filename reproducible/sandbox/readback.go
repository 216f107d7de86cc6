//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

// What a child has achieved is not what its script says, but what the kernel says
// of it to the monitor, when it has done everything and waits for permission to
// become the command.

// achieved reads it back. monitors are the monitor's own namespaces.
func (j *jail) achieved(rep *report, root *os.Root, monitors namespaces) (reproducible.Guarantees, error) {
	p := j.child.plan
	// These are set by calls that would have ended the child had they failed.
	set := reproducible.ClosedDescriptors | reproducible.CleanEnvironment | reproducible.StorageLimit
	if unix.ByteSliceToString(rep.Name.Nodename[:]) == p.Hostname {
		set |= reproducible.FixedHostname
	}
	own, err := readNamespaces(j.proc(""))
	if err != nil {
		return 0, err
	}
	apart, err := apart(monitors, own, rep)
	if err != nil {
		return 0, err
	}
	status, err := j.readStatus()
	if err == nil {
		err = errors.Join(p.checkStatus(status), j.checkMounts(), p.checkProcessors(j.process.Pid))
	}
	if err != nil {
		return 0, err
	}
	set |= apart | reproducible.NoCapabilities | reproducible.NoNewPrivileges | reproducible.Seccomp |
		reproducible.ReadOnlyInputs | reproducible.ConfinedFiles
	if p.Sorted {
		sorted, err := p.sorted(root)
		if err != nil {
			return 0, err
		}
		if sorted {
			set |= reproducible.SortedInputs
		}
	}
	return set, nil
}

// namespaces are those of a process, in the order of namespaceNames; "" stands for
// one that the kernel has not.
type namespaces [8]string

func namespaceNames() namespaces {
	return namespaces{"net", "ipc", "uts", "user", "pid", "mnt", "cgroup", "time"}
}

// readNamespaces returns those of a process, from its directory of /proc.
func readNamespaces(proc string) (n namespaces, err error) {
	dir, err := unix.Open(proc+"ns", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return n, os.NewSyscallError("open", err)
	}
	defer unix.Close(dir)
	link := make([]byte, 64)
	for i, name := range namespaceNames() {
		size, err := unix.Readlinkat(dir, name, link)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return n, os.NewSyscallError("readlinkat", err)
		}
		n[i] = string(link[:size])
	}
	return n, nil
}

// apart checks that the child shares no namespace with the monitor. All but that of
// clocks must be there.
func apart(monitors, childs namespaces, rep *report) (reproducible.Guarantees, error) {
	means := [...]reproducible.Guarantees{
		reproducible.NoNetwork, reproducible.IPCIsolation, reproducible.UTSIsolation, reproducible.UserIsolation,
		reproducible.PIDIsolation | reproducible.KillTree, reproducible.MinimalRoot, 0, reproducible.TimeIsolation,
	}
	var set reproducible.Guarantees
	for i, name := range namespaceNames() {
		if name == "time" && monitors[i] == "" {
			continue
		}
		if childs[i] == monitors[i] || childs[i] == "" {
			return 0, errors.New("the " + name + " namespace is the monitor's")
		}
		set |= means[i]
	}
	if rep.UpTime.Nano() > soon.Nanoseconds() {
		set &^= reproducible.TimeIsolation
	}
	return set, nil
}

// soon is how far the clocks of a child can have come since they were set to zero,
// on a machine that does not stand still.
const soon = time.Minute

// readProc returns a file of /proc. The kernel makes it up while it is read, so
// there must be room.
func readProc(name string) (string, error) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", &os.PathError{Op: "open", Path: name, Err: err}
	}
	defer unix.Close(fd)
	var text []byte
	for room := make([]byte, 8<<10); ; {
		n, err := unix.Read(fd, room)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return "", &os.PathError{Op: "read", Path: name, Err: err}
		case n == 0:
			return string(text), nil
		default:
			text = append(text, room[:n]...)
		}
	}
}

// readStatus returns what the kernel says of the child (proc_pid_status(5)).
func (j *jail) readStatus() (map[string]string, error) {
	text, err := readProc(j.proc("status"))
	status := make(map[string]string, 64)
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		status[name] = value
	}
	return status, err
}

// checkStatus checks the child's identity and that it cannot gain another.
func (p *plan) checkStatus(status map[string]string) error {
	const none = "0000000000000000"
	four := func(id uint32) string { return strings.TrimSpace(strings.Repeat(fmt.Sprint(id, " "), 4)) }
	want := map[string]string{
		"CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none,
		"NoNewPrivs": "1", "Seccomp": "2", "Uid": four(p.HostUID), "Gid": four(p.HostGID),
		"Umask": fmt.Sprintf("%04o", p.Umask),
	}
	if p.Switch {
		want["Groups"] = ""
	}
	for name, value := range want {
		got, there := status[name]
		if got = strings.Join(strings.Fields(got), " "); !there || got != value {
			return fmt.Errorf("the child has %s %q, and not %q", name, got, value)
		}
	}
	return nil
}

// checkProcessors checks that the child has those of the plan.
func (p *plan) checkProcessors(pid int) error {
	if p.CPUs == 0 {
		return nil
	}
	want, err := processors(p.CPUs)
	if err != nil {
		return err
	}
	var now unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &now); err != nil || now != want {
		return errors.Join(errors.New("the processors are not those that were asked for"), err)
	}
	return nil
}

// checkMounts checks that what the child can see is mounted as it should be, and
// that it sees nothing else.
func (j *jail) checkMounts() error {
	text, err := readProc(j.proc("mountinfo"))
	if err != nil {
		return err
	}
	return j.child.plan.checkMountInfo(text)
}

// checkMountInfo takes the text of proc_pid_mountinfo(5).
func (p *plan) checkMountInfo(text string) error {
	missing := map[string]bool{"/": true, "/proc": true, reproducible.OutputDir: true, reproducible.ScratchDir: true}
	for _, m := range p.Mounts {
		missing["/"+m.Target] = true
	}
	for _, name := range devices() {
		missing["/dev/"+name] = true
	}
	known := func(point string) bool { // and the mounts below a host path
		return missing[point] || slices.ContainsFunc(p.Mounts, func(m mount) bool { return strings.HasPrefix(point, "/"+m.Target+"/") })
	}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 6 {
			return errors.New("malformed mountinfo")
		}
		point := unescape(fields[4])
		_, again := missing[point]
		if !known(point) && !again {
			return errors.New(strconv.Quote(point) + " is mounted, and should not be")
		}
		if again {
			missing[point] = false
		}
		if err := checkMount(point, strings.Split(fields[5], ",")); err != nil {
			return err
		}
	}
	for point, absent := range missing {
		if absent {
			return errors.New(strconv.Quote(point) + " is not mounted")
		}
	}
	return nil
}

// checkMount checks the options of one mount.
func checkMount(point string, options []string) error {
	want := []string{"ro", "nosuid", "nodev"}
	switch {
	case point == reproducible.OutputDir || point == reproducible.ScratchDir:
		want[0] = "rw"
	case strings.HasPrefix(point, "/dev/"):
		want[2] = "noexec"
	}
	for _, option := range want {
		if !slices.Contains(options, option) {
			return fmt.Errorf("%q is not mounted %s", point, option)
		}
	}
	return nil
}

// unescape returns a path of mountinfo as it is: space, tab, newline and backslash
// stand there in octal.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`, `\043`, "#").Replace(text)
}
