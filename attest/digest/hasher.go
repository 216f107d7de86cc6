package digest

import (
	"context"
	"io"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

// A Result holds what Options asked for, of content of Size bytes.
type Result struct {
	Size        int64
	Digests     Set           // one entry for each of Options.Algorithms
	FSVerity    []Measurement // one for each of Options.FSVerity, in order
	Checkpoints *Checkpoints  // nil unless Options.CheckpointStride asked for them
}

// A Hasher computes several digests of the bytes that are written to it. It is
// for one goroutine at a time; overlapping calls are refused with
// CodeConcurrent, and no result follows. It holds nothing that must be released.
//
// Each write is taken in completely or refused. After an error of Write the
// Hasher stays refused, as its content is not what the caller thinks.
type Hasher struct {
	plan     *plan
	sinks    []sink
	size     int64 // bytes taken in
	want     int64 // bytes declared, or -1
	workers  int
	progress func(done, total int64)

	busy       atomic.Bool
	overlapped atomic.Bool
	finished   bool
	err        error
}

// New returns a Hasher for o.
func New(o Options) (*Hasher, error) {
	size := o.Size
	if size == 0 {
		size = -1
	}
	return newHasher(o, size)
}

// newHasher returns a Hasher of content of size bytes, or of unknown size if it
// is -1.
func newHasher(o Options, size int64) (*Hasher, error) {
	p, err := o.plan()
	if err != nil {
		return nil, err
	}
	if o.Size > 0 && size != o.Size {
		return nil, &Error{Code: CodeSize, Where: "Options.Size", Want: strconv.FormatInt(o.Size, 10), Got: strconv.FormatInt(size, 10)}
	}
	workers := o.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &Hasher{plan: p, sinks: p.sinks(size), want: size, workers: workers, progress: o.Progress}, nil
}

// Write takes in p. It returns len(p) or an *Error, having then taken in
// nothing of p.
func (h *Hasher) Write(p []byte) (int, error) {
	if err := h.enter(); err != nil {
		return 0, err
	}
	defer h.leave()
	if err := h.take(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteString is Write for a string.
func (h *Hasher) WriteString(s string) (int, error) { return h.Write([]byte(s)) }

// ReadFrom takes in r until io.EOF and returns the number of bytes. Any other
// error of r, io.ErrUnexpectedEOF among them, is an error of the content. It
// hashes with several algorithms at the same time where Options.Workers allows.
func (h *Hasher) ReadFrom(r io.Reader) (int64, error) {
	return h.readFrom(context.Background(), r)
}

// Size returns the number of bytes taken in.
func (h *Hasher) Size() int64 { return h.size }

// Finish returns the digests. It succeeds at most once; afterwards the Hasher
// refuses everything with CodeFinished.
func (h *Hasher) Finish() (*Result, error) {
	if err := h.enter(); err != nil {
		return nil, err
	}
	defer h.leave()
	h.finished = true
	if h.want >= 0 && h.size != h.want {
		return nil, h.sizeError(h.size)
	}
	r := &Result{Size: h.size, Digests: make(Set, len(h.plan.algorithms)), FSVerity: make([]Measurement, len(h.plan.verity))}
	for _, s := range h.sinks {
		if err := s.finish(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// enter claims the Hasher for one call.
func (h *Hasher) enter() error {
	if !h.busy.CompareAndSwap(false, true) {
		h.overlapped.Store(true)
		return &Error{Code: CodeConcurrent, Where: "Hasher", Want: "one call at a time", Got: "two"}
	}
	err := h.err
	switch {
	case h.finished:
		err = &Error{Code: CodeFinished, Where: "Hasher", Want: "a Hasher that is not finished"}
	case h.overlapped.Load():
		err = &Error{Code: CodeConcurrent, Where: "Hasher", Want: "one call at a time", Got: "a call that was refused before"}
	}
	if err != nil {
		h.leave()
	}
	return err
}

func (h *Hasher) leave() { h.busy.Store(false) }

// take takes in p, all or nothing.
func (h *Hasher) take(p []byte) error {
	if err := h.admit(len(p)); err != nil {
		return err
	}
	if len(p) < forkSize || h.workers == 1 || len(h.sinks) == 1 {
		for _, s := range h.sinks {
			s.write(p)
		}
		return nil
	}
	var all sync.WaitGroup
	for _, s := range h.sinks[1:] {
		all.Go(func() { s.write(p) })
	}
	h.sinks[0].write(p)
	all.Wait()
	return nil
}

// forkSize is the least number of bytes for which starting goroutines pays.
const forkSize = 32 << 10

// admit accounts for n more bytes, or refuses them for good.
func (h *Hasher) admit(n int) error {
	switch {
	case int64(n) > maxSize-h.size:
		h.err = &Error{Code: CodeTooLong, Where: "Hasher", Want: "at most 2^61-1 bytes", Got: "more"}
	case h.want >= 0 && h.size+int64(n) > h.want:
		h.err = h.sizeError(h.size + int64(n))
	case n > 0 && h.want < 0 && h.plan.has(GitBlob):
		h.err = &Error{Code: CodeUndeclared, Where: string(GitBlob), Want: "Options.Size", Got: "0"}
	default:
		h.size += int64(n)
	}
	return h.err
}

func (h *Hasher) sizeError(got int64) error {
	g := strconv.FormatInt(got, 10)
	if got > h.want {
		g = "more"
	}
	return &Error{Code: CodeSize, Where: "content", Want: strconv.FormatInt(h.want, 10) + " bytes", Got: g}
}

// report calls Options.Progress.
func (h *Hasher) report() {
	if h.progress != nil {
		h.progress(h.size, h.want)
	}
}
