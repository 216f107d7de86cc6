package scan

import (
	"errors"
	"io"

	"github.com/sealwright/sealwright/attest"
)

// A fileReader reads one file after the other into buffers that it reuses.
type fileReader struct {
	content []byte // grows to the largest wanted file
	scratch []byte // for what nobody wants
}

var errTooLarge = errors.New("larger than the limit for a file in memory")

// prefix reads the first bytes, at most PrefixBytes. They stand in the content
// buffer, so that rest can go on behind them.
func (f *fileReader) prefix(r io.Reader) ([]byte, error) {
	if cap(f.content) < PrefixBytes {
		f.content = make([]byte, 0, 64<<10)
	}
	f.content = f.content[:PrefixBytes]
	n, err := io.ReadFull(r, f.content)
	f.content = f.content[:n]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return f.content[:n:n], err
}

// rest reads on until the end and returns the whole content, never nil. It
// allocates as bytes arrive: size is only what somebody says.
func (f *fileReader) rest(r io.Reader, size, most int64) ([]byte, error) {
	if size > most {
		return nil, errTooLarge
	}
	for {
		if len(f.content) == cap(f.content) {
			f.content = append(f.content, 0)[:len(f.content)]
		}
		n, err := r.Read(f.content[len(f.content):cap(f.content)])
		f.content = f.content[:len(f.content)+n]
		if int64(len(f.content)) > most {
			return nil, errTooLarge
		}
		if errors.Is(err, io.EOF) {
			return f.content, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// drain reads on until the end and keeps nothing.
func (f *fileReader) drain(r io.Reader) error {
	if f.scratch == nil {
		f.scratch = make([]byte, 64<<10)
	}
	for {
		_, err := r.Read(f.scratch)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// A countingReader counts what passes and refuses more than what is left.
type countingReader struct {
	r    io.Reader
	n    int64
	left int64
}

// Read implements io.Reader.
func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	if c.n > c.left {
		return n, attest.Refuse(CodeBytes, "source", "a source within its limit of bytes", "more")
	}
	return n, err
}
