package merkle

import (
	"encoding/hex"
	"strconv"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// ProveConsistency returns the proof that the first leaves of the tree, old of
// them, are a tree that it extends, RFC 9162 section 2.1.4.1. Other kinds than
// RFC9162 are refused with CodeKind.
//
// An artifact extends another if it begins with it; then its tree extends that of
// the other if the other's size is a multiple of the block size.
func (t *Tree) ProveConsistency(old int64) ([]Hash, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	size, err := t.provable()
	if err != nil {
		return nil, err
	}
	if old < 0 || old > size {
		return nil, refuse(CodeIndex, "old number of leaves", "at most "+decimal(size), decimal(old))
	}
	nodes, err := proof.Consistency(uint64(old), uint64(size))
	if err != nil {
		return nil, because(refuse(CodeIndex, "old number of leaves", "", decimal(old)), err)
	}
	return t.proofHashes(nodes)
}

// VerifyConsistency reports, by a nil error, that the tree of newSize leaves
// begins with the leaves of the tree of oldSize, RFC 9162 section 2.1.4.2. Every
// tree extends the empty one, whose root hash must be given even so.
func VerifyConsistency(oldSize, newSize uint64, oldRoot, newRoot Hash, hashes []Hash) error {
	where := "from " + strconv.FormatUint(oldSize, 10) + " to " + strconv.FormatUint(newSize, 10) + " leaves"
	for size, root := range map[uint64]Hash{oldSize: oldRoot, newSize: newRoot} {
		if empty := TreeHash(nil); size == 0 && root != empty {
			return refuse(CodeConsistency, "empty tree", hex.EncodeToString(empty[:]), hex.EncodeToString(root[:]))
		}
	}
	parts := make([][]byte, len(hashes))
	for i := range hashes {
		parts[i] = hashes[i][:]
	}
	if err := proof.VerifyConsistency(rfc6962.DefaultHasher, oldSize, newSize, parts, oldRoot[:], newRoot[:]); err != nil {
		return because(refuse(CodeConsistency, where, "", ""), err)
	}
	return nil
}

// provable returns the number of leaves of a tree that has proofs.
func (t *Tree) provable() (int64, error) {
	if t.h.Kind != RFC9162 {
		return 0, refuse(CodeKind, "proof", RFC9162.String(), t.h.Kind.String())
	}
	return t.h.leaves(t.root.Size), nil
}

// proofHashes returns the hashes of a proof.
func (t *Tree) proofHashes(nodes proof.Nodes) ([]Hash, error) {
	parts, err := t.nodes(nodes.IDs)
	if err != nil {
		return nil, err
	}
	parts, err = nodes.Rehash(parts, rfc6962.DefaultHasher.HashChildren)
	if err != nil {
		return nil, because(refuse(CodeProofLength, "proof", "", ""), err)
	}
	hashes := make([]Hash, len(parts))
	for i, p := range parts {
		hashes[i] = Hash(p)
	}
	return hashes, nil
}

// tileHeight is the number of levels of the binary tree in a block of hashes.
const tileHeight = 8

// nodes returns the verified hashes of complete subtrees.
func (t *Tree) nodes(ids []compact.NodeID) ([][]byte, error) {
	hashes := make([][]byte, len(ids))
	for i, id := range ids {
		// The hashes below the node stand side by side in one block.
		level, height := int(id.Level/tileHeight), id.Level%tileHeight
		first := int64(id.Index << height)
		if height == 0 {
			hash, err := t.entry(level, first)
			if err != nil {
				return nil, err
			}
			hashes[i] = hash
			continue
		}
		b, err := t.block(level, first/tileSize)
		if err != nil {
			return nil, err
		}
		at := int(first%tileSize) * t.h.size
		node := tileHash(b[at : at+t.h.size<<height])
		hashes[i] = node[:]
	}
	return hashes, nil
}
