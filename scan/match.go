package scan

import (
	"context"
	"slices"

	"github.com/sealwright/sealwright/attest"
)

// Match judges the packages of a report with all matchers, and returns a new
// report that has their findings and gaps too; the given one is not changed. A
// matcher that fails, panics or misses its deadline leaves a gap. The errors are
// those of Run: a missing argument, a name that is not unique, a context that
// ended.
func Match(ctx context.Context, report *Report, limits Limits, matchers ...Matcher) (*Report, error) {
	if report == nil || len(matchers) == 0 || slices.Contains(matchers, nil) {
		return nil, attest.Refuse(CodeNil, "Match", "a report and matchers", "nil or none")
	}
	limits = limits.withDefaults()
	out := report.clone()
	for _, m := range matchers {
		d := m.Descriptor()
		if err := out.admit(d); err != nil {
			return nil, err
		}
		packages := slices.Clone(report.Packages)
		result, err, _ := guarded(ctx, limits.Call, func(ctx context.Context) (Result, error) {
			return m.Match(ctx, packages)
		})
		if ctxErr := ctx.Err(); ctxErr != nil {
			return nil, ctxErr
		}
		if err != nil {
			g := GapOf(CodeFailed, err)
			g.By = d.Name
			out.Coverage.add(limits.Gaps, g)
			continue
		}
		out.take(d.Name, result, limits)
	}
	out.settle(limits)
	return out, nil
}

// clone copies what Match changes.
func (r *Report) clone() *Report {
	c := *r
	c.Checks = slices.Clone(r.Checks)
	c.Packages = slices.Clone(r.Packages)
	c.Findings = slices.Clone(r.Findings)
	c.Coverage.Gaps = slices.Clone(r.Coverage.Gaps)
	return &c
}
