package merkle

// A layout tells where the levels of a tree stand in its file. levels[0] holds
// the hashes of the leaves; the last one holds the hashes that the root hash is
// the hash of, and stands first in the file. A tree of one leaf or none has no
// levels and an empty file.
type layout struct {
	levels []span
	size   int64 // of the file
}

// A span is the place of a level.
type span struct {
	offset  int64 // in the file
	entries int64 // hashes
	blocks  int64 // blocks of hashes
}

func newLayout(h *hasher, size int64) layout {
	var l layout
	for n := h.leaves(size); n > 1; {
		blocks := (n-1)/int64(h.arity) + 1
		l.levels = append(l.levels, span{entries: n, blocks: blocks})
		n = blocks
	}
	for i := len(l.levels) - 1; i >= 0; i-- {
		l.levels[i].offset = l.size
		l.size += l.levels[i].blocks * int64(h.nodeSize())
	}
	return l
}

// TreeSize returns the size in bytes of the tree file of content of a size.
func TreeSize(p Params, size int64) (int64, error) {
	p, err := p.normal()
	if err != nil {
		return 0, err
	}
	if err := p.checkSize(size); err != nil {
		return 0, err
	}
	return newLayout(newHasher(p), size).size, nil
}
