package policytest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

const reviewType = "https://example.com/review/v1"

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func requests(t testing.TB) []policy.Request {
	t.Helper()
	subject := attest.Descriptor{Name: "app", Digest: digest.Set{digest.SHA256: strings.Repeat("a", 64)}}
	var evidence []*attest.Verified
	for i, signer := range []string{"alice", "bob", "mallory"} {
		s, err := attest.NewStatement(reviewType, map[string]int{"n": i}, subject)
		require.NoError(t, err)
		v, err := policytest.Synthetic{Signers: []string{signer}, Times: []time.Time{now.Add(-time.Hour)}}.Seal(s)
		require.NoError(t, err)
		evidence = append(evidence, v)
	}
	base := policy.Request{Subject: subject, Phase: policy.PhaseDeploy, Target: policy.Target{Name: "app"}, Actor: policytest.Identity("carol"), Now: now}
	full := base
	full.Evidence = evidence
	return []policy.Request{full, base}
}

type signed struct{}

func (signed) Spec() (policy.Spec, error) {
	return policy.Spec{ID: "signed", Needs: []policy.Need{{Name: "review", PredicateTypes: []string{reviewType}, Signers: []string{"alice", "bob"}, Threshold: 2}}}, nil
}

func (signed) Check(context.Context, *policy.Facts) policy.Result {
	return policy.Result{Outcome: policy.Satisfied}
}

func realEngine(t testing.TB) *policy.Engine {
	t.Helper()
	e, err := policy.New(policy.Config{
		Policy:      policy.PolicyRef{URI: "https://example.com/policy", Version: "1"},
		Root:        policy.Rules(signed{}),
		Authorities: []string{policytest.Authority}, Testing: true, Validity: time.Hour,
	})
	require.NoError(t, err)
	return e
}

func TestOurEnginesKeepTheContract(t *testing.T) {
	for name, e := range map[string]policy.PolicyEngine{
		"Engine": realEngine(t), "AllowAll": policytest.AllowAll(), "DenyAll": policytest.DenyAll(),
		"Scripted": &policytest.Scripted{Then: policytest.Step{Verdict: policy.Indeterminate}},
	} {
		t.Run(name, func(t *testing.T) { policytest.TestEngine(t, e, requests(t)...) })
	}
	d, err := realEngine(t).Evaluate(t.Context(), requests(t)[0])
	require.NoError(t, err)
	require.True(t, d.Allowed(now), "one of the requests is allowed")
}

// broken is a good engine with one fault.
type broken struct {
	policy.PolicyEngine
	evaluate func(ctx context.Context, good policy.PolicyEngine, req policy.Request) (policy.Decision, error)
}

func (b broken) Evaluate(ctx context.Context, req policy.Request) (policy.Decision, error) {
	return b.evaluate(ctx, b.PolicyEngine, req)
}

// rewrite changes the report of a decision.
func rewrite(change func(*policy.Report)) func(context.Context, policy.PolicyEngine, policy.Request) (policy.Decision, error) {
	return func(ctx context.Context, good policy.PolicyEngine, req policy.Request) (policy.Decision, error) {
		d, err := good.Evaluate(ctx, req)
		if err != nil {
			return d, err
		}
		r := d.Report()
		change(&r)
		return policy.Seal(r.Engine, r)
	}
}

// repair lets a bad request pass by putting something good in its place.
func repair(mend func(*policy.Request)) func(context.Context, policy.PolicyEngine, policy.Request) (policy.Decision, error) {
	return func(ctx context.Context, good policy.PolicyEngine, req policy.Request) (policy.Decision, error) {
		mend(&req)
		return good.Evaluate(ctx, req)
	}
}

func setDigest(bad func(digest.Set) bool) func(*policy.Request) {
	return func(r *policy.Request) {
		if bad(r.Subject.Digest) {
			r.Subject.Digest = digest.Set{digest.SHA256: strings.Repeat("a", 64)}
		}
	}
}

func dropEvidence(bad func(*attest.Verified) bool) func(*policy.Request) {
	return func(r *policy.Request) {
		var kept []*attest.Verified
		for _, v := range r.Evidence {
			if !bad(v) {
				kept = append(kept, v)
			}
		}
		r.Evidence = kept
	}
}

