package policy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
)

// outcomeRule always gives one outcome; NotApplicable by a condition.
func outcomeRule(i int, o policy.Outcome) policy.Node {
	check := map[policy.Outcome]func(context.Context, *policy.Facts) policy.Result{
		policy.Violated: violated, policy.Undetermined: undetermined,
		policy.Satisfied: satisfied, policy.NotApplicable: satisfied,
	}[o]
	n := policy.Rules(rule{policy.Spec{ID: fmt.Sprintf("r%d", i), Needs: []policy.Need{reviewNeed()}}, check})
	if o == policy.NotApplicable {
		n = policy.When(policy.Condition{Phases: []policy.Phase{policy.PhaseBuild}}, n)
	}
	return n
}

// possible lists the truth values that an outcome may still turn out to have.
func possible(o policy.Outcome) []bool {
	switch o {
	case policy.Violated:
		return []bool{false}
	case policy.Satisfied:
		return []bool{true}
	}
	return []bool{false, true}
}

// reference computes Kleene logic by its meaning: a combination is satisfied or
// violated if it is, whatever its undetermined parts turn out to be.
func reference(outcomes []policy.Outcome, holds func(count, of int) bool) policy.Outcome {
	var applicable []policy.Outcome
	for _, o := range outcomes {
		if o != policy.NotApplicable {
			applicable = append(applicable, o)
		}
	}
	if len(applicable) == 0 {
		return policy.NotApplicable
	}
	results := map[bool]bool{}
	var try func(i, count int)
	try = func(i, count int) {
		if i == len(applicable) {
			results[holds(count, len(applicable))] = true
			return
		}
		for _, value := range possible(applicable[i]) {
			if value {
				try(i+1, count+1)
			} else {
				try(i+1, count)
			}
		}
	}
	try(0, 0)
	switch {
	case len(results) == 2:
		return policy.Undetermined
	case results[true]:
		return policy.Satisfied
	}
	return policy.Violated
}

func verdictOf(o policy.Outcome) policy.Verdict {
	switch o {
	case policy.Satisfied:
		return policy.Allow
	case policy.Violated:
		return policy.Deny
	}
	return policy.Indeterminate
}

func TestCombinatorsFollowKleeneOnEveryCombination(t *testing.T) {
	all := []policy.Outcome{policy.Violated, policy.Undetermined, policy.Satisfied, policy.NotApplicable}
	for size := 1; size <= 3; size++ {
		for n := range pow(len(all), size) {
			var outcomes []policy.Outcome
			var nodes []policy.Node
			for i := range size {
				o := all[n/pow(len(all), i)%len(all)]
				outcomes = append(outcomes, o)
				nodes = append(nodes, outcomeRule(i, o))
			}
			check := func(name string, node policy.Node, holds func(count, of int) bool) {
				d := decide(t, engineOf(t, config(node)), request(review(t, "alice")))
				require.Equal(t, verdictOf(reference(outcomes, holds)), d.Verdict(), "%s of %v", name, outcomes)
				require.Equal(t, d.Verdict() == policy.Allow, d.Err() == nil)
			}
			check("AllOf", policy.AllOf(nodes...), func(count, of int) bool { return count == of })
			check("AnyOf", policy.AnyOf(nodes...), func(count, _ int) bool { return count > 0 })
			for k := 1; k <= size; k++ {
				check(fmt.Sprintf("AtLeast(%d)", k), policy.AtLeast(k, nodes...), func(count, _ int) bool { return count >= k })
			}
		}
	}
}

func pow(base, exponent int) int {
	n := 1
	for range exponent {
		n *= base
	}
	return n
}

