package ledger

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// Create makes an empty ledger: a checkpoint of size 0. The directory must exist
// and hold no file of a ledger: one that lost its files is not an empty one.
func Create(ctx context.Context, c Config) error {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return err
	}
	lock, err := takeLock(c.Dir)
	if err != nil {
		return err
	}
	return errors.Join(create(ctx, c), lock.Close())
}

func create(ctx context.Context, c Config) error {
	names, err := c.Dir.Names()
	if err != nil {
		return attest.Refuse(CodeRead, "directory", "its names", "").Because(err)
	}
	for _, name := range names {
		if name == checkpointName || strings.HasSuffix(name, segmentSuffix) {
			return attest.Refuse(CodeExists, "directory", "no file of a ledger", excerpt.Quote(name))
		}
	}
	var empty tree
	root, err := empty.root(0)
	if err != nil {
		return err
	}
	head, err := signCheckpoint(ctx, c.Signer, c.trust(), 0, root)
	if err != nil {
		return err
	}
	if err := publish(c.Dir, head); err != nil {
		return attest.Refuse(CodeUnknown, checkpointName, "a durable write", "").Because(err)
	}
	return nil
}

func takeLock(dir Dir) (io.Closer, error) {
	lock, err := dir.Lock(lockName)
	if errors.Is(err, ErrLocked) {
		return nil, attest.Refuse(CodeLocked, lockName, "no other writer", "one").Because(err)
	}
	if err != nil {
		return nil, attest.Refuse(CodeRead, lockName, "a lock", "").Because(err)
	}
	return lock, nil
}

// Open takes the ledger's lock, verifies every entry against the checkpoint,
// recovers what a crash left beyond it, and starts the writer. It refuses, with
// a *DamageError where it can name the entry, a ledger of which anything under
// the checkpoint is missing or altered, and one that does not extend
// Config.Known. ctx bounds the opening, not the life of the ledger; its values
// are handed to the signer.
func Open(ctx context.Context, c Config) (*Ledger, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	lock, err := takeLock(c.Dir)
	if err != nil {
		return nil, err
	}
	l := &Ledger{
		config: c, lock: lock,
		queue: make(chan *pending), stop: make(chan struct{}), done: make(chan struct{}),
	}
	if err := l.recover(ctx); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go l.run()
	return l, nil
}

// recover verifies and repairs, in this order: nothing is changed before
// everything under the checkpoint was found intact.
func (l *Ledger) recover(ctx context.Context) error {
	c := l.config
	sealed, err := readCheckpoint(c.Dir, c.trust())
	if err != nil {
		return err
	}
	end, err := l.replay(ctx, sealed)
	if err != nil {
		return err
	}
	if end.entries-sealed.Size > maxBatch {
		return attest.Refuse(CodeRollback, checkpointName, "a checkpoint at most one batch behind "+entries(end.entries), entries(sealed.Size))
	}
	if c.Known != nil {
		known, err := ParseCheckpoint(c.Known, c.trust())
		if err != nil {
			return err
		}
		if err := l.archive.checkKnown(known, end.entries); err != nil {
			return err
		}
	}
	if err := l.repair(end); err != nil {
		return err
	}
	l.head = sealed
	if end.entries == sealed.Size {
		return nil
	}
	root, err := l.archive.tree.root(end.entries)
	if err != nil {
		return err
	}
	if l.head, err = signCheckpoint(ctx, c.Signer, c.trust(), end.entries, root); err == nil {
		err = publish(c.Dir, l.head)
	}
	if err != nil {
		return errors.Join(attest.Refuse(CodeUnknown, checkpointName, "a durable write", "").Because(err), l.active.file.Close())
	}
	return nil
}

// replay reads all entries into the archive and checks the root.
func (l *Ledger) replay(ctx context.Context, sealed Checkpoint) (tail, error) {
	admit := l.config.Admit
	s := scan{dir: l.config.Dir, maxEntry: l.config.MaxEntry, sealed: sealed.Size, beyond: true}
	s.visit = func(seg segment, offset int64, f frame) error {
		if err := l.archive.add(seg, offset, f); err != nil {
			return err
		}
		if admit == nil {
			return nil
		}
		if err := admit(f.index, Entry{Type(f.entry[0]), f.entry[1:]}); err != nil {
			return attest.Refuse(CodeAdmit, "entry", "one that is admitted", "").Because(err)
		}
		return nil
	}
	end, err := s.run(ctx)
	if err != nil {
		return tail{}, err
	}
	return end, l.archive.checkRoot(sealed)
}

// repair cuts off what is torn, makes the rest durable, and leaves the last
// segment ready to grow.
func (l *Ledger) repair(end tail) error {
	if end.last == nil {
		return nil
	}
	dir, name := l.config.Dir, end.last.name
	if end.good == 0 {
		if err := errors.Join(dir.Remove(name), dir.Sync()); err != nil {
			return attest.Refuse(CodeWrite, name, "its removal", "").Because(err)
		}
		return nil
	}
	f, err := dir.ReadWrite(name)
	if err != nil {
		return attest.Refuse(CodeWrite, name, "a writable file", "").Because(err)
	}
	if end.good < end.length {
		err = f.Truncate(end.good)
	}
	if err := errors.Join(err, f.Sync(), dir.Sync()); err != nil {
		return errors.Join(attest.Refuse(CodeWrite, name, "a durable end", "").Because(err), f.Close())
	}
	l.active = &active{*end.last, f, end.good}
	return nil
}

// checkRoot demands that the archive begins with the checkpoint's tree.
func (a *archive) checkRoot(c Checkpoint) error {
	root, err := a.tree.root(c.Size)
	if err != nil || root != c.Root {
		return attest.Refuse(CodeRoot, "ledger", "root "+c.Root.String()+" of "+entries(c.Size), root.String()).Because(err)
	}
	return nil
}

// readCheckpoint reads and verifies the published checkpoint.
func readCheckpoint(dir Dir, trust Trust) (Checkpoint, error) {
	f, err := dir.Open(checkpointName)
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{}, attest.Refuse(CodeMissing, checkpointName, "a ledger", "none").Because(err)
	}
	if err != nil {
		return Checkpoint{}, attest.Refuse(CodeRead, checkpointName, "a readable file", "").Because(err)
	}
	defer f.Close()
	signed, err := io.ReadAll(io.NewSectionReader(f, 0, maxNote+1))
	if err != nil {
		return Checkpoint{}, attest.Refuse(CodeRead, checkpointName, "a readable file", "").Because(err)
	}
	return ParseCheckpoint(signed, trust)
}
