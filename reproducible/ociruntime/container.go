//go:build linux && (amd64 || arm64)

package ociruntime

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/reproducible"
)

// A container is one that a runtime is to make, with its directory.
type container struct {
	builder *Builder
	dir     string
	limits  reproducible.Limits
	output  *os.Root // what is mounted at OutputDir; set by start
}

// patience is how long a runtime may take to kill or delete a container.
const patience = 5 * time.Second

// newContainer makes the directory and the bundle. The caller removes it.
func (b *Builder) newContainer(spec *reproducible.Spec, inputs []input) (_ *container, err error) {
	dir, err := os.MkdirTemp(b.config.Dir, "oci-")
	if err != nil {
		return nil, machineError(b.config.Dir, err)
	}
	c := &container{builder: b, dir: dir, limits: spec.Limits}
	defer func() {
		if err != nil {
			err = machineError(dir, errors.Join(err, os.RemoveAll(dir)))
		}
	}()
	// The container's root, who sets it up, passes through but sees nothing else.
	if err := os.Chmod(dir, 0o711); err != nil {
		return nil, err
	}
	for _, name := range []string{rootDir, outputDir, scratchDir, stateDir} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return nil, err
		}
	}
	text, err := strictjson.Marshal(b.newBundle(spec, inputs, dir, swaps()))
	if err != nil {
		return nil, err
	}
	return c, os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600)
}

// swaps tells whether the machine swaps memory out.
func swaps() bool {
	text, err := os.ReadFile("/proc/swaps")
	return err == nil && bytes.Count(text, []byte("\n")) > 1
}

func (c *container) id() string            { return filepath.Base(c.dir) }
func (c *container) at(name string) string { return filepath.Join(c.dir, name) }

// command is the verified runtime with a subcommand for the container.
func (c *container) command(ctx context.Context, subcommand string, args ...string) (*exec.Cmd, io.Closer, error) {
	whole := []string{"--root", c.at(stateDir), "--log", c.at("log"), "--log-format", "json", subcommand}
	cmd, closer, err := c.builder.pin.Command(ctx, append(append(whole, args...), c.id())...)
	if err != nil {
		return nil, nil, err
	}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	return cmd, closer, nil
}

// start starts the runtime to run or create the container. It does so on a thread
// that is thrown away, in whose mount namespace the container's file systems are.
// The runtime is not stopped by ctx; stop does that.
func (c *container) start(ctx context.Context, subcommand string, log *os.File) (*exec.Cmd, error) {
	cmd, closer, err := c.command(context.WithoutCancel(ctx), subcommand, "--bundle", c.dir, "--pid-file", c.at("pid"))
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	cmd.Stdout, cmd.Stderr = log, log
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: no other goroutine may get this thread
		err := c.mount()
		if err == nil {
			err = cmd.Start()
		}
		started <- err
	}()
	if err := <-started; err != nil {
		return nil, machineError(c.builder.config.Runtime, err)
	}
	return cmd, nil
}

// mount gives this thread a mount namespace of its own, from which nothing gets out,
// and mounts there what the container may write, and its root.
func (c *container) mount() error {
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS); err != nil {
		return os.NewSyscallError("unshare", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("mount /", err)
	}
	uid, gid := c.builder.config.HostUID, c.builder.config.HostGID
	// Each tmpfs counts its root. The root's other entries are mount points.
	for name, options := range map[string]string{
		rootDir:    tmpfsOptions(uid-1, gid-1, 1<<20, 16384),
		outputDir:  tmpfsOptions(uid, gid, c.limits.OutputBytes, c.limits.OutputFiles+1),
		scratchDir: tmpfsOptions(uid, gid, c.limits.ScratchBytes, 1_000_000),
	} {
		if err := unix.Mount("tmpfs", c.at(name), "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
			return os.NewSyscallError("mount "+name, err)
		}
	}
	home := c.at(scratchDir + strings.TrimPrefix(reproducible.HomeDir, reproducible.ScratchDir))
	if err := errors.Join(unix.Mkdir(home, 0o755), unix.Chown(home, int(uid), int(gid))); err != nil {
		return err
	}
	out, err := os.OpenRoot(c.at(outputDir))
	c.output = out
	return err
}

// stop ends the container, by the runtime if that can be had, and then the runtime.
func (c *container) stop(ctx context.Context, cmd *exec.Cmd) {
	_ = c.ask(context.WithoutCancel(ctx), "kill", "KILL") // where there is no container yet, it fails
	_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
}

// ask has the runtime do something to the container.
func (c *container) ask(ctx context.Context, subcommand, last string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd, closer, err := c.command(ctx, subcommand)
	if err != nil {
		return err
	}
	defer closer.Close()
	if last != "" {
		cmd.Args = append(cmd.Args, last)
	}
	return cmd.Run()
}

// remove deletes the container, if it is still there, and the directory.
func (c *container) remove(ctx context.Context) error {
	var faults []error
	if left, err := os.ReadDir(c.at(stateDir)); err != nil || len(left) > 0 {
		faults = append(faults, err, c.delete(ctx))
	}
	if c.output != nil {
		faults = append(faults, c.output.Close())
	}
	if err := errors.Join(append(faults, os.RemoveAll(c.dir))...); err != nil {
		return machineError("clean-up", err)
	}
	return nil
}

// delete has the runtime delete the container, running or not.
func (c *container) delete(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd, closer, err := c.command(ctx, "delete", "--force")
	if err != nil {
		return err
	}
	defer closer.Close()
	return cmd.Run()
}

// pid returns the process of the container, which the runtime writes down when it
// runs.
func (c *container) pid() (int, error) {
	text, err := os.ReadFile(c.at("pid"))
	if err != nil {
		return 0, errors.New("the runtime has written no process id")
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || n <= 1 {
		return 0, errors.New("the runtime has written no process id")
	}
	return n, nil
}

// messages returns what the runtime has logged as errors, and whether that is about
// the program or the directory of the spec.
func (c *container) messages(spec *reproducible.Spec) (text string, blames bool) {
	f, err := os.OpenFile(c.at("log"), os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return "", false
	}
	defer f.Close()
	var all []string
	lines := bufio.NewScanner(io.LimitReader(f, 1<<20))
	for lines.Scan() {
		var line struct {
			Level string `json:"level"`
			Msg   string `json:"msg"`
		}
		err := strictjson.Unmarshal(lines.Bytes(), &line, strictjson.Options{AllowUnknown: true})
		if err == nil && line.Level != "warning" && line.Level != "info" && line.Level != "debug" {
			all = append(all, line.Msg)
		}
	}
	text = strings.Join(all, "; ")
	lower := strings.ToLower(text)
	for _, why := range []error{fs.ErrNotExist, syscall.ENOENT, syscall.EACCES, syscall.ENOTDIR, syscall.ENOEXEC, syscall.EISDIR} {
		if strings.Contains(lower, why.Error()) && (strings.Contains(text, spec.Command[0]) || strings.Contains(text, spec.Dir)) {
			return text, true
		}
	}
	return text, false
}

const (
	sigKill = int(unix.SIGKILL)
	sigXCPU = int(unix.SIGXCPU)
)

func signalOf(state *os.ProcessState) string {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return unix.SignalName(status.Signal())
	}
	return ""
}

func setUpError(where, want, got string) error { return attest.Refuse(CodeSetUp, where, want, got) }
