package dirlog

import (
	"context"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// Check reads every entry and every tile under the checkpoint and reports the
// first that is missing or of another tree.
func (r *Reader) Check(ctx context.Context) error {
	built := map[int]*pyramid{}
	count := map[int]uint64{}
	var add func(level int, h tlog.Hash) error
	add = func(level int, h tlog.Hash) error {
		if built[level] == nil {
			built[level] = &pyramid{}
		}
		root, full := built[level].add(h)
		if !full {
			return nil
		}
		if err := r.sameTile(coordinate{level, count[level]}, built[level]); err != nil {
			return err
		}
		built[level] = nil
		count[level]++
		return add(level+1, root)
	}
	for entry, err := range r.Entries(ctx, 0) {
		if err != nil {
			return err
		}
		if err := add(0, tlog.LeafHash(entry)); err != nil {
			return err
		}
	}
	for level, p := range built {
		if p == nil {
			continue
		}
		if err := r.sameTile(coordinate{level, count[level]}, p); err != nil {
			return err
		}
	}
	return r.checkRoot()
}

// sameTile compares a tile as it is on disk.
func (r *Reader) sameTile(at coordinate, want *pyramid) error {
	tile := tlog.Tile{Level: at.level, Index: at.index, Width: len(want[0])}
	got, err := r.load(tile)
	if err != nil {
		return err
	}
	if string(got.bytes()) != string(want.bytes()) {
		return attest.Refuse(CodeDamaged, tile.Path(), "the hashes of the entries", "others")
	}
	return nil
}
