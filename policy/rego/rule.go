package rego

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/internal/inputs"
)

// A rule evaluates a module on each piece of evidence.
type rule struct {
	spec   policy.Spec
	fields []inputs.Field
	query  query
	remedy string
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
		input := make(map[string]any, len(values)+1)
		for name, v := range values {
			if empty(v) {
				return r.undetermined(CodeEmpty, "an element of "+name, "none")
			}
			input[name] = plain(v)
		}
		input[requestName] = describe(e, facts)
		return r.evaluate(ctx, input, facts)
	})
}

// empty reports whether a list or map has no element, of which everything would be true.
func empty(v any) bool {
	list, isList := v.([]any)
	object, isMap := v.(map[string]any)
	return isList && len(list) == 0 || isMap && len(object) == 0
}

// plain turns a value into what JSON decodes to.
func plain(v any) any {
	switch v := v.(type) {
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key := range v {
			out[key] = plain(v[key])
		}
		return out
	}
	return v
}

// describe tells what modules may know of the request.
func describe(e policy.Evidence, facts *policy.Facts) map[string]any {
	var subject, signers []any
	for alg, value := range facts.Subject().Digest {
		subject = append(subject, string(alg)+":"+value)
	}
	slices.SortFunc(subject, func(a, b any) int { return compareText(a.(string), b.(string)) })
	for _, id := range e.Signers() {
		signers = append(signers, id.Principal())
	}
	actor := ""
	if id := facts.Actor(); id.Subject != "" {
		actor = id.Principal()
	}
	return map[string]any{
		"subject": subject, "signers": signers, "phase": string(facts.Phase()),
		"environment": facts.Target().Environment, "actor": actor,
	}
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (r *rule) evaluate(ctx context.Context, input map[string]any, facts *policy.Facts) policy.Result {
	value, steps, err := r.query.run(ctx, input, min(r.spec.Budget.Cost, facts.Remaining()), facts.Now())
	facts.Spend(min(steps, facts.Remaining()))
	var denials []string
	if err == nil {
		denials, err = r.query.denials(value)
	}
	if err != nil {
		return policy.Result{Outcome: policy.Undetermined, Reasons: []policy.Reason{{Reason: err.Reason, Remedy: r.remedy}}}
	}
	if len(denials) == 0 {
		return policy.Result{Outcome: policy.Satisfied}
	}
	if r.query.boolean {
		return policy.Result{Reasons: []policy.Reason{r.reason(CodeDenied, r.query.entry, "false")}}
	}
	result := policy.Result{}
	for _, d := range denials {
		result.Reasons = append(result.Reasons, r.reason(CodeDenied, "no denial", excerpt.Quote(d)))
	}
	return result
}

func (r *rule) undetermined(code attest.Code, want, got string) policy.Result {
	return policy.Result{Outcome: policy.Undetermined, Reasons: []policy.Reason{r.reason(code, want, got)}}
}

func (r *rule) reason(code attest.Code, want, got string) policy.Reason {
	return policy.Reason{Reason: attest.Reason{Code: code, Where: "/predicate", Want: want, Got: got}, Remedy: r.remedy}
}
