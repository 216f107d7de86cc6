package witness

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// Config tells what a witness watches and how it signs.
type Config struct {
	// Signers cosign: one or more, of algorithms CosignatureV1 and MLDSA44.
	Signers []*tlog.Signer
	// Logs are the keys of the logs that it watches; a key's name is its log's
	// origin. A log may have several keys, as while it changes them.
	Logs []tlog.Key
	// Store keeps its state.
	Store Store
	// Now tells the time that cosignatures state.
	Now func() time.Time
	// MLDSA44 verifies logs' signatures of that algorithm; nil if there is none.
	MLDSA44 tlog.VerifyMLDSA44
}

// A Witness cosigns checkpoints. It is safe for concurrent use.
type Witness struct {
	config Config
	logs   map[string]*watched
}

// watched is a log, and what excludes two requests for it.
type watched struct {
	mu   sync.Mutex
	keys []tlog.Key
}

// New returns a witness. It refuses a configuration that lacks a part, a signer of
// a log's algorithm and a log's key of a witness's.
func New(c Config) (*Witness, error) {
	if c.Store == nil || c.Now == nil || len(c.Signers) == 0 || len(c.Logs) == 0 {
		return nil, attest.Refuse(CodeConfig, "Config", "Signers, Logs, Store and Now", "not all")
	}
	for i, s := range c.Signers {
		if s == nil || s.Key().Algorithm == tlog.Ed25519 {
			return nil, attest.Refuse(CodeConfig, "Config.Signers["+strconv.Itoa(i)+"]", "a cosigner", "nil, or the signer of a log")
		}
	}
	w := &Witness{config: c, logs: map[string]*watched{}}
	for i, k := range c.Logs {
		where := "Config.Logs[" + strconv.Itoa(i) + "]"
		if err := k.Validate(); err != nil {
			return nil, attest.Refuse(CodeConfig, where, "a key", "").Because(err)
		}
		if k.Algorithm == tlog.CosignatureV1 || k.Algorithm == tlog.MLDSA44 && c.MLDSA44 == nil {
			return nil, attest.Refuse(CodeConfig, where, "a log's key, and a verifier for it", "a witness's key or no verifier")
		}
		l := w.logs[k.Name]
		if l == nil {
			l = &watched{}
			w.logs[k.Name] = l
		}
		if slices.ContainsFunc(l.keys, func(other tlog.Key) bool { return other.ID() == k.ID() }) {
			return nil, attest.Refuse(CodeConfig, where, "each key once", "one twice")
		}
		l.keys = append(l.keys, k)
	}
	w.config.Signers = slices.Clone(c.Signers)
	return w, nil
}

// AddCheckpoint checks a request in the order of the specification, keeps the
// checkpoint and returns the signature lines, one for each signer. Its errors
// carry the codes that Status maps; CodeConflict comes as a *ConflictError.
func (w *Witness) AddCheckpoint(ctx context.Context, r Request) ([]byte, error) {
	origin, err := originOf(r.Checkpoint)
	if err != nil {
		return nil, err
	}
	log := w.logs[origin]
	if log == nil {
		return nil, attest.Refuse(CodeUnknownLog, "origin", "a log that is watched", strconv.Quote(origin[:min(len(origin), 64)]))
	}
	n, err := tlog.OpenNote(r.Checkpoint, log.keys, w.config.MLDSA44)
	switch {
	case errors.Is(err, attest.Is(tlog.CodeUnsigned)) || errors.Is(err, attest.Is(tlog.CodeSignature)):
		return nil, attest.Refuse(CodeForbidden, "checkpoint", "a signature by the log", "").Because(err)
	case err != nil:
		return nil, attest.Refuse(CodeRequest, "checkpoint", "a signed note", "").Because(err)
	}
	c, err := tlog.ParseCheckpoint(n.Text)
	if err != nil || c.Origin != origin {
		return nil, attest.Refuse(CodeRequest, "checkpoint", "a checkpoint", "").Because(err)
	}
	if r.OldSize > c.Size {
		return nil, attest.Refuse(CodeSize, "old size", "at most "+strconv.FormatUint(c.Size, 10), strconv.FormatUint(r.OldSize, 10))
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	if err := w.advance(ctx, r, c); err != nil {
		return nil, err
	}
	return w.cosign(ctx, c)
}

// advance judges c against the newest checkpoint and keeps it. The caller holds
// the log's lock.
func (w *Witness) advance(ctx context.Context, r Request, c tlog.Checkpoint) error {
	latest, err := w.config.Store.Latest(ctx, c.Origin)
	if err != nil {
		return attest.Refuse(CodeState, "store", "the newest checkpoint", "").Because(err)
	}
	if r.OldSize != latest.Size {
		return &ConflictError{latest.Size, *attest.Refuse(CodeConflict, "old size", strconv.FormatUint(latest.Size, 10), strconv.FormatUint(r.OldSize, 10))}
	}
	if c.Size == latest.Size && c.Root != latest.Root {
		return &ConflictError{latest.Size, *attest.Refuse(CodeFork, "root", latest.Root.String(), c.Root.String())}
	}
	if err := tlog.CheckConsistency(latest, c, r.Proof); err != nil {
		return attest.Refuse(CodeInconsistent, "proof", "a proof of consistency", "").Because(err)
	}
	if err := w.config.Store.Keep(ctx, tlog.Checkpoint{Origin: c.Origin, Size: c.Size, Root: c.Root}); err != nil {
		return attest.Refuse(CodeState, "store", "to keep the checkpoint", "").Because(err)
	}
	return nil
}

func (w *Witness) cosign(ctx context.Context, c tlog.Checkpoint) ([]byte, error) {
	var lines strings.Builder
	now := w.config.Now()
	for _, s := range w.config.Signers {
		line, err := s.Sign(ctx, c, now)
		if err != nil {
			return nil, attest.Refuse(CodeState, "signer", "a cosignature", "").Because(err)
		}
		lines.WriteString(line)
	}
	return []byte(lines.String()), nil
}

// A ConflictError tells the size of the newest checkpoint that the witness
// cosigned, so that the log can prove consistency from there. It unwraps to the
// *attest.Error with the code.
type ConflictError struct {
	Size   uint64
	reason attest.Error
}

// Error returns the reason.
func (e *ConflictError) Error() string { return e.reason.Error() }

// Unwrap returns the reason.
func (e *ConflictError) Unwrap() error { return &e.reason }
