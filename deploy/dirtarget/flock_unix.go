//go:build unix

package dirtarget

import (
	"os"
	"syscall"
)

// flock takes the only lock on a file, or fails at once.
func flock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
