package rules

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/report"
)

// A Scanned demands that the artifact was looked at completely, not long ago, and by
// certain checks: a coverage ledger (scan/report.CoverageType) without gaps.
type Scanned struct {
	ID string // "scanned" if empty
	Trust
	// Checks names scanners and matchers that must have taken part; at least one.
	Checks []string
	// MaxScanAge bounds the time since the scan ended. Required.
	MaxScanAge time.Duration
}

// Spec implements policy.Rule.
func (r Scanned) Spec() (policy.Spec, error) {
	if len(r.Checks) == 0 || slices.Contains(r.Checks, "") {
		return policy.Spec{}, refuse("Checks", "at least one name", "none")
	}
	if r.MaxScanAge <= 0 {
		return policy.Spec{}, refuse("MaxScanAge", "a positive duration", r.MaxScanAge.String())
	}
	return r.spec(r.ID, "scanned", "the artifact was scanned completely", report.CoverageType), nil
}

// Check implements policy.Rule.
func (r Scanned) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return facts.Judge(evidence, func(e policy.Evidence) policy.Result {
		l, err := report.ParseCoverage(e.Statement())
		if err != nil {
			return unreadable(err)
		}
		if faults := r.faults(l); len(faults) > 0 {
			return violated(faults...)
		}
		finished := l.Metadata.ScanFinishedOn
		until := finished.Add(r.MaxScanAge)
		if finished.After(facts.Now()) || !facts.Now().Before(until) {
			return undetermined(fault(CodeScanAge, "/predicate/metadata/scanFinishedOn", "in the past, and younger than "+r.MaxScanAge.String(), instant(finished), "scan again"))
		}
		return policy.Result{Outcome: policy.Satisfied, Until: until}
	})
}

func (r Scanned) faults(l *report.Ledger) []policy.Reason {
	var f faults
	for _, name := range r.Checks {
		if !slices.ContainsFunc(l.Checks, func(d scan.Descriptor) bool { return d.Name == name }) {
			f.add(CodeScanCheck, "/predicate/checks", excerpt.Quote(name), "other checks", "scan with this check")
		}
	}
	if !l.Coverage.Complete() {
		gaps := int64(len(l.Coverage.Gaps)) + l.Coverage.Omitted
		got := strconv.FormatInt(gaps, 10) + " gaps"
		if len(l.Coverage.Gaps) > 0 {
			got += ", first " + excerpt.Quote(l.Coverage.Gaps[0].String())
		}
		f.add(CodeScanGaps, "/predicate/coverage", "a scan that ended, without gaps", got, "make it possible to scan the rest, and scan again")
	}
	return f.list()
}
