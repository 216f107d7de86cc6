//go:build linux && (amd64 || arm64)

package attacks

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Table are the attacks by name, each with its arguments.
func Table() map[string]func(args []string) error {
	return map[string]func(args []string) error{
		"open-for-writing": func(args []string) error { return open(args[0], unix.O_WRONLY) },
		"open":             func(args []string) error { return open(args[0], unix.O_RDONLY) },
		"create":           func(args []string) error { return open(args[0], unix.O_WRONLY|unix.O_CREAT) },
		"chmod":            func(args []string) error { return os.Chmod(args[0], 0o777) },
		"unlink":           func(args []string) error { return os.Remove(args[0]) },
		"link":             func(args []string) error { return os.Link(args[0], args[1]) },
		"device":           func([]string) error { return unix.Mknod("/out/result", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 1))) },
		"use-descriptors":  useDescriptors,
		"dial":             func(args []string) error { return dial(args[0], args[1]) },
		"kill":             func(args []string) error { return unix.Kill(number(args[0]), unix.SIGKILL) },
		"stop":             func(args []string) error { return unix.Kill(number(args[0]), unix.SIGSTOP) },
		"become":           func(args []string) error { return become(number(args[0])) },
		"raise-caps":       raiseCaps,
		"raise-limit":      raiseLimit,
		"tiocsti":          func([]string) error { return ioctl(unix.TIOCSTI) },
		"tiocsti-64":       func([]string) error { return ioctl(1<<32 | unix.TIOCSTI) },
		"tioclinux":        func([]string) error { return ioctl(unix.TIOCLINUX) },
		"socket":           func(args []string) error { return socket(number(args[0]), number(args[1])) },
		"clone-newuser":    func([]string) error { return Call(unix.SYS_CLONE, unix.CLONE_NEWUSER|uintptr(unix.SIGCHLD)) },
		"call":             func(args []string) error { return Call(uintptr(number(args[0])), numbers(args[1:])...) },
		"fork-bomb":        forkBomb,
	}
}

func open(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_NONBLOCK, 0o644)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err
}

// Fill writes to a file until that fails, and removes it. A file of size bytes is a
// success.
func Fill(path string, size int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	defer f.Close()
	block := make([]byte, 1<<16)
	for range size / len(block) {
		if _, err := f.Write(block); err != nil {
			return err
		}
	}
	return nil
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
		panic("found " + strings.Join(found, ", ")) // which a test shows
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

func socket(family, kind int) error {
	fd, err := unix.Socket(family, kind, 0)
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

func numbers(texts []string) []uintptr {
	var out []uintptr
	for _, t := range texts {
		out = append(out, uintptr(number(t)))
	}
	return out
}

// Call makes a system call and returns its error.
func Call(nr uintptr, args ...uintptr) error {
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
	if _, _, e := unix.RawSyscall(unix.SYS_IOCTL, 0, request, uintptr(unsafe.Pointer(&c))); e != 0 {
		return e
	}
	return nil
}

func become(uid int) error {
	if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); e != 0 {
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

// forkBomb starts a command, which should sleep, until it is refused, which it must
// be soon.
func forkBomb(command []string) error {
	for range 2000 {
		if err := exec.Command(command[0], command[1:]...).Start(); err != nil {
			return err
		}
	}
	return nil
}
