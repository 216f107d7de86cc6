package policy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

func cached(t testing.TB, e policy.PolicyEngine, entries int) *policy.Cache {
	t.Helper()
	c, err := policy.Cached(e, policy.CacheConfig{Entries: entries})
	require.NoError(t, err)
	return c
}

func TestACacheAnswersFromMemoryUntilTheDecisionEnds(t *testing.T) {
	inner := policytest.AllowAll()
	c := cached(t, inner, 10)
	req := request(review(t, "alice"), review(t, "bob"))
	first := decide(t, c, req)
	for _, after := range []time.Duration{0, 1, time.Minute, time.Hour - 1} {
		req.Now = now.Add(after)
		require.Equal(t, first.Digest(), decide(t, c, req).Digest(), after)
	}
	require.Len(t, inner.Requests(), 1)
	req.Evidence[0], req.Evidence[1] = req.Evidence[1], req.Evidence[0]
	decide(t, c, req)
	require.Len(t, inner.Requests(), 1, "the order of evidence is no difference")
	for _, at := range []time.Time{now.Add(time.Hour), now.Add(-1)} {
		req.Now = at
		require.Equal(t, at, decide(t, c, req).Report().EvaluatedAt, "outside of its time a decision is made anew")
	}
}

func TestADecisionIsKeptUnderEveryInput(t *testing.T) { // negative case 45
	wholly := func() policy.Request {
		r := waived(t, waiver(t, aWaiver()))
		r.Subject.Annotations = map[string]json.RawMessage{"a": json.RawMessage("1")}
		return r
	}
	for name, change := range map[string]func(*policy.Request){
		"name":              func(r *policy.Request) { r.Subject.Name = "x" },
		"URI":               func(r *policy.Request) { r.Subject.URI = "https://example.com/x" },
		"annotations":       func(r *policy.Request) { r.Subject.Annotations["a"] = json.RawMessage("2") },
		"digest":            func(r *policy.Request) { r.Subject.Digest = digest.Set{digest.SHA256: hexOf("b")} },
		"phase":             func(r *policy.Request) { r.Phase = policy.PhasePublish },
		"environment":       func(r *policy.Request) { r.Target.Environment = "staging" },
		"cluster":           func(r *policy.Request) { r.Target.Cluster = "b" },
		"namespace":         func(r *policy.Request) { r.Target.Namespace = "b" },
		"target":            func(r *policy.Request) { r.Target.Name = "b" },
		"actor":             func(r *policy.Request) { r.Actor.Subject = "bob" },
		"actor's issuer":    func(r *policy.Request) { r.Actor.Issuer = "https://other.example.com" },
		"evidence removed":  func(r *policy.Request) { r.Evidence = nil },
		"evidence added":    func(r *policy.Request) { r.Evidence = append(r.Evidence, review(t, "bob")) },
		"evidence replaced": func(r *policy.Request) { r.Evidence[0] = review(t, "alice") },
		"times": func(r *policy.Request) {
			r.Evidence[0] = seal(t, r.Evidence[0].Statement(), policytest.Synthetic{Signers: []string{"alice"}, Times: []time.Time{now}})
		},
		"signers": func(r *policy.Request) {
			v := r.Evidence[0]
			v, err := attest.Seal(attest.Facts{Authority: v.Authority(), Statement: v.Statement(), Evidence: v.Evidence(), Signers: []attest.Identity{{Subject: "eve"}}})
			require.NoError(t, err)
			r.Evidence[0] = v
		},
		"claims": func(r *policy.Request) {
			v := r.Evidence[0]
			claims := []attest.Claim{{Principal: v.Signers()[0].Principal(), Name: "1.2.3", Value: "x"}}
			v, err := attest.Seal(attest.Facts{Authority: v.Authority(), Statement: v.Statement(), Evidence: v.Evidence(), Signers: v.Signers(), Claims: claims, Times: v.Times(), Inclusions: v.Inclusions()})
			require.NoError(t, err)
			r.Evidence[0] = v
		},
		"statement": func(r *policy.Request) {
			v := r.Evidence[0]
			v, err := attest.Seal(attest.Facts{Authority: v.Authority(), Statement: statement(t, buildType, `{}`), Evidence: v.Evidence(), Signers: v.Signers()})
			require.NoError(t, err)
			r.Evidence[0] = v
		},
		"waiver removed": func(r *policy.Request) { r.Waivers = nil },
		"waiver to evidence": func(r *policy.Request) {
			r.Evidence, r.Waivers = append(r.Evidence, r.Waivers...), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			inner := policytest.AllowAll()
			c := cached(t, inner, 10)
			decide(t, c, wholly())
			decide(t, c, wholly())
			require.Len(t, inner.Requests(), 1)
			req := wholly()
			change(&req)
			decide(t, c, req)
			require.Len(t, inner.Requests(), 2)
		})
	}
}

