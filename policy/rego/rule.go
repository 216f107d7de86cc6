package rego

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/internal/inputs"
)

// A rule evaluates a module on each piece of evidence.
type rule struct {
	spec          policy.Spec
	fields        []inputs.Field
	query         rego.PreparedEvalQuery
	entry, remedy string
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

// A meter counts the steps of an evaluation and ends it when there are too many.
type meter struct {
	steps, most int64
	cancel      topdown.Cancel
}

// Enabled implements topdown.QueryTracer.
func (m *meter) Enabled() bool { return true }

// Config implements topdown.QueryTracer.
func (m *meter) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent implements topdown.QueryTracer.
func (m *meter) TraceEvent(topdown.Event) {
	if m.steps++; m.steps > m.most {
		m.cancel.Cancel()
	}
}

func (r *rule) evaluate(ctx context.Context, input map[string]any, facts *policy.Facts) policy.Result {
	m := &meter{most: min(r.spec.Budget.Cost, facts.Remaining()), cancel: topdown.NewCancel()}
	stop := context.AfterFunc(ctx, m.cancel.Cancel)
	defer stop()
	set, err := r.query.Eval(ctx, rego.EvalInput(input), rego.EvalQueryTracer(m), rego.EvalExternalCancel(m.cancel), rego.EvalTime(facts.Now()))
	switch {
	case m.steps > m.most:
		return r.undetermined(CodeCost, "at most "+strconv.FormatInt(m.most, 10)+" steps", "more")
	case errors.Is(err, errTexts):
		facts.Spend(m.steps)
		return r.undetermined(CodeCost, errTexts.Error(), "more")
	case err != nil:
		facts.Spend(m.steps)
		return r.undetermined(CodeFailed, "a result", excerpt.Quote(err.Error()))
	}
	facts.Spend(m.steps)
	if len(set) != 1 || len(set[0].Expressions) != 1 || len(set[0].Bindings) != 0 {
		return r.undetermined(CodeUndefined, "one value of "+r.entry, "undefined")
	}
	if r.entry == entryAllow {
		return r.allowed(set[0].Expressions[0].Value)
	}
	return r.denied(set[0].Expressions[0].Value)
}

func (r *rule) allowed(value any) policy.Result {
	switch value {
	case true:
		return policy.Result{Outcome: policy.Satisfied}
	case false:
		return policy.Result{Reasons: []policy.Reason{r.reason(CodeDenied, "allow", "false")}}
	}
	return r.undetermined(CodeUndefined, "allow, true or false", "something else")
}

func (r *rule) denied(value any) policy.Result {
	list, ok := value.([]any)
	if !ok {
		return r.undetermined(CodeUndefined, "deny, a set of texts", "something else")
	}
	var reasons []policy.Reason
	for _, v := range list {
		text, ok := v.(string)
		if !ok {
			return r.undetermined(CodeUndefined, "deny, a set of texts", "something else")
		}
		reasons = append(reasons, r.reason(CodeDenied, "no denial", excerpt.Quote(text)))
	}
	if len(reasons) == 0 {
		return policy.Result{Outcome: policy.Satisfied}
	}
	slices.SortFunc(reasons, func(a, b policy.Reason) int { return compareText(a.Got, b.Got) })
	return policy.Result{Reasons: reasons}
}

func (r *rule) undetermined(code attest.Code, want, got string) policy.Result {
	return policy.Result{Outcome: policy.Undetermined, Reasons: []policy.Reason{r.reason(code, want, got)}}
}

func (r *rule) reason(code attest.Code, want, got string) policy.Reason {
	return policy.Reason{Reason: attest.Reason{Code: code, Where: "/predicate", Want: want, Got: got}, Remedy: r.remedy}
}
