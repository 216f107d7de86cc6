package cel

import (
	"context"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/internal/inputs"
)

// A rule computes an expression of each piece of evidence.
type rule struct {
	spec         policy.Spec
	fields       []inputs.Field
	program      cel.Program
	text, remedy string
}

// Spec implements policy.Rule.
func (r *rule) Spec() (policy.Spec, error) { return r.spec, nil }

// Check implements policy.Rule.
func (r *rule) Check(ctx context.Context, facts *policy.Facts) policy.Result {
	return facts.Judge(r.spec.Needs[0].Name, func(e policy.Evidence) policy.Result {
		values, err := inputs.Of(e, r.fields)
		if err != nil {
			result := policy.Result{Outcome: policy.Undetermined}
			for _, reason := range attest.Reasons(err) {
				result.Reasons = append(result.Reasons, policy.Reason{Reason: reason, Remedy: "have the evidence made with this field"})
			}
			return result
		}
		r.describe(values, e, facts)
		return r.compute(ctx, values, facts)
	})
}

// describe adds what expressions may know of the request.
func (r *rule) describe(values map[string]any, e policy.Evidence, facts *policy.Facts) {
	subject := map[string]string{}
	for alg, value := range facts.Subject().Digest {
		subject[string(alg)] = value
	}
	var signers []string
	for _, id := range e.Signers() {
		signers = append(signers, id.Principal())
	}
	values[varSubject], values[varSigners] = subject, signers
	values[varPhase], values[varEnvironment] = string(facts.Phase()), facts.Target().Environment
	values[varActor] = ""
	if actor := facts.Actor(); actor.Subject != "" {
		values[varActor] = actor.Principal()
	}
}

func (r *rule) compute(ctx context.Context, values map[string]any, facts *policy.Facts) policy.Result {
	value, details, err := r.program.ContextEval(ctx, values)
	if details != nil {
		if cost := details.ActualCost(); cost != nil {
			facts.Spend(int64(min(*cost, 1<<40)))
		}
	}
	if err != nil {
		code, want := CodeFailed, "a value"
		if strings.Contains(err.Error(), "limit exceeded") {
			code, want = CodeCost, "a computation within its limits"
		}
		return r.result(policy.Undetermined, code, want, excerpt.Quote(err.Error()))
	}
	switch value.Value() {
	case true:
		return policy.Result{Outcome: policy.Satisfied}
	case false:
		return r.result(policy.Violated, CodeFalse, r.text, "false")
	}
	return r.result(policy.Undetermined, CodeFailed, "true or false", "something else")
}

func (r *rule) result(outcome policy.Outcome, code attest.Code, want, got string) policy.Result {
	return policy.Result{Outcome: outcome, Reasons: []policy.Reason{{
		Reason: attest.Reason{Code: code, Where: "/predicate", Want: want, Got: got}, Remedy: r.remedy,
	}}}
}
