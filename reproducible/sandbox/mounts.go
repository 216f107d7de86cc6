//go:build linux && (amd64 || arm64)

package sandbox

import (
	"slices"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

// atCWD is AT_FDCWD as an argument.
const atCWD = 1<<64 + unix.AT_FDCWD

// devices are what /dev holds.
func devices() []string { return []string{"null", "zero", "full", "random", "urandom"} }

// mounts builds the command's file tree in a tmpfs and makes it the root. All
// sources are cloned first, because the new root hides them.
func (c *child) mounts() error {
	c.any("umask", unix.SYS_UMASK, 0o022) // the monitor's may be another
	c.do("mount private", unix.SYS_MOUNT, 0, c.text("/"), 0, unix.MS_REC|unix.MS_PRIVATE, 0)
	var devs []uint64
	for _, name := range devices() {
		devs = append(devs, c.clone("/dev/"+name, unix.MOUNT_ATTR_NOEXEC))
	}
	proc := c.newMount("proc", unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOEXEC, "subset", "pid")
	c.users()
	binds := c.sources()
	c.enterNewRoot()
	c.makePlaces()
	for i, m := range c.plan.Mounts {
		c.attach(binds[i], m.Target)
	}
	for i, name := range devices() {
		c.attach(devs[i], "dev/"+name)
	}
	c.attach(proc, "proc")
	c.writable()
	c.leaveOldRoot()
	return nil
}

// sources returns the descriptors of what plan.Mounts says. The monitor fills the
// copies while the child waits.
func (c *child) sources() []uint64 {
	fds := make([]uint64, len(c.plan.Mounts))
	for i, m := range c.plan.Mounts {
		if m.Copy {
			fds[i] = c.newMount("tmpfs", 0, "size", strconv.FormatInt(m.Bytes, 10), "nr_inodes", strconv.FormatInt(m.Entries, 10), "mode", "0755")
		} else {
			fds[i] = c.clone(m.Source, unix.MOUNT_ATTR_NODEV)
		}
	}
	if !c.plan.Sorted {
		return fds
	}
	c.tell(fillSize)
	c.wait()
	c.copies = make([]uint64, len(fds))
	for i, m := range c.plan.Mounts {
		if m.Copy {
			c.copies[i] = fds[i]
			c.setAttributes("copy of "+m.Source, fds[i], unix.AT_EMPTY_PATH, unix.MOUNT_ATTR_NODEV)
		}
	}
	return fds
}

// clone makes a detached copy of the mount tree at source.
func (c *child) clone(source string, attributes uint64) (fd uint64) {
	fd = c.open("open_tree "+source, unix.SYS_OPEN_TREE, atCWD, c.text(source), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	c.setAttributes(source, fd, unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, attributes)
	return fd
}

// setAttributes makes a mount read-only, nosuid, and more.
func (c *child) setAttributes(what string, fd, flags, attributes uint64) {
	attr := unix.MountAttr{Attr_set: attributes | unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID}
	c.do("mount_setattr "+what, unix.SYS_MOUNT_SETATTR, fd, c.text(""), flags, put(c.script, attr), uint64(unsafe.Sizeof(attr)))
}

// newMount makes a detached file system of that type, nosuid and nodev, with
// options as pairs of key and value.
func (c *child) newMount(fsType string, attributes uint64, options ...string) (fd uint64) {
	fs := c.open("fsopen "+fsType, unix.SYS_FSOPEN, c.text(fsType), unix.FSOPEN_CLOEXEC)
	for i := 0; i < len(options); i += 2 {
		c.do("fsconfig "+fsType+" "+options[i]+"="+options[i+1], unix.SYS_FSCONFIG,
			fs, unix.FSCONFIG_SET_STRING, c.text(options[i]), c.text(options[i+1]), 0)
	}
	c.do("fsconfig "+fsType, unix.SYS_FSCONFIG, fs, unix.FSCONFIG_CMD_CREATE, 0, 0, 0)
	fd = c.open("fsmount "+fsType, unix.SYS_FSMOUNT, fs, unix.FSMOUNT_CLOEXEC, attributes|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	c.close(fs)
	return fd
}

// move moves a detached mount to a path.
func (c *child) move(fd uint64, target string) {
	c.do("move_mount "+target, unix.SYS_MOVE_MOUNT, fd, c.text(""), atCWD, c.text(target), unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// attach moves a detached mount to a path relative to the working directory.
func (c *child) attach(fd uint64, target string) {
	c.move(fd, target)
	c.close(fd)
}

// enterNewRoot puts an empty tmpfs over / and makes it the working directory.
func (c *child) enterNewRoot() {
	root := c.newMount("tmpfs", 0, "size", "1m", "nr_inodes", "65536", "mode", "0755")
	c.move(root, "/")
	c.do("fchdir", unix.SYS_FCHDIR, root)
	c.close(root)
}

// leaveOldRoot makes the working directory the root and lets go of the machine's
// tree, which pivot_root(2) has stacked on top of it.
func (c *child) leaveOldRoot() {
	here := c.text(".")
	c.do("pivot_root", unix.SYS_PIVOT_ROOT, here, here)
	c.do("umount", unix.SYS_UMOUNT2, here, unix.MNT_DETACH)
	c.do("chdir /", unix.SYS_CHDIR, c.text("/"))
	c.setAttributes("/", atCWD, unix.AT_EMPTY_PATH, unix.MOUNT_ATTR_NODEV)
}

// places are the names in the new root: what is mounted is mounted over them.
func (p *plan) places() places {
	all := places{}
	for _, dir := range []string{"dev", "proc", reproducible.OutputDir[1:], reproducible.ScratchDir[1:]} {
		all.add(dir, place{dir: true})
	}
	for _, m := range p.Mounts {
		all.add(m.Target, place{dir: m.Dir})
	}
	for _, name := range devices() {
		all.add("dev/"+name, place{})
	}
	for name, target := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
		"shm": reproducible.ScratchDir,
	} {
		all.add("dev/"+name, place{link: target})
	}
	return all
}

// makePlaces makes them below the working directory.
func (c *child) makePlaces() {
	all := c.plan.places()
	for _, name := range all.arranged(c.plan.Order) {
		switch what, path := all[name], c.text(name); {
		case what.dir:
			c.do("mkdir "+name, unix.SYS_MKDIRAT, atCWD, path, 0o755)
		case what.link != "":
			c.do("symlink "+name, unix.SYS_SYMLINKAT, c.text(what.link), atCWD, path)
		default:
			c.do("mknod "+name, unix.SYS_MKNODAT, atCWD, path, unix.S_IFREG|0o444, 0)
		}
	}
}

// writable mounts the two places where the command may write.
func (c *child) writable() {
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
	c.attach(c.newMount("tmpfs", 0, output...), reproducible.OutputDir[1:])
	c.attach(c.newMount("tmpfs", 0, scratch...), reproducible.ScratchDir[1:])
}
