//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// securebits give root no capabilities, keep none over a change of identity
// except until they are dropped, and lock all of that (capabilities(7)).
const securebits = 1<<0 | 1<<1 | // NOROOT
	1<<2 | 1<<3 | // NO_SETUID_FIXUP
	1<<5 | // KEEP_CAPS off
	1<<6 | 1<<7 // NO_CAP_AMBIENT_RAISE

// identity becomes the build's user for good: bounding and ambient sets are
// emptied, ids switched, the remaining sets emptied, no_new_privs set.
func (c *child) identity() error {
	c.do("prctl PR_CAP_AMBIENT", unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	for i := range capabilities() {
		c.do("prctl PR_CAPBSET_DROP", unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, i, 0, 0, 0)
	}
	c.do("prctl PR_SET_SECUREBITS", unix.SYS_PRCTL, unix.PR_SET_SECUREBITS, securebits, 0, 0, 0)
	if uid, gid := uint64(c.plan.UID), uint64(c.plan.GID); c.plan.Switch {
		c.do("setgroups", unix.SYS_SETGROUPS, 0, 0)
		c.do("setresgid", unix.SYS_SETRESGID, gid, gid, gid)
		c.do("setresuid", unix.SYS_SETRESUID, uid, uid, uid)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	c.do("capset", unix.SYS_CAPSET, put(c.script, header), put(c.script, [2]unix.CapUserData{}))
	c.do("prctl PR_SET_NO_NEW_PRIVS", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	return nil
}

// capabilities returns how many the kernel has.
func capabilities() uint64 {
	n := uint64(0)
	for n <= lastCapability && unix.Prctl(unix.PR_CAPBSET_READ, uintptr(n), 0, 0, 0) == nil {
		n++
	}
	return n
}

// lastCapability is above every capability that Linux has; the kernel answers
// EINVAL past its own last.
const lastCapability = 63

func dropBounding() error {
	for i := uintptr(0); i <= lastCapability; i++ {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, i, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) {
			return nil
		}
		if err != nil {
			return os.NewSyscallError("prctl PR_CAPBSET_DROP", err)
		}
	}
	return nil
}

// switchTo takes an identity without groups, for this thread alone. The package
// functions of unix would take it for the whole process.
func switchTo(uid, gid uint32) error {
	if _, _, e := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0); e != 0 {
		return os.NewSyscallError("setgroups", e)
	}
	if _, _, e := unix.RawSyscall(unix.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid)); e != 0 {
		return os.NewSyscallError("setresgid", e)
	}
	if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); e != 0 {
		return os.NewSyscallError("setresuid", e)
	}
	return nil
}

// limits come last, so that they bind the command alone; all but that of memory,
// which binds nothing before.
func (c *child) limits() error {
	p := c.plan
	file := max(p.OutputBytes, p.ScratchBytes)
	for _, b := range []struct {
		resource   int
		soft, hard int64
	}{
		{unix.RLIMIT_CORE, 0, 0},
		{unix.RLIMIT_NOFILE, 1024, 4096},
		{unix.RLIMIT_FSIZE, file, file},
		{unix.RLIMIT_CPU, p.CPUSeconds, p.CPUSeconds + 1},
		{unix.RLIMIT_NPROC, p.PIDs, p.PIDs},
	} {
		if err := c.limit(b.resource, b.soft, b.hard); err != nil {
			return err
		}
	}
	return nil
}

// limit sets one limit. Nobody without CAP_SYS_RESOURCE can raise a hard limit,
// which the child has from here; a lower one is a stricter bound.
func (c *child) limit(resource int, soft, hard int64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return machineError("limits", os.NewSyscallError("getrlimit", err))
	}
	next := unix.Rlimit{Cur: min(uint64(soft), now.Max), Max: min(uint64(hard), now.Max)}
	c.do("prlimit", unix.SYS_PRLIMIT64, 0, uint64(resource), put(c.script, next), 0)
	return nil
}
