package merkle

import (
	"bytes"
	"encoding/hex"
	"io"
	"strconv"
	"sync"
)

// A VerifiedReaderAt reads an artifact and returns only bytes that belong to the
// root of its Tree. It is safe for concurrent use if what it reads is.
type VerifiedReaderAt struct {
	tree    *Tree
	data    io.ReaderAt
	scratch sync.Pool // of *[]byte, a leaf each
}

// ReaderAt returns a reader of the artifact, which data holds and need not be
// trusted. Bytes of data beyond the size of the artifact are never read.
//
// Data is read and verified in whole leaves, each time anew: the cache of t holds
// hashes and no content, so that a change of the data is seen by the next read.
func (t *Tree) ReaderAt(data io.ReaderAt) *VerifiedReaderAt {
	block := t.h.BlockSize
	return &VerifiedReaderAt{tree: t, data: data, scratch: sync.Pool{New: func() any {
		b := make([]byte, block)
		return &b
	}}}
}

// Size returns the size of the artifact.
func (r *VerifiedReaderAt) Size() int64 { return r.tree.Root().Size }

// ReadAt is io.ReaderAt. The n bytes that it returns are verified even if there is
// an error as well; the rest of p is then cleared. Content or a tree that does not
// belong to the root is a *CorruptError.
func (r *VerifiedReaderAt) ReadAt(p []byte, offset int64) (n int, err error) {
	t := r.tree
	t.mu.RLock()
	defer t.mu.RUnlock()
	if offset < 0 {
		return 0, refuse(CodeRange, "offset", "0 or more", strconv.FormatInt(offset, 10))
	}
	if offset >= t.root.Size {
		return 0, io.EOF
	}
	var end error
	if left := t.root.Size - offset; int64(len(p)) > left {
		p, end = p[:left], io.EOF
	}
	for n < len(p) {
		m, err := r.read(p[n:], offset+int64(n))
		n += m
		if err != nil {
			clear(p[n:])
			return n, err
		}
	}
	return n, end
}

// read reads and verifies some leaves, one at least, that p begins in.
func (r *VerifiedReaderAt) read(p []byte, offset int64) (int, error) {
	block := int64(r.tree.h.BlockSize)
	first, skip := offset/block, offset%block
	if whole := min(int64(len(p))/block, atOnce); skip == 0 && whole > 0 {
		p = p[:whole*block]
		if err := readContent(r.data, p, offset); err != nil {
			return 0, err
		}
		return r.verify(first, p)
	}
	scratch := r.scratch.Get().(*[]byte)
	defer r.scratch.Put(scratch)
	leaf := (*scratch)[:min(block, r.tree.root.Size-first*block)]
	if err := readContent(r.data, leaf, first*block); err != nil {
		return 0, err
	}
	if _, err := r.verify(first, leaf); err != nil {
		return 0, err
	}
	return copy(p, leaf[skip:]), nil
}

// verify verifies up to atOnce leaves and returns the number of bytes before the
// first that is wrong.
func (r *VerifiedReaderAt) verify(first int64, p []byte) (int, error) {
	h := r.tree.h
	var buf [atOnce * maxHash]byte
	hashes := h.appendLeaves(buf[:0], p)
	for i := 0; len(hashes) > 0; i++ {
		want, err := r.tree.leaf(first + int64(i))
		if err != nil {
			return i * h.BlockSize, err
		}
		got := hashes[:h.size]
		if !bytes.Equal(got, want) {
			offset := (first + int64(i)) * int64(h.BlockSize)
			return i * h.BlockSize, corrupt(CodeLeaf, 0, offset, hex.EncodeToString(want), hex.EncodeToString(got))
		}
		hashes = hashes[h.size:]
	}
	return len(p), nil
}
