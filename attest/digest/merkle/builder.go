package merkle

import (
	"io"
	"strconv"
)

// A Builder builds a tree from the bytes that are written to it, in memory for
// one block of hashes for each level. It is for one goroutine at a time. After an
// error it refuses everything. For a file, Build is faster: it hashes in parallel.
type Builder struct {
	h       *hasher
	levels  pyramid
	want    int64 // declared size, or -1
	size    int64
	partial []byte // less than a leaf
	hashes  []byte // scratch
	err     error
}

// NewBuilder returns a Builder. out, if not nil, receives the tree file from its
// offset 0; then, as the top of the tree stands first, size must be that of the
// content. Without out, size may be -1 if it is not known.
func NewBuilder(p Params, size int64, out io.WriterAt) (*Builder, error) {
	p, err := p.normal()
	if err != nil {
		return nil, err
	}
	if size != -1 || out != nil {
		if err := p.checkSize(size); err != nil {
			return nil, err
		}
	}
	h := newHasher(p)
	return &Builder{h: h, want: size, levels: newPyramid(h, size, out)}, nil
}

// Write takes in p, or refuses it.
func (b *Builder) Write(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if limit := b.limit(); int64(len(p)) > limit-b.size {
		b.err = refuse(CodeSize, "content", "at most "+decimal(limit)+" bytes", "more")
		return 0, b.err
	}
	b.size += int64(len(p))
	if b.err = b.take(p); b.err != nil {
		return 0, b.err
	}
	return len(p), nil
}

func (b *Builder) limit() int64 {
	if b.want >= 0 {
		return b.want
	}
	return maxSize
}

func (b *Builder) take(p []byte) error {
	block := b.h.BlockSize
	if len(b.partial) > 0 {
		n := min(block-len(b.partial), len(p))
		b.partial = append(b.partial, p[:n]...)
		p = p[n:]
		if len(b.partial) < block {
			return nil
		}
		if err := b.leaves(b.partial); err != nil {
			return err
		}
		b.partial = b.partial[:0]
	}
	whole := len(p) &^ (block - 1)
	if err := b.leaves(p[:whole]); err != nil {
		return err
	}
	b.partial = append(b.partial, p[whole:]...)
	return nil
}

func (b *Builder) leaves(p []byte) error {
	b.hashes = b.h.appendLeaves(b.hashes[:0], p)
	return b.levels.push(0, b.hashes)
}

// Finish completes the tree and the file. It succeeds at most once.
func (b *Builder) Finish() (Root, error) {
	if b.err != nil {
		return Root{}, b.err
	}
	root, err := b.finish()
	b.err = err
	if err == nil {
		b.err = refuse(CodeFinished, "Builder", "a Builder that is not finished", "")
	}
	return root, err
}

func (b *Builder) finish() (Root, error) {
	if b.want >= 0 && b.size != b.want {
		return Root{}, refuse(CodeSize, "content", decimal(b.want)+" bytes", strconv.FormatInt(b.size, 10))
	}
	if err := b.h.checkSize(b.size); err != nil {
		return Root{}, err
	}
	if err := b.leaves(b.partial); err != nil {
		return Root{}, err
	}
	hash, err := b.levels.root()
	return Root{Params: b.h.Params, Size: b.size, Hash: hash}, err
}
