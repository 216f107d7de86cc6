//go:build linux

package trace

import (
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

const (
	auditArch   = unix.AUDIT_ARCH_X86_64
	foreignBit  = 0x40000000 // __X32_SYSCALL_BIT
	lastSyscall = unix.SYS_RSEQ_SLICE_YIELD
	timeCall    = unix.SYS_TIME
)

// callsHere are the older calls that only this architecture has.
func callsHere() []call {
	return []call{
		{nr: unix.SYS_OPEN, form: formOpen, dir: none, path: 0, flags: 1},
		{nr: unix.SYS_CREAT, form: formPath, op: reproducible.OpWrite, dir: none, path: 0},
		{nr: unix.SYS_UNLINK, form: formPath, op: reproducible.OpRemove, dir: none, path: 0, nofollow: true},
		{nr: unix.SYS_RMDIR, form: formPath, op: reproducible.OpRemove, dir: none, path: 0, nofollow: true},
		{nr: unix.SYS_MKDIR, form: formPath, op: reproducible.OpWrite, dir: none, path: 0, nofollow: true},
		{nr: unix.SYS_MKNOD, form: formPath, op: reproducible.OpWrite, dir: none, path: 0, nofollow: true},
		{nr: unix.SYS_SYMLINK, form: formPath, op: reproducible.OpWrite, dir: none, path: 1, nofollow: true},
		{nr: unix.SYS_LINK, form: formTwoPaths, op: reproducible.OpOpen, dir: none, path: 0, dir2: none, path2: 1},
		{nr: unix.SYS_RENAME, form: formTwoPaths, op: reproducible.OpRemove, dir: none, path: 0, dir2: none, path2: 1, nofollow: true},
	}
}
