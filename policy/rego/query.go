package rego

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A query asks a module for its entry point.
type query struct {
	prepared rego.PreparedEvalQuery
	entry    string
	boolean  bool // the entry point is true or false, and not a set of denials
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

// run evaluates the entry point of input, in at most so many steps.
func (q query) run(ctx context.Context, input any, most int64, now time.Time) (value any, steps int64, _ *attest.Error) {
	m := &meter{most: most, cancel: topdown.NewCancel()}
	stop := context.AfterFunc(ctx, m.cancel.Cancel)
	defer stop()
	set, err := q.prepared.Eval(ctx, rego.EvalInput(input), rego.EvalQueryTracer(m), rego.EvalExternalCancel(m.cancel), rego.EvalTime(now))
	switch {
	case m.steps > m.most:
		return nil, m.steps, undetermined(CodeCost, "at most "+strconv.FormatInt(m.most, 10)+" steps", "more")
	case errors.Is(err, errTexts):
		return nil, m.steps, undetermined(CodeCost, errTexts.Error(), "more")
	case err != nil:
		return nil, m.steps, undetermined(CodeFailed, "a result", excerpt.Quote(err.Error()))
	case len(set) != 1 || len(set[0].Expressions) != 1 || len(set[0].Bindings) != 0:
		return nil, m.steps, undetermined(CodeUndefined, "one value of "+q.entry, "undefined")
	}
	return set[0].Expressions[0].Value, m.steps, nil
}

// denials reads the entry point's value: why it denies, in ascending order, or nothing.
func (q query) denials(value any) ([]string, *attest.Error) {
	if q.boolean {
		switch value {
		case true:
			return nil, nil
		case false:
			return []string{q.entry + " is false"}, nil
		}
		return nil, undetermined(CodeUndefined, q.entry+", true or false", "something else")
	}
	list, ok := value.([]any)
	denials := make([]string, 0, len(list))
	for _, v := range list {
		var text string
		if text, ok = v.(string); !ok {
			break
		}
		denials = append(denials, text)
	}
	if !ok {
		return nil, undetermined(CodeUndefined, q.entry+", a set of texts", "something else")
	}
	slices.Sort(denials)
	return denials, nil
}

func undetermined(code attest.Code, want, got string) *attest.Error {
	return attest.Refuse(code, "/predicate", want, got)
}