func TestEveryClauseFindsAnEngineThatBreaksIt(t *testing.T) {
	var count atomic.Int64
	faults := map[string]func(context.Context, policy.PolicyEngine, policy.Request) (policy.Decision, error){
		"answer": func(ctx context.Context, good policy.PolicyEngine, req policy.Request) (policy.Decision, error) {
			d, err := good.Evaluate(ctx, req)
			if err == nil {
				err = fmt.Errorf("allowed, with a warning")
			}
			return d, err
		},
		"description": rewrite(func(r *policy.Report) { r.Target.Name = "elsewhere" }),
		"inputs": rewrite(func(r *policy.Report) {
			if len(r.Inputs) > 0 {
				r.Inputs = r.Inputs[1:]
			}
		}),
		"determinism": rewrite(func(r *policy.Report) { r.Policy.Version = fmt.Sprint(count.Add(1)) }),
		"order": func(ctx context.Context, good policy.PolicyEngine, req policy.Request) (policy.Decision, error) {
			return rewrite(func(r *policy.Report) {
				if len(req.Evidence) > 0 {
					r.Policy.Version = req.Evidence[0].Evidence().Hex
				}
			})(ctx, good, req)
		},
		"concurrency": func() func(context.Context, policy.PolicyEngine, policy.Request) (policy.Decision, error) {
			var busy atomic.Int64
			return func(ctx context.Context, good policy.PolicyEngine, req policy.Request) (policy.Decision, error) {
				n := busy.Add(1)
				defer busy.Add(-1)
				time.Sleep(time.Millisecond)
				return rewrite(func(r *policy.Report) { r.Policy.Version = fmt.Sprint(n) })(ctx, good, req)
			}
		}(),
		"request-unchanged": func(ctx context.Context, good policy.PolicyEngine, req policy.Request) (policy.Decision, error) {
			d, err := good.Evaluate(ctx, req)
			if err == nil {
				req.Subject.Digest[digest.SHA512] = strings.Repeat("b", 128)
			}
			return d, err
		},
		"time": rewrite(func(r *policy.Report) {
			r.ValidUntil = now.Add(time.Hour)
			r.EvaluatedAt = now
		}),
		"cancellation": func(_ context.Context, good policy.PolicyEngine, req policy.Request) (policy.Decision, error) {
			return good.Evaluate(context.Background(), req)
		},
		"subject-required": repair(setDigest(func(s digest.Set) bool { return len(s) == 0 })),
		"subject-strong": repair(setDigest(func(s digest.Set) bool {
			_, strong := s.Strongest()
			return len(s) > 0 && !strong && s[digest.SHA256] == ""
		})),
		"subject-well-formed": repair(setDigest(func(s digest.Set) bool { return s[digest.SHA256] != "" && s.Validate() != nil })),
		"phase-required": repair(func(r *policy.Request) {
			if r.Phase == "" {
				r.Phase = policy.PhaseDeploy
			}
		}),
		"phase-known": repair(func(r *policy.Request) { r.Phase = policy.Phase(strings.ToLower(string(r.Phase))) }),
		"now-required": repair(func(r *policy.Request) {
			if r.Now.IsZero() {
				r.Now = now
			}
		}),
		"evidence-not-nil":  repair(dropEvidence(func(v *attest.Verified) bool { return v == nil })),
		"evidence-not-zero": repair(dropEvidence(func(v *attest.Verified) bool { return v != nil && v.IsZero() })),
	}
	require.Len(t, faults, len(policytest.ClauseNames()))
	for _, clause := range policytest.ClauseNames() {
		t.Run(clause, func(t *testing.T) {
			require.Contains(t, faults, clause)
			err := policytest.CheckEngine(t.Context(), broken{policytest.AllowAll(), faults[clause]}, requests(t)...)
			require.ErrorContains(t, err, "clause "+clause+":")
		})
	}
}

func TestCheckEngineNeedsSomethingToCheck(t *testing.T) {
	assert.Error(t, policytest.CheckEngine(t.Context(), nil, requests(t)...))
	assert.Error(t, policytest.CheckEngine(t.Context(), policytest.AllowAll()))
	assert.Error(t, policytest.CheckEngine(t.Context(), policytest.AllowAll(), policy.Request{}))
}

func TestScriptedAnswersInOrder(t *testing.T) {
	e := &policytest.Scripted{
		Steps: []policytest.Step{{Verdict: policy.Allow, Validity: time.Minute}, {Err: policytest.ErrScripted}},
		Then:  policytest.Step{Verdict: policy.Indeterminate, Reason: policy.Reason{Reason: attest.Reason{Code: "test.some.reason"}}},
	}
	req := requests(t)[0]
	d, err := e.Evaluate(t.Context(), req)
	require.NoError(t, err)
	require.True(t, d.Allowed(now))
	require.False(t, d.Allowed(now.Add(time.Minute)))
	require.True(t, d.Report().Testing)

	d, err = e.Evaluate(t.Context(), req)
	require.ErrorIs(t, err, policytest.ErrScripted)
	require.False(t, d.Allowed(now))

	for range 2 {
		d, err = e.Evaluate(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, policy.Indeterminate, d.Verdict())
		require.ErrorIs(t, d.Err(), attest.Is("test.some.reason"))
	}
	_, err = e.Evaluate(t.Context(), policy.Request{})
	require.Error(t, err)
	require.Len(t, e.Requests(), 4)

	var zero policytest.Scripted
	d, err = zero.Evaluate(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, policy.Deny, d.Verdict())
	require.ErrorIs(t, d.Err(), attest.Is(policytest.CodeScripted))
}

func TestSyntheticEvidenceNeverPassesForReal(t *testing.T) {
	s, err := attest.NewStatement(reviewType, json.RawMessage(`{}`), requests(t)[0].Subject)
	require.NoError(t, err)
	_, err = policytest.Synthetic{Authority: "example.com/release-keys"}.Seal(s)
	require.ErrorIs(t, err, attest.Is(attest.CodeSealAuthority))
	_, err = policytest.Synthetic{}.Seal(nil)
	require.ErrorIs(t, err, attest.Is(attest.CodeSealStatement))
	v, err := policytest.Synthetic{Signers: []string{"https://issuer.example#alice"}}.Seal(s)
	require.NoError(t, err)
	require.Equal(t, "https://issuer.example#alice", v.Signers()[0].Principal())
	require.Equal(t, "https://issuer.example", v.Signers()[0].Issuer)
}
