package scan

import (
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
)

// A Verdict is what a Policy makes of a Report. The zero Verdict refuses.
type Verdict uint8

// The verdicts. Only Pass lets anything through.
const (
	Incomplete Verdict = iota // nothing bad is known, but not everything was looked at
	Fail                      // something bad is known
	Pass                      // everything was looked at, nothing bad was found
)

// String returns the lower-case name.
func (v Verdict) String() string {
	switch v {
	case Pass:
		return "pass"
	case Fail:
		return "fail"
	}
	return "incomplete"
}

// MarshalText returns the lower-case name.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// A Policy tells what a report must show. The zero Policy passes nothing,
// because it does not say what must have been checked.
type Policy struct {
	// Checks are the names of the scanners and matchers that must have run. What
	// is checked must not follow from what somebody happened to run.
	Checks []string
	// Tolerate lists the severities that do not fail. Unknown is a severity like
	// the others: who tolerates it must say so.
	Tolerate []Severity
}

// A Judgement is a verdict with all its reasons. The zero Judgement refuses.
type Judgement struct {
	Verdict Verdict         `json:"verdict"`
	Reasons []attest.Reason `json:"reasons,omitempty"`
}

// Judge applies p to a report. A finding that p does not tolerate is a Fail,
// even where other things were not looked at; otherwise every gap and every
// missing check makes it Incomplete. The reasons are all there are, not only the
// first. A nil report is Incomplete.
func (p Policy) Judge(r *Report) Judgement {
	if r == nil {
		return Judgement{Incomplete, []attest.Reason{{Code: CodeNil, Where: "report", Want: "a report", Got: "nil"}}}
	}
	var failed []attest.Reason
	for _, f := range r.Findings {
		if !slices.Contains(p.Tolerate, f.Severity) {
			failed = append(failed, attest.Reason{Code: CodeFinding, Where: f.where(), Want: "no finding", Got: f.title()})
		}
	}
	open := slices.Concat(p.missing(r), r.Coverage.Reasons())
	reasons := slices.Concat(failed, open)
	switch {
	case len(failed) > 0:
		return Judgement{Fail, reasons}
	case len(open) > 0:
		return Judgement{Incomplete, reasons}
	}
	return Judgement{Pass, nil}
}

// missing tells the demanded checks that did not run.
func (p Policy) missing(r *Report) []attest.Reason {
	if len(p.Checks) == 0 {
		return []attest.Reason{{Code: CodeNoChecks, Where: "Policy.Checks", Want: "at least one check", Got: "none"}}
	}
	var out []attest.Reason
	var ran []string
	for _, d := range r.Checks {
		ran = append(ran, d.Name)
	}
	for _, name := range p.Checks {
		if !slices.Contains(ran, name) {
			out = append(out, attest.Reason{Code: CodeCheckMissing, Where: "checks", Want: name, Got: strings.Join(ran, ", ")})
		}
	}
	return out
}
