package scan

import (
	"io/fs"
	"syscall"
)

// openFlags keep an open from blocking when a FIFO was put in a file's place.
const openFlags = syscall.O_NONBLOCK

// deviceOf returns the number of the file system that holds the file.
func deviceOf(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev)
	}
	return 0
}

// changed compares two looks at one open file. The change time cannot be set
// back by the file's owner, unlike the modification time.
func changed(a, b fs.FileInfo) bool {
	x, okX := a.Sys().(*syscall.Stat_t)
	y, okY := b.Sys().(*syscall.Stat_t)
	if !okX || !okY {
		return true
	}
	return x.Size != y.Size || x.Mtim != y.Mtim || x.Ctim != y.Ctim || x.Ino != y.Ino
}
