package digesttest

import (
	"io"
	"sync"

	"github.com/sealwright/sealwright/attest/digest"
)

// A Source is a digest.Guard of Content that misbehaves as its fields say. The
// zero fields mean good behaviour. It is safe for concurrent use.
type Source struct {
	Content []byte

	// SizeBias is added to the length of Content by Size: content that is shorter
	// or longer than it says.
	SizeBias int64
	// Fail, if not nil, is the error of every read that reaches FailAt; the bytes
	// before FailAt are delivered with it.
	Fail   error
	FailAt int64
	// Short makes each read return one byte less than asked for and no error,
	// against the contract of io.ReaderAt.
	Short bool
	// OnRead, if not nil, is called before each read with its offset and length. It
	// may change Content, cancel a context, count. Calls do not overlap.
	OnRead func(offset int64, n int)
	// Changed is what Unchanged returns.
	Changed error

	mu sync.Mutex
}

var _ digest.Guard = (*Source)(nil)

// Size returns the length of Content and SizeBias.
func (s *Source) Size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.Content)) + s.SizeBias
}

// Unchanged returns Changed.
func (s *Source) Unchanged() error { return s.Changed }

// ReadAt implements io.ReaderAt.
func (s *Source) ReadAt(p []byte, offset int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.OnRead != nil {
		s.OnRead(offset, len(p))
	}
	content, end := s.Content, error(io.EOF)
	if s.Fail != nil && s.FailAt < int64(len(content)) {
		content, end = content[:s.FailAt], s.Fail
	}
	if s.Short && len(p) > 0 {
		p, end = p[:len(p)-1], nil
	}
	if offset >= int64(len(content)) {
		return 0, end
	}
	n := copy(p, content[offset:])
	if n == len(p) {
		return n, nil
	}
	return n, end
}

// A Reader is an io.ReadCloser of Content that misbehaves as its fields say. The
// zero fields mean good behaviour.
type Reader struct {
	Content []byte

	Chunk   int   // most bytes for a read; 0 is as many as asked for
	Empty   int   // reads that return nothing and no error before each other one
	Fail    error // error of the read that reaches FailAt
	FailAt  int
	WithEnd bool // the last bytes come together with the error or io.EOF
	Lie     int  // added to the count that each read returns
	Closed  bool // Close was called

	taken, idle int
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if r.idle < r.Empty {
		r.idle++
		return 0, nil
	}
	r.idle = 0
	content, end := r.Content, error(io.EOF)
	if r.Fail != nil {
		content, end = content[:r.FailAt], r.Fail
	}
	if r.Chunk > 0 && len(p) > r.Chunk {
		p = p[:r.Chunk]
	}
	n := copy(p, content[r.taken:])
	r.taken += n
	if r.taken < len(content) || n > 0 && !r.WithEnd {
		end = nil
	}
	return n + r.Lie, end
}

// Close sets Closed.
func (r *Reader) Close() error {
	r.Closed = true
	return nil
}
