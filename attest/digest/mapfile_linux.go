package digest

import (
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/sealwright/sealwright/internal/excerpt"
)

// A MappedFile is a Source that hashes a file where it lies in the page cache.
// Reading copies every byte once, which takes about as long as hashing it in four
// lanes; a mapping does not. Use [FileSource] unless that matters: a mapping is
// less predictable in two ways.
//
//   - If the file is truncated meanwhile, or the disk fails, the kernel answers an
//     access with SIGBUS. Each page is touched just before it is hashed, where the
//     signal becomes an error (CodeRead or CodeChanged). If a page goes between the
//     two, the program may be killed.
//   - The bytes are not copied, so that what is hashed and what is read afterwards,
//     or read twice, may differ if somebody writes to the file. As with any Source,
//     the digest is of the bytes at the time they were hashed. The MappedFile is a
//     Guard and compares as FileSource does, but writes through a shared mapping of
//     another program may leave the times as they were for a while.
//
// Map files that nobody else can write. MappedFile exists on Linux only, and is
// safe for concurrent use.
type MappedFile struct {
	guard *file

	data []byte // nil if empty

	touched atomic.Uint32
	mu      sync.Mutex
	users   int // that read the mapping now
	closed  bool
}

// MapFile maps the content of f, which must be a regular file. f must stay open,
// as it is examined again at the end; the MappedFile does not close it.
func MapFile(f *os.File) (*MappedFile, error) {
	guard, err := newFile(f)
	if err != nil {
		return nil, err
	}
	m := &MappedFile{guard: guard}
	size := guard.Size()
	if size == 0 {
		return m, nil
	}
	if int64(int(size)) != size {
		return nil, &Error{Code: CodeOpen, Where: excerpt.Quote(f.Name()), Want: "a file that the address space can hold", Got: strconv.FormatInt(size, 10) + " bytes"}
	}
	m.data, err = mapShared(f, int(size))
	if err != nil {
		return nil, &Error{Code: CodeOpen, Where: excerpt.Quote(f.Name()), Err: os.NewSyscallError("mmap", err)}
	}
	return m, nil
}

func mapShared(f *os.File, size int) ([]byte, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var data []byte
	var failed error
	err = raw.Control(func(fd uintptr) {
		data, failed = syscall.Mmap(int(fd), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		// Advice only: content is read from begin to end, in several places.
		_ = syscall.Madvise(data, syscall.MADV_SEQUENTIAL)
	}
	return data, err
}

// Close removes the mapping once nobody reads it any more; reads that begin later
// are refused. It does not close the file.
func (m *MappedFile) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	return m.unmap()
}

// unmap is called with the lock held.
func (m *MappedFile) unmap() error {
	if !m.closed || m.users > 0 || m.data == nil {
		return nil
	}
	data := m.data
	m.data = nil
	return os.NewSyscallError("munmap", syscall.Munmap(data))
}

// Size returns the size of the file when it was mapped.
func (m *MappedFile) Size() int64 { return m.guard.Size() }

// Unchanged examines the file again.
func (m *MappedFile) Unchanged() error { return m.guard.Unchanged() }

// ReadAt copies from the mapping. Beyond the size that the file had it looks into
// the file, so that content that has grown is seen.
func (m *MappedFile) ReadAt(p []byte, offset int64) (n int, err error) {
	if offset < 0 || offset >= m.Size() || len(p) == 0 {
		return m.guard.ReadAt(p, offset)
	}
	inside := int(min(m.Size()-offset, int64(len(p))))
	if err := m.use(func() { n = copy(p[:inside], m.data[offset:]) }); err != nil {
		return 0, err
	}
	if inside == len(p) {
		return n, nil
	}
	more, err := m.guard.ReadAt(p[inside:], m.Size())
	return n + more, err
}

// view returns bytes of the mapping, for a function that use runs. It touches each
// page: a fault in assembly, unlike one here, cannot always be recovered from.
func (m *MappedFile) view(offset, end int64) []byte {
	b := m.data[offset:end:end]
	touched := byte(0)
	for i := 0; i < len(b); i += pageSize {
		touched |= b[i]
	}
	m.touched.Store(uint32(touched)) // so that the loads are not optimised away
	return b
}

// pageSize is the smallest of any system; the size of a page is a multiple of it.
const pageSize = 4096

// use calls read, which may read the mapping, keeps it from being removed
// meanwhile, and turns a fault in it into an error.
func (m *MappedFile) use(read func()) (err error) {
	m.mu.Lock()
	closed := m.closed
	if !closed {
		m.users++
	}
	m.mu.Unlock()
	if closed {
		return &Error{Code: CodeRead, Where: "mapping", Err: os.ErrClosed}
	}
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.users--
		_ = m.unmap() // whoever closed it has gone
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch p := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			err = &Error{Code: CodeRead, Where: "mapping", Want: "the content of the file", Got: "a fault at address " + strconv.FormatUint(uint64(p.Addr()), 16)}
		default:
			panic(p)
		}
	}()
	read()
	return nil
}
