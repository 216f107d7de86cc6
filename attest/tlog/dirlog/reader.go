package dirlog

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"strconv"

	modtlog "golang.org/x/mod/sumdb/tlog"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// A Reader answers from the tree under one checkpoint. It takes no lock; what a
// writer adds meanwhile it does not see. Proofs that it gives were checked against
// the checkpoint. It is safe for concurrent use.
type Reader struct {
	root   *os.Root
	head   tlog.Checkpoint
	signed []byte
	edge   map[int]*pyramid // the partial tile of each level; never changed
	tiles  *cache
}

// OpenReader reads the checkpoint of a log, verifies it under the log's key, and
// the right edge of its tree. mldsa44 may be nil if the key is not of ML-DSA-44.
func OpenReader(root *os.Root, key tlog.Key, mldsa44 tlog.VerifyMLDSA44) (*Reader, error) {
	if root == nil {
		return nil, attest.Refuse(CodeConfig, "root", "a directory", "nil")
	}
	return openReader(root, checkpointFile, key, mldsa44)
}

func openReader(root *os.Root, name string, key tlog.Key, mldsa44 tlog.VerifyMLDSA44) (*Reader, error) {
	signed, err := readFile(root, name, tlog.MaxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, attest.Refuse(CodeMissing, name, "a checkpoint", "none").Because(err)
	}
	if err != nil {
		return nil, err
	}
	head, err := openCheckpoint(signed, key, mldsa44)
	if err != nil {
		return nil, err
	}
	r := &Reader{root: root, head: head, signed: signed, edge: map[int]*pyramid{}, tiles: &cache{}}
	for level := range tlog.TileHeight {
		width := tlog.PartialWidth(head.Size, level)
		if width == 0 {
			continue
		}
		tile := tlog.Tile{Level: level, Index: head.Size >> (tlog.TileHeight * (level + 1)), Width: width}
		if r.edge[level], err = r.load(tile); err != nil {
			return nil, err
		}
	}
	return r, r.checkRoot()
}

func openCheckpoint(signed []byte, key tlog.Key, mldsa44 tlog.VerifyMLDSA44) (tlog.Checkpoint, error) {
	policy, err := tlog.NewPolicy(tlog.Trust{Logs: []tlog.Log{{Key: key}}, Quorum: tlog.QuorumNone, MLDSA44: mldsa44})
	if err != nil {
		return tlog.Checkpoint{}, err
	}
	h, err := policy.Open(signed)
	return h.Checkpoint, err
}

// load reads a tile; a partial one may have been replaced by the full one.
func (r *Reader) load(tile tlog.Tile) (*pyramid, error) {
	content, err := r.content(tile, tlog.TileWidth*modtlog.HashSize)
	if err != nil {
		return nil, err
	}
	content = content[:min(len(content), tile.Width*modtlog.HashSize)]
	hashes, err := tile.ParseTile(content)
	if err != nil {
		return nil, attest.Refuse(CodeDamaged, tile.Path(), "a tile", "").Because(err)
	}
	return newPyramid(hashes), nil
}

func (r *Reader) content(tile tlog.Tile, limit int) ([]byte, error) {
	content, err := readFile(r.root, tile.Path(), limit)
	if tile.Width < tlog.TileWidth && errors.Is(err, fs.ErrNotExist) {
		full := tile
		full.Width = tlog.TileWidth
		if content, fullErr := readFile(r.root, full.Path(), limit); fullErr == nil {
			return content, nil
		}
	}
	return content, err
}

// checkRoot verifies the edge against the checkpoint. Tiles that are full at all
// levels, as in a tree of 256 entries, are judged with each proof.
func (r *Reader) checkRoot() error {
	root, err := modtlog.TreeHash(int64(r.head.Size), r)
	if err != nil {
		return err
	}
	if root != r.head.Root {
		return attest.Refuse(CodeDamaged, "tiles", "the root "+r.head.Root.String(), root.String())
	}
	return nil
}

// ReadHashes implements the HashReader of golang.org/x/mod/sumdb/tlog.
func (r *Reader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, stored := range indexes {
		level, index, row, n := place(stored)
		p, err := r.tile(coordinate{level, index})
		if err != nil {
			return nil, err
		}
		if n >= len(p[row]) {
			return nil, attest.Refuse(CodeIndex, "hash "+strconv.FormatInt(stored, 10), "one in the tree", "beyond it")
		}
		hashes[i] = p[row][n]
	}
	return hashes, nil
}

func (r *Reader) tile(at coordinate) (*pyramid, error) {
	if at.index == r.head.Size>>(tlog.TileHeight*(at.level+1)) && r.edge[at.level] != nil {
		return r.edge[at.level], nil
	}
	if p := r.tiles.get(at); p != nil {
		return p, nil
	}
	p, err := r.load(tlog.Tile{Level: at.level, Index: at.index, Width: tlog.TileWidth})
	if err != nil {
		return nil, err
	}
	r.tiles.put(at, p)
	return p, nil
}

// Checkpoint returns the checkpoint that the reader answers from.
func (r *Reader) Checkpoint() tlog.Checkpoint { return r.head }

// Signed returns a copy of the checkpoint as a signed note.
func (r *Reader) Signed() []byte { return append([]byte(nil), r.signed...) }

