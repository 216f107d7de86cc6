package policy_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

const (
	reviewType = "https://example.com/review/v1"
	buildType  = "https://example.com/build/v1"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// hexOf returns a SHA-256 value that is n times one hexadecimal digit.
func hexOf(digit string) string { return strings.Repeat(digit, 64) }

func artifact() digest.Set { return digest.Set{digest.SHA256: hexOf("a")} }

func statement(t testing.TB, predicateType, predicate string, subjects ...digest.Set) *attest.Statement {
	t.Helper()
	if len(subjects) == 0 {
		subjects = []digest.Set{artifact()}
	}
	var ds []attest.Descriptor
	for _, s := range subjects {
		ds = append(ds, attest.Descriptor{Digest: s})
	}
	s, err := attest.NewStatement(predicateType, json.RawMessage(predicate), ds...)
	require.NoError(t, err)
	return s
}

func seal(t testing.TB, s *attest.Statement, how policytest.Synthetic) *attest.Verified {
	t.Helper()
	v, err := how.Seal(s)
	require.NoError(t, err)
	return v
}

// review is a good review by the principals.
func review(t testing.TB, principals ...string) *attest.Verified {
	t.Helper()
	return seal(t, statement(t, reviewType, `{"good":true}`), policytest.Synthetic{Signers: principals})
}

func request(evidence ...*attest.Verified) policy.Request {
	return policy.Request{
		Subject:  attest.Descriptor{Name: "registry.example.com/app:1.2", Digest: artifact()},
		Phase:    policy.PhaseDeploy,
		Target:   policy.Target{Environment: "production"},
		Actor:    attest.Identity{Issuer: "https://login.example.com", Subject: "alice"},
		Evidence: evidence,
		Now:      now,
	}
}

// A rule is a policy.Rule made of functions.
type rule struct {
	spec  policy.Spec
	check func(context.Context, *policy.Facts) policy.Result
}

func (r rule) Spec() (policy.Spec, error) { return r.spec, nil }

func (r rule) Check(ctx context.Context, f *policy.Facts) policy.Result { return r.check(ctx, f) }

func satisfied(context.Context, *policy.Facts) policy.Result {
	return policy.Result{Outcome: policy.Satisfied}
}

func violated(context.Context, *policy.Facts) policy.Result {
	return policy.Result{Reasons: []policy.Reason{{Reason: attest.Reason{Code: "test.rule.violated"}}}}
}

func undetermined(context.Context, *policy.Facts) policy.Result {
	return policy.Result{Outcome: policy.Undetermined, Reasons: []policy.Reason{{Reason: attest.Reason{Code: "test.rule.unknown"}}}}
}

// reviewNeed wants a review by alice or bob.
func reviewNeed() policy.Need {
	return policy.Need{Name: "review", PredicateTypes: []string{reviewType}, Signers: []string{"alice", "bob"}}
}

// need is a rule that is satisfied when its needs are met.
func needing(needs ...policy.Need) rule {
	return rule{policy.Spec{ID: "needs", Needs: needs}, satisfied}
}

// goodReview is a rule that wants every review to be good.
func goodReview(need policy.Need) rule {
	return rule{policy.Spec{ID: "good-review", Needs: []policy.Need{need}}, func(_ context.Context, f *policy.Facts) policy.Result {
		return f.Judge(need.Name, judgeReview)
	}}
}

func judgeReview(e policy.Evidence) policy.Result {
	var body struct {
		Good bool `json:"good"`
	}
	if err := e.Statement().DecodePredicate(&body, false); err != nil {
		return policy.Result{Outcome: policy.Undetermined, Reasons: []policy.Reason{{Reason: attest.Reason{Code: "test.review.unreadable"}}}}
	}
	if !body.Good {
		return policy.Result{Reasons: []policy.Reason{{Reason: attest.Reason{Code: "test.review.bad", Where: "/predicate/good", Want: "true", Got: "false"}}}}
	}
	return policy.Result{Outcome: policy.Satisfied}
}

func config(root policy.Node) policy.Config {
	return policy.Config{
		Policy:      policy.PolicyRef{URI: "https://example.com/policies/release", Version: "7"},
		Root:        root,
		Authorities: []string{policytest.Authority},
		Testing:     true,
		Validity:    time.Hour,
	}
}

func engine(t testing.TB, rules ...policy.Rule) *policy.Engine {
	t.Helper()
	return engineOf(t, config(policy.Rules(rules...)))
}

func engineOf(t testing.TB, c policy.Config) *policy.Engine {
	t.Helper()
	e, err := policy.New(c)
	require.NoError(t, err)
	return e
}

// decide evaluates a request that the engine must be able to judge.
func decide(t testing.TB, e policy.PolicyEngine, req policy.Request) policy.Decision {
	t.Helper()
	d, err := e.Evaluate(context.Background(), req)
	require.NoError(t, err)
	return d
}

// requireRefused demands a verdict and, among its reasons, a code.
func requireRefused(t testing.TB, d policy.Decision, verdict policy.Verdict, code attest.Code) {
	t.Helper()
	require.Equal(t, verdict, d.Verdict())
	require.False(t, d.Allowed(now))
	var codes []attest.Code
	for _, r := range attest.Reasons(d.Err()) {
		codes = append(codes, r.Code)
	}
	require.Contains(t, codes, code)
}
