package policy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

// supply makes the evidence that the facts describe.
func supply(t testing.TB, facts []policy.Fact) []*attest.Verified {
	var out []*attest.Verified
	for i, f := range facts {
		who := f.Signer
		if who == "" {
			who = fmt.Sprint("somebody-", i)
		}
		out = append(out, seal(t, statement(t, f.PredicateType, `{"good":true}`), policytest.Synthetic{Signers: []string{who}}))
	}
	return out
}

func explain(t testing.TB, e *policy.Engine, req policy.Request) policy.Explanation {
	t.Helper()
	x, err := e.Explain(context.Background(), req)
	require.NoError(t, err)
	return x
}

var people = []string{"alice", "bob", "carol"}

// randomPolicy returns a monotone tree over rules that need up to two kinds of
// evidence.
func randomPolicy(r *rand.Rand, rules *int, depth int) policy.Node {
	if depth == 0 || r.IntN(3) == 0 {
		var needs []policy.Need
		for i := range 1 + r.IntN(2) {
			n := policy.Need{Name: fmt.Sprint("n", i), PredicateTypes: []string{[]string{reviewType, buildType}[r.IntN(2)]}}
			n.Signers = slices.Clone(people[:1+r.IntN(3)])
			n.Threshold = 1 + r.IntN(len(n.Signers))
			if i > 0 && r.IntN(2) == 0 {
				n.NotSameAs = []string{"n0"}
			}
			needs = append(needs, n)
		}
		*rules++
		return policy.Rules(rule{policy.Spec{ID: fmt.Sprint("r", *rules), Needs: needs}, satisfied})
	}
	var children []policy.Node
	for range 1 + r.IntN(3) {
		children = append(children, randomPolicy(r, rules, depth-1))
	}
	switch r.IntN(3) {
	case 0:
		return policy.AllOf(children...)
	case 1:
		return policy.AnyOf(children...)
	}
	return policy.AtLeast(1+r.IntN(len(children)), children...)
}

// everyFact is all evidence that a random policy can ask for.
func everyFact() []policy.Fact {
	var all []policy.Fact
	for _, t := range []string{reviewType, buildType} {
		for _, p := range people {
			all = append(all, policy.Fact{PredicateType: t, Signer: p})
		}
	}
	return all
}

// allowedBy tells whether some set of so many facts is enough.
func allowedBy(t testing.TB, e *policy.Engine, size int) bool {
	all := everyFact()
	for set := range 1 << len(all) {
		var chosen []policy.Fact
		for i, f := range all {
			if set>>i&1 == 1 {
				chosen = append(chosen, f)
			}
		}
		if len(chosen) == size && decide(t, e, request(supply(t, chosen)...)).Verdict() == policy.Allow {
			return true
		}
	}
	return false
}

func TestAddingExactlyWhatIsMissingAllows(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	possible := 0
	for range 60 {
		rules := 0
		e := engineOf(t, config(randomPolicy(r, &rules, 2)))
		x := explain(t, e, request())
		require.Equal(t, policy.Indeterminate, x.Verdict)
		smallest := -1
		for size := 1; size <= len(everyFact()) && smallest < 0; size++ {
			if allowedBy(t, e, size) {
				smallest = size
			}
		}
		require.Equal(t, smallest > 0, x.Possible)
		if !x.Possible {
			require.Empty(t, x.Missing)
			continue
		}
		possible++
		require.True(t, x.Minimal)
		require.Len(t, x.Missing, smallest, "no smaller set exists")
		require.True(t, decide(t, e, request(supply(t, x.Missing)...)).Allowed(now))
		for i := range x.Missing {
			fewer := slices.Delete(slices.Clone(x.Missing), i, i+1)
			require.NotEqual(t, policy.Allow, decide(t, e, request(supply(t, fewer)...)).Verdict())
			part := explain(t, e, request(supply(t, fewer)...))
			require.Len(t, part.Missing, 1, "with all but one, one is missing")
		}
	}
	require.Greater(t, possible, 20)
}

func TestExplainTellsWhatCannotBeMended(t *testing.T) {
	bad := rule{policy.Spec{ID: "bad", Needs: []policy.Need{reviewNeed()}}, violated}
	x := explain(t, engine(t, bad, named("other")), request(review(t, "alice")))
	require.Equal(t, policy.Explanation{Verdict: policy.Deny, Minimal: true, Blocking: []string{"bad"}}, x)
}

func TestExplainOfAnAllowMissesNothing(t *testing.T) {
	x := explain(t, engine(t, needing(reviewNeed())), request(review(t, "alice")))
	require.Equal(t, policy.Explanation{Verdict: policy.Allow, Possible: true, Minimal: true}, x)
}

