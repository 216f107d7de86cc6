//go:build unix

package record_test

import (
	"os"
	"syscall"
)

// dup returns another descriptor of the same pipe, as a command has one.
func dup(f *os.File) (*os.File, error) {
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
