package ledger

import (
	"cmp"
	"io"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
	"golang.org/x/mod/sumdb/tlog"
)

// archive is what writer and reader know of the entries on disk: the tree over
// them and where each begins. Its owner guards it.
type archive struct {
	tree     tree
	segments []segment
	offsets  []int64 // of each entry in its segment
}

// add takes note of the next entry.
func (a *archive) add(s segment, offset int64, f frame) error {
	if len(a.segments) == 0 || a.segments[len(a.segments)-1] != s {
		a.segments = append(a.segments, s)
	}
	a.offsets = append(a.offsets, offset)
	return a.tree.add(f.leaf)
}

// A site is where an entry stands, and the leaf that the tree has for it.
type site struct {
	segment segment
	offset  int64
	index   uint64
	leaf    tlog.Hash
}

// find returns where an entry stands.
func (a *archive) find(index uint64) (site, error) {
	if err := inside(index, uint64(len(a.offsets))); err != nil {
		return site{}, err
	}
	i, found := slices.BinarySearchFunc(a.segments, index, func(s segment, x uint64) int {
		return cmp.Compare(s.first, x)
	})
	if !found {
		i--
	}
	return site{a.segments[i], a.offsets[index], index, a.tree.leaf(index)}, nil
}

// read reads the entry again and demands the leaf hash that the tree has for it.
func (s site) read(dir Dir, maxEntry int) (Entry, error) {
	f, err := dir.Open(s.segment.name)
	if err != nil {
		return Entry{}, attest.Refuse(CodeRead, s.segment.name, "a readable file", "").Because(err)
	}
	defer f.Close()
	fr, _, err := readFrame(io.NewSectionReader(f, s.offset, frameHeader+int64(maxEntry)), nil, s.index, maxEntry)
	if err == io.EOF {
		err = attest.Refuse(CodeFrameTruncated, "header", "48 bytes", "0")
	}
	if err == nil && fr.leaf != s.leaf {
		err = attest.Refuse(CodeFrameLeaf, "leaf", s.leaf.String(), fr.leaf.String())
	}
	if err != nil {
		return Entry{}, &DamageError{s.index, s.segment.name, err}
	}
	return Entry{Type(fr.entry[0]), fr.entry[1:]}, nil
}

// inside demands that an index lies in a tree.
func inside(index, size uint64) error {
	if index >= size {
		return attest.Refuse(CodeIndex, "index", "less than "+strconv.FormatUint(size, 10), strconv.FormatUint(index, 10))
	}
	return nil
}

// prove proves the inclusion of index in the first size of total entries.
func (a *archive) prove(index, size, total uint64) ([]deploy.Hash, error) {
	if size > total {
		return nil, attest.Refuse(CodeIndex, "size", "at most "+strconv.FormatUint(total, 10), strconv.FormatUint(size, 10))
	}
	if err := inside(index, size); err != nil {
		return nil, err
	}
	return a.tree.include(size, index)
}

// proveConsistency proves that newer of total entries begin with older.
func (a *archive) proveConsistency(older, newer, total uint64) ([]deploy.Hash, error) {
	if older > newer || newer > total {
		return nil, attest.Refuse(CodeIndex, "sizes", "in order, at most "+strconv.FormatUint(total, 10), strconv.FormatUint(older, 10)+" and "+strconv.FormatUint(newer, 10))
	}
	if older == 0 || older == newer {
		return nil, nil
	}
	return a.tree.extend(newer, older)
}

// checkKnown demands that the first total entries extend a checkpoint that the
// caller kept.
func (a *archive) checkKnown(known Checkpoint, total uint64) error {
	if known.Size > total {
		return attest.Refuse(CodeRollback, "ledger", "at least "+entries(known.Size), entries(total))
	}
	root, err := a.tree.root(known.Size)
	if err != nil || root != known.Root {
		return attest.Refuse(CodeFork, "ledger", "root "+known.Root.String()+" of "+entries(known.Size), root.String()).Because(err)
	}
	return nil
}
