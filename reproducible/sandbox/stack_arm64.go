//go:build linux

package sandbox

import "golang.org/x/sys/unix"

// ntPrStatus selects the general registers (elf.h, NT_PRSTATUS).
const ntPrStatus = 1

// stackPointer returns that of a stopped process.
func stackPointer(pid int) (uint64, error) {
	var regs unix.PtraceRegsArm64
	err := unix.PtraceGetRegSetArm64(pid, ntPrStatus, &regs)
	return regs.Sp, err
}