// Prove returns the proof that the entry at index is in the log.
func (r *Reader) Prove(index uint64) (tlog.Proof, error) {
	if index >= r.head.Size {
		return tlog.Proof{}, r.outside("index", index)
	}
	hashes, err := r.path(index)
	if err != nil {
		return tlog.Proof{}, err
	}
	leaf, err := r.ReadHashes([]int64{modtlog.StoredHashIndex(0, int64(index))})
	if err != nil {
		return tlog.Proof{}, err
	}
	if err := tlog.CheckInclusion(r.head, index, leaf[0], hashes); err != nil {
		return tlog.Proof{}, attest.Refuse(CodeDamaged, "tiles", "a path to the root", "").Because(err)
	}
	return tlog.Proof{Index: index, Hashes: hashes, Checkpoint: r.Signed()}, nil
}

// path returns the hashes of a proof, unchecked: the writer has just made them.
func (r *Reader) path(index uint64) ([]tlog.Hash, error) {
	hashes, err := modtlog.ProveRecord(int64(r.head.Size), int64(index), r)
	if err != nil {
		return nil, attest.Refuse(CodeRead, "tiles", "a proof", "").Because(err)
	}
	return hashes, nil
}

// ProveConsistency returns the proof that the tree begins with that of its first
// older entries, for tlog.CheckConsistency and witnesses. It is empty for 0 and
// for the whole tree.
func (r *Reader) ProveConsistency(older uint64) ([]tlog.Hash, error) {
	if older > r.head.Size {
		return nil, r.outside("size", older)
	}
	if older == 0 || older == r.head.Size {
		return nil, nil
	}
	hashes, err := modtlog.ProveTree(int64(r.head.Size), int64(older), r)
	if err != nil {
		return nil, attest.Refuse(CodeRead, "tiles", "a proof", "").Because(err)
	}
	return hashes, nil
}

// CheckConsistency reports, by a nil error, that the log extends a checkpoint that
// was seen before. The caller has verified its signature.
func (r *Reader) CheckConsistency(known tlog.Checkpoint) error {
	if known.Size > r.head.Size {
		return attest.Refuse(CodeRollback, "checkpoint", "at least "+strconv.FormatUint(known.Size, 10)+" entries", strconv.FormatUint(r.head.Size, 10))
	}
	hashes, err := r.ProveConsistency(known.Size)
	if err != nil {
		return err
	}
	if err := tlog.CheckConsistency(known, r.head, hashes); err != nil {
		return attest.Refuse(CodeFork, "checkpoint", "a tree that begins with the known one", "").Because(err)
	}
	return nil
}

// Entry returns the entry at index, checked against the checkpoint.
func (r *Reader) Entry(index uint64) ([]byte, error) {
	if index >= r.head.Size {
		return nil, r.outside("index", index)
	}
	entries, err := r.bundle(index / tlog.TileWidth)
	if err != nil {
		return nil, err
	}
	p, err := r.Prove(index)
	if err != nil {
		return nil, err
	}
	entry := entries[index%tlog.TileWidth]
	if err := tlog.CheckInclusion(r.head, index, tlog.LeafHash(entry), p.Hashes); err != nil {
		return nil, attest.Refuse(CodeDamaged, "entry "+strconv.FormatUint(index, 10), "the entry of the tree", "another").Because(err)
	}
	return entry, nil
}

// bundle reads the entries of a bundle under the checkpoint.
func (r *Reader) bundle(index uint64) ([][]byte, error) {
	tile := tlog.Tile{Level: tlog.EntriesLevel, Index: index, Width: int(min(tlog.TileWidth, r.head.Size-index*tlog.TileWidth))}
	content, err := r.content(tile, tlog.TileWidth*(2+tlog.MaxEntry))
	if err != nil {
		return nil, err
	}
	entries, err := tile.ParseBundle(content)
	if err != nil && tile.Width < tlog.TileWidth { // the full bundle in a partial one's place
		whole := tile
		whole.Width = tlog.TileWidth
		if all, wholeErr := whole.ParseBundle(content); wholeErr == nil {
			return all[:tile.Width], nil
		}
	}
	if err != nil {
		return nil, attest.Refuse(CodeDamaged, tile.Path(), "a bundle", "").Because(err)
	}
	return entries, nil
}

// Entries yields the entries from index from on, in order, each checked against
// the tile above it. An error ends it.
func (r *Reader) Entries(ctx context.Context, from uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for at := from; at < r.head.Size; {
			entries, err := r.checkedBundle(ctx, at/tlog.TileWidth)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, entry := range entries[at%tlog.TileWidth:] {
				if !yield(entry, nil) {
					return
				}
				at++
			}
		}
	}
}

func (r *Reader) checkedBundle(ctx context.Context, index uint64) ([][]byte, error) {
	if ctx.Err() != nil {
		return nil, attest.Refuse(attest.CodeCanceled, "context", "", "").Because(context.Cause(ctx))
	}
	entries, err := r.bundle(index)
	if err != nil {
		return nil, err
	}
	p, err := r.tile(coordinate{0, index})
	if err != nil {
		return nil, err
	}
	// The first entry's proof binds the tile's root, and so every leaf in it.
	if _, err := r.Prove(index * tlog.TileWidth); err != nil {
		return nil, err
	}
	for i, entry := range entries {
		if tlog.LeafHash(entry) != p[0][i] {
			return nil, attest.Refuse(CodeDamaged, "entry "+strconv.FormatUint(index*tlog.TileWidth+uint64(i), 10), p[0][i].String(), tlog.LeafHash(entry).String())
		}
	}
	return entries, nil
}

func (r *Reader) outside(what string, n uint64) error {
	return attest.Refuse(CodeIndex, what, "within "+strconv.FormatUint(r.head.Size, 10)+" entries", strconv.FormatUint(n, 10))
}
