package tessera

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// Bounds of one AddAll, as of dirlog's.
const maxEntries = 16_384

// Config tells which log to write.
type Config struct {
	// Driver is Tessera's for the store. Required.
	Driver tessera.Driver
	// Signer signs checkpoints; the name of its key is the log's origin. Its
	// algorithm is Ed25519, the only one that Tessera writes.
	Signer *tlog.Signer
	// Options are Tessera's: intervals, batches, witnesses. Nil are its defaults but
	// for an interval of 100 ms between checkpoints. Open sets the signer in them.
	Options *tessera.AppendOptions
	// Poll is the time between two looks for a new checkpoint; default 20 ms.
	Poll time.Duration
}

// A Log is a log that Tessera keeps. It is safe for concurrent use.
type Log struct {
	key      tlog.Key
	appender *tessera.Appender
	source   tessera.LogReader
	awaiter  *tessera.PublicationAwaiter
	shutdown func(context.Context) error
	stop     context.CancelFunc

	mu     sync.RWMutex // held for reading by those who add
	closed bool
}

// Open starts the log, and creates it where the driver finds none. ctx bounds the
// opening; its values are handed to the signer and the driver for as long as the
// log is open.
func Open(ctx context.Context, c Config) (*Log, error) {
	if c.Driver == nil || c.Signer == nil {
		return nil, attest.Refuse(CodeConfig, "Config", "a driver and a signer", "nil")
	}
	key := c.Signer.Key()
	if key.Algorithm != tlog.Ed25519 {
		return nil, attest.Refuse(CodeConfig, "Config.Signer", "a log's Ed25519 key", "another")
	}
	if ctx.Err() != nil {
		return nil, attest.Refuse(attest.CodeCanceled, "Open", "", "").Because(context.Cause(ctx))
	}
	options := c.Options
	if options == nil {
		options = tessera.NewAppendOptions().WithCheckpointInterval(100 * time.Millisecond)
	}
	if c.Poll <= 0 {
		c.Poll = 20 * time.Millisecond
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	opening := context.AfterFunc(ctx, stop)
	options = options.WithCheckpointSigner(noteSigner{background, c.Signer})
	appender, shutdown, source, err := tessera.NewAppender(background, c.Driver, options)
	if !opening() {
		return nil, attest.Refuse(attest.CodeCanceled, "Open", "", "").Because(errors.Join(context.Cause(ctx), err))
	}
	if err != nil {
		stop()
		return nil, attest.Refuse(CodeDriver, "Open", "a log", "").Because(err)
	}
	return &Log{
		key: key, appender: appender, source: source, shutdown: shutdown, stop: stop,
		awaiter: tessera.NewPublicationAwaiter(background, source.ReadCheckpoint, c.Poll),
	}, nil
}

// Add adds an entry and returns its proof once it is published.
func (l *Log) Add(ctx context.Context, entry []byte) (tlog.Proof, error) {
	proofs, err := l.AddAll(ctx, [][]byte{entry})
	if err != nil {
		return tlog.Proof{}, err
	}
	return proofs[0], nil
}

// AddAll adds entries and returns their proofs, in the order of entries, under one
// checkpoint. Up to 16,384 entries are added at once; no entry has more than
// tlog.MaxEntry bytes. An error with CodeBusy tells that none was added, one with
// CodeUncertain that ctx ended, or the driver failed, before the outcome was known.
func (l *Log) AddAll(ctx context.Context, entries [][]byte) ([]tlog.Proof, error) {
	if err := admissible(ctx, entries); err != nil || len(entries) == 0 {
		return nil, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return nil, attest.Refuse(CodeClosed, "log", "an open log", "a closed one")
	}
	futures := make([]tessera.IndexFuture, len(entries))
	for i, entry := range entries {
		futures[i] = l.appender.Add(ctx, tessera.NewEntry(append([]byte(nil), entry...)))
	}
	indexes, signed, err := l.await(ctx, futures)
	if err != nil {
		return nil, err
	}
	reader, err := newReader(l.source, l.key, signed)
	if err != nil {
		return nil, err
	}
	proofs := make([]tlog.Proof, len(entries))
	for i, index := range indexes {
		if proofs[i], err = reader.Prove(ctx, index); err != nil {
			return nil, err
		}
		if err := tlog.CheckInclusion(reader.head, index, tlog.LeafHash(entries[i]), proofs[i].Hashes); err != nil {
			return nil, attest.Refuse(CodeDamaged, "entry "+strconv.FormatUint(index, 10), "the entry that was added", "another").Because(err)
		}
	}
	return proofs, nil
}

func admissible(ctx context.Context, entries [][]byte) error {
	if len(entries) > maxEntries {
		return attest.Refuse(attest.CodeLimit, "entries", "at most "+strconv.Itoa(maxEntries), strconv.Itoa(len(entries)))
	}
	for i, entry := range entries {
		if len(entry) > tlog.MaxEntry {
			return attest.Refuse(tlog.CodeEntrySize, "entries["+strconv.Itoa(i)+"]", "at most "+strconv.Itoa(tlog.MaxEntry)+" bytes", strconv.Itoa(len(entry)))
		}
	}
	if ctx.Err() != nil {
		return attest.Refuse(attest.CodeCanceled, "AddAll", "", "").Because(context.Cause(ctx))
	}
	return nil
}

// outcome is what became of the futures of one AddAll.
type outcome struct {
	indexes []uint64
	signed  []byte
	refused bool // the log took none of them
	err     error
}

// await waits until all futures are published under one checkpoint. Tessera's
// futures know no context.
func (l *Log) await(ctx context.Context, futures []tessera.IndexFuture) ([]uint64, []byte, error) {
	done := make(chan outcome, 1)
	go func() { done <- l.publish(ctx, futures) }()
	var o outcome
	select {
	case o = <-done:
	case <-ctx.Done():
		o.err = context.Cause(ctx)
	}
	switch {
	case o.err == nil:
		return o.indexes, o.signed, nil
	case o.refused:
		return nil, nil, attest.Refuse(CodeBusy, "AddAll", "a log that takes entries", "").Because(o.err)
	}
	return nil, nil, attest.Refuse(CodeUncertain, "AddAll", "published entries", "").Because(o.err)
}

func (l *Log) publish(ctx context.Context, futures []tessera.IndexFuture) outcome {
	o := outcome{indexes: make([]uint64, len(futures)), refused: true}
	last := tessera.Index{}
	for i, future := range futures {
		index, err := future()
		o.refused = o.refused && errors.Is(err, tessera.ErrPushback)
		o.err = errors.Join(o.err, err)
		o.indexes[i] = index.Index
		if err == nil && index.Index >= last.Index {
			last = index
		}
	}
	if o.err == nil {
		_, o.signed, o.err = l.awaiter.Await(ctx, func() (tessera.Index, error) { return last, nil })
	}
	return o
}

// Reader returns a reader of the newest published tree.
func (l *Log) Reader(ctx context.Context) (*Reader, error) {
	return OpenReader(ctx, l.source, l.key)
}

// Close refuses what comes later, waits until what was added is published, and
// stops Tessera. Further calls return nil.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	defer l.stop()
	if err := l.shutdown(context.Background()); err != nil {
		return attest.Refuse(CodeDriver, "Close", "a log that stops", "").Because(err)
	}
	return nil
}

// unreadable tells why something could not be read, or was not what the tree has.
func unreadable(ctx context.Context, where string, err error) error {
	if ctx.Err() != nil {
		return attest.Refuse(attest.CodeCanceled, where, "", "").Because(context.Cause(ctx))
	}
	if own := (*attest.Error)(nil); errors.As(err, &own) {
		return own
	}
	if where == "checkpoint" {
		return attest.Refuse(CodeRead, where, "a checkpoint", "").Because(err)
	}
	return attest.Refuse(CodeDamaged, where, "tiles of the tree", "others").Because(err)
}
