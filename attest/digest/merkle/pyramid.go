package merkle

import "io"

// A pyramid turns the hashes of leaves, in order, into the root hash, and writes
// the tree file as blocks of hashes fill up.
type pyramid struct {
	h      *hasher
	out    io.WriterAt // or nil
	layout layout      // if out is not nil
	levels []step      // from the leaves up
}

// A step holds the hashes of a level that do not yet fill a block.
type step struct {
	pending []byte
	count   int64 // hashes that this level has taken in
	flushed int64 // blocks of them that are written and hashed
}

func newPyramid(h *hasher, size int64, out io.WriterAt) pyramid {
	t := pyramid{h: h, out: out}
	if out != nil {
		t.layout = newLayout(h, size)
	}
	return t
}

// push adds hashes to a level and hashes each block that they fill into the level
// above.
func (t *pyramid) push(level int, hashes []byte) error {
	if level == len(t.levels) {
		t.levels = append(t.levels, step{pending: make([]byte, 0, t.h.nodeSize())})
	}
	t.levels[level].count += int64(len(hashes) / t.h.size)
	for len(hashes) > 0 {
		l := &t.levels[level]
		n := min(t.h.nodeSize()-len(l.pending), len(hashes))
		l.pending = append(l.pending, hashes[:n]...)
		hashes = hashes[n:]
		if len(l.pending) == t.h.nodeSize() {
			if err := t.flush(level); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the block that is pending in a level, padded with zeros, and
// pushes its hash to the level above.
func (t *pyramid) flush(level int) error {
	l := &t.levels[level]
	used := len(l.pending) / t.h.size
	block := l.pending[:t.h.nodeSize()]
	clear(block[len(l.pending):])
	l.pending = l.pending[:0]
	if t.out != nil {
		if err := writeBlock(t.out, block, t.layout.levels[level].offset+l.flushed*int64(len(block))); err != nil {
			return err
		}
	}
	l.flushed++
	var hash [maxHash]byte
	return t.push(level+1, t.h.appendNode(hash[:0], block, used))
}

// root completes the tree. It may be called once.
func (t *pyramid) root() ([]byte, error) {
	if len(t.levels) == 0 || t.levels[0].count == 0 {
		return t.h.empty(), nil
	}
	for i := 0; ; i++ {
		if t.levels[i].count == 1 {
			return t.levels[i].pending, nil
		}
		if len(t.levels[i].pending) > 0 {
			if err := t.flush(i); err != nil {
				return nil, err
			}
		}
	}
}

func writeBlock(out io.WriterAt, block []byte, offset int64) error {
	if n, err := out.WriteAt(block, offset); err != nil || n != len(block) {
		return because(refuse(CodeWrite, "byte "+decimal(offset)+" of the tree", decimal(len(block))+" bytes", decimal(n)), err)
	}
	return nil
}
