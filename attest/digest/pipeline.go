package digest

import (
	"context"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
)

// Content is read in buffers of bufferSize; a pipeline has ringSize of them.
const (
	bufferSize = 64 << 10
	ringSize   = 4
)

// readFrom takes in r until io.EOF. ctx is looked at before each Read.
func (h *Hasher) readFrom(ctx context.Context, r io.Reader) (int64, error) {
	if err := h.enter(); err != nil {
		return 0, err
	}
	defer h.leave()
	before := h.size
	var err error
	if h.workers == 1 || len(h.sinks) == 1 || h.want >= 0 && h.want-h.size <= 2*bufferSize {
		err = h.readSerially(ctx, r)
	} else {
		err = h.readPipelined(ctx, r)
	}
	if h.err == nil {
		h.err = err // what was taken in is not the whole content
	}
	return h.size - before, err
}

func (h *Hasher) readSerially(ctx context.Context, r io.Reader) error {
	n := bufferSize
	if h.want >= 0 { // one byte more, to see the end or too long content at once
		n = int(min(bufferSize, h.want-h.size+1))
	}
	buf := make([]byte, n)
	for {
		n, err := fill(ctx, r, buf)
		if n > 0 {
			if err := h.take(buf[:n]); err != nil {
				return err
			}
			h.report()
		}
		if err != nil {
			return endOf(err)
		}
	}
}

// A buffer of the ring returns to it when the last sink is done with it.
type buffer struct {
	data  [bufferSize]byte
	used  int
	users atomic.Int32
}

// readPipelined reads into a ring of buffers, each of which every sink hashes on
// a goroutine of its own: the whole takes as long as the slowest sink.
func (h *Hasher) readPipelined(ctx context.Context, r io.Reader) error {
	free := make(chan *buffer, ringSize)
	for range ringSize {
		free <- new(buffer)
	}
	var all sync.WaitGroup
	feeds := make([]chan *buffer, len(h.sinks))
	for i, s := range h.sinks {
		feed := make(chan *buffer, ringSize)
		feeds[i] = feed
		all.Go(func() {
			for b := range feed {
				s.write(b.data[:b.used])
				if b.users.Add(-1) == 0 {
					free <- b
				}
			}
		})
	}
	defer func() {
		for _, feed := range feeds {
			close(feed)
		}
		all.Wait()
	}()
	for {
		b := <-free
		n, err := fill(ctx, r, b.data[:])
		if n > 0 {
			if err := h.admit(n); err != nil {
				return err
			}
			b.used = n
			b.users.Store(int32(len(feeds)))
			for _, feed := range feeds {
				feed <- b
			}
			h.report()
		}
		if err != nil {
			return endOf(err)
		}
	}
}

// endOf tells the end of the content from an error.
func endOf(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// fill reads until buf is full. The error is io.EOF at the end of the content,
// else an *Error; n counts even then.
func fill(ctx context.Context, r io.Reader, buf []byte) (n int, err error) {
	for empty := 0; n < len(buf); {
		if err := cancelled(ctx); err != nil {
			return n, err
		}
		m, err := r.Read(buf[n:])
		if m < 0 || m > len(buf)-n {
			return n, &Error{Code: CodeReader, Where: "io.Reader", Want: "0 to " + strconv.Itoa(len(buf)-n) + " bytes", Got: strconv.Itoa(m)}
		}
		n += m
		if err == io.EOF {
			return n, err
		}
		if err != nil {
			return n, readError(err)
		}
		if m > 0 {
			empty = 0
		} else if empty++; empty == maxEmptyReads {
			return n, &Error{Code: CodeReader, Where: "io.Reader", Want: "bytes or an error", Got: strconv.Itoa(empty) + " empty reads", Err: io.ErrNoProgress}
		}
	}
	return n, nil
}

// maxEmptyReads is how often a reader may return nothing and no error.
const maxEmptyReads = 100

// readError wraps an error of the content's reader, unless it is ours.
func readError(err error) error {
	if e, ok := err.(*Error); ok {
		return e
	}
	return &Error{Code: CodeRead, Where: "content", Err: err}
}

// cancelled returns an *Error once ctx has ended.
func cancelled(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return &Error{Code: CodeCancelled, Where: "content", Err: context.Cause(ctx)}
}
