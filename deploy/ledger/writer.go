package ledger

import (
	"errors"
	"runtime"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
	"golang.org/x/mod/sumdb/tlog"
)

// Bounds of one batch.
const (
	maxBatch      = 1024
	maxBatchBytes = 8 << 20
)

// pending is an entry on its way to disk.
type pending struct {
	frame  []byte
	leaf   tlog.Hash
	result chan result
}

type result struct {
	position Position
	err      error
}

func newPending(e Entry, maxEntry int) (*pending, error) {
	if e.Type == 0 {
		return nil, attest.Refuse(CodeEntryType, "entry", "a type", "0")
	}
	if 1+len(e.Payload) > maxEntry {
		return nil, attest.Refuse(CodeEntrySize, "entry", "at most "+strconv.Itoa(maxEntry)+" bytes", strconv.Itoa(1+len(e.Payload)))
	}
	b := e.bytes()
	leaf := tlog.RecordHash(b)
	return &pending{newFrame(b, leaf), leaf, make(chan result, 1)}, nil
}

// active is the segment that grows.
type active struct {
	segment segment
	file    File
	length  int64
}

// run is the one writer. It ends when the ledger is closed.
func (l *Ledger) run() {
	defer close(l.done)
	for {
		select {
		case p := <-l.queue:
			l.commit(l.gather(p))
		case <-l.stop:
			return
		}
	}
}

// gather takes, without waiting, what came while the last batch was written. It
// yields once when nothing is left: those who were just acknowledged are about to
// append again, and a batch costs the same however many share it.
func (l *Ledger) gather(p *pending) []*pending {
	batch, size, yielded := []*pending{p}, len(p.frame), false
	for len(batch) < maxBatch && size < maxBatchBytes {
		select {
		case p := <-l.queue:
			batch, size, yielded = append(batch, p), size+len(p.frame), false
		default:
			if yielded {
				return batch
			}
			runtime.Gosched()
			yielded = true
		}
	}
	return batch
}

// commit writes a batch and tells everyone who waits for it.
func (l *Ledger) commit(batch []*pending) {
	first := l.Checkpoint().Size
	head, err := l.write(first, batch)
	for i, p := range batch {
		if err != nil {
			p.result <- result{err: err}
			continue
		}
		p.result <- result{position: Position{first + uint64(i), deploy.Hash(p.leaf), head}}
	}
}

// write makes a batch durable, then the checkpoint over it, then both visible.
func (l *Ledger) write(first uint64, batch []*pending) (Checkpoint, error) {
	if l.failed != nil {
		return Checkpoint{}, attest.Refuse(CodePoisoned, "ledger", "a ledger without failed writes", "").Because(l.failed)
	}
	if l.active == nil || l.active.length >= l.config.SegmentBytes {
		if err := l.rotate(first); err != nil {
			return Checkpoint{}, err
		}
	}
	start := l.active.length
	if err := l.store(first, batch); err != nil {
		return Checkpoint{}, err
	}
	if err := l.learn(start, batch); err != nil {
		return Checkpoint{}, l.poison("tree", err)
	}
	l.mu.RLock()
	root, err := l.archive.tree.root(first + uint64(len(batch)))
	l.mu.RUnlock()
	if err != nil {
		return Checkpoint{}, l.poison("tree", err)
	}
	head, err := signCheckpoint(l.ctx, l.config.Signer, l.config.trust(), first+uint64(len(batch)), root)
	if err != nil {
		return Checkpoint{}, l.poison("signer", err)
	}
	if err := publish(l.config.Dir, head); err != nil {
		return Checkpoint{}, l.poison(checkpointName, err)
	}
	l.mu.Lock()
	l.head = head
	l.mu.Unlock()
	return head, nil
}

// store appends the frames of a batch to the segment, durably. A failed write is
// undone; what cannot be undone, and a failed fsync, poison the ledger.
func (l *Ledger) store(first uint64, batch []*pending) error {
	var buf []byte
	for i, p := range batch {
		setIndex(p.frame, first+uint64(i))
		buf = append(buf, p.frame...)
	}
	a := l.active
	if _, err := a.file.WriteAt(buf, a.length); err != nil {
		if undo := errors.Join(a.file.Truncate(a.length), a.file.Sync()); undo != nil {
			return l.poison(a.segment.name, errors.Join(err, undo))
		}
		return attest.Refuse(CodeWrite, a.segment.name, "a complete write", "").Because(err)
	}
	if err := a.file.Sync(); err != nil {
		return l.poison(a.segment.name, err)
	}
	a.length += int64(len(buf))
	return nil
}

// learn adds a stored batch, which begins at offset, to the archive. It stays
// invisible until the checkpoint covers it.
func (l *Ledger) learn(offset int64, batch []*pending) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range batch {
		if err := l.archive.add(l.active.segment, offset, frame{leaf: p.leaf}); err != nil {
			return err
		}
		offset += int64(len(p.frame))
	}
	return nil
}

// poison refuses everything from now on. The outcome of what was being written
// is unknown.
func (l *Ledger) poison(where string, err error) error {
	l.failed = err
	return attest.Refuse(CodeUnknown, where, "a durable write", "").Because(err)
}

// rotate begins the segment whose first entry is the next one.
func (l *Ledger) rotate(first uint64) error {
	next, err := beginSegment(l.config.Dir, newSegment(first))
	if err != nil {
		if errors.Is(err, errUndone) {
			return attest.Refuse(CodeWrite, newSegment(first).name, "a new segment", "").Because(err)
		}
		return l.poison(newSegment(first).name, err)
	}
	if l.active != nil {
		if err := l.active.file.Close(); err != nil {
			return l.poison(l.active.segment.name, err)
		}
	}
	l.active = next
	return nil
}

// errUndone marks a failure that left nothing behind.
var errUndone = errors.New("nothing was kept")

// beginSegment makes an empty segment, durably.
func beginSegment(dir Dir, s segment) (*active, error) {
	f, err := dir.Create(s.name)
	if err != nil {
		return nil, errors.Join(err, errUndone)
	}
	if _, err := f.WriteAt(s.header(), 0); err != nil {
		undo := errors.Join(f.Close(), dir.Remove(s.name), dir.Sync())
		if undo == nil {
			undo = errUndone
		}
		return nil, errors.Join(err, undo)
	}
	if err := errors.Join(f.Sync(), dir.Sync()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &active{s, f, segmentHeader}, nil
}

// publish replaces the checkpoint file, durably and atomically.
func publish(dir Dir, c Checkpoint) error {
	f, err := dir.Replace(temporaryName)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(c.Note, 0)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := dir.Rename(temporaryName, checkpointName); err != nil {
		return err
	}
	return dir.Sync()
}
