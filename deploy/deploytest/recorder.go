package deploytest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
)

// A Recorder is a deploy.DeploymentRecorder and deploy.Querier in memory. It
// signs nothing and keeps no tree: its receipts have no checkpoint and prove
// nothing. The zero Recorder is empty and ready. It must not be copied after
// first use.
type Recorder struct {
	// Fail, if not nil, is asked before each record is kept; its error is returned
	// instead.
	Fail func(*deploy.Record) error

	mu       sync.Mutex
	timeline deploy.Timeline
}

// Record implements deploy.DeploymentRecorder.
func (r *Recorder) Record(ctx context.Context, rec *deploy.Record) (deploy.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return deploy.Receipt{}, err
	}
	s, err := rec.Statement()
	if err != nil {
		return deploy.Receipt{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.timeline.Find(rec.Authorization.RequestDigest())
	if ok && bytes.Equal(e.Verified.Statement().Bytes(), s.Bytes()) {
		return receipt(e, r.timeline.Len()), nil
	}
	if r.Fail != nil {
		if err := r.Fail(rec); err != nil {
			return deploy.Receipt{}, err
		}
	}
	v, err := Seal(s, "test:deploytest", "recorder")
	if err != nil {
		return deploy.Receipt{}, err
	}
	if e, err = r.timeline.Append(v); err != nil {
		return deploy.Receipt{}, err
	}
	return receipt(e, r.timeline.Len()), nil
}

func receipt(e deploy.Entry, size uint64) deploy.Receipt {
	body := e.Verified.Statement().Bytes()
	return deploy.Receipt{
		Index: e.Index, LeafHash: sha256.Sum256(body), TreeSize: size,
		Record: attest.Attestation{MediaType: attest.MediaTypeInToto, Body: body},
		State:  e.Deployment.State(), Generation: e.Deployment.Request.Generation,
	}
}

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
