package merkle

import (
	"bytes"
	"context"
	"io"
	"slices"
)

// A Range is a range of bytes of an artifact.
type Range struct{ Offset, Length int64 }

// Update computes the root after a change of content that keeps its size. data
// holds the new content; dirty lists, in any order, at least all ranges that
// changed. Update reads the leaves that dirty touches and, of the tree, the blocks
// on their way to the root, so that its work does not depend on the size of the
// artifact but on that of the change. What it takes from the tree is verified
// against the old root.
//
// The new root is that of data only if dirty tells the truth: Update does not look
// at other ranges. A later read through ReaderAt does.
//
// out, if not nil, is the tree file; Update writes the blocks that change, and t
// becomes the tree of the new root. If it fails half-way, the file is spoilt, and
// t refuses everything with CodeStale. With out nil, t stays as it is. Reads of t
// wait for Update. Memory is bounded as for a Builder.
func (t *Tree) Update(ctx context.Context, data io.ReaderAt, dirty []Range, out io.WriterAt) (Root, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, err := t.newUpdate(data, dirty, out)
	if err != nil {
		return Root{}, err
	}
	if err := u.run(ctx); err != nil {
		if u.written {
			t.stale = because(refuse(CodeStale, "tree", "a tree whose last update was completed", ""), err)
		}
		return Root{}, err
	}
	root := t.root
	root.Hash = u.rootHash
	if out != nil {
		t.root = root
		t.cache.purge()
	}
	root.Hash, root.Salt = bytes.Clone(root.Hash), bytes.Clone(root.Salt)
	return root, nil
}

// An update changes the leaves in ascending order. Then the blocks of each level
// change in ascending order as well, and one of each level is enough to hold: once
// the next one begins, it is complete, and moves its hash to the level above.
type update struct {
	tree     *Tree
	data     io.ReaderAt
	dirty    []Range // sorted
	out      io.WriterAt
	edits    []edit // one for each level
	rootHash []byte
	written  bool
}

// An edit is the block of a level that is being changed, or none if block is nil.
type edit struct {
	index int64
	block []byte
}

func (t *Tree) newUpdate(data io.ReaderAt, dirty []Range, out io.WriterAt) (*update, error) {
	if t.stale != nil {
		return nil, t.stale
	}
	u := &update{tree: t, data: data, dirty: slices.Clone(dirty), out: out, rootHash: t.root.Hash}
	for _, d := range dirty {
		if d.Offset < 0 || d.Length < 0 || d.Length > t.root.Size-d.Offset {
			return nil, refuse(CodeRange, "dirty range", "a range of "+decimal(t.root.Size)+" bytes", decimal(d.Offset)+"+"+decimal(d.Length))
		}
	}
	slices.SortFunc(u.dirty, func(a, b Range) int { return int(min(max(a.Offset-b.Offset, -1), 1)) })
	u.edits = make([]edit, len(t.layout.levels))
	return u, nil
}

func (u *update) run(ctx context.Context) error {
	block := int64(u.tree.h.BlockSize)
	buf := make([]byte, min(atOnce*block, u.tree.root.Size))
	next := int64(0) // leaves below are done
	for _, d := range u.dirty {
		if d.Length == 0 {
			continue
		}
		next = max(next, d.Offset/block)
		for last := (d.Offset + d.Length - 1) / block; next <= last; {
			if err := cancelled(ctx); err != nil {
				return err
			}
			n := min(last-next+1, atOnce)
			p := buf[:min(n*block, u.tree.root.Size-next*block)]
			if err := u.leaves(next, p); err != nil {
				return err
			}
			next += n
		}
	}
	for level := range u.edits {
		if err := u.flush(level); err != nil {
			return err
		}
	}
	return nil
}

// leaves hashes leaves anew, from the one with index first.
func (u *update) leaves(first int64, p []byte) error {
	if err := readContent(u.data, p, first*int64(u.tree.h.BlockSize)); err != nil {
		return err
	}
	hashes := u.tree.h.appendLeaves(nil, p)
	for size := u.tree.h.size; len(hashes) > 0; hashes = hashes[size:] {
		if err := u.set(0, first, hashes[:size]); err != nil {
			return err
		}
		first++
	}
	return nil
}

// set changes a hash of a level; that of the level above the last is the root
// hash.
func (u *update) set(level int, index int64, hash []byte) error {
	if level == len(u.edits) {
		u.rootHash = bytes.Clone(hash)
		return nil
	}
	arity := int64(u.tree.h.arity)
	e := &u.edits[level]
	if e.block == nil || e.index != index/arity {
		if err := u.flush(level); err != nil {
			return err
		}
		b, err := u.tree.block(level, index/arity)
		if err != nil {
			return err
		}
		e.index, e.block = index/arity, bytes.Clone(b)
	}
	copy(e.block[index%arity*int64(len(hash)):], hash)
	return nil
}

// flush completes the block of a level that is being changed.
func (u *update) flush(level int) error {
	e := &u.edits[level]
	if e.block == nil {
		return nil
	}
	if u.out != nil {
		u.written = true
		if err := writeBlock(u.out, e.block, u.tree.layout.levels[level].offset+e.index*int64(len(e.block))); err != nil {
			return err
		}
	}
	h := u.tree.h
	var hash [maxHash]byte
	sum := h.appendNode(hash[:0], e.block, u.tree.used(level, e.index))
	e.block = nil
	return u.set(level+1, e.index, sum)
}
