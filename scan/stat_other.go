//go:build !linux

package scan

import "io/fs"

// openFlags are none: os.Root gives no portable way to open without blocking.
const openFlags = 0

// deviceOf cannot tell file systems apart here.
func deviceOf(fs.FileInfo) uint64 { return 0 }

// changed compares two looks at one open file.
func changed(a, b fs.FileInfo) bool {
	return a.Size() != b.Size() || !a.ModTime().Equal(b.ModTime())
}
