//go:build linux && (amd64 || arm64)

package trace

import (
	"encoding/binary"
	"errors"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

// objects has the kernel itself report what is opened on the mounts of inputs
// (fanotify(7)). It needs CAP_SYS_ADMIN on the machine.
type objects struct {
	fd     int
	events *os.File // of fd, waited for without a thread
	stop   chan struct{}
	done   chan struct{}
	opened map[string]struct{} // paths in the build's tree
	seen   map[program]bool    // true: the kernel keeps silent about it
	lost   bool
}

// gather is how long events may lie in the queue, where equal ones merge; a look
// at each would cost more than the build's own open.
const gather = 20 * time.Millisecond

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
	o := &objects{
		fd: fd, events: os.NewFile(uintptr(fd), "fanotify"), stop: make(chan struct{}), done: make(chan struct{}),
		opened: map[string]struct{}{}, seen: map[program]bool{},
	}
	err = o.events.SetReadDeadline(time.Time{}) // fails unless it can be waited for
	for _, name := range inputs {
		err = errors.Join(err, mark(fd, root, name))
	}
	if err != nil {
		_ = o.events.Close()
		return nil
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
		n, err := o.events.Read(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) { // the build is over: what is left
			n, err = unix.Read(o.fd, buffer)
			if errors.Is(err, unix.EAGAIN) {
				return
			}
		}
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil || n <= 0:
			o.lost = true
			return
		default:
			o.take(buffer[:n], t, own)
		}
		if n > len(buffer)/2 { // more is waiting
			continue
		}
		select {
		case <-o.stop:
		case <-time.After(gather):
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

// again reports whether the object was seen before, and remembers it. The kernel
// shall tell no more of one that is opened again and again, as most opens of a
// build are of the same few files.
func (o *objects) again(fd int) bool {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return false
	}
	key := program{st.Dev, st.Ino}
	silent, known := o.seen[key]
	switch {
	case !known && len(o.seen) < defaultAccesses:
		o.seen[key] = false
	case known && !silent:
		_ = silence(o.fd, fd, &st) // kernels before 6.0 go on telling
		o.seen[key] = true
	}
	return known
}

// silence ends the events of one object. The kernel forgets that when it forgets the
// object, which is then told of again.
func silence(fd, object int, st *unix.Stat_t) error {
	mask := uint64(unix.FAN_OPEN)
	if st.Mode&unix.S_IFMT == unix.S_IFDIR { // else the kernel refuses the flag
		mask |= unix.FAN_ONDIR
	}
	return unix.FanotifyMark(fd, unix.FAN_MARK_ADD|unix.FAN_MARK_IGNORE_SURV|unix.FAN_MARK_EVICTABLE, mask, object, "")
}

// finish ends the watch, once the build is over, and adds to the log what the
// kernel opened and no call had announced.
func (o *objects) finish(l *log) (checked, lost bool) {
	if o == nil {
		return false, false
	}
	close(o.stop)
	_ = o.events.SetReadDeadline(time.Unix(0, 1)) // long past
	<-o.done
	_ = o.events.Close()
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
