//go:build linux

package sandbox

import "golang.org/x/sys/unix"

// stackPointer returns that of a stopped process.
func stackPointer(pid int) (uint64, error) {
	var regs unix.PtraceRegs
	err := unix.PtraceGetRegs(pid, &regs)
	return regs.Rsp, err
}