func TestACachedAllowEndsWithItsWaiver(t *testing.T) { // negative case 45
	c := cached(t, engineOf(t, lenient()), 10)
	req := waived(t, waiver(t, aWaiver()))
	require.True(t, decide(t, c, req).Allowed(now))
	req.Now = now.Add(10 * time.Minute)
	requireRefused(t, decide(t, c, req), policy.Deny, "test.review.bad")
	req.Now, req.Waivers = now, nil
	requireRefused(t, decide(t, c, req), policy.Deny, "test.review.bad")
}

func TestARefusalIsNotKept(t *testing.T) { // negative case 46
	for name, step := range map[string]policytest.Step{
		"deny":          {Verdict: policy.Deny},
		"indeterminate": {Verdict: policy.Indeterminate},
		"error":         {Err: policytest.ErrScripted},
	} {
		t.Run(name, func(t *testing.T) {
			inner := &policytest.Scripted{Steps: []policytest.Step{step}, Then: policytest.Step{Verdict: policy.Allow}}
			c := cached(t, inner, 10)
			d, _ := c.Evaluate(context.Background(), request())
			require.False(t, d.Allowed(now))
			require.True(t, decide(t, c, request()).Allowed(now))
		})
	}
	w := aWaiver()
	w.Class = policy.ClassEmergency
	c := cached(t, engineOf(t, lenient()), 10)
	for range 2 {
		require.False(t, decide(t, c, waived(t, waiver(t, w, "zoe", "carol", "eve"))).Allowed(now), "an open obligation")
	}
}

func TestACacheIsBounded(t *testing.T) {
	for _, entries := range []int{1, 3, 64, 100} {
		inner := policytest.AllowAll()
		c := cached(t, inner, entries)
		ask := func(n int) {
			req := request()
			req.Actor.Subject = fmt.Sprint(n)
			decide(t, c, req)
		}
		for n := range 1000 {
			ask(n)
		}
		before := len(inner.Requests())
		for n := range 1000 {
			ask(n)
		}
		kept := 2000 - len(inner.Requests())
		require.Equal(t, 1000, before)
		require.LessOrEqual(t, kept, entries)
	}
}

func TestACacheRefusesWhatItsEngineRefuses(t *testing.T) {
	c := cached(t, policytest.AllowAll(), 10)
	decide(t, c, request())
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	d, err := c.Evaluate(ended, request())
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, d.IsZero())
	_, err = new(policy.Cache).Evaluate(context.Background(), request())
	require.ErrorIs(t, err, attest.Is(policy.CodeConfigCache))
	for _, entries := range []int{0, -1} {
		_, err = policy.Cached(policytest.AllowAll(), policy.CacheConfig{Entries: entries})
		require.ErrorIs(t, err, attest.Is(policy.CodeConfigCache))
	}
	_, err = policy.Cached(nil, policy.CacheConfig{Entries: 1})
	require.ErrorIs(t, err, attest.Is(policy.CodeConfigCache))
}

func TestACacheKeepsTheContract(t *testing.T) {
	policytest.TestEngine(t, cached(t, engine(t, needing(reviewNeed())), 10), request(review(t, "alice")), request())
	var wg sync.WaitGroup
	c := cached(t, engine(t, needing(reviewNeed())), 3)
	good := review(t, "alice")
	failures := make([]error, 8)
	for i := range 8 {
		wg.Go(func() {
			for n := range 50 {
				req := request(good)
				req.Target.Name = fmt.Sprint((i + n) % 7)
				d, err := c.Evaluate(context.Background(), req)
				if err == nil && (!d.Allowed(now) || d.Report().Target != req.Target) {
					err = errors.New("the decision of another request")
				}
				failures[i] = errors.Join(failures[i], err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(failures...))
}

// BenchmarkCache measures a hit among a million decisions, against deciding anew.
func BenchmarkCache(b *testing.B) {
	const entries = 1_000_000
	v := review(b, "alice")
	c := cached(b, policytest.AllowAll(), entries)
	one := decide(b, policytest.AllowAll(), request(v))
	names := make([]string, 4096)
	req := request(v)
	for n := range entries {
		req.Target.Name = strconv.Itoa(n)
		policy.Put(c, &req, one)
		if n%(entries/len(names)) == 0 && n/(entries/len(names)) < len(names) {
			names[n/(entries/len(names))] = req.Target.Name
		}
	}
	e := engine(b, named("a"))
	for name, engine := range map[string]policy.PolicyEngine{"hit": c, "anew": e} {
		n := 0
		measure(b, name, func(b *testing.B) {
			n++
			req.Target.Name = names[n%len(names)]
			if d, err := engine.Evaluate(context.Background(), req); err != nil || !d.Allowed(now) {
				b.Fatal(err)
			}
		})
	}
}
