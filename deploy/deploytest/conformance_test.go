package deploytest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A broken store is a good one of which some methods are replaced.
type broken struct {
	deploytest.Store
	record  func(context.Context, *deploy.Record) (deploy.Receipt, error)
	live    func(context.Context, deploy.EnvironmentID) (deploy.Answer, error)
	asOf    func(context.Context, deploy.EnvironmentID, time.Time) (deploy.Answer, error)
	history func(context.Context, deploy.HistoryQuery) (deploy.Answer, error)
}

func (b *broken) Record(ctx context.Context, r *deploy.Record) (deploy.Receipt, error) {
	if b.record != nil {
		return b.record(ctx, r)
	}
	return b.Store.Record(ctx, r)
}

func (b *broken) Live(ctx context.Context, env deploy.EnvironmentID) (deploy.Answer, error) {
	if b.live != nil {
		return b.live(ctx, env)
	}
	return b.Store.Live(ctx, env)
}

func (b *broken) AsOf(ctx context.Context, env deploy.EnvironmentID, t time.Time) (deploy.Answer, error) {
	if b.asOf != nil {
		return b.asOf(ctx, env, t)
	}
	return b.Store.AsOf(ctx, env, t)
}

func (b *broken) History(ctx context.Context, q deploy.HistoryQuery) (deploy.Answer, error) {
	if b.history != nil {
		return b.history(ctx, q)
	}
	return b.Store.History(ctx, q)
}

// fresh returns a harness whose stores are a good one, broken by f.
func fresh(f func(good *deploytest.Recorder, b *broken)) deploytest.Harness {
	return deploytest.Harness{New: func(context.Context) (deploytest.Store, error) {
		good := new(deploytest.Recorder)
		b := &broken{Store: good}
		f(good, b)
		return b, nil
	}}
}

func TestTheFakeKeepsTheContract(t *testing.T) {
	require.NoError(t, deploytest.CheckRecorder(t.Context(), fresh(func(*deploytest.Recorder, *broken) {})))
}

// accept answers as if a record was kept, and keeps nothing.
func accept(r *deploy.Record) (deploy.Receipt, error) {
	return deploy.Receipt{TreeSize: 1, State: deploy.Live, Generation: r.Authorization.Request().Generation}, nil
}

// forgiving turns a refusal with one of the codes into a receipt.
func forgiving(codes ...attest.Code) func(*deploytest.Recorder, *broken) {
	return func(good *deploytest.Recorder, b *broken) {
		b.record = func(ctx context.Context, r *deploy.Record) (deploy.Receipt, error) {
			receipt, err := good.Record(ctx, r)
			for _, c := range codes {
				if errors.Is(err, attest.Is(c)) && r != nil {
					return accept(r)
				}
			}
			return receipt, err
		}
	}
}

