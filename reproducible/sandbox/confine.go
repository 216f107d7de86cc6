//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

// securebits give root no capabilities, keep none over a change of identity
// except until they are dropped, and lock all of that (capabilities(7)).
const securebits = 1<<0 | 1<<1 | // NOROOT
	1<<2 | 1<<3 | // NO_SETUID_FIXUP
	1<<5 | // KEEP_CAPS off
	1<<6 | 1<<7 // NO_CAP_AMBIENT_RAISE

// identity becomes the build's user for good: bounding and ambient sets are
// emptied, ids switched, the remaining sets emptied, no_new_privs set. System
// calls go to this thread alone.
func (c *child) identity() error {
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl PR_CAP_AMBIENT", err)
	}
	if err := dropBounding(); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_SECUREBITS, securebits, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl PR_SET_SECUREBITS", err)
	}
	if c.plan.Switch {
		if err := switchTo(c.plan.UID, c.plan.GID); err != nil {
			return err
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capset(&header, &data[0]); err != nil {
		return os.NewSyscallError("capset", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl PR_SET_NO_NEW_PRIVS", err)
	}
	return c.readIdentityBack()
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

// switchTo takes an identity without groups. The package functions of unix
// would do so for every thread of the Go runtime, which is about to vanish.
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

// readIdentityBack records what the kernel says was achieved.
func (c *child) readIdentityBack() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return os.NewSyscallError("capget", err)
	}
	if data != ([2]unix.CapUserData{}) {
		return errors.New("capabilities remain")
	}
	for i := uintptr(0); i <= lastCapability; i++ {
		left, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, i, 0, 0, 0)
		if err == nil && left != 0 {
			return errors.New("the bounding set is not empty")
		}
	}
	c.achieved |= reproducible.NoCapabilities
	set, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	if err != nil || set != 1 {
		return errors.Join(errors.New("no_new_privs is not set"), err)
	}
	c.achieved |= reproducible.NoNewPrivileges
	if os.Getuid() != int(c.plan.UID) || os.Getgid() != int(c.plan.GID) {
		return errors.New("the identity is not the plan's")
	}
	return nil
}

// filter installs the system call policy on this thread.
func (c *child) filter() error {
	f := filter(c.plan.FixedClock)
	f.Rules = append(f.Rules, keepProcessors(c.plan.CPUs)...)
	if err := install(f); err != nil {
		return err
	}
	c.achieved |= reproducible.Seccomp
	return nil
}

// limits come last: they would also bind the Go runtime, which may still need a
// thread or a page.
func (c *child) limits() error {
	p := c.plan
	bounds := []struct {
		resource   int
		soft, hard int64
	}{
		{unix.RLIMIT_CORE, 0, 0},
		{unix.RLIMIT_NOFILE, 1024, 4096},
		{unix.RLIMIT_FSIZE, max(p.OutputBytes, p.ScratchBytes), max(p.OutputBytes, p.ScratchBytes)},
		{unix.RLIMIT_CPU, p.CPUSeconds, p.CPUSeconds + 1},
		{unix.RLIMIT_NPROC, p.PIDs, p.PIDs},
		{unix.RLIMIT_AS, p.AddressSpace, p.AddressSpace},
	}
	for _, b := range bounds {
		if b.resource == unix.RLIMIT_AS && b.hard == 0 {
			continue
		}
		var now unix.Rlimit
		if err := unix.Getrlimit(b.resource, &now); err != nil {
			return os.NewSyscallError("getrlimit", err)
		}
		// Nobody without CAP_SYS_RESOURCE can raise a hard limit; a lower one is
		// a stricter bound.
		next := unix.Rlimit{Cur: min(uint64(b.soft), now.Max), Max: min(uint64(b.hard), now.Max)}
		if err := unix.Setrlimit(b.resource, &next); err != nil {
			return os.NewSyscallError("setrlimit", err)
		}
	}
	return nil
}
