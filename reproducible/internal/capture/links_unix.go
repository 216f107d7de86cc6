//go:build unix

package capture

import (
	"io/fs"
	"syscall"
)

// links returns the number of names that the file has.
func links(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink)
	}
	return 1
}
