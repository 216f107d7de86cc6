//go:build linux && (amd64 || arm64)

package trace

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A notification is struct seccomp_notif, with struct seccomp_data in it.
type notification struct {
	id    uint64
	pid   uint32 // the thread, in the tracer's pid namespace
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

// A response is struct seccomp_notif_resp.
type response struct {
	id    uint64
	val   int64
	err   int32
	flags uint32
}

// ioctl requests of seccomp_unotify(2).
const (
	ioctlReceive  = 0xc0502100 // SECCOMP_IOCTL_NOTIF_RECV
	ioctlSend     = 0xc0182101 // SECCOMP_IOCTL_NOTIF_SEND
	ioctlSetFlags = 0x40082104 // SECCOMP_IOCTL_NOTIF_SET_FLAGS
)

const syncWakeUp = 1 // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP

// continueCall lets the kernel do the call (SECCOMP_USER_NOTIF_FLAG_CONTINUE).
const continueCall = 1

// A listener is the tracer's end of the notifications.
type listener struct {
	fd   int
	stop int // eventfd that ends next
	// hangsUp says that the kernel ends a wait for notifications when no process is
	// left that could cause one, as it does since Linux 6.11. That saves asking
	// before each wait.
	hangsUp bool
}

// next waits for a notification. ok is false when the last watched process is
// gone or stop was signalled.
func (l *listener) next(n *notification) (ok bool, err error) {
	for {
		if !l.hangsUp {
			if ok, err := l.poll(-1); !ok || err != nil {
				return false, err
			}
		}
		*n = notification{} // the kernel demands zeros
		switch e := ioctl(l.fd, ioctlReceive, unsafe.Pointer(n)); e {
		case 0:
			return true, nil
		case unix.EINTR:
		case unix.ENOENT: // the caller died meanwhile, or all of them have
			if l.hungUp() {
				return false, nil
			}
		default:
			return false, os.NewSyscallError("ioctl SECCOMP_IOCTL_NOTIF_RECV", e)
		}
	}
}

// poll waits until there is a notification; ok is false when there can be none.
func (l *listener) poll(timeout int) (ok bool, err error) {
	for {
		fds := [2]unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}, {Fd: int32(l.stop), Events: unix.POLLIN}}
		_, err := unix.Poll(fds[:], timeout)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		return fds[0].Revents&unix.POLLIN != 0, os.NewSyscallError("poll", err)
	}
}

func (l *listener) hungUp() bool {
	fds := [1]unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}}
	_, err := unix.Poll(fds[:], 0)
	return err == nil && fds[0].Revents&unix.POLLHUP != 0
}

// hangsUp reports whether this kernel is Linux 6.11 or newer.
func hangsUp() bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	var major, minor int
	_, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor)
	return err == nil && (major > 6 || major == 6 && minor >= 11)
}

// goOn answers that the kernel shall do the call, fail that it fails with e, and
// value that it has been done and returned v.
func goOn() response             { return response{flags: continueCall} }
func fail(e unix.Errno) response { return response{err: -int32(e)} }
func value(v int64) response     { return response{val: v} }

// answer answers. ok is false when the caller is gone, and so the call did not
// happen.
func (l *listener) answer(n *notification, r response) (ok bool, err error) {
	r.id = n.id
	switch _, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(l.fd), ioctlSend, uintptr(unsafe.Pointer(&r))); e {
	case 0:
		return true, nil
	case unix.ENOENT:
		return false, nil
	default:
		return false, os.NewSyscallError("ioctl SECCOMP_IOCTL_NOTIF_SEND", e)
	}
}

func ioctl(fd int, request uintptr, arg unsafe.Pointer) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg))
	return e
}