func TestTheKitCatchesAStoreThat(t *testing.T) {
	tests := []struct {
		name   string
		clause string
		damage func(*deploytest.Recorder, *broken)
	}{
		{"takes what no gate authorized", "refuses-the-unauthorized", forgiving(deploy.CodeUnauthorized)},
		{"records after the end of its context", "honours-the-end-of-context", func(good *deploytest.Recorder, b *broken) {
			b.record = func(ctx context.Context, r *deploy.Record) (deploy.Receipt, error) {
				return good.Record(context.WithoutCancel(ctx), r)
			}
		}},
		{"gives wrong indexes", "gives-receipts", func(good *deploytest.Recorder, b *broken) {
			b.record = func(ctx context.Context, r *deploy.Record) (deploy.Receipt, error) {
				receipt, err := good.Record(ctx, r)
				receipt.Index, receipt.TreeSize = receipt.Index+1, receipt.TreeSize+1
				return receipt, err
			}
		}},
		{"takes any generation", "fences-generations", forgiving(deploy.CodeGeneration)},
		{"lets two deployers win", "keeps-one-of-many", forgiving(deploy.CodeGeneration)},
		{"takes a record that follows nothing", "chains-records", forgiving(deploy.CodePrevious)},
		{"refuses a repetition", "is-idempotent", func(good *deploytest.Recorder, b *broken) {
			var mu sync.Mutex
			seen := map[digest.Digest]bool{}
			b.record = func(ctx context.Context, r *deploy.Record) (deploy.Receipt, error) {
				mu.Lock()
				defer mu.Unlock()
				if r != nil && seen[r.Authorization.RequestDigest()] {
					return deploy.Receipt{}, attest.Refuse(deploy.CodeReplay, "", "", "")
				}
				receipt, err := good.Record(ctx, r)
				if err == nil {
					seen[r.Authorization.RequestDigest()] = true
				}
				return receipt, err
			}
		}},
		{"takes a replay", "refuses-replays", forgiving(deploy.CodeReplay)},
		{"loses records under load", "keeps-all-places", func(good *deploytest.Recorder, b *broken) {
			b.record = func(ctx context.Context, r *deploy.Record) (deploy.Receipt, error) {
				if r != nil && r.Authorization.Request().Target.Name == "web7" {
					return accept(r)
				}
				return good.Record(ctx, r)
			}
		}},
		{"shows what it kept too late", "shows-what-it-kept", func(good *deploytest.Recorder, b *broken) {
			b.live = func(ctx context.Context, env deploy.EnvironmentID) (deploy.Answer, error) {
				a, err := good.Live(ctx, env)
				a.Size--
				return a, err
			}
		}},
		{"calls a failed deployment live", "keeps-live-after-failure", func(good *deploytest.Recorder, b *broken) {
			b.record = func(ctx context.Context, r *deploy.Record) (deploy.Receipt, error) {
				if r != nil && r.Outcome == deploy.OutcomeFailed {
					coerced := *r
					coerced.Outcome = deploy.OutcomeSucceeded
					r = &coerced
				}
				return good.Record(ctx, r)
			}
		}},
		{"shows what was removed", "ends-what-is-removed", func(good *deploytest.Recorder, b *broken) {
			b.live = func(ctx context.Context, env deploy.EnvironmentID) (deploy.Answer, error) {
				a, err := good.Live(ctx, env)
				if past, pastErr := good.AsOf(ctx, env, deploytest.Epoch().Add(1600*time.Millisecond)); len(a.Entries) == 0 && pastErr == nil {
					a.Entries = past.Entries
				}
				return a, err
			}
		}},
		{"ends a deployment a moment too late", "answers-as-of", func(good *deploytest.Recorder, b *broken) {
			b.asOf = func(ctx context.Context, env deploy.EnvironmentID, t time.Time) (deploy.Answer, error) {
				return good.AsOf(ctx, env, t.Add(-time.Nanosecond))
			}
		}},
		{"repeats a page", "pages-history", func(good *deploytest.Recorder, b *broken) {
			b.history = func(ctx context.Context, q deploy.HistoryQuery) (deploy.Answer, error) {
				if q.From > 0 {
					q.From--
				}
				return good.History(ctx, q)
			}
		}},
		{"retains the record", "copies-records", func(good *deploytest.Recorder, b *broken) {
			var last atomic.Pointer[deploy.Record]
			b.record = func(ctx context.Context, r *deploy.Record) (deploy.Receipt, error) {
				last.Store(r)
				return good.Record(ctx, r)
			}
			b.history = func(ctx context.Context, q deploy.HistoryQuery) (deploy.Answer, error) {
				a, err := good.History(ctx, q)
				if kept := last.Load(); len(a.Entries) == 1 && kept != nil {
					a.Entries[0].Deployment.Attestations = kept.Attestations
				}
				return a, err
			}
		}},
		{"answers a query for nothing", "tells-nothing-from-unknown", func(good *deploytest.Recorder, b *broken) {
			b.history = func(ctx context.Context, q deploy.HistoryQuery) (deploy.Answer, error) {
				if q.Environment == "" && q.Digest.IsZero() {
					return deploy.Answer{}, nil
				}
				return good.History(ctx, q)
			}
		}},
	}
	covered := []string{"survives-reopening"}
	for _, tt := range tests {
		covered = append(covered, tt.clause)
		t.Run(tt.name, func(t *testing.T) {
			assert.Contains(t, broke(deploytest.CheckRecorder(t.Context(), fresh(tt.damage))), tt.clause)
		})
	}
	t.Run("forgets when it is reopened", func(t *testing.T) {
		h := fresh(func(*deploytest.Recorder, *broken) {})
		h.Reopen = func(ctx context.Context, _ deploytest.Store) (deploytest.Store, error) { return h.New(ctx) }
		assert.Equal(t, []string{"survives-reopening"}, broke(deploytest.CheckRecorder(t.Context(), h)))
	})
	for _, clause := range deploytest.Clauses() {
		assert.True(t, slices.Contains(covered, clause), "no broken store breaks %s", clause)
	}
}

// broke returns the clauses that an error of CheckRecorder names.
func broke(err error) []string {
	var names []string
	for _, r := range attest.Reasons(err) {
		if r.Code == deploytest.CodeClause {
			names = append(names, r.Where)
		}
	}
	return names
}

func TestAHarnessWithoutStoreIsRefused(t *testing.T) {
	require.ErrorIs(t, deploytest.CheckRecorder(t.Context(), deploytest.Harness{}), attest.Is(attest.CodeNil))
}

func TestTheFakeFailsAsItIsTold(t *testing.T) {
	full := errors.New("disk full")
	r := &deploytest.Recorder{Fail: func(*deploy.Record) error { return full }}
	chain, err := deploytest.Chain(t.Context(), deploytest.At("production", "web"), 1)
	require.NoError(t, err)
	_, err = r.Record(t.Context(), chain[0])
	require.ErrorIs(t, err, full)
}