// Making any rule's outcome worse never turns a refusal into an Allow.
func TestCombinationsAreMonotone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	worse := map[policy.Outcome]policy.Outcome{policy.Satisfied: policy.Undetermined, policy.Undetermined: policy.Violated}
	for range 300 {
		outcomes := make([]policy.Outcome, 5)
		for i := range outcomes {
			outcomes[i] = []policy.Outcome{policy.Violated, policy.Undetermined, policy.Satisfied}[r.IntN(3)]
		}
		k := 1 + r.IntN(3)
		tree := func() policy.Node {
			leaf := func(i int) policy.Node { return outcomeRule(i, outcomes[i]) }
			return policy.AtLeast(min(k, 2), policy.AllOf(leaf(0), leaf(1)), policy.AnyOf(leaf(2), policy.AtLeast(2, leaf(3), leaf(4))))
		}
		before := decide(t, engineOf(t, config(tree())), request(review(t, "alice"))).Verdict()
		i := r.IntN(len(outcomes))
		if w, ok := worse[outcomes[i]]; ok || outcomes[i] == policy.Undetermined {
			outcomes[i] = w
		}
		after := decide(t, engineOf(t, config(tree())), request(review(t, "alice"))).Verdict()
		require.False(t, before != policy.Allow && after == policy.Allow)
	}
}

func TestAPolicyThatDoesNotApplyDoesNotAllow(t *testing.T) {
	c := config(policy.When(policy.Condition{Environments: []string{"staging"}}, policy.Rules(named("a"))))
	d := decide(t, engineOf(t, c), request(review(t, "alice")))
	requireRefused(t, d, policy.Indeterminate, policy.CodeNoneApplicable)
	require.Equal(t, policy.NotApplicable, d.Report().Findings[0].Outcome)

	req := request(review(t, "alice"))
	req.Target.Environment = "staging"
	require.True(t, decide(t, engineOf(t, c), req).Allowed(now))
}

func TestTooFewApplicableRulesDeny(t *testing.T) {
	c := config(policy.AtLeast(2, policy.Rules(named("a")), outcomeRule(0, policy.NotApplicable)))
	requireRefused(t, decide(t, engineOf(t, c), request(review(t, "alice"))), policy.Deny, policy.CodeCombination)
}

func TestAConditionDemandsAllItsFields(t *testing.T) {
	both := policy.Condition{Phases: []policy.Phase{policy.PhaseDeploy}, Environments: []string{"staging", "production"}}
	c := config(policy.AllOf(policy.Rules(named("always")), policy.When(both, policy.Rules(rule{named("strict").spec, violated}))))
	e := engineOf(t, c)
	for _, x := range []struct {
		phase       policy.Phase
		environment string
		want        policy.Verdict
	}{
		{policy.PhaseDeploy, "production", policy.Deny},
		{policy.PhaseDeploy, "staging", policy.Deny},
		{policy.PhaseDeploy, "Production", policy.Allow},
		{policy.PhasePublish, "production", policy.Allow},
	} {
		req := request(review(t, "alice"))
		req.Phase, req.Target.Environment = x.phase, x.environment
		require.Equal(t, x.want, decide(t, e, req).Verdict(), x)
	}
}

func TestEveryRuleIsReportedOnceByID(t *testing.T) {
	c := config(policy.AnyOf(
		policy.AtLeast(1, policy.Rules(named("z")), policy.Rules(rule{named("b").spec, violated})),
		policy.AllOf(policy.Rules(rule{named("a").spec, undetermined}, named("m")), outcomeRule(7, policy.NotApplicable)),
	))
	d := decide(t, engineOf(t, c), request(review(t, "alice")))
	require.Equal(t, policy.Allow, d.Verdict())
	var ids []string
	for _, f := range d.Report().Findings {
		ids = append(ids, f.Rule+" "+f.Outcome.String())
		require.Equal(t, f.Outcome == policy.Violated || f.Outcome == policy.Undetermined, len(f.Reasons) > 0)
	}
	require.True(t, slices.IsSorted(ids))
	require.Equal(t, []string{"a undetermined", "b violated", "m satisfied", "r7 not-applicable", "z satisfied"}, ids)
}

func TestAViolationIsNotOutweighedByWhatIsUnknown(t *testing.T) {
	d := decide(t, engineOf(t, config(policy.AllOf(outcomeRule(0, policy.Undetermined), outcomeRule(1, policy.Violated)))), request(review(t, "alice")))
	requireRefused(t, d, policy.Deny, "test.rule.violated")
	require.Len(t, attest.Reasons(d.Err()), 3, "the verdict and both rules")
}
