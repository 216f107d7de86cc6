package digest

import (
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/sealwright/sealwright/internal/excerpt"
)

// A descriptor is a regular file in a directory, without what an os.File adds to
// it: the poller, which a regular file never waits for, and a finalizer. For small
// files these cost as much as hashing.
type descriptor struct {
	fd     int
	dir    *directory
	name   string // in dir, one element
	info   os.FileInfo
	before FileKey
}

// open opens the regular file name, one element that is neither "." nor "..".
// Nothing but what was a regular file a moment ago is opened: opening a device
// can have effects. What takes its place in between is seen.
func (d *directory) open(name string) (openFile, error) {
	if d.handle == nil {
		handle, err := d.root.Open(".")
		if err != nil {
			return openPortably(d.root, name)
		}
		d.handle = handle
	}
	info, err := d.root.Lstat(name)
	if err != nil {
		return nil, &Error{Code: CodeOpen, Where: excerpt.Quote(name), Err: err}
	}
	if err := regular(name, info); err != nil {
		return nil, err
	}
	// One element that is not a link cannot lead out of the directory.
	fd, err := syscall.Openat(int(d.handle.Fd()), name, openFlags|syscall.O_CLOEXEC, 0)
	if err != nil {
		return openPortably(d.root, name)
	}
	f := &descriptor{fd: fd, dir: d, name: name, info: info, before: KeyOf(info)}
	if err := f.isAsNamed(); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	return f, nil
}

// isAsNamed reports whether what was opened is what the name led to.
func (f *descriptor) isAsNamed() error {
	var s syscall.Stat_t
	if err := syscall.Fstat(f.fd, &s); err != nil {
		return &Error{Code: CodeOpen, Where: excerpt.Quote(f.name), Err: &fs.PathError{Op: "fstat", Path: f.name, Err: err}}
	}
	opened := FileKey{Device: uint64(s.Dev), Inode: s.Ino, Size: s.Size, Modified: s.Mtim.Nano(), Changed: s.Ctim.Nano()}
	if opened != f.before || s.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return &Error{Code: CodeChanged, Where: excerpt.Quote(f.name), Want: f.before.String(), Got: opened.String()}
	}
	return nil
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
			return n, &fs.PathError{Op: "read", Path: f.name, Err: err}
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
	info, err := f.dir.root.Lstat(f.name)
	if err != nil {
		return &Error{Code: CodeChanged, Where: excerpt.Quote(f.name), Want: f.before.String(), Err: err}
	}
	if after := KeyOf(info); after != f.before {
		return &Error{Code: CodeChanged, Where: excerpt.Quote(f.name), Want: f.before.String(), Got: after.String()}
	}
	return nil
}

func (f *descriptor) Size() int64       { return f.before.Size }
func (f *descriptor) key() FileKey      { return f.before }
func (f *descriptor) stat() os.FileInfo { return f.info }
func (f *descriptor) Close() error      { return syscall.Close(f.fd) }
