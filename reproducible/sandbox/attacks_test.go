//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attacks are commands that must be refused.
func attacks() map[string]func(args []string) error {
	return map[string]func(args []string) error{
		"open-for-writing": func(args []string) error { return open(args[0], unix.O_WRONLY) },
		"open":             func(args []string) error { return open(args[0], unix.O_RDONLY) },
		"create":           func(args []string) error { return open(args[0], unix.O_WRONLY|unix.O_CREAT) },
		"chmod":            func(args []string) error { return os.Chmod(args[0], 0o777) },
		"chown":            func(args []string) error { return os.Chown(args[0], os.Getuid(), os.Getgid()) },
		"touch":            func(args []string) error { return os.Chtimes(args[0], time.Unix(1, 0), time.Unix(1, 0)) },
		"unlink":           func(args []string) error { return os.Remove(args[0]) },
		"rename":           func(args []string) error { return os.Rename(args[0], args[1]) },
		"link":             func(args []string) error { return os.Link(args[0], args[1]) },
		"setxattr":         func(args []string) error { return unix.Setxattr(args[0], "user.x", []byte("y"), 0) },
		"device":           func([]string) error { return unix.Mknod("/out/result", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 1))) },
		"fill-output":      func([]string) error { return fill("/out/result") },
		"fill-scratch":     func([]string) error { return fill("/tmp/fill") },

		"use-descriptors":  useDescriptors,
		"dial":             func(args []string) error { return dial(args[0], args[1]) },
		"resolve":          func([]string) error { _, err := net.LookupHost("example.com"); return err },
		"socket-family":    func(args []string) error { return socket(args[0], unix.SOCK_DGRAM) },
		"raw-socket":       func([]string) error { return socket("2", unix.SOCK_RAW) },
		"raw-socket-flags": func([]string) error { return socket("10", unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK) },

		"kill":          func(args []string) error { return unix.Kill(number(args[0]), unix.SIGKILL) },
		"stop":          func(args []string) error { return unix.Kill(number(args[0]), unix.SIGSTOP) },
		"fork-bomb":     forkBomb,
		"become":        func(args []string) error { return become(number(args[0])) },
		"raise-caps":    raiseCaps,
		"free-affinity": freeAffinity,
		"rlimit":        raiseLimit,
		"tiocsti":       func([]string) error { return ioctl(unix.TIOCSTI) },
		"tiocsti-64":    func([]string) error { return ioctl(1<<32 | unix.TIOCSTI) },
		"tioclinux":     func([]string) error { return ioctl(unix.TIOCLINUX) },
		"clone-newuser": func([]string) error {
			return call(unix.SYS_CLONE, unix.CLONE_NEWUSER|uintptr(unix.SIGCHLD))
		},
		"call": func(args []string) error {
			return call(uintptr(number(args[0])), arguments(args[1:])...)
		},
	}
}

func open(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_NONBLOCK, 0o644)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err
}

func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	defer f.Close()
	block := make([]byte, 1<<16)
	for {
		if _, err := f.Write(block); err != nil {
			return err
		}
	}
}

// useDescriptors looks for any that it was not given.
func useDescriptors([]string) error {
	var found []string
	for fd := 3; fd < 1000; fd++ {
		if link, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd)); err == nil && !isOwn(link) {
			found = append(found, strconv.Itoa(fd)+" "+link)
		}
	}
	if len(found) > 0 {
		fmt.Fprintln(os.Stderr, found)
		return nil
	}
	return errors.New("no descriptor")
}

// isOwn tells what the Go runtime opens for itself.
func isOwn(link string) bool {
	return link == "anon_inode:[eventpoll]" || link == "anon_inode:[eventfd]"
}

func dial(network, address string) error {
	c, err := net.DialTimeout(network, address, 2*time.Second)
	if err == nil {
		_, err = c.Write([]byte("from the build"))
		_ = c.Close()
	}
	return err
}

func socket(family string, kind int) error {
	fd, err := unix.Socket(number(family), kind, 0)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err
}

func number(s string) int {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		panic(err)
	}
	return int(n)
}

func arguments(texts []string) []uintptr {
	var out []uintptr
	for _, t := range texts {
		out = append(out, uintptr(number(t)))
	}
	return out
}

// call makes a system call and returns its error.
func call(nr uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	r, _, e := unix.RawSyscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
	if e != 0 {
		return e
	}
	if nr == unix.SYS_CLONE && r == 0 {
		unix.Exit(0)
	}
	return nil
}

func ioctl(request uintptr) error {
	c := byte('x')
	_, _, e := unix.RawSyscall(unix.SYS_IOCTL, 0, request, uintptr(unsafe.Pointer(&c)))
	if e != 0 {
		return e
	}
	return nil
}

func become(uid int) error {
	_, _, e := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid))
	if e != 0 {
		return e
	}
	return nil
}

func raiseCaps([]string) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := [2]unix.CapUserData{{Effective: 1 << unix.CAP_SYS_ADMIN, Permitted: 1 << unix.CAP_SYS_ADMIN}}
	return unix.Capset(&header, &data[0])
}

func raiseLimit([]string) error {
	return unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20})
}

// forkBomb starts processes until it is refused, which it must be soon.
func forkBomb(args []string) error {
	for range 2000 {
		if err := exec.Command("/bin/tool", toolArgument, "sleep", args[0]).Start(); err != nil {
			return err
		}
	}
	return nil
}
