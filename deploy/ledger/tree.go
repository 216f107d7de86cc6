package ledger

import (
	"fmt"

	"github.com/sealwright/sealwright/deploy"
	"golang.org/x/mod/sumdb/tlog"
)

// tree holds the stored hashes of a tlog in memory, in tlog's order. It only
// grows, so that a reader of a smaller size may share it with the one writer
// under its owner's lock.
type tree struct {
	hashes []tlog.Hash
	size   int64
}

// ReadHashes implements tlog.HashReader.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(t.hashes)) {
			return nil, fmt.Errorf("hash %d of %d", x, len(t.hashes))
		}
		out[i] = t.hashes[x]
	}
	return out, nil
}

// add appends a leaf.
func (t *tree) add(leaf tlog.Hash) error {
	h, err := tlog.StoredHashesForRecordHash(t.size, leaf, t)
	if err != nil {
		return err
	}
	t.hashes = append(t.hashes, h...)
	t.size++
	return nil
}

// root returns the root of the first size leaves.
func (t *tree) root(size uint64) (deploy.Hash, error) {
	h, err := tlog.TreeHash(int64(size), t)
	return deploy.Hash(h), err
}

// leaf returns a leaf's hash.
func (t *tree) leaf(index uint64) tlog.Hash { return t.hashes[tlog.StoredHashIndex(0, int64(index))] }

// include proves that the tree of size leaves holds the one at index.
func (t *tree) include(size, index uint64) ([]deploy.Hash, error) {
	p, err := tlog.ProveRecord(int64(size), int64(index), t)
	return fromProof(p), err
}

// extend proves that the tree of size leaves begins with that of older.
func (t *tree) extend(size, older uint64) ([]deploy.Hash, error) {
	p, err := tlog.ProveTree(int64(size), int64(older), t)
	return fromProof(p), err
}

func fromProof[P ~[]tlog.Hash](p P) []deploy.Hash {
	out := make([]deploy.Hash, len(p))
	for i, h := range p {
		out[i] = deploy.Hash(h)
	}
	return out
}

func toProof(p []deploy.Hash) []tlog.Hash {
	out := make([]tlog.Hash, len(p))
	for i, h := range p {
		out[i] = tlog.Hash(h)
	}
	return out
}
