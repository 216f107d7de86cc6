package tessera

import (
	"context"
	"iter"
	"strconv"

	modtlog "golang.org/x/mod/sumdb/tlog"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// A Source has the files of a log (C2SP tlog-tiles). Tessera's LogReader is one,
// and so are the FileFetcher and HTTPFetcher of its client package, which also read
// a log of package dirlog. p is the width of a partial tile or bundle, 0 for a full
// one.
type Source interface {
	ReadCheckpoint(ctx context.Context) ([]byte, error)
	ReadTile(ctx context.Context, level, index uint64, p uint8) ([]byte, error)
	ReadEntryBundle(ctx context.Context, index uint64, p uint8) ([]byte, error)
}

// A Reader answers from the tree under one checkpoint; what is added meanwhile it
// does not see. Whatever it answers was checked against the checkpoint. It is safe
// for concurrent use, if its source is.
type Reader struct {
	source Source
	head   tlog.Checkpoint
	signed []byte
}

// OpenReader reads the checkpoint of a log and verifies it under the log's key.
func OpenReader(ctx context.Context, source Source, key tlog.Key) (*Reader, error) {
	if source == nil {
		return nil, attest.Refuse(attest.CodeNil, "source", "a source", "nil")
	}
	signed, err := source.ReadCheckpoint(ctx)
	if err != nil {
		return nil, unreadable(ctx, "checkpoint", err)
	}
	return newReader(source, key, signed)
}

func newReader(source Source, key tlog.Key, signed []byte) (*Reader, error) {
	policy, err := tlog.NewPolicy(tlog.Trust{Logs: []tlog.Log{{Key: key}}, Quorum: tlog.QuorumNone})
	if err != nil {
		return nil, err
	}
	head, err := policy.Open(signed)
	if err != nil {
		return nil, err
	}
	return &Reader{source, head.Checkpoint, signed}, nil
}

// Checkpoint returns the checkpoint that the reader answers from.
func (r *Reader) Checkpoint() tlog.Checkpoint { return r.head }

// Signed returns a copy of the checkpoint as a signed note.
func (r *Reader) Signed() []byte { return append([]byte(nil), r.signed...) }

// Prove returns the proof that the entry at index is in the log.
func (r *Reader) Prove(ctx context.Context, index uint64) (tlog.Proof, error) {
	if index >= r.head.Size {
		return tlog.Proof{}, beyond(index, r.head.Size)
	}
	hashes, err := modtlog.ProveRecord(int64(r.head.Size), int64(index), r.hashes(ctx))
	if err != nil {
		return tlog.Proof{}, unreadable(ctx, "tiles", err)
	}
	return tlog.Proof{Index: index, Hashes: hashes, Checkpoint: r.Signed()}, nil
}

// ProveConsistency returns the proof that the tree begins with that of its first
// older entries. It is empty for 0 and for the whole tree.
func (r *Reader) ProveConsistency(ctx context.Context, older uint64) ([]tlog.Hash, error) {
	if older > r.head.Size {
		return nil, beyond(older, r.head.Size)
	}
	if older == 0 || older == r.head.Size {
		return nil, nil
	}
	hashes, err := modtlog.ProveTree(int64(r.head.Size), int64(older), r.hashes(ctx))
	if err != nil {
		return nil, unreadable(ctx, "tiles", err)
	}
	return hashes, nil
}

// CheckConsistency reports, by a nil error, that the log extends a checkpoint that
// was seen before. The caller has verified its signature.
func (r *Reader) CheckConsistency(ctx context.Context, known tlog.Checkpoint) error {
	if known.Size > r.head.Size {
		return tlog.CheckConsistency(known, r.head, nil)
	}
	hashes, err := r.ProveConsistency(ctx, known.Size)
	if err != nil {
		return err
	}
	return tlog.CheckConsistency(known, r.head, hashes)
}

// Entry returns the entry at index.
func (r *Reader) Entry(ctx context.Context, index uint64) ([]byte, error) {
	if index >= r.head.Size {
		return nil, beyond(index, r.head.Size)
	}
	entries, err := r.bundle(ctx, index/tlog.TileWidth)
	if err != nil {
		return nil, err
	}
	return entries[index%tlog.TileWidth], nil
}

// Entries yields the entries from index from on, in order. An error ends it.
func (r *Reader) Entries(ctx context.Context, from uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for from < r.head.Size {
			entries, err := r.bundle(ctx, from/tlog.TileWidth)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, entry := range entries[from%tlog.TileWidth:] {
				if !yield(entry, nil) {
					return
				}
				from++
			}
		}
	}
}

