//go:build linux && (amd64 || arm64)

package trace

import (
	"errors"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

// A tree looks into the file tree of a build from outside.
type tree struct {
	root   int      // O_PATH descriptor of the build's root directory
	inputs []string // read-only mounts
	// known are places below inputs that were reached through inputs alone, and so
	// stay what they are.
	known  map[string]*place
	buffer [pathMax]byte
}

// maxKnown bounds what a build can have the tracer remember.
const maxKnown = 1 << 17

// A place is what a path of the build meant when the tracer looked.
type place struct {
	path     string // absolute
	resolved string
	outcome  reproducible.Outcome
	linked   bool // over a link
	told     bool // the log was told that it was opened
	fd       int  // O_PATH descriptor, or -1; the caller closes it
}

func (p *place) close() {
	if p.fd >= 0 {
		_ = unix.Close(p.fd)
		p.fd = -1
	}
}

// look finds what a thread of the build means by a name, relative to the
// descriptor dir. The object itself is opened as O_PATH, which reads nothing and
// waits for nothing.
func (t *tree) look(pid, dir int, name string, nofollow bool) place {
	p := place{path: name, outcome: reproducible.OutcomeUnknown, fd: -1}
	if name == "" {
		p.outcome = reproducible.OutcomeAbsent
		return p
	}
	if name[0] != '/' {
		base := t.link(pid, descriptorLink(dir))
		if p.path = base + "/" + name; base == "" || base[0] != '/' {
			return p
		}
	}
	if strings.HasPrefix(p.path, "/proc/") || strings.HasPrefix(p.path, "/dev/") {
		return t.walked(pid, p, nofollow)
	}
	if known := t.known[p.path]; known.holds(nofollow) {
		return *known
	}
	p.linked = !t.open(&p, nofollow, unix.RESOLVE_NO_SYMLINKS)
	if p.linked && (!t.open(&p, nofollow, 0) || p.outcome != reproducible.OutcomeFound) {
		return t.walked(pid, p, nofollow) // perhaps to where only the build's own eyes see
	}
	if !nofollow { // else it may be a link, which other calls follow
		t.remember(p)
	}
	return p
}

// holds reports whether a place in memory, if it is one, is what its path means.
func (p *place) holds(nofollow bool) bool { return p != nil && !(nofollow && p.linked) }

// open opens p.path as O_PATH and fills in the rest of p. It reports false when
// the way leads over a link and flags forbid it, or links lead nowhere.
func (t *tree) open(p *place, nofollow bool, flags uint64) bool {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | flags}
	if nofollow {
		how.Flags |= unix.O_NOFOLLOW
	}
	fd, err := unix.Openat2(t.root, p.path, &how)
	switch {
	case err == nil:
		p.fd, p.outcome, p.resolved = fd, reproducible.OutcomeFound, p.path
		if flags&unix.RESOLVE_NO_SYMLINKS == 0 || path.Clean(p.path) != p.path {
			p.resolved = t.read("/proc/self/fd/" + strconv.Itoa(fd))
		}
	case errors.Is(err, unix.ELOOP):
		return false
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		p.outcome = reproducible.OutcomeAbsent
	}
	return true
}

// remember keeps a place that no process of the build can change.
func (t *tree) remember(p place) {
	if p.outcome == reproducible.OutcomeUnknown || len(t.known) >= maxKnown || !t.inInput(p.path) {
		return
	}
	if (p.linked || p.climbs()) && !t.fixed(p) {
		return
	}
	p.fd = -1
	t.known[p.path] = &p
}

// inInput reports whether an absolute path lies below an input, as far as it holds
// neither links nor "..".
func (t *tree) inInput(path string) bool {
	for _, in := range t.inputs {
		if strings.HasPrefix(path, in) && (len(path) == len(in) || path[len(in)] == '/') {
			return true
		}
	}
	return false
}

func (p *place) climbs() bool {
	return strings.Contains(p.path, "/../") || strings.HasSuffix(p.path, "/..")
}

// fixed reports whether every step of the way to p, each link among them, lies in
// an input.
func (t *tree) fixed(p place) bool {
	w := &walk{tree: t, current: "/", pending: strings.Split(p.path, "/"), inputs: true}
	return w.run() == p.outcome && p.outcome == reproducible.OutcomeFound && w.current == p.resolved
}

// hold gives a place that came from memory the descriptor of what was found there.
func (t *tree) hold(p *place) {
	if _, stays := t.known[p.path]; stays && p.fd < 0 && p.outcome == reproducible.OutcomeFound {
		p.fd = t.again(p.resolved)
	}
}

// again returns an O_PATH descriptor of a resolved path, or -1.
func (t *tree) again(resolved string) int {
	p := place{path: resolved, fd: -1}
	t.open(&p, true, unix.RESOLVE_NO_SYMLINKS)
	return p.fd
}

// descriptor is the object of a descriptor of the build.
func (t *tree) descriptor(pid, fd int) place {
	p := place{outcome: reproducible.OutcomeUnknown, fd: -1}
	object := "/proc/" + strconv.Itoa(pid) + "/" + descriptorLink(fd)
	if p.path = t.read(object); p.path == "" {
		return p
	}
	p.resolved, p.outcome = p.path, reproducible.OutcomeFound
	p.fd = openPath(object)
	return p
}

// openPath returns an O_PATH descriptor of what a name of the machine means, or
// -1.
func openPath(name string) int {
	fd, err := unix.Open(name, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return fd
}

// descriptorLink names the link below /proc/PID that stands for a directory
// argument.
func descriptorLink(dir int) string {
	if int32(dir) == unix.AT_FDCWD {
		return "cwd"
	}
	return "fd/" + strconv.Itoa(int(int32(dir)))
}

func (t *tree) link(pid int, name string) string {
	return t.read("/proc/" + strconv.Itoa(pid) + "/" + name)
}

// read returns the target of a link of procfs, or "".
func (t *tree) read(name string) string {
	n, err := unix.Readlink(name, t.buffer[:])
	if err != nil || n == len(t.buffer) {
		return ""
	}
	return string(t.buffer[:n])
}

// openRegular opens the object of an O_PATH descriptor for reading, if it is a
// regular file.
func openRegular(fd int) (*os.File, unix.Stat_t, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, st, os.NewSyscallError("fstat", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, st, unix.EACCES
	}
	f, err := os.OpenFile("/proc/self/fd/"+strconv.Itoa(fd), os.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	return f, st, err
}
