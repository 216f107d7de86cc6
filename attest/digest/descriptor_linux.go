//go:build amd64 || arm64

package digest

import (
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
	"unsafe"

	"github.com/sealwright/sealwright/internal/excerpt"
)

// A place is a directory as a descriptor.
type place struct {
	root *os.Root // of all directories
	fd   int      // -1: names are looked up from root
}

// What package syscall lacks, of openat2(2) and newfstatat(2).
const (
	openat2            = 437
	pathOnly           = 0x200000 // O_PATH
	resolveNoMagic     = 0x02     // RESOLVE_NO_MAGICLINKS
	resolveBeneath     = 0x08     // RESOLVE_BENEATH
	lookAtLinkItself   = 0x100    // AT_SYMLINK_NOFOLLOW
	directoryPathFlags = pathOnly | syscall.O_DIRECTORY | syscall.O_CLOEXEC
)

// enter opens a directory in the root in one step, by the rules of os.Root: links
// are followed unless they lead out. A directory that cannot be opened so, for
// whatever reason, is left to os.Root, which tells the reason or knows better.
func (d *directories) enter(name string) (place, error) {
	p := place{root: d.root, fd: -1}
	text, err := syscall.BytePtrFromString(name + ".")
	if err == nil && d.handle == nil {
		d.handle, err = d.root.Open(".")
	}
	if err != nil {
		return p, nil
	}
	how := [3]uint64{directoryPathFlags, 0, resolveBeneath | resolveNoMagic} // struct open_how
	fd, _, errno := syscall.Syscall6(openat2, d.handle.Fd(), uintptr(unsafe.Pointer(text)), uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how), 0, 0)
	if errno == 0 {
		p.fd = int(fd)
	}
	return p, nil
}

func (p place) close() {
	if p.fd >= 0 {
		syscall.Close(p.fd)
	}
}

// lstat tells what name is in the directory.
func (p place) lstat(name *byte, s *syscall.Stat_t) error {
	_, _, errno := syscall.Syscall6(fstatat, uintptr(p.fd), uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(s)), lookAtLinkItself, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// A descriptor is a regular file in a directory, without what an os.File adds to
// it: the poller, which a regular file never waits for, and a finalizer. For small
// files these cost as much as hashing.
type descriptor struct {
	fd     int
	dir    *directory
	text   *byte // its name in dir, with NUL
	info   status
	before FileKey
}

// open opens the regular file name, one element that is neither "." nor "..".
// Nothing but what was a regular file a moment ago is opened: opening a device
// can have effects. What takes its place in between is seen. What cannot be opened
// so is left to os.Root, which tells why.
func (d *directory) open(name string) (openFile, error) {
	portably := func() (openFile, error) { return openPortably(d.root, d.name+name) }
	text, err := syscall.BytePtrFromString(name)
	if d.fd < 0 || err != nil {
		return portably()
	}
	f := &descriptor{dir: d, text: text, info: status{name: name}}
	if d.lstat(text, &f.info.Stat_t) != nil || f.info.Stat_t.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return portably()
	}
	f.before = keyOf(&f.info.Stat_t)
	// One element that is not a link cannot lead out of the directory.
	fd, _, errno := syscall.Syscall6(syscall.SYS_OPENAT, uintptr(d.fd), uintptr(unsafe.Pointer(text)), uintptr(openFlags|syscall.O_CLOEXEC), 0, 0, 0)
	if errno != 0 {
		return portably()
	}
	f.fd = int(fd)
	var s syscall.Stat_t
	if err := f.remains("fstat", syscall.Fstat(f.fd, &s), &s); err != nil {
		syscall.Close(f.fd)
		return nil, err
	}
	return f, nil
}

// remains reports whether what was examined is what the name led to at first.
func (f *descriptor) remains(op string, err error, s *syscall.Stat_t) error {
	if err != nil {
		err = &fs.PathError{Op: op, Path: f.info.name, Err: err}
		return &Error{Code: CodeChanged, Where: f.where(), Want: f.before.String(), Err: err}
	}
	if now := keyOf(s); now != f.before || s.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return &Error{Code: CodeChanged, Where: f.where(), Want: f.before.String(), Got: now.String()}
	}
	return nil
}

func (f *descriptor) where() string { return excerpt.Quote(f.dir.name + f.info.name) }

func keyOf(s *syscall.Stat_t) FileKey {
	return FileKey{Device: uint64(s.Dev), Inode: s.Ino, Size: s.Size, Modified: s.Mtim.Nano(), Changed: s.Ctim.Nano()}
}

// ReadAt reads until p is full. A read that is short at the size of the file is
// taken for its end; if the file had grown, Unchanged would tell.
func (f *descriptor) ReadAt(p []byte, offset int64) (n int, err error) {
	for n < len(p) {
		m, err := syscall.Pread(f.fd, p[n:], offset+int64(n))
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return n, &fs.PathError{Op: "read", Path: f.info.name, Err: err}
		}
		n += m
		if n < len(p) && (m == 0 || offset+int64(n) == f.before.Size) {
			return n, io.EOF
		}
	}
	return n, nil
}

// Unchanged examines the name again. As the descriptor keeps the inode from being
// used for another file, the same key tells that the file is still there under
// its name and has not changed.
func (f *descriptor) Unchanged() error {
	var s syscall.Stat_t
	return f.remains("lstat", f.dir.lstat(f.text, &s), &s)
}

func (f *descriptor) Size() int64       { return f.before.Size }
func (f *descriptor) key() FileKey      { return f.before }
func (f *descriptor) stat() os.FileInfo { return &f.info }
func (f *descriptor) Close() error      { return syscall.Close(f.fd) }

// A status is the fs.FileInfo of a regular file.
type status struct {
	name string
	syscall.Stat_t
}

func (s *status) Name() string       { return s.name }
func (s *status) Size() int64        { return s.Stat_t.Size }
func (s *status) ModTime() time.Time { return time.Unix(s.Mtim.Unix()) }
func (s *status) IsDir() bool        { return false }
func (s *status) Sys() any           { return &s.Stat_t }

func (s *status) Mode() fs.FileMode {
	mode := fs.FileMode(s.Stat_t.Mode & 0o777)
	if s.Stat_t.Mode&syscall.S_ISUID != 0 {
		mode |= fs.ModeSetuid
	}
	if s.Stat_t.Mode&syscall.S_ISGID != 0 {
		mode |= fs.ModeSetgid
	}
	if s.Stat_t.Mode&syscall.S_ISVTX != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}
