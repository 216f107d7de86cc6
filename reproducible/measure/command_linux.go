package measure

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
)

// Command returns a command that runs exactly the pinned tool. It verifies the whole
// pin, then copies the tool into anonymous memory while it hashes it, seals the
// memory against every change, and has the command execute that (memfd_create(2),
// F_SEAL_WRITE, execve(2) of the descriptor). So a tool that is replaced or
// rewritten after the check runs as it was pinned, or does not run at all.
//
// The command has an empty environment and the tool's path as its argument 0. The
// program sees no path of its own in /proc/self/exe. The loader and the libraries
// are loaded by path: to find out that they were exchanged in between, Verify again
// when the command has ended. Close the returned Closer after Start; it holds the
// memory.
func (p *ToolPin) Command(ctx context.Context, args ...string) (*exec.Cmd, io.Closer, error) {
	if err := p.Verify(ctx); err != nil {
		return nil, nil, err
	}
	f, err := p.sealed()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, descriptorPath(f), args...)
	cmd.Args[0] = p.Tool.Path
	cmd.Env = []string{}
	return cmd, f, nil
}

// sealed returns a sealed copy of the tool.
func (p *ToolPin) sealed() (_ *os.File, err error) {
	root, err := os.Open(p.Root)
	if err != nil {
		return nil, cannotRead(p.Root, err)
	}
	defer root.Close()
	tool, _, err := (&closer{root: root}).open(p.Tool.Path)
	if err != nil {
		return nil, cannotRead(p.Tool.Path, err)
	}
	defer tool.Close()
	memory, err := executableMemory(p.Tool.Path)
	if err != nil {
		return nil, cannotRead(p.Tool.Path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, memory.Close())
		}
	}()
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(memory, h), io.LimitReader(tool, p.Tool.Size+1)); err != nil {
		return nil, cannotRead(p.Tool.Path, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != p.Tool.Digest.Hex {
		return nil, attest.Refuse(CodeToolChanged, quote(p.Tool.Path), p.Tool.Digest.String(), "sha256:"+got)
	}
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(memory.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return nil, cannotRead(p.Tool.Path, os.NewSyscallError("fcntl F_ADD_SEALS", err))
	}
	return memory, nil
}

// lowestDescriptor keeps the memory clear of the descriptors that os/exec gives to
// the child before it executes the path that names this one.
const lowestDescriptor = 256

func executableMemory(name string) (*os.File, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate("tool", flags|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 every memfd is executable
		fd, err = unix.MemfdCreate("tool", flags)
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	defer unix.Close(fd)
	high, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, lowestDescriptor)
	if err != nil {
		return nil, os.NewSyscallError("fcntl F_DUPFD_CLOEXEC", err)
	}
	return os.NewFile(uintptr(high), name), nil
}

func descriptorPath(f *os.File) string {
	return "/proc/self/fd/" + strconv.FormatUint(uint64(f.Fd()), 10)
}
