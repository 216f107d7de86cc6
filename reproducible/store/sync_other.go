//go:build !linux

package store

import "runtime"

// syncAll flushes the staged files one by one.
func (s *Store) syncAll(files []staged) error {
	for _, b := range files {
		if err := syncFile(b.temp); err != nil {
			return err
		}
	}
	return nil
}

// syncDir flushes the names in a directory, where the system can.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return syncFile(dir)
}
