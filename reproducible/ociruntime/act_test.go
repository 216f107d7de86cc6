//go:build linux && (amd64 || arm64)

package ociruntime_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	shared "github.com/sealwright/sealwright/reproducible/internal/attacks"
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
		back <- shared.Call(0x40000000 | unix.SYS_GETPID)
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
	all := map[string]func(args []string) error{
		"fill": func(args []string) error { return shared.Fill(args[0], 1<<28) },
		"many": many,
	}
	maps.Copy(all, shared.Table())
	return all
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
