//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

// devices are what /dev holds.
func devices() []string { return []string{"null", "zero", "full", "random", "urandom"} }

// mounts builds the command's file tree in a tmpfs and makes it the root. All
// sources are cloned first, because the new root hides them.
func (c *child) mounts() error {
	unix.Umask(0o022) // the monitor's may be another
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("mount private", err)
	}
	order, err := c.order()
	if err != nil {
		return err
	}
	binds, err := order.cloneAll(c.plan.Mounts)
	if err != nil {
		return err
	}
	devs, err := cloneDevices()
	if err != nil {
		return err
	}
	proc, err := newMount("proc", unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOEXEC, "subset", "pid")
	if err != nil {
		return err
	}
	if err := enterNewRoot(); err != nil {
		return err
	}
	if err := c.places().make(order); err != nil {
		return err
	}
	for i, m := range c.plan.Mounts {
		if err := attach(binds[i], m.Target); err != nil {
			return err
		}
	}
	for i, name := range devices() {
		if err := attach(devs[i], "dev/"+name); err != nil {
			return err
		}
	}
	if err := attach(proc, "proc"); err != nil {
		return err
	}
	if err := c.writable(); err != nil {
		return err
	}
	if err := leaveOldRoot(); err != nil {
		return err
	}
	return c.readMountsBack()
}

// clone returns a detached copy of the mount tree at source.
func clone(source string, attributes uint64) (int, error) {
	fd, err := unix.OpenTree(unix.AT_FDCWD, source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return -1, fmt.Errorf("open_tree %s: %w", source, err)
	}
	attr := unix.MountAttr{Attr_set: attributes | unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID}
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &attr); err != nil {
		return -1, fmt.Errorf("mount_setattr %s: %w", source, err)
	}
	return fd, nil
}

func (o order) cloneAll(mounts []mount) ([]int, error) {
	fds := make([]int, len(mounts))
	for i, m := range mounts {
		fd, err := -1, error(nil)
		if m.Copy {
			fd, err = o.copy(m)
		} else {
			fd, err = clone(m.Source, unix.MOUNT_ATTR_NODEV)
		}
		if err != nil {
			return nil, err
		}
		fds[i] = fd
	}
	return fds, nil
}

func cloneDevices() ([]int, error) {
	var fds []int
	for _, name := range devices() {
		fd, err := clone("/dev/"+name, unix.MOUNT_ATTR_NOEXEC)
		if err != nil {
			return nil, err
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

// newMount makes a detached file system of that type, nosuid and nodev, with
// options as pairs of key and value.
func newMount(fsType string, attributes int, options ...string) (int, error) {
	fs, err := unix.Fsopen(fsType, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("fsopen %s: %w", fsType, err)
	}
	defer unix.Close(fs)
	for i := 0; i < len(options); i += 2 {
		if err := unix.FsconfigSetString(fs, options[i], options[i+1]); err != nil {
			return -1, fmt.Errorf("fsconfig %s %s=%s: %w", fsType, options[i], options[i+1], err)
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, fmt.Errorf("fsconfig %s: %w", fsType, err)
	}
	fd, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, attributes|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	if err != nil {
		return -1, fmt.Errorf("fsmount %s: %w", fsType, err)
	}
	return fd, nil
}

// enterNewRoot puts an empty tmpfs over / and makes it the working directory.
func enterNewRoot() error {
	root, err := newMount("tmpfs", 0, "size", "1m", "nr_inodes", "65536", "mode", "0755")
	if err != nil {
		return err
	}
	if err := unix.MoveMount(root, "", unix.AT_FDCWD, "/", unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return os.NewSyscallError("move_mount /", err)
	}
	return os.NewSyscallError("fchdir", unix.Fchdir(root))
}

// leaveOldRoot makes the working directory the root and lets go of the machine's
// tree, which pivot_root(2) has stacked on top of it.
func leaveOldRoot() error {
	if err := unix.PivotRoot(".", "."); err != nil {
		return os.NewSyscallError("pivot_root", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return os.NewSyscallError("umount", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return os.NewSyscallError("chdir", err)
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV}
	return os.NewSyscallError("mount_setattr /", unix.MountSetattr(unix.AT_FDCWD, "/", 0, &attr))
}

// attach moves a detached mount to a path relative to the working directory.
func attach(fd int, target string) error {
	if err := unix.MoveMount(fd, "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("move_mount %s: %w", target, err)
	}
	return unix.Close(fd)
}

// places are the names in the new root: what is mounted is mounted over them.
func (c *child) places() places {
	p := places{}
	for _, dir := range []string{"dev", "proc", reproducible.OutputDir[1:], reproducible.ScratchDir[1:]} {
		p.add(dir, place{dir: true})
	}
	for _, m := range c.plan.Mounts {
		p.add(m.Target, place{dir: m.Dir})
	}
	for _, name := range devices() {
		p.add("dev/"+name, place{})
	}
	for name, target := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
		"shm": reproducible.ScratchDir,
	} {
		p.add("dev/"+name, place{link: target})
	}
	return p
}

// writable mounts the two places where the command may write.
func (c *child) writable() error {
	owner := []string{
		"uid", strconv.FormatUint(uint64(c.plan.UID), 10), "gid", strconv.FormatUint(uint64(c.plan.GID), 10),
		"mode", "0755",
	}
	// Each tmpfs counts its root; undeclared files count too.
	output := slices.Concat(owner, []string{
		"size", strconv.FormatInt(c.plan.OutputBytes, 10), "nr_inodes", strconv.FormatInt(c.plan.OutputFiles+1, 10),
	})
	scratch := slices.Concat(owner, []string{
		"size", strconv.FormatInt(c.plan.ScratchBytes, 10), "nr_inodes", "1000000",
	})
	for target, options := range map[string][]string{reproducible.OutputDir: output, reproducible.ScratchDir: scratch} {
		fd, err := newMount("tmpfs", 0, options...)
		if err != nil {
			return err
		}
		if err := attach(fd, target[1:]); err != nil {
			return err
		}
	}
	c.achieved |= reproducible.StorageLimit
	return nil
}

// readMountsBack checks that everything that must be read-only is.
func (c *child) readMountsBack() error {
	targets := []string{"/", "/proc"}
	for _, m := range c.plan.Mounts {
		targets = append(targets, "/"+m.Target)
	}
	for _, target := range targets {
		var s unix.Statfs_t
		if err := unix.Statfs(target, &s); err != nil {
			return os.NewSyscallError("statfs", err)
		}
		if s.Flags&unix.ST_RDONLY == 0 || s.Flags&unix.ST_NOSUID == 0 || s.Flags&unix.ST_NODEV == 0 {
			return errors.New(target + " is not read-only, nosuid and nodev")
		}
	}
	c.achieved |= reproducible.ReadOnlyInputs | reproducible.ConfinedFiles
	return c.readOrderBack()
}
