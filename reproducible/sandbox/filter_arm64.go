//go:build linux

package sandbox

import "golang.org/x/sys/unix"

const (
	auditArch   = unix.AUDIT_ARCH_AARCH64
	foreignBit  = 0
	lastSyscall = unix.SYS_RSEQ_SLICE_YIELD
)

// deniedHere are calls that only this architecture has.
func deniedHere() []uint32 { return []uint32{unix.SYS_NFSSERVCTL} }