func TestExplainCountsAnySigner(t *testing.T) {
	e := engine(t, needing(policy.Need{Name: "n", PredicateTypes: []string{reviewType}, AnySigner: true, Threshold: 3}))
	x := explain(t, e, request(review(t, "alice")))
	require.Len(t, x.Missing, 2)
	require.Equal(t, policy.Fact{PredicateType: reviewType, Needs: []string{"needs/n"}}, x.Missing[0])
	require.True(t, decide(t, e, request(append(supply(t, x.Missing), review(t, "alice"))...)).Allowed(now))
}

func TestExplainOfALargePolicyIsCutShort(t *testing.T) {
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprint("p", i))
	}
	e := engine(t, needing(policy.Need{Name: "n", PredicateTypes: []string{reviewType}, Signers: many, Threshold: 20}))
	x := explain(t, e, request())
	require.True(t, x.Possible)
	require.False(t, x.Minimal, "it does not claim what it did not try")
	require.Len(t, x.Missing, 20)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := e.Explain(ended, request())
	require.ErrorIs(t, err, context.Canceled)
}

func TestASimulationShowsTheFutureAndGatesNothing(t *testing.T) {
	r := rule{policy.Spec{ID: "soon", Needs: []policy.Need{reviewNeed()}, EffectiveOn: now.Add(time.Hour)}, violated}
	e := engine(t, named("other"), r)
	req := request(review(t, "alice"))
	require.True(t, decide(t, e, req).Allowed(now))
	s, err := e.Simulate(context.Background(), req, now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, policy.Deny, s.Verdict())
	require.Equal(t, now.Add(time.Hour), s.At())
	require.Equal(t, policy.Violated, s.Findings()[1].Outcome)
	b, err := s.MarshalJSON()
	require.NoError(t, err)
	require.Contains(t, string(b), `{"simulation":{`)

	require.Equal(t, policy.Deny, policy.Simulation{}.Verdict())
	_, err = e.Simulate(context.Background(), req, time.Time{})
	require.ErrorIs(t, err, attest.Is(policy.CodeRequestNow))
	var any any = s
	_, gates := any.(interface{ Allowed(time.Time) bool })
	require.False(t, gates)
	_, sealable := any.(interface{ Report() policy.Report })
	require.False(t, sealable)
}

func TestASpecializedEngineDecidesAlike(t *testing.T) {
	c := config(policy.AllOf(
		policy.Rules(named("always")),
		policy.When(policy.Condition{Phases: []policy.Phase{policy.PhasePublish}}, policy.Rules(named("publish"))),
		policy.When(policy.Condition{Environments: []string{"production"}}, policy.AnyOf(
			policy.When(policy.Condition{Phases: []policy.Phase{policy.PhaseBuild}}, policy.Rules(named("never"))),
			policy.Rules(goodReview(reviewNeed())),
		)),
	))
	e := engineOf(t, c)
	req := request(review(t, "alice"))
	for _, target := range []policy.Target{{Environment: "production"}, {Environment: "staging", Name: "x"}} {
		for _, evidence := range [][]*attest.Verified{{review(t, "alice")}, {badReview(t)}, nil} {
			req.Target, req.Evidence = target, evidence
			special, err := e.Specialize(req.Phase, target)
			require.NoError(t, err)
			require.Equal(t, decide(t, e, req).Digest(), decide(t, special, req).Digest())
			_, err = special.Specialize(policy.PhasePublish, target)
			require.ErrorIs(t, err, attest.Is(policy.CodeRequestScope))
		}
	}
	special, err := e.Specialize(policy.PhaseDeploy, policy.Target{Environment: "production"})
	require.NoError(t, err)
	for name, change := range map[string]func(*policy.Request){
		"phase":     func(r *policy.Request) { r.Phase = policy.PhasePublish },
		"target":    func(r *policy.Request) { r.Target.Environment = "staging" },
		"namespace": func(r *policy.Request) { r.Target.Namespace = "x" },
	} {
		t.Run("another "+name+" is refused", func(t *testing.T) {
			req := request(review(t, "alice"))
			change(&req)
			d, err := special.Evaluate(context.Background(), req)
			require.ErrorIs(t, err, attest.Is(policy.CodeRequestScope))
			require.True(t, d.IsZero())
		})
	}
	c.Root = policy.When(policy.Condition{Environments: []string{"production"}}, policy.Rules(named("a")))
	_, err = engineOf(t, c).Specialize(policy.PhaseDeploy, policy.Target{Environment: "staging"})
	require.ErrorIs(t, err, attest.Is(policy.CodeConfigNode), "a gap shows early")
	_, err = engineOf(t, c).Specialize("ship", policy.Target{})
	require.ErrorIs(t, err, attest.Is(policy.CodeRequestPhase))
	_, err = new(policy.Engine).Specialize(policy.PhaseDeploy, policy.Target{})
	require.ErrorIs(t, err, attest.Is(policy.CodeConfig))
}
