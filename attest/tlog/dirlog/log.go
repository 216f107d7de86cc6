package dirlog

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// maxCommit bounds the entries of one commit.
const maxCommit = 1 << 14

// A Log is a log that its one writer holds open. It is safe for concurrent use.
// Close it to release the lock.
type Log struct {
	config Config
	unlock func() error
	head   atomic.Pointer[Reader]
	work   chan *addition
	closed chan struct{} // closed by Close
	ended  chan struct{} // closed by the writer
	once   sync.Once
	last   [][]byte // entries of the partial bundle; the writer's own
	failed error    // why the log is poisoned; the writer's own
}

// An addition is one call of Add or AddAll that waits for the writer.
type addition struct {
	entries [][]byte
	first   uint64
	reader  *Reader // covers the entries
	err     error
	done    chan struct{}
}

// Open takes the log's lock, completes a commit that a crash interrupted, verifies
// the right edge of the tree and the last bundle, and starts the writer. ctx
// bounds the opening; its values are handed to the signer.
func Open(ctx context.Context, c Config) (*Log, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	unlock, err := lock(c.Root)
	if err != nil {
		return nil, err
	}
	l, err := open(ctx, c)
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	l.unlock = unlock
	go l.write(context.WithoutCancel(ctx))
	return l, nil
}

func open(ctx context.Context, c Config) (*Log, error) {
	r, err := recoverHead(ctx, c)
	if err != nil {
		return nil, err
	}
	if c.Known != nil {
		known, err := openCheckpoint(c.Known, c.Signer.Key(), c.MLDSA44)
		if err != nil {
			return nil, err
		}
		if err := r.CheckConsistency(known); err != nil {
			return nil, err
		}
	}
	l := &Log{config: c, work: make(chan *addition), closed: make(chan struct{}), ended: make(chan struct{})}
	if r.head.Size%tlog.TileWidth > 0 {
		if l.last, err = r.checkedBundle(context.Background(), r.head.Size/tlog.TileWidth); err != nil {
			return nil, err
		}
	}
	l.head.Store(r)
	return l, nil
}

// recoverHead completes a commit of which only the renaming is missing. One whose
// checkpoint is not whole was never published.
func recoverHead(ctx context.Context, c Config) (*Reader, error) {
	r, err := openReader(c.Root, checkpointFile, c.Signer.Key(), c.MLDSA44)
	if err != nil {
		return nil, err
	}
	next, err := openReader(c.Root, nextFile, c.Signer.Key(), c.MLDSA44)
	switch {
	case errors.Is(err, attest.Is(CodeMissing)):
		return r, nil
	case err == nil && next.CheckConsistency(r.head) == nil:
		return next, complete(ctx, c, next)
	case err == nil || errors.Is(err, attest.Is(CodeDamaged)) || errors.Is(err, fs.ErrNotExist):
		// It is signed, so some tree of its size may be known; to go on from the older
		// one could fork the log.
		return nil, attest.Refuse(CodeDamaged, nextFile, "a checkpoint that extends the published one", "").Because(err)
	case errors.Is(err, attest.Is(CodeRead)):
		return nil, err
	}
	if err := c.Root.Remove(nextFile); err != nil {
		return nil, attest.Refuse(CodeWrite, nextFile, "removed", "").Because(err)
	}
	return r, nil
}

// Reader returns a reader of the newest published tree.
func (l *Log) Reader() *Reader { return l.head.Load() }

// Add adds an entry and returns its proof once it is durable.
func (l *Log) Add(ctx context.Context, entry []byte) (tlog.Proof, error) {
	proofs, err := l.AddAll(ctx, [][]byte{entry})
	if err != nil {
		return tlog.Proof{}, err
	}
	return proofs[0], nil
}

