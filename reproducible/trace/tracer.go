//go:build linux && (amd64 || arm64)

package trace

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
)

// A Tracer watches one build, and may answer its questions for the date.
type Tracer struct {
	config   Config
	listener listener
	watch    watch
	objects  *objects // nil where fanotify is not to be had
	ended    chan error
	once     sync.Once
	trace    *reproducible.Trace
	err      error
}

// Start begins to watch. It returns when the build may run; the caller then
// lets it, and calls Stop after the last process of the build is gone.
func Start(c Config) (*Tracer, error) {
	if c.Listener == nil || c.Root == nil || c.Mounts == nil || c.Kill == nil || c.MaxAccesses < 0 {
		return nil, attest.Refuse(CodeConfig, "Config", "Listener, Root, Mounts, Kill and a bound", "less")
	}
	stop, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, attest.Refuse(CodeMachine, "eventfd", "", "").Because(err)
	}
	t := &Tracer{
		config:   c,
		listener: listener{fd: int(c.Listener.Fd()), stop: stop, hangsUp: hangsUp()},
		watch: watch{
			tree: tree{root: int(c.Root.Fd()), inputs: c.Inputs, known: map[string]*place{}}, loader: loader{known: map[program]string{}},
			calls: map[uint32]call{}, programs: map[string][]reproducible.Access{}, decide: c.Decide, clock: clock{c.FixedClock, c.Epoch}, log: newLog(c.MaxAccesses),
		},
		ended: make(chan error, 1),
	}
	for _, one := range calls() {
		t.watch.calls[one.nr] = one
	}
	// The waking of the tracer on the caller's own core, and of the caller on the
	// tracer's, halves the cost; kernels before 6.6 do without.
	_, _, _ = unix.Syscall(unix.SYS_IOCTL, c.Listener.Fd(), ioctlSetFlags, syncWakeUp)
	if !c.NoFiles {
		t.objects = watchObjects(c.Root, c.Inputs)
	}
	go t.serve()
	return t, nil
}

// serve answers notifications until there can be no more. One goroutine does it:
// more of them are slower, since the build waits for each answer. It is not locked
// to its thread, which would have to change with another one at each yield.
func (t *Tracer) serve() {
	err := t.loop()
	if err != nil {
		t.config.Kill()
		err = attest.Refuse(CodeMachine, "notifications", "", "").Because(err)
	}
	// What still waits for an answer now fails with ENOSYS.
	t.ended <- errors.Join(err, t.config.Listener.Close())
}

// yieldEvery is how many notifications a tracer answers before it yields. To Go's
// scheduler, system calls without end are one long stretch of work that it should
// interrupt, and it would wake every 20 microseconds to try.
const yieldEvery = 8

func (t *Tracer) loop() (err error) {
	defer func() { // Decide is the caller's code
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	var n notification
	for i := 1; ; i++ {
		if i%yieldEvery == 0 {
			runtime.Gosched()
		}
		ok, err := t.listener.next(&n)
		if !ok || err != nil {
			return err
		}
		seen, answer := t.watch.judge(&n)
		happened, err := t.listener.answer(&n, answer)
		if err != nil {
			return err
		}
		if happened { // else the caller died, and what was read may be another's
			t.watch.keep(seen)
		}
	}
}

// Stop ends the watch and returns what was seen. The build must be over. An error
// means that the tracer failed and the build was killed. Later calls return the
// same.
func (t *Tracer) Stop() (*reproducible.Trace, error) {
	t.once.Do(func() {
		one := uint64(1)
		_, _ = unix.Write(t.listener.stop, (*[8]byte)(unsafe.Pointer(&one))[:])
		t.err = <-t.ended
		crossChecked, lost := t.objects.finish(&t.watch.log)
		t.trace = t.watch.log.trace(blindSpots(), t.err != nil || lost)
		t.trace.CrossChecked = crossChecked
		t.err = errors.Join(t.err, t.config.Root.Close(), t.config.Mounts.Close(), os.NewSyscallError("close", unix.Close(t.listener.stop)))
	})
	return t.trace, t.err
}
