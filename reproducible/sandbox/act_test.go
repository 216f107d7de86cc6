//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible/reproducibletest"
)

// act is what the test binary does as the command of a build: a step of the
// conformance kit, an act, or an attack. An attack returns how it was refused;
// that goes to the output "result". One that was not refused makes the command
// fail.
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
	do, ok := attacks()[name]
	if !ok {
		do, ok = foreign()[name]
	}
	if !ok {
		fmt.Fprintln(os.Stderr, "no act", name)
		return 2
	}
	refusal := do(args)
	if refusal == nil {
		fmt.Fprintln(os.Stderr, "the attack succeeded")
		return 9
	}
	if err := result(refusal.Error()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// result writes the output that every spec of the tests declares.
func result(text string) error { return os.WriteFile("/out/result", []byte(text), 0o644) }

// acts are commands that should work.
func acts() map[string]func(args []string) error {
	return map[string]func(args []string) error{
		"echo":         func(args []string) error { return result(strings.Join(args, " ")) },
		"tell-up-time": tellUpTime,
		"environment":  func([]string) error { return result(strings.Join(os.Environ(), "\n")) },
		"identity":     identity,
		"look":         look,
		"sleep":        func([]string) error { time.Sleep(time.Hour); return nil },
		"memfd":        runFromMemfd,
		"linger":       linger,
		"loopback":     loopback,
		"burn": func([]string) error {
			for {
				syscall.Getppid()
			}
		},
		"hog":          hog,
		"knock":        knock,
		"symlink":      func(args []string) error { return os.Symlink(args[0], "/out/result") },
		"fifo":         func([]string) error { return unix.Mkfifo("/out/result", 0o644) },
		"bound-socket": func([]string) error { return unixSocket("/out/result") },
		"sparse":       sparse,
		"deep":         deep,
		"many":         many,
		"setuid-mode":  func([]string) error { return errors.Join(result("x"), os.Chmod("/out/result", 0o755|os.ModeSetuid)) },
		"unreadable":   func([]string) error { return errors.Join(result("x"), os.Chmod("/out/result", 0)) },
		"renamed":      renamed,

		"open-every-way":  openEveryWay,
		"everything-else": everythingElse,
		"race":            race,
		"race-directory":  raceDirectory,
		"die-young":       dieYoung,
		"race-on": func([]string) error {
			for {
				for _, path := range []string{"/in/by-openat", "/in/by-thread"} {
					if f, err := os.Open(path); err == nil {
						_ = f.Close()
					}
				}
			}
		},
		"effective": effective,
		"run": func(args []string) error {
			return exec.Command(args[0], append([]string{toolArgument}, args[1:]...)...).Run()
		},
		"confined":   confined,
		"tell-date":  tellDate,
		"knobs":      knobs,
		"list":       list,
		"signals":    signals,
		"print-date": func([]string) error { _, err := fmt.Println(time.Now().Unix()); return err },
		"read-one": func(args []string) error {
			text, err := os.ReadFile(args[0])
			return errors.Join(err, result(string(text)))
		},
		"read": func(args []string) error { _, err := os.ReadFile(args[0]); return err },
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
	session, err := unix.Getsid(0)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("uid %d gid %d pid %d parent %d session %d host %s umask %04o\n%s", os.Getuid(), os.Getgid(), os.Getpid(), os.Getppid(), session, name, umask, status)
	return result(text)
}

// look lists the names in a directory.
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

// runFromMemfd runs a copy of this program that lies in no file tree.
func runFromMemfd([]string) error {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	fd, err := unix.MemfdCreate("tool", 0)
	if err != nil {
		return err
	}
	if err := os.WriteFile("/proc/self/fd/"+strconv.Itoa(fd), self, 0); err != nil {
		return err
	}
	return exec.Command("/proc/self/fd/"+strconv.Itoa(fd), toolArgument, "echo", "from memory").Run()
}

// linger leaves a process behind that would change the output. It is alive when
// the command ends.
func linger(args []string) error {
	cmd := exec.Command("/bin/tool", toolArgument, "renamed", args[0])
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	for range 200 {
		if _, err := os.Stat("/tmp/ready"); err == nil {
			return result("as the command left it")
		}
		time.Sleep(5 * time.Millisecond)
	}
	return errors.New("the other process did not start")
}

// renamed is the process that linger leaves behind.
func renamed([]string) error {
	if err := os.WriteFile("/tmp/ready", nil, 0o600); err != nil {
		return err
	}
	for {
		if text, err := os.ReadFile("/out/result"); err == nil && len(text) > 30 {
			return nil
		}
		if syscall.Kill(1, 0) != nil || os.Getppid() != 1 {
			_ = result("changed after the command had ended")
		}
	}
}

// loopback serves and dials inside the build.
func loopback([]string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = io.WriteString(c, "served")
			_ = c.Close()
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	text, err := io.ReadAll(c)
	if err != nil {
		return err
	}
	return result(string(text))
}

// knock lets somebody outside know that it runs.
func knock(args []string) error {
	c, err := net.Dial("unix", args[0])
	if err != nil {
		return err
	}
	return errors.Join(c.Close(), result("knocked"))
}

// hog takes memory until something stops it.
func hog([]string) error {
	var kept [][]byte
	for {
		b := bytes.Repeat([]byte{1}, 1<<20)
		kept = append(kept, b)
		if len(kept) > 4096 {
			return result("4 GiB")
		}
	}
}

func unixSocket(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	return unix.Bind(fd, &unix.SockaddrUnix{Name: path})
}

// sparse makes a file that is larger than it is.
func sparse(args []string) error {
	signal.Ignore(syscall.SIGXFSZ)
	size, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return err
	}
	if err := result(""); err != nil {
		return err
	}
	return os.Truncate("/out/result", size)
}

// deep makes directories within directories.
func deep(args []string) error {
	levels, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	if err := os.Mkdir("/out/result", 0o755); err != nil {
		return err
	}
	if err := os.Chdir("/out/result"); err != nil {
		return err
	}
	for range levels {
		if err := errors.Join(os.Mkdir("d", 0o755), os.Chdir("d")); err != nil {
			return err
		}
	}
	return os.WriteFile("file", nil, 0o644)
}

// many makes files until something stops it.
func many([]string) error {
	for i := range 100_000 {
		if err := os.WriteFile("/out/"+strconv.Itoa(i), nil, 0o644); err != nil {
			return result(err.Error())
		}
	}
	return nil
}