// AddAll adds entries, in order and side by side, and returns their proofs, under
// one checkpoint, once all are durable. It adds all or, with an error other than
// CodeWrite and CodeWitness, none. ctx counts until the writer takes the entries; from then on
// AddAll waits for the outcome. Up to 16,384 entries are added at once; no entry
// has more than tlog.MaxEntry bytes.
func (l *Log) AddAll(ctx context.Context, entries [][]byte) ([]tlog.Proof, error) {
	if len(entries) == 0 || len(entries) > maxCommit {
		return nil, attest.Refuse(attest.CodeLimit, "entries", "1 to 16384", "another number")
	}
	a := &addition{done: make(chan struct{})}
	for _, e := range entries {
		if len(e) > tlog.MaxEntry {
			return nil, attest.Refuse(tlog.CodeEntrySize, "entry", "at most 65535 bytes", "more")
		}
		a.entries = append(a.entries, append([]byte(nil), e...))
	}
	if ctx.Err() != nil {
		return nil, canceled(ctx)
	}
	select {
	case l.work <- a:
	case <-l.closed:
		return nil, attest.Refuse(CodeClosed, "log", "an open log", "a closed one")
	case <-ctx.Done():
		return nil, canceled(ctx)
	}
	<-a.done
	if a.err != nil {
		return nil, a.err
	}
	return a.proofs()
}

// proofs proves the entries, some tiles' worth at a time.
func (a *addition) proofs() ([]tlog.Proof, error) {
	proofs := make([]tlog.Proof, len(a.entries))
	for i := range proofs {
		proofs[i] = tlog.Proof{Index: a.first + uint64(i), Checkpoint: a.reader.Signed()}
	}
	err := each(slices.Collect(slices.Chunk(proofs, 4*tlog.TileWidth)), func(chunk []tlog.Proof) error {
		for i := range chunk {
			var err error
			if chunk[i].Hashes, err = a.reader.path(chunk[i].Index); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return proofs, nil
}

func canceled(ctx context.Context) error {
	return attest.Refuse(attest.CodeCanceled, "context", "", "").Because(context.Cause(ctx))
}

// Close finishes the commit that is being written, refuses what comes later, and
// releases the lock. Further calls return nil.
func (l *Log) Close() error {
	var err error
	l.once.Do(func() {
		close(l.closed)
		<-l.ended
		err = l.unlock()
	})
	return err
}

// write is the writer: it commits together what waits together.
func (l *Log) write(ctx context.Context) {
	defer close(l.ended)
	for {
		select {
		case <-l.closed:
			return
		case a := <-l.work:
			batch, n := []*addition{a}, len(a.entries)
			for more := true; more && n < maxCommit; {
				select {
				case a := <-l.work:
					batch, n = append(batch, a), n+len(a.entries)
				default:
					more = false
				}
			}
			l.commitBatch(ctx, batch)
		}
	}
}

func (l *Log) commitBatch(ctx context.Context, batch []*addition) {
	err := l.failed
	if err != nil {
		err = attest.Refuse(CodePoisoned, "log", "a log whose writes succeed", "").Because(err)
	} else {
		err = l.commit(ctx, batch)
		// A log that failed to sign showed nothing to anybody, and may try again.
		unsigned := errors.Is(err, attest.Is(tlog.CodeSigner)) && !errors.Is(err, attest.Is(CodeWitness))
		if err != nil && !unsigned {
			l.failed = err
		}
	}
	for _, a := range batch {
		a.err = err
		close(a.done)
	}
}

// commit makes a batch durable and publishes the checkpoint over it.
func (l *Log) commit(ctx context.Context, batch []*addition) error {
	old := l.Reader()
	g := newGrowth(old, l.last)
	for _, a := range batch {
		a.first = g.size
		for _, e := range a.entries {
			if err := g.add(e); err != nil {
				return err
			}
		}
	}
	files, next, err := g.finish()
	if err != nil {
		return err
	}
	if err := writeAll(l.config.Root, files); err != nil {
		return err
	}
	if next.signed, err = tlog.SignCheckpoint(ctx, next.head, time.Time{}, l.config.Signer); err != nil {
		return err
	}
	if err := announce(ctx, l.config, next); err != nil {
		return err
	}
	l.head.Store(next)
	l.last = g.last
	for _, a := range batch {
		a.reader = next
	}
	l.dropPartials(old.head.Size, files)
	return nil
}

// dropPartials removes the partial tiles that full ones replaced, as tlog-tiles
// allows. It is not part of the commit: what stays is only in the way.
func (l *Log) dropPartials(older uint64, files []file) {
	for _, f := range files {
		tile, err := tlog.ParseTilePath(f.path)
		if err == nil && tile.Width == tlog.TileWidth && older > 0 {
			_ = l.config.Root.RemoveAll(path.Clean(f.path + ".p"))
		}
	}
}
