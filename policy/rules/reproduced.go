package rules

import (
	"context"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/reproducible"
)

// A Reproduced demands that distinct builds gave the artifact bit for bit: statements
// of reproducible.ComparisonPredicateType that all say so.
type Reproduced struct {
	ID string // "reproduced" if empty
	Trust
	// Builds is how many distinct runs must agree; at least 2. Runs are told apart
	// by their spec and their times; a run that does not tell both times does not
	// count.
	Builds int
	// Require are the guarantees that each run must have had. They may be empty:
	// then builds agree that may have influenced each other.
	Require reproducible.Guarantees
}

// Spec implements policy.Rule.
func (r Reproduced) Spec() (policy.Spec, error) {
	if r.Builds < 2 {
		return policy.Spec{}, refuse("Builds", "at least 2", strconv.Itoa(r.Builds))
	}
	if err := r.Require.Validate(); err != nil {
		return policy.Spec{}, err
	}
	return r.spec(r.ID, "reproduced", "independent builds gave the same bits", reproducible.ComparisonPredicateType), nil
}

// Check implements policy.Rule.
func (r Reproduced) Check(_ context.Context, facts *policy.Facts) policy.Result {
	runs := map[reproducible.Invocation]bool{}
	result := judge(facts, func(_ policy.Evidence, s *attest.Statement) ([]policy.Reason, error) {
		c, err := reproducible.ParseComparison(s)
		if err != nil {
			return nil, err
		}
		reasons := r.compare(c)
		for _, run := range []reproducible.Invocation{c.A, c.B} {
			if !run.Started.IsZero() && !run.Finished.IsZero() {
				runs[identify(run)] = true
			}
		}
		return reasons, nil
	})
	if result.Outcome == policy.Satisfied && len(runs) < r.Builds {
		return policy.Result{Outcome: policy.Violated, Reasons: []policy.Reason{{
			Reason: attest.Reason{Code: CodeBuilds, Where: "/predicate", Want: strconv.Itoa(r.Builds) + " builds that agree", Got: strconv.Itoa(len(runs))},
			Remedy: "build again, elsewhere, and compare",
		}}}
	}
	return result
}

func (r Reproduced) compare(c *reproducible.Comparison) []policy.Reason {
	var reasons []policy.Reason
	if v := c.Verdict(); v != reproducible.Identical {
		reasons = append(reasons, policy.Reason{
			Reason: attest.Reason{Code: CodeNotIdentical, Where: "/predicate/verdict", Want: reproducible.Identical.String(), Got: v.String()},
			Remedy: "find out what makes the builds differ",
		})
	}
	for _, side := range []struct {
		where string
		run   reproducible.Invocation
	}{{"/predicate/a/achieved", c.A}, {"/predicate/b/achieved", c.B}} {
		if missing := r.Require &^ side.run.Achieved; missing != 0 {
			reasons = append(reasons, policy.Reason{
				Reason: attest.Reason{Code: CodeGuarantees, Where: side.where, Want: r.Require.String(), Got: "all but " + missing.String()},
				Remedy: "build where these guarantees can be given",
			})
		}
	}
	return reasons
}

// identify returns what tells a run apart from others. Times are brought to one zone,
// so that equal instants are equal keys.
func identify(run reproducible.Invocation) reproducible.Invocation {
	run.Achieved = 0
	run.Started, run.Finished = run.Started.UTC(), run.Finished.UTC()
	return run
}
