package ledger

import (
	"context"
	"sync"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
)

// The names of files in a ledger's directory, besides segments.
const (
	lockName       = "lock"
	checkpointName = "checkpoint"
	temporaryName  = "checkpoint.tmp"
)

// Config tells which ledger to open and who signs its checkpoints.
type Config struct {
	// Dir is the ledger's directory; see Directory.
	Dir Dir
	// Origin names the log, as a URL without scheme: "example.com/deployments". It
	// is the name of the key in checkpoints and never changes.
	Origin string
	// Signer holds the log's Ed25519 key.
	Signer attest.Signer
	// Known is the newest checkpoint, as a signed note, that the caller kept
	// elsewhere. A ledger that does not extend it, such as a restored backup, is
	// refused. Nil knows none.
	Known []byte
	// Admit judges each entry when the ledger is opened, in order; an error keeps
	// it from opening. The payload is valid until Admit returns. Nil admits all: a
	// ledger vouches for order and presence, not for what its entries say.
	Admit func(index uint64, e Entry) error
	// MaxEntry bounds an entry in bytes; 0 means 1 MiB, and 256 MiB is the most.
	MaxEntry int
	// SegmentBytes is the size from which a new segment is begun; 0 means 64 MiB.
	SegmentBytes int64
}

func (c Config) withDefaults() Config {
	if c.MaxEntry == 0 {
		c.MaxEntry = 1 << 20
	}
	if c.SegmentBytes == 0 {
		c.SegmentBytes = 64 << 20
	}
	return c
}

func (c Config) validate() error {
	if c.Dir == nil || c.Signer == nil {
		return attest.Refuse(CodeNil, "Config", "Dir and Signer", "nil")
	}
	if c.MaxEntry < 1 || c.MaxEntry > 256<<20 || c.SegmentBytes < 1 {
		return attest.Refuse(CodeConfig, "Config", "limits of at least 1", "others")
	}
	_, err := c.trust().verifier()
	return err
}

func (c Config) trust() Trust { return Trust{c.Origin, c.Signer.Public()} }

// A Ledger is a log that its one writer holds open. It is safe for concurrent
// use. Close it to release the lock.
type Ledger struct {
	config Config
	lock   interface{ Close() error }
	ctx    context.Context // of the signer, until Close
	cancel context.CancelFunc

	queue chan *pending // unbuffered: what was handed over is committed or refused
	stop  chan struct{}
	done  chan struct{}
	once  sync.Once

	active *active // of the writer alone
	failed error   // of the writer alone: why the ledger is poisoned

	mu      sync.RWMutex
	archive archive
	head    Checkpoint
}

// A Position tells where an entry was appended.
type Position struct {
	Index uint64
	Leaf  deploy.Hash
	// Checkpoint covers the entry and was durable before Append returned.
	Checkpoint Checkpoint
}

// Append adds an entry and returns once it is durable and covered by a published
// checkpoint. ctx counts until the entry is handed to the writer; from then on
// Append waits for the outcome, which is a matter of one or two disk writes. A
// refusal with CodeUnknown leaves open whether the entry will be there when the
// ledger is opened again; after every other error it will not be.
func (l *Ledger) Append(ctx context.Context, e Entry) (Position, error) {
	if err := ctx.Err(); err != nil {
		return Position{}, err
	}
	p, err := newPending(e, l.config.MaxEntry)
	if err != nil {
		return Position{}, err
	}
	select {
	case l.queue <- p:
	case <-ctx.Done():
		return Position{}, ctx.Err()
	case <-l.stop:
		return Position{}, attest.Refuse(CodeClosed, "ledger", "an open one", "a closed one")
	}
	r := <-p.result
	return r.position, r.err
}

// Checkpoint returns the newest published checkpoint.
func (l *Ledger) Checkpoint() Checkpoint {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.head
}

// Entry reads the entry at index, which the checkpoint covers, and checks it.
func (l *Ledger) Entry(ctx context.Context, index uint64) (Entry, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, err
	}
	at, err := l.find(index)
	if err != nil {
		return Entry{}, err
	}
	return at.read(l.config.Dir, l.config.MaxEntry)
}

func (l *Ledger) find(index uint64) (site, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := inside(index, l.head.Size); err != nil {
		return site{}, err
	}
	return l.archive.find(index)
}

// Prove returns the audit path that leads from the entry at index to the root of
// the tree of size entries, which a checkpoint of the log covers.
func (l *Ledger) Prove(index, size uint64) ([]deploy.Hash, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.archive.prove(index, size, l.head.Size)
}

// ProveConsistency returns the proof that the tree of newer entries begins with
// that of older ones, for CheckConsistency.
func (l *Ledger) ProveConsistency(older, newer uint64) ([]deploy.Hash, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.archive.proveConsistency(older, newer, l.head.Size)
}

// Close finishes the batch that is being written, refuses what comes later, and
// releases the lock. Further calls return nil.
func (l *Ledger) Close() error {
	var err error
	l.once.Do(func() {
		close(l.stop)
		<-l.done
		l.cancel()
		if l.active != nil {
			err = l.active.file.Close()
		}
		if unlock := l.lock.Close(); err == nil {
			err = unlock
		}
	})
	return err
}
