package ledger

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
)

// RecorderConfig tells how a Recorder keeps and reads records.
type RecorderConfig struct {
	// Ledger tells which ledger; its Admit must be nil.
	Ledger Config
	// Attestor signs records.
	Attestor attest.Attestor
	// Verifier accepts the records in the ledger, old ones too.
	Verifier attest.Verifier
}

// A Recorder is the deploy.DeploymentRecorder and deploy.Querier over a file
// ledger. Records of different places are signed in parallel and committed
// together; those of one place wait for each other. It is safe for concurrent
// use. Close it to release the ledger's lock.
type Recorder struct {
	ledger   *Ledger
	attestor attest.Attestor
	verifier attest.Verifier
	timeline deploy.Timeline
	places   places

	mu    sync.Mutex
	turn  *sync.Cond // signals that the timeline grew, or broke
	broke error      // why the timeline no longer follows the ledger
}

var (
	_ deploy.DeploymentRecorder = (*Recorder)(nil)
	_ deploy.Querier            = (*Recorder)(nil)
)

func (c RecorderConfig) validate() error {
	if c.Attestor == nil || c.Verifier == nil || c.Ledger.Admit != nil {
		return attest.Refuse(CodeNil, "RecorderConfig", "Attestor and Verifier, and no Ledger.Admit", "others")
	}
	return nil
}

// CreateRecorder makes an empty ledger, once, and opens it.
func CreateRecorder(ctx context.Context, c RecorderConfig) (*Recorder, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if err := Create(ctx, c.Ledger); err != nil {
		return nil, err
	}
	return OpenRecorder(ctx, c)
}

// OpenRecorder opens a ledger of records: every entry must be a record that the
// Verifier accepts and that follows from those before it; otherwise the ledger
// is refused, by Open, with the index.
func OpenRecorder(ctx context.Context, c RecorderConfig) (*Recorder, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	r := &Recorder{attestor: c.Attestor, verifier: c.Verifier}
	r.turn = sync.NewCond(&r.mu)
	c.Ledger.Admit = func(_ uint64, e Entry) error { return admit(ctx, &r.timeline, c.Verifier, e) }
	l, err := Open(ctx, c.Ledger)
	if err != nil {
		return nil, err
	}
	r.ledger = l
	return r, nil
}

// ReadTimeline returns the fold of all records that a Reader holds, for who wants
// to query a ledger without its lock.
func ReadTimeline(ctx context.Context, r *Reader, v attest.Verifier) (*deploy.Timeline, error) {
	if r == nil || v == nil {
		return nil, attest.Refuse(CodeNil, "ReadTimeline", "a reader and a verifier", "nil")
	}
	t := new(deploy.Timeline)
	for e, err := range r.Entries(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if err := admit(ctx, t, v, e); err != nil {
			return nil, &DamageError{t.Len(), "ledger", attest.Refuse(CodeAdmit, "entry", "a record that is admitted", "").Because(err)}
		}
	}
	return t, nil
}

// admit verifies an entry and adds it to the timeline.
func admit(ctx context.Context, t *deploy.Timeline, v attest.Verifier, e Entry) error {
	a, err := e.Attestation()
	if err != nil {
		return err
	}
	verified, err := verifyRecord(ctx, v, a)
	if err != nil {
		return err
	}
	_, err = t.Append(verified)
	return err
}

// Record implements deploy.DeploymentRecorder. A record that the Recorder's own
// Verifier does not accept is refused before it is logged.
func (r *Recorder) Record(ctx context.Context, rec *deploy.Record) (deploy.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return deploy.Receipt{}, err
	}
	statement, err := rec.Statement()
	if err != nil {
		return deploy.Receipt{}, err
	}
	d, err := rec.Deployment()
	if err != nil {
		return deploy.Receipt{}, err
	}
	release, err := r.places.acquire(ctx, d.Place())
	if err != nil {
		return deploy.Receipt{}, err
	}
	defer release()
	if e, ok := r.timeline.Find(d.RequestDigest); ok && bytes.Equal(e.Verified.Statement().Bytes(), statement.Bytes()) {
		return r.receiptOf(ctx, e)
	}
	if err := r.timeline.Check(d); err != nil {
		return deploy.Receipt{}, err
	}
	return r.append(ctx, statement)
}

