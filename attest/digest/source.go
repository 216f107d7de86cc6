package digest

import (
	"io"
	"math"
	"os"
	"strconv"

	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Source is content that can be read anywhere, in parallel. Implementations
// must be safe for concurrent use. A bytes.Reader is one.
type Source interface {
	io.ReaderAt
	// Size returns the number of bytes. It must not change.
	Size() int64
}

// A Guard is a Source that can tell whether its content may have changed since
// it was made. SumAt and VerifyAt ask it when they have read everything, and
// believe nothing that they read if it returns an error.
type Guard interface {
	Source
	Unchanged() error
}

// unchanged asks s, if it is a Guard.
func unchanged(s Source) error {
	if g, ok := s.(Guard); ok {
		return g.Unchanged()
	}
	return nil
}

// sizeOf returns the size of s, if it can be one.
func sizeOf(s Source) (int64, error) {
	size := s.Size()
	if size < 0 || size > maxSize {
		return 0, &Error{Code: CodeReader, Where: "Source.Size", Want: "0 to 2^61-1", Got: strconv.FormatInt(size, 10)}
	}
	return size, nil
}

// A sourceReader reads a Source from its begin, also beyond its Size, so that
// content that is longer is seen.
type sourceReader struct {
	s      Source
	offset int64
}

func (r *sourceReader) Read(p []byte) (int, error) {
	n, err := r.s.ReadAt(p, r.offset)
	if n < 0 || n > len(p) || n < len(p) && err == nil || int64(n) > math.MaxInt64-r.offset {
		return 0, &Error{Code: CodeReader, Where: "io.ReaderAt", Want: strconv.Itoa(len(p)) + " bytes or an error", Got: strconv.Itoa(n)}
	}
	r.offset += int64(n)
	return n, err
}

// A file is a regular file that guards itself against change.
type file struct {
	*os.File
	before FileKey
	info   os.FileInfo
	again  func() error // examines the name a second time, or nil
}

// FileSource returns the content of f, which must be a regular file, from its
// begin. It is a Guard: it compares device, inode, size, modification time and
// change time of f before and after. It does not close f.
//
// Writes through a shared memory mapping may leave the times as they were until
// the kernel writes the page back; who can map the file for writing can change
// it unseen.
func FileSource(f *os.File) (Guard, error) {
	s, err := newFile(f)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func newFile(f *os.File) (*file, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, &Error{Code: CodeOpen, Where: excerpt.Quote(f.Name()), Err: err}
	}
	if err := regular(f.Name(), info); err != nil {
		return nil, err
	}
	return &file{File: f, before: KeyOf(info), info: info}, nil
}

// Size returns the size of the file when it was opened.
func (f *file) Size() int64 { return f.before.Size }

func (f *file) key() FileKey      { return f.before }
func (f *file) stat() os.FileInfo { return f.info }

// Unchanged examines the file again.
func (f *file) Unchanged() error {
	info, err := f.Stat()
	if err != nil {
		return &Error{Code: CodeOpen, Where: excerpt.Quote(f.Name()), Err: err}
	}
	if after := KeyOf(info); after != f.before {
		return &Error{Code: CodeChanged, Where: excerpt.Quote(f.Name()), Want: f.before.String(), Got: after.String()}
	}
	if f.again != nil {
		return f.again()
	}
	return nil
}

// regular refuses everything but a regular file.
func regular(name string, info os.FileInfo) error {
	if !info.Mode().IsRegular() {
		return &Error{Code: CodeKind, Where: excerpt.Quote(name), Want: "a regular file", Got: info.Mode().Type().String()}
	}
	return nil
}
