//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"maps"
	"math"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	shared "github.com/sealwright/sealwright/reproducible/internal/attacks"
)

// attacks are commands that must be refused: those that every Builder must refuse, and
// those that a Sandbox refuses besides.
func attacks() map[string]func(args []string) error {
	all := map[string]func(args []string) error{
		"chown":          func(args []string) error { return os.Chown(args[0], os.Getuid(), os.Getgid()) },
		"touch":          func(args []string) error { return os.Chtimes(args[0], time.Unix(1, 0), time.Unix(1, 0)) },
		"reflink":        func(args []string) error { return reflink(args[0], args[1]) },
		"memfd-execveat": execFromMemfd,
		"rename":         func(args []string) error { return os.Rename(args[0], args[1]) },
		"setxattr":       func(args []string) error { return unix.Setxattr(args[0], "user.x", []byte("y"), 0) },
		"fill-output":    func([]string) error { return shared.Fill("/out/result", math.MaxInt) },
		"fill-scratch":   func([]string) error { return shared.Fill("/tmp/fill", math.MaxInt) },
		"resolve":        func([]string) error { _, err := net.LookupHost("example.com"); return err },
		"free-affinity":  freeAffinity,
	}
	maps.Copy(all, shared.Table())
	return all
}

// reflink has one file share the blocks of another.
func reflink(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	clone, err := os.Create(to)
	if err != nil {
		return err
	}
	defer clone.Close()
	return unix.IoctlFileClone(int(clone.Fd()), int(source.Fd()))
}

// execFromMemfd becomes a program that has no name.
func execFromMemfd([]string) error {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return nil
	}
	fd, err := unix.MemfdCreate("tool", 0)
	if err != nil {
		return nil
	}
	if err := os.WriteFile("/proc/self/fd/"+strconv.Itoa(fd), self, 0); err != nil {
		return nil
	}
	argv, err := syscall.SlicePtrFromStrings([]string{"tool", toolArgument, "echo", "from memory"})
	if err != nil {
		return nil
	}
	var nothing byte
	_, _, e := unix.Syscall6(unix.SYS_EXECVEAT, uintptr(fd), uintptr(unsafe.Pointer(&nothing)), uintptr(unsafe.Pointer(&argv[0])), 0, unix.AT_EMPTY_PATH, 0)
	return e
}
