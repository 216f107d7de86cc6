package digest

import (
	"context"
	"io"
)

// withheld is how many bytes a VerifyingReader holds back until it has verified.
const withheld = 64 << 10

// A VerifyingReader passes a stream on while it verifies it. Its last 64 KiB
// come out only when size and digests are right, and io.EOF only after them: who
// reads to io.EOF has read what was expected, and nothing short of io.EOF says
// so. Bytes that came out before are provisional: write them where they can be
// thrown away. Content of at most 64 KiB is verified before its first byte comes
// out.
//
// A VerifyingReader is for one goroutine at a time.
type VerifyingReader struct {
	r    io.ReadCloser
	want Set
	h    *Hasher
	buf  []byte // room for what is withheld and one more read
	held []byte // the part of buf that did not come out yet

	verified bool
	ended    bool // io.EOF came out
	closed   bool
	err      error
}

// NewVerifyingReader returns a VerifyingReader of r, which it closes. Digests
// that need Options.Extra are not computed. An expectation that is refused makes
// the first Read fail, before r is read.
func NewVerifyingReader(r io.ReadCloser, want Expect) *VerifyingReader {
	h, err := newVerifier(want, want.Size, Options{Workers: 1})
	return &VerifyingReader{r: r, want: want.Digests.Clone(), h: h, err: err}
}

// Read implements io.Reader. Every error other than io.EOF is final and means
// that nothing that was read may be believed.
func (v *VerifyingReader) Read(p []byte) (int, error) {
	for {
		switch {
		case v.closed:
			return 0, &Error{Code: CodeUnverified, Where: "Read", Want: "a reader that is not closed", Err: v.err}
		case v.err != nil:
			return 0, v.err
		case len(p) == 0:
			return 0, nil
		case v.verified && len(v.held) == 0:
			v.ended = true
			return 0, io.EOF
		}
		ready := len(v.held) - withheld
		if v.verified {
			ready = len(v.held)
		}
		if ready > 0 {
			n := copy(p, v.held[:ready])
			v.held = v.held[n:]
			return n, nil
		}
		v.err = v.more()
	}
}

// more reads on, and verifies at the end of the stream.
func (v *VerifyingReader) more() error {
	if v.buf == nil {
		v.buf = make([]byte, withheld+bufferSize)
	}
	kept := copy(v.buf, v.held)
	n, end := fill(context.Background(), v.r, v.buf[kept:kept+bufferSize])
	v.held = v.buf[:kept+n]
	if _, err := v.h.Write(v.held[kept:]); err != nil {
		return err
	}
	if end == nil {
		return nil
	}
	if end != io.EOF {
		return end
	}
	got, err := v.h.Finish()
	if err != nil {
		return err
	}
	if err := got.Digests.Match(v.want); err != nil {
		return err
	}
	v.verified = true
	return nil
}

// Close closes the underlying reader. Unless Read has returned io.EOF, it also
// returns an *Error with CodeUnverified: whoever stopped early has read content
// that nobody vouches for.
func (v *VerifyingReader) Close() error {
	v.closed = true
	err := v.r.Close()
	if !v.ended {
		if v.err != nil {
			err = v.err
		}
		return &Error{Code: CodeUnverified, Where: "Close", Want: "content read to io.EOF", Err: err}
	}
	if err != nil {
		return &Error{Code: CodeRead, Where: "Close", Err: err}
	}
	return nil
}
