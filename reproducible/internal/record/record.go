// Package record keeps what a command writes to standard output and error, up to
// a limit.
package record

import (
	"io"
	"os"
	"sync"
)

// A Recorder is a pipe whose contents are kept. Its methods may be called from
// several goroutines.
type Recorder struct {
	read, write *os.File
	limit       int64
	closing     sync.Once
	done        chan struct{} // closed when nothing more will be read
	text        []byte        // valid after done
	over        bool          // valid after done
}

// New returns a Recorder that keeps at most limit bytes. Either Start or Abandon
// must be called.
func New(limit int64) (*Recorder, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &Recorder{read: r, write: w, limit: limit, done: make(chan struct{})}, nil
}

// Writer returns the end to hand to the command.
func (r *Recorder) Writer() *os.File { return r.write }

// Start closes the caller's writing end and reads in the background until every
// other is closed. It calls stop once, should more than the limit come, and drops
// the rest.
func (r *Recorder) Start(stop func()) {
	_ = r.write.Close()
	go func() {
		defer close(r.done)
		defer r.Close()
		r.text, _ = io.ReadAll(io.LimitReader(r.read, r.limit)) // a pipe fails only by ending
		if n, _ := r.read.Read(make([]byte, 1)); n == 1 {
			r.over = true
			stop()
			_, _ = io.Copy(io.Discard, r.read)
		}
	}()
}

// Abandon closes a Recorder that was not started.
func (r *Recorder) Abandon() {
	_ = r.write.Close()
	r.Close()
	close(r.done)
}

// Close ends reading, whoever may still hold a writing end.
func (r *Recorder) Close() { r.closing.Do(func() { _ = r.read.Close() }) }

// Wait returns what was kept, and whether there was more, once reading has ended.
func (r *Recorder) Wait() (text []byte, over bool) {
	<-r.done
	return r.text, r.over
}