// append signs, verifies and logs a record whose place the caller holds.
func (r *Recorder) append(ctx context.Context, s *attest.Statement) (deploy.Receipt, error) {
	a, err := r.attestor.Attest(ctx, s)
	if err != nil {
		return deploy.Receipt{}, err
	}
	v, err := verifyRecord(ctx, r.verifier, a)
	if err != nil {
		return deploy.Receipt{}, err
	}
	if !bytes.Equal(v.Statement().Bytes(), s.Bytes()) {
		return deploy.Receipt{}, attest.Refuse(CodeAdmit, "attestor", "the statement that was given", "another")
	}
	entry, err := AttestationEntry(a)
	if err != nil {
		return deploy.Receipt{}, err
	}
	position, err := r.ledger.Append(ctx, entry)
	if err != nil {
		return deploy.Receipt{}, err
	}
	e, err := r.follow(position.Index, v)
	if err != nil {
		return deploy.Receipt{}, err
	}
	return r.receipt(e, a, position.Checkpoint)
}

// follow adds a logged record to the timeline when it is its turn: the timeline
// is the fold of the log in the log's order.
func (r *Recorder) follow(index uint64, v *attest.Verified) (deploy.Entry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.broke == nil && r.timeline.Len() != index {
		r.turn.Wait()
	}
	defer r.turn.Broadcast()
	if r.broke != nil {
		return deploy.Entry{}, r.broke
	}
	e, err := r.timeline.Append(v)
	if err != nil {
		r.broke = attest.Refuse(CodeAdmit, "timeline", "a record that follows", "").Because(err)
	}
	return e, r.broke
}

// receiptOf makes a receipt of a record that was logged before.
func (r *Recorder) receiptOf(ctx context.Context, e deploy.Entry) (deploy.Receipt, error) {
	logged, err := r.ledger.Entry(ctx, e.Index)
	if err != nil {
		return deploy.Receipt{}, err
	}
	a, err := logged.Attestation()
	if err != nil {
		return deploy.Receipt{}, err
	}
	return r.receipt(e, a, r.ledger.Checkpoint())
}

func (r *Recorder) receipt(e deploy.Entry, a attest.Attestation, head Checkpoint) (deploy.Receipt, error) {
	entry, err := AttestationEntry(a)
	if err != nil {
		return deploy.Receipt{}, err
	}
	path, err := r.ledger.Prove(e.Index, head.Size)
	if err != nil {
		return deploy.Receipt{}, err
	}
	return deploy.Receipt{
		Index: e.Index, LeafHash: entry.Leaf(),
		Checkpoint: bytes.Clone(head.Note), TreeSize: head.Size, Inclusion: path,
		Record: a, State: e.Deployment.State(), Generation: e.Deployment.Request.Generation,
	}, nil
}

// Checkpoint returns the newest published checkpoint. Who keeps it elsewhere and
// gives it as Config.Known notices a ledger that was set back.
func (r *Recorder) Checkpoint() Checkpoint { return r.ledger.Checkpoint() }

// Close finishes what is being written and releases the lock.
func (r *Recorder) Close() error { return r.ledger.Close() }

// Live implements deploy.Querier.
func (r *Recorder) Live(ctx context.Context, env deploy.EnvironmentID) (deploy.Answer, error) {
	return r.timeline.Live(ctx, env)
}

// AsOf implements deploy.Querier.
func (r *Recorder) AsOf(ctx context.Context, env deploy.EnvironmentID, t time.Time) (deploy.Answer, error) {
	return r.timeline.AsOf(ctx, env, t)
}

// History implements deploy.Querier.
func (r *Recorder) History(ctx context.Context, q deploy.HistoryQuery) (deploy.Answer, error) {
	return r.timeline.History(ctx, q)
}

// Head implements deploy.Querier.
func (r *Recorder) Head(ctx context.Context, p deploy.Place) (deploy.Head, error) {
	return r.timeline.Head(ctx, p)
}