// bundle reads a bundle and checks each entry of it against the tree.
func (r *Reader) bundle(ctx context.Context, n uint64) ([][]byte, error) {
	width := min(tlog.TileWidth, r.head.Size-n*tlog.TileWidth)
	tile := tlog.Tile{Level: tlog.EntriesLevel, Index: n, Width: int(width)}
	content, err := r.source.ReadEntryBundle(ctx, n, uint8(width%tlog.TileWidth))
	if err != nil {
		return nil, unreadable(ctx, tile.Path(), attest.Refuse(CodeRead, tile.Path(), "a bundle", "").Because(err))
	}
	entries, err := parseBundle(tile, content)
	if err != nil {
		return nil, err
	}
	indexes := make([]int64, len(entries))
	for i := range entries {
		indexes[i] = modtlog.StoredHashIndex(0, int64(n*tlog.TileWidth)+int64(i))
	}
	leaves, err := r.hashes(ctx).ReadHashes(indexes)
	if err != nil {
		return nil, unreadable(ctx, "tiles", err)
	}
	for i, entry := range entries {
		if tlog.LeafHash(entry) != leaves[i] {
			return nil, attest.Refuse(CodeDamaged, tile.Path(), "the entry of the tree at "+strconv.Itoa(i), "another")
		}
	}
	return entries, nil
}

// parseBundle reads a bundle; a partial one may have been replaced by the full one.
func parseBundle(tile tlog.Tile, content []byte) ([][]byte, error) {
	entries, err := tile.ParseBundle(content)
	if err == nil || tile.Width == tlog.TileWidth {
		return entries, err
	}
	full := tile
	full.Width = tlog.TileWidth
	if entries, fullErr := full.ParseBundle(content); fullErr == nil {
		return entries[:tile.Width], nil
	}
	return nil, err
}

// hashes reads hashes of tiles that it checks against the root.
func (r *Reader) hashes(ctx context.Context) modtlog.HashReader {
	return modtlog.TileHashReader(modtlog.Tree{N: int64(r.head.Size), Hash: r.head.Root}, &tiles{ctx, r.source})
}

// tiles reads the tiles of one call.
type tiles struct {
	ctx    context.Context // the interface has none
	source Source
}

func (t *tiles) Height() int { return tlog.TileHeight }

func (t *tiles) SaveTiles([]modtlog.Tile, [][]byte) {}

func (t *tiles) ReadTiles(wanted []modtlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(wanted))
	for i, tile := range wanted {
		content, err := t.source.ReadTile(t.ctx, uint64(tile.L), uint64(tile.N), uint8(tile.W%tlog.TileWidth))
		if err != nil {
			return nil, attest.Refuse(CodeRead, "tile", "a readable tile", "").Because(err)
		}
		if len(content) < tile.W*modtlog.HashSize {
			return nil, attest.Refuse(CodeDamaged, "tile", strconv.Itoa(tile.W)+" hashes", strconv.Itoa(len(content))+" bytes")
		}
		out[i] = content[:tile.W*modtlog.HashSize]
	}
	return out, nil
}

func beyond(index, size uint64) error {
	return attest.Refuse(CodeIndex, "log", "an index below "+strconv.FormatUint(size, 10), strconv.FormatUint(index, 10))
}
