package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncAll flushes everything that was written to the store's file system: one
// call for many files.
func (s *Store) syncAll(_ []staged) error {
	f, err := os.Open(s.dir)
	if err != nil {
		return diskError(s.dir, err)
	}
	err = unix.Syncfs(int(f.Fd()))
	if err := errors.Join(os.NewSyscallError("syncfs", err), f.Close()); err != nil {
		return diskError(s.dir, err)
	}
	return nil
}

// syncDir flushes the names in a directory.
func syncDir(dir string) error { return syncFile(dir) }
