package merkle

import (
	"bytes"
	"encoding/hex"
	"io"
	"strconv"
	"sync"

	"github.com/sealwright/sealwright/attest/digest"
)

// A Tree answers from a tree file. Every hash that it gives has been verified
// against its root. It keeps verified blocks of the file in a cache of at most
// 4 MiB. It is safe for concurrent use.
type Tree struct {
	h      *hasher
	layout layout
	file   io.ReaderAt
	cache  *blockCache

	mu    sync.RWMutex // Update holds it for writing
	root  Root
	stale error // not nil after an update that failed half-way
}

// OpenTree opens a tree file that Build, Builder, fsverity or veritysetup wrote.
// root must be trusted; file need not be: a file of the wrong length, or whose top
// block does not belong to root, is refused at once, and any other damage when it
// is met. For a file with something before the tree, pass an io.SectionReader.
func OpenTree(root Root, file io.ReaderAt) (*Tree, error) {
	root, err := root.normal()
	if err != nil {
		return nil, err
	}
	h := newHasher(root.Params)
	t := &Tree{h: h, layout: newLayout(h, root.Size), file: file, root: root, cache: newBlockCache(h.nodeSize())}
	if err := t.checkLength(); err != nil {
		return nil, err
	}
	if top := len(t.layout.levels) - 1; top >= 0 {
		if _, err := t.block(top, 0); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *Tree) checkLength() error {
	var b [2]byte
	size := t.layout.size
	at, want := max(size-1, 0), int(min(size, 1))
	n, err := t.file.ReadAt(b[:], at)
	switch {
	case n < 0 || n > len(b) || n < len(b) && err == nil:
		return refuse(digest.CodeReader, "io.ReaderAt", "2 bytes or an error", decimal(n))
	case n < len(b) && err != io.EOF:
		return &digest.Error{Code: digest.CodeRead, Where: "end of the tree", Err: err}
	case n < want:
		return refuse(CodeTreeLength, "tree", decimal(size)+" bytes", "fewer")
	case n > want:
		return refuse(CodeTreeLength, "tree", decimal(size)+" bytes", "more")
	}
	return nil
}

// Root returns the root that t answers for.
func (t *Tree) Root() Root {
	t.mu.RLock()
	defer t.mu.RUnlock()
	r := t.root
	r.Hash, r.Salt = bytes.Clone(r.Hash), bytes.Clone(r.Salt)
	return r
}

// leaf returns the verified hash of a leaf.
func (t *Tree) leaf(index int64) ([]byte, error) { return t.entry(0, index) }

// entry returns the verified hash number index of a level; that of the level
// above the last one is the root hash.
func (t *Tree) entry(level int, index int64) ([]byte, error) {
	if level == len(t.layout.levels) {
		return t.root.Hash, nil
	}
	b, err := t.block(level, index/int64(t.h.arity))
	if err != nil {
		return nil, err
	}
	i := int(index%int64(t.h.arity)) * t.h.size
	return b[i : i+t.h.size], nil
}

// block returns a verified block of hashes, which must not be changed.
func (t *Tree) block(level int, index int64) ([]byte, error) {
	if t.stale != nil {
		return nil, t.stale
	}
	key := blockKey{level, index}
	if b := t.cache.get(key); b != nil {
		return b, nil
	}
	want, err := t.entry(level+1, index)
	if err != nil {
		return nil, err
	}
	s := t.layout.levels[level]
	b, offset := make([]byte, t.h.nodeSize()), s.offset+index*int64(t.h.nodeSize())
	if n, err := t.file.ReadAt(b, offset); n != len(b) {
		if err == io.EOF {
			return nil, refuse(CodeTreeLength, "tree", decimal(t.layout.size)+" bytes", "fewer")
		}
		return nil, &digest.Error{Code: digest.CodeRead, Where: "byte " + strconv.FormatInt(offset, 10) + " of the tree", Err: err}
	}
	used := t.used(level, index)
	var hash [maxHash]byte
	if got := t.h.appendNode(hash[:0], b, used); !bytes.Equal(got, want) {
		return nil, corrupt(CodeTreeBlock, level+1, offset, hex.EncodeToString(want), hex.EncodeToString(got))
	}
	// Verity hashes cover the padding, so that only a root that was built wrong
	// gets here with another; RFC9162 hashes do not.
	for _, c := range b[used*t.h.size:] {
		if c != 0 {
			return nil, corrupt(CodeTreePadding, level+1, offset, "zeros after "+decimal(used)+" hashes", "other bytes")
		}
	}
	t.cache.put(key, b)
	return b, nil
}

// used returns how many hashes a block holds.
func (t *Tree) used(level int, index int64) int {
	return int(min(int64(t.h.arity), t.layout.levels[level].entries-index*int64(t.h.arity)))
}
