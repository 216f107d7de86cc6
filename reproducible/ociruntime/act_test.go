//go:build linux && (amd64 || arm64)

package ociruntime_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible/reproducibletest"
)

// act is what the test binary does as the command of a build: a step of the
// conformance kit, or an act.
func act(name string, args []string) int {
	if name == "kit" {
		return reproducibletest.Main(args)
	}
	if do, ok := acts()[name]; ok {
		if err := do(args); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	fmt.Fprintln(os.Stderr, "no act", name)
	return 2
}

// attackAll makes attacks, each an act with its arguments, and tells in the output
// how each was refused, one in a line.
func attackAll(commands []string) error {
	var lines []string
	for _, command := range commands {
		words := strings.Fields(command)
		refusal := "the attack succeeded"
		if err := attacks()[words[0]](words[1:]); err != nil {
			refusal = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		lines = append(lines, refusal)
	}
	return result(strings.Join(lines, "\n"))
}

func result(text string) error { return os.WriteFile("/out/result", []byte(text), 0o644) }

func acts() map[string]func(args []string) error {
	return map[string]func(args []string) error{
		"attack":   attackAll,
		"identity": identity,
		"look":     look,
		"sleep":    func([]string) error { time.Sleep(time.Hour); return nil },
		"linger":   linger,
		"symlink":  func(args []string) error { return os.Symlink(args[0], "/out/result") },
		"hog":      hog,
		"burn": func([]string) error {
			for {
				unix.Getppid()
			}
		},
		"foreign": foreign,
	}
}

// identity tells what the command can see of itself.
func identity([]string) error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	umask := unix.Umask(0)
	return result(fmt.Sprintf("uid %d gid %d pid %d host %s umask %04o\n%s", os.Getuid(), os.Getgid(), os.Getpid(), name, umask, status))
}

// look lists the names in directories.
func look(args []string) error {
	var names []string
	for _, dir := range args {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	return result(strings.Join(names, " "))
}

// linger leaves a process behind.
func linger([]string) error {
	cmd := exec.Command("/bin/tool", toolArgument, "sleep")
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	return errors.Join(cmd.Start(), result("x"))
}

// foreign makes a call of another architecture on one thread and tells whether it
// came back.
func foreign([]string) error {
	back := make(chan error)
	go func() {
		back <- call(0x40000000 | unix.SYS_GETPID)
	}()
	select {
	case err := <-back:
		return fmt.Errorf("the call came back: %v", err)
	case <-time.After(time.Second):
		return result("the thread is gone")
	}
}

// hog takes memory until something stops it.
func hog([]string) error {
	var kept [][]byte
	for range 4096 {
		kept = append(kept, bytes.Repeat([]byte{1}, 1<<20))
	}
	return result(strconv.Itoa(len(kept)))
}

// attacks are commands that must be refused.
func attacks() map[string]func(args []string) error {
	return map[string]func(args []string) error{
		"open":             func(args []string) error { return open(args[0], unix.O_RDONLY) },
		"open-for-writing": func(args []string) error { return open(args[0], unix.O_WRONLY) },
		"create":           func(args []string) error { return open(args[0], unix.O_WRONLY|unix.O_CREAT) },
		"chmod":            func(args []string) error { return os.Chmod(args[0], 0o777) },
		"unlink":           func(args []string) error { return os.Remove(args[0]) },
		"link":             func(args []string) error { return os.Link(args[0], args[1]) },
		"device":           func([]string) error { return unix.Mknod("/out/result", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 1))) },
		"fill":             func(args []string) error { return fill(args[0]) },
		"many":             many,
		"dial":             func(args []string) error { return dial(args[0], args[1]) },
		"socket": func(args []string) error {
			_, err := unix.Socket(number(args[0]), number(args[1]), 0)
			return err
		},
		"kill":            func(args []string) error { return unix.Kill(number(args[0]), unix.SIGKILL) },
		"become":          func(args []string) error { return become(number(args[0])) },
		"fork-bomb":       forkBomb,
		"raise-caps":      raiseCaps,
		"raise-limit":     raiseLimit,
		"tiocsti":         func([]string) error { return ioctl(unix.TIOCSTI) },
		"tiocsti-64":      func([]string) error { return ioctl(1<<32 | unix.TIOCSTI) },
		"clone-newuser":   func([]string) error { return call(unix.SYS_CLONE, unix.CLONE_NEWUSER|uintptr(unix.SIGCHLD)) },
		"use-descriptors": useDescriptors,
		"call": func(args []string) error {
			var numbers []uintptr
			for _, a := range args[1:] {
				numbers = append(numbers, uintptr(number(a)))
			}
			return call(uintptr(number(args[0])), numbers...)
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

// fill writes to a file until that fails, and removes it.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	defer f.Close()
	block := make([]byte, 1<<16)
	for range 1 << 12 {
		if _, err := f.Write(block); err != nil {
			return err
		}
	}
	return nil
}

// many makes files until that fails, and removes them.
func many([]string) error {
	for i := range 10_000 {
		name := "/out/" + strconv.Itoa(i)
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			for j := range i {
				_ = os.Remove("/out/" + strconv.Itoa(j))
			}
			return err
		}
	}
	return nil
}

func dial(network, address string) error {
	c, err := net.DialTimeout(network, address, 2*time.Second)
	if err == nil {
		_, err = c.Write([]byte("from the build"))
		_ = c.Close()
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

// forkBomb starts processes until it is refused, which it must be soon.
func forkBomb([]string) error {
	for range 2000 {
		if err := exec.Command("/bin/tool", toolArgument, "sleep").Start(); err != nil {
			return err
		}
	}
	return nil
}

// useDescriptors looks for any that it was not given.
func useDescriptors([]string) error {
	var found []string
	for fd := 3; fd < 1000; fd++ {
		link, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
		if err == nil && link != "anon_inode:[eventpoll]" && link != "anon_inode:[eventfd]" {
			found = append(found, strconv.Itoa(fd)+" "+link)
		}
	}
	if len(found) > 0 {
		fmt.Fprintln(os.Stderr, found)
		return nil
	}
	return errors.New("no descriptor")
}
