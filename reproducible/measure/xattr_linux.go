package measure

import (
	"errors"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// noXattrs reports whether what is at name in the open directory certainly has no
// extended attributes: one call that looks up one name, where readXattrs looks up a
// path through /proc. Most of a tree is like that. False says nothing, as on a
// kernel before Linux 6.13, which does not know listxattrat(2).
func noXattrs(dir int, name string) bool {
	p, err := unix.BytePtrFromString(name)
	if err != nil {
		return false
	}
	n, _, e := unix.Syscall6(unix.SYS_LISTXATTRAT, uintptr(dir), uintptr(unsafe.Pointer(p)), unix.AT_SYMLINK_NOFOLLOW, 0, 0, 0)
	return e == unix.ENOTSUP || e == 0 && n == 0
}

// readXattrs returns the extended attributes of what is at the path, not of what
// it points to. A file system without them has none.
func readXattrs(at string) ([]Xattr, error) {
	names, err := grow(func(b []byte) (int, error) { return unix.Llistxattr(at, b) })
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	if err != nil || len(names) == 0 {
		return nil, err
	}
	var out []Xattr
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		value, err := grow(func(b []byte) (int, error) { return unix.Lgetxattr(at, name, b) })
		if err != nil {
			return nil, err
		}
		out = append(out, Xattr{name, value})
	}
	slices.SortFunc(out, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// grow calls read, which answers ERANGE to a buffer that is too small, until its
// buffer is large enough. The kernel bounds both lists and values at 64 KiB.
func grow(read func([]byte) (int, error)) ([]byte, error) {
	n, err := read(nil)
	for err == nil && n > 0 {
		buf := make([]byte, n+64)
		n, err = read(buf)
		if err == nil {
			return buf[:n], nil
		}
		if errors.Is(err, unix.ERANGE) {
			n, err = read(nil)
		}
	}
	return nil, err
}
