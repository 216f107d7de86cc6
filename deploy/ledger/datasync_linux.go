package ledger

import (
	"os"
	"syscall"
)

// Sync calls fdatasync(2), which flushes the content and the size but not the
// times of the file.
func (f file) Sync() error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
