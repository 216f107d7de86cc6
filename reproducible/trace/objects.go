//go:build linux && (amd64 || arm64)

package trace

import (
	"encoding/binary"
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

// objects has the kernel itself report what is opened on the mounts of inputs
// (fanotify(7)). It needs CAP_SYS_ADMIN on the machine.
type objects struct {
	fd     int
	stop   int // eventfd
	done   chan struct{}
	opened map[string]struct{} // paths in the build's tree
	seen   map[program]struct{}
	lost   bool
}

// gather is how long events may lie in the queue, where equal ones merge; a look
// at each would cost more than the build's own open. In milliseconds.
const gather = 20

// sizeMetadata is the size of struct fanotify_event_metadata.
const sizeMetadata = 24

// watchObjects marks every input's mount. It returns nil where that is not to be
// had for all of them, or there are none.
func watchObjects(root *os.File, inputs []string) *objects {
	if len(inputs) == 0 {
		return nil
	}
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_UNLIMITED_QUEUE|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK,
		unix.O_RDONLY|unix.O_LARGEFILE|unix.O_CLOEXEC)
	if err != nil {
		return nil
	}
	stop, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(fd)
		return nil
	}
	o := &objects{fd: fd, stop: stop, done: make(chan struct{}), opened: map[string]struct{}{}, seen: map[program]struct{}{}}
	for _, name := range inputs {
		if err := mark(fd, root, name); err != nil {
			o.close()
			return nil
		}
	}
	go o.serve()
	return o
}

func mark(fd int, root *os.File, name string) error {
	at, err := unix.Openat2(int(root.Fd()), name, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT})
	if err != nil {
		return err
	}
	defer unix.Close(at)
	return unix.FanotifyMark(fd, unix.FAN_MARK_ADD|unix.FAN_MARK_MOUNT, unix.FAN_OPEN|unix.FAN_ONDIR,
		unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(at))
}

func (o *objects) serve() {
	defer close(o.done)
	buffer := make([]byte, 64<<10)
	t := &tree{}
	own := os.Getpid()
	for {
		fds := [2]unix.PollFd{{Fd: int32(o.fd), Events: unix.POLLIN}, {Fd: int32(o.stop), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds[:], -1); err != nil && !errors.Is(err, unix.EINTR) {
			o.lost = true
			return
		}
		if fds[1].Revents == 0 {
			_, _ = unix.Poll(fds[1:], gather)
		}
		for {
			n, err := unix.Read(o.fd, buffer)
			if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
				break
			}
			if err != nil || n == 0 {
				o.lost = true
				return
			}
			o.take(buffer[:n], t, own)
		}
		if fds[1].Revents != 0 {
			return
		}
	}
}

// take reads a batch of events.
func (o *objects) take(events []byte, t *tree, own int) {
	for len(events) >= sizeMetadata {
		size := int(binary.LittleEndian.Uint32(events))
		fd := int(int32(binary.LittleEndian.Uint32(events[16:])))
		pid := int(int32(binary.LittleEndian.Uint32(events[20:])))
		if size < sizeMetadata || size > len(events) {
			o.lost = true
			return
		}
		events = events[size:]
		if fd < 0 { // the queue ran over
			o.lost = true
			continue
		}
		if pid == own || o.again(fd) { // the tracer looking for interpreters, or an old acquaintance
			_ = unix.Close(fd)
			continue
		}
		name := t.read("/proc/self/fd/" + strconv.Itoa(fd))
		_ = unix.Close(fd)
		switch {
		case name == "" || len(o.opened) >= defaultAccesses:
			o.lost = true
		default:
			o.opened[name] = struct{}{}
		}
	}
}

// again reports whether the object was seen before, and remembers it.
func (o *objects) again(fd int) bool {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return false
	}
	key := program{st.Dev, st.Ino}
	_, known := o.seen[key]
	if !known && len(o.seen) < defaultAccesses {
		o.seen[key] = struct{}{}
	}
	return known
}

// finish ends the watch, once the build is over, and adds to the log what the
// kernel opened and no call had announced.
func (o *objects) finish(l *log) (checked, lost bool) {
	if o == nil {
		return false, false
	}
	one := [8]byte{1}
	_, _ = unix.Write(o.stop, one[:])
	<-o.done
	o.close()
	announced := map[string]bool{}
	for a := range l.kept {
		announced[a.Resolved] = true
	}
	for name := range o.opened {
		if text := reproducible.TraceText(name); !announced[text] {
			l.add(reproducible.Access{Op: reproducible.OpOpen, Path: text, Resolved: text, Outcome: reproducible.OutcomeFound, Unannounced: true})
		}
	}
	return !o.lost, o.lost
}

func (o *objects) close() {
	_ = unix.Close(o.fd)
	_ = unix.Close(o.stop)
}
