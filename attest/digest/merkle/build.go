package merkle

import (
	"context"
	"io"
	"runtime"
	"strconv"
	"sync"

	"github.com/sealwright/sealwright/attest/digest"
)

// BuildOptions tell Build how to work. The zero value keeps no tree file and uses
// all processors.
type BuildOptions struct {
	// Out, if not nil, receives the tree file from its offset 0.
	Out io.WriterAt
	// Workers bounds the goroutines that hash; 0 means runtime.GOMAXPROCS.
	Workers int
	// Progress, if not nil, is called with the number of bytes hashed and the size
	// of the whole. Calls never overlap.
	Progress func(done, total int64)
}

// Content is hashed in segments of segmentSize bytes or one leaf, read in pieces
// of readSize bytes or one leaf. A worker holds one piece.
const (
	segmentSize = 1 << 20
	readSize    = 128 << 10
)

// Build builds the tree of s with several goroutines, in bounded memory, and
// returns its root. If s is a digest.Guard, content that changed meanwhile is
// refused. After an error, Options.Out holds no tree. ctx is looked at before each
// piece of 128 KiB or one leaf.
func Build(ctx context.Context, s digest.Source, p Params, o BuildOptions) (Root, error) {
	p, err := p.normal()
	if err != nil {
		return Root{}, err
	}
	size := s.Size()
	if err := p.checkSize(size); err != nil {
		return Root{}, err
	}
	if o.Workers < 0 {
		return Root{}, refuse(CodeParams, "BuildOptions.Workers", "0 or more", decimal(o.Workers))
	}
	b := newBuilding(s, size, newHasher(p), o)
	hash, err := b.run(ctx)
	if err == nil {
		err = endsAt(s, size)
	}
	if g, ok := s.(digest.Guard); ok {
		if changed := g.Unchanged(); changed != nil {
			err = changed
		}
	}
	if err != nil {
		return Root{}, err
	}
	return Root{Params: p, Size: size, Hash: hash}, nil
}

// A building is one run of Build: workers hash the leaves of segments, which the
// caller's goroutine pushes into the pyramid in their order.
type building struct {
	src     digest.Source
	size    int64
	h       *hasher
	o       BuildOptions
	segment int64 // bytes to a segment
	piece   int   // bytes to a read
}

// A segmentJob is a segment on its way. It belongs to a worker until ready.
type segmentJob struct {
	offset, end int64
	hashes      []byte
	err         error
	ready       chan struct{}
}

func newBuilding(s digest.Source, size int64, h *hasher, o BuildOptions) *building {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return &building{src: s, size: size, h: h, o: o, segment: int64(max(segmentSize, h.BlockSize)), piece: max(readSize, h.BlockSize)}
}

func (b *building) run(ctx context.Context) ([]byte, error) {
	levels := newPyramid(b.h, b.size, b.o.Out)
	segments := (b.size + b.segment - 1) / b.segment
	workers := int(min(int64(b.o.Workers), segments))
	ahead := 2 * workers
	jobs := make(chan *segmentJob, ahead)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() { b.work(ctx, jobs) })
	}
	defer all.Wait()
	defer close(jobs)

	var queue []*segmentJob
	for begin := int64(0); begin < b.size || len(queue) > 0; {
		for ; begin < b.size && len(queue) < ahead; begin += b.segment {
			j := &segmentJob{offset: begin, end: min(begin+b.segment, b.size), ready: make(chan struct{})}
			queue = append(queue, j)
			jobs <- j
		}
		j := queue[0]
		queue = queue[1:]
		<-j.ready
		if j.err == nil {
			j.err = levels.push(0, j.hashes)
		}
		if j.err != nil {
			return nil, j.err
		}
		if b.o.Progress != nil {
			b.o.Progress(j.end, b.size)
		}
	}
	return levels.root()
}

func (b *building) work(ctx context.Context, jobs <-chan *segmentJob) {
	buf := make([]byte, min(int64(b.piece), b.size))
	for j := range jobs {
		j.err = b.hash(ctx, j, buf)
		close(j.ready)
	}
}

func (b *building) hash(ctx context.Context, j *segmentJob, buf []byte) error {
	j.hashes = make([]byte, 0, b.h.leaves(j.end-j.offset)*int64(b.h.size))
	for at := j.offset; at < j.end; {
		if err := cancelled(ctx); err != nil {
			return err
		}
		n := int(min(int64(len(buf)), j.end-at))
		if err := readContent(b.src, buf[:n], at); err != nil {
			return err
		}
		j.hashes = b.h.appendLeaves(j.hashes, buf[:n])
		at += int64(n)
	}
	return nil
}

// cancelled returns an error once ctx has ended.
func cancelled(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return &digest.Error{Code: digest.CodeCancelled, Where: "content", Err: context.Cause(ctx)}
}

// readContent fills p from an offset of the content.
func readContent(r io.ReaderAt, p []byte, offset int64) error {
	n, err := r.ReadAt(p, offset)
	switch {
	case n == len(p):
		return nil
	case n < 0 || n > len(p) || err == nil:
		return refuse(digest.CodeReader, "io.ReaderAt", decimal(len(p))+" bytes or an error", decimal(n))
	case err == io.EOF:
		return refuse(CodeSize, "content", "at least "+strconv.FormatInt(offset+int64(len(p)), 10)+" bytes", strconv.FormatInt(offset+int64(n), 10))
	}
	return &digest.Error{Code: digest.CodeRead, Where: "byte " + strconv.FormatInt(offset, 10) + " of the content", Err: err}
}

// endsAt refuses content that goes on beyond its size.
func endsAt(r io.ReaderAt, size int64) error {
	var b [1]byte
	n, err := r.ReadAt(b[:], size)
	switch {
	case n > 0:
		return refuse(CodeSize, "content", decimal(size)+" bytes", "more")
	case err == nil:
		return refuse(digest.CodeReader, "io.ReaderAt", "a byte or an error", "neither")
	case err != io.EOF:
		return &digest.Error{Code: digest.CodeRead, Where: "end of the content", Err: err}
	}
	return nil
}
