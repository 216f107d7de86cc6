//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rulesetAttr is struct landlock_ruleset_attr, as of version 6 of the interface.
type rulesetAttr struct {
	handledFS  uint64
	handledNet uint64
	scoped     uint64
}

// pathBeneathAttr is struct landlock_path_beneath_attr, which is packed.
type pathBeneathAttr struct {
	allowed uint64
	parent  int32
}

const sizePathBeneath = 12

// minLandlock is the first version of the interface that scopes signals and
// abstract sockets (Linux 6.12).
const minLandlock = 6

// Rights of landlock(7).
const (
	landlockRead  = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	landlockAll   = unix.LANDLOCK_ACCESS_FS_IOCTL_DEV<<1 - 1
	landlockFile  = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	landlockNet   = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	landlockScope = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
)

// landlockVersion returns that of the kernel's interface.
func landlockVersion() (int, error) {
	v, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if e != 0 {
		return 0, os.NewSyscallError("landlock_create_ruleset", e)
	}
	return int(v), nil
}

// A territory is what a thread may still reach of the file tree.
type territory struct {
	read  []string // to be read and run
	write []string // anything
	use   []string // device files, to be read and written
}

// ruleset returns a descriptor of what restrict needs.
func (t territory) ruleset() (int, error) {
	attr := rulesetAttr{handledFS: landlockAll, handledNet: landlockNet, scoped: landlockScope}
	ruleset, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if e != 0 {
		return 0, os.NewSyscallError("landlock_create_ruleset", e)
	}
	var faults []error
	for _, name := range t.read {
		faults = append(faults, allow(int(ruleset), name, landlockRead))
	}
	for _, name := range t.write {
		faults = append(faults, allow(int(ruleset), name, landlockAll))
	}
	for _, name := range t.use {
		faults = append(faults, allow(int(ruleset), name, unix.LANDLOCK_ACCESS_FS_READ_FILE|unix.LANDLOCK_ACCESS_FS_WRITE_FILE))
	}
	if err := errors.Join(faults...); err != nil {
		return 0, errors.Join(err, unix.Close(int(ruleset)))
	}
	return int(ruleset), nil
}

// restrict takes everything else from the calling thread and all that it starts,
// for good. The thread must have no_new_privs set.
func restrict(ruleset int) error {
	if _, _, e := unix.RawSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0); e != 0 {
		return os.NewSyscallError("landlock_restrict_self", e)
	}
	return nil
}

// allow adds rights below name, or to name alone if it is a file.
func allow(ruleset int, name string, rights uint64) error {
	fd, err := unix.Open(name, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return os.NewSyscallError("fstat", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= landlockFile
	}
	var packed [sizePathBeneath]byte
	attr := pathBeneathAttr{rights, int32(fd)}
	copy(packed[:], unsafe.Slice((*byte)(unsafe.Pointer(&attr)), sizePathBeneath))
	_, _, e := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&packed)), 0, 0, 0)
	if e != 0 {
		return fmt.Errorf("landlock_add_rule %s: %w", name, e)
	}
	return nil
}
