package digest

import (
	"context"
	"encoding/hex"
	"strconv"
	"sync"

	"github.com/sealwright/sealwright/internal/sha256x"
)

// verifySegments checks the SHA-256 of s with hints. v tells how: its size, its
// workers and its progress.
func verifySegments(ctx context.Context, s Source, want string, hints *Checkpoints, v *Hasher) error {
	if hints.size != v.want {
		return &Error{Code: CodeCheckpointSize, Where: "checkpoints", Want: strconv.FormatInt(v.want, 10), Got: strconv.FormatInt(hints.size, 10)}
	}
	if got := hex.EncodeToString(hints.digest[:]); got != want {
		return &Error{Code: CodeCheckpointDigest, Where: "checkpoints", Want: want, Got: got}
	}
	if err := endsAt(s, hints.size); err != nil {
		return err
	}
	c := &segmentCheck{src: s, hints: hints, hasher: v}
	var all sync.WaitGroup
	for range min(int64(v.workers), int64(hints.Len())+1) {
		all.Go(func() { c.work(ctx) })
	}
	all.Wait()
	if err := cancelled(ctx); err != nil {
		return err
	}
	return c.verdict()
}

// A segmentCheck is the state that the workers of verifySegments share. Segment
// i leads from checkpoint i to checkpoint i+1, and the last one to the digest.
type segmentCheck struct {
	src    Source
	hints  *Checkpoints
	hasher *Hasher

	mu     sync.Mutex
	next   int64 // segment that nobody has taken up
	passed int64 // segments that hold
	failed int64 // segment of err
	err    error
}

// segments returns the number of segments. Empty content has one.
func (c *segmentCheck) segments() int64 { return int64(c.hints.Len()) + 1 }

func (c *segmentCheck) work(ctx context.Context) {
	f := newFolder()
	for {
		for f.free() > 0 {
			s, ok := c.claim()
			if !ok {
				break
			}
			f.add(s)
		}
		if !f.busy() {
			return
		}
		c.advance(f.step(ctx, c.settle))
	}
}

// claim hands out the next segment, unless the verdict is clear. Segments that
// were handed out before are finished even then: as they come in order, the
// first one that fails is always found, and the error does not depend on luck.
func (c *segmentCheck) claim() (stretch, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.next == c.segments() {
		return stretch{}, false
	}
	i := c.next
	c.next++
	begin := i * c.hints.stride
	return stretch{
		src: c.src, id: i, state: c.hints.state(int(i)),
		offset: begin, end: min(begin+c.hints.stride, c.hints.size),
		last: i == c.segments()-1,
	}, true
}

// settle judges a segment that has been folded, or could not be.
func (c *segmentCheck) settle(s *stretch, err error) {
	if err == nil && s.state != c.hints.state(int(s.id)+1) {
		code := CodeCheckpointSegment
		if s.last {
			code = CodeCheckpointFinal
		}
		begin := s.id * c.hints.stride
		want, got := c.hints.state(int(s.id)+1).Sum(), s.state.Sum()
		err = &Error{
			Code: code, Where: "bytes " + strconv.FormatInt(begin, 10) + " to " + strconv.FormatInt(s.end, 10),
			Want: hex.EncodeToString(want[:sha256x.Size]), Got: hex.EncodeToString(got[:sha256x.Size]),
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.passed++
		return
	}
	if c.err == nil || s.id < c.failed {
		c.err, c.failed = err, s.id
	}
}

// advance reports progress.
func (c *segmentCheck) advance(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hasher.size += n
	c.hasher.report()
}

// verdict accepts only if every segment was judged and holds.
func (c *segmentCheck) verdict() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	if c.passed != c.segments() {
		return &Error{Code: CodeCheckpointFinal, Where: "segments", Want: strconv.FormatInt(c.segments(), 10), Got: strconv.FormatInt(c.passed, 10)}
	}
	return nil
}

// endsAt reports whether s has no byte beyond size.
func endsAt(s Source, size int64) error {
	var b [1]byte
	n, err := (&sourceReader{s: s, offset: size}).Read(b[:])
	switch {
	case n > 0:
		return tooLong(size)
	case endOf(err) != nil:
		return readError(err)
	}
	return nil
}
