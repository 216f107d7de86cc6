package ledger

import (
	"context"
	"iter"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// ReaderConfig tells which ledger to read and whom to believe.
type ReaderConfig struct {
	// Dir is the ledger's directory; only Names and Open of it are used.
	Dir Dir
	// Trust names the log and its key.
	Trust Trust
	// Known is a checkpoint, as a signed note, that the caller kept: the ledger
	// must extend it. Nil knows none.
	Known []byte
	// MaxEntry bounds an entry in bytes; 0 means 1 MiB.
	MaxEntry int
}

// A Reader answers from the entries under one checkpoint, all of which it has
// verified. It takes no lock: a writer may append meanwhile, which the Reader
// does not see. It is safe for concurrent use and holds no file open.
type Reader struct {
	dir      Dir
	maxEntry int
	archive  archive
	head     Checkpoint
}

// OpenReader reads the checkpoint and every entry under it: signature, checksum,
// order, leaf hash, root. A *DamageError names the first entry that is missing or
// altered. Where every frame is consistent in itself and only the root is not
// (CodeRoot), no entry can be named: somebody rewrote the log without its key.
func OpenReader(ctx context.Context, c ReaderConfig) (*Reader, error) {
	if c.Dir == nil {
		return nil, attest.Refuse(CodeNil, "ReaderConfig.Dir", "a directory", "nil")
	}
	if c.MaxEntry == 0 {
		c.MaxEntry = 1 << 20
	}
	if c.MaxEntry < 1 || c.MaxEntry > 256<<20 {
		return nil, attest.Refuse(CodeConfig, "ReaderConfig.MaxEntry", "1 to 256 MiB", "another limit")
	}
	head, err := readCheckpoint(c.Dir, c.Trust)
	if err != nil {
		return nil, err
	}
	r := &Reader{dir: c.Dir, maxEntry: c.MaxEntry, head: head}
	s := scan{dir: c.Dir, maxEntry: c.MaxEntry, sealed: head.Size, visit: r.archive.add}
	if _, err := s.run(ctx); err != nil {
		return nil, err
	}
	if err := r.archive.checkRoot(head); err != nil {
		return nil, err
	}
	if c.Known != nil {
		known, err := ParseCheckpoint(c.Known, c.Trust)
		if err != nil {
			return nil, err
		}
		if err := r.CheckConsistency(known); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Checkpoint returns the checkpoint that the reader answers from.
func (r *Reader) Checkpoint() Checkpoint { return r.head }

// CheckConsistency reports, by a nil error, that the ledger extends a checkpoint
// that was seen before. CodeRollback tells that the ledger is older, as a
// restored backup is, CodeFork that it is another history.
func (r *Reader) CheckConsistency(known Checkpoint) error {
	if known.Origin != r.head.Origin {
		return attest.Refuse(CodeCheckpointOrigin, "checkpoint", excerpt.Quote(r.head.Origin), excerpt.Quote(known.Origin))
	}
	return r.archive.checkKnown(known, r.head.Size)
}

// Entry reads the entry at index and checks it again.
func (r *Reader) Entry(ctx context.Context, index uint64) (Entry, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, err
	}
	at, err := r.archive.find(index)
	if err != nil {
		return Entry{}, err
	}
	return at.read(r.dir, r.maxEntry)
}

// Entries yields the entries from index from on, in order. An error ends it.
func (r *Reader) Entries(ctx context.Context, from uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for i := from; i < r.head.Size; i++ {
			e, err := r.Entry(ctx, i)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Prove returns the audit path from the entry at index to the root of the tree
// of size entries.
func (r *Reader) Prove(index, size uint64) ([]deploy.Hash, error) {
	return r.archive.prove(index, size, r.head.Size)
}

// ProveConsistency returns the proof that the tree of newer entries begins with
// that of older ones.
func (r *Reader) ProveConsistency(older, newer uint64) ([]deploy.Hash, error) {
	return r.archive.proveConsistency(older, newer, r.head.Size)
}
