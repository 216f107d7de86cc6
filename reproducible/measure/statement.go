package measure

import (
	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// PredicateType is the predicate type of a Report.
const PredicateType = "https://github.com/sealwright/sealwright/reproducible/measure/v1"

// predicate is the wire form of a Report.
type predicate struct {
	Verdict  Verdict        `json:"verdict"`
	Roots    []string       `json:"roots"`
	Skip     []string       `json:"skip,omitempty"`
	StatOnly bool           `json:"statOnly,omitempty"`
	Before   *digest.Digest `json:"before,omitempty"`
	After    *digest.Digest `json:"after,omitempty"`
	Entries  int            `json:"entries"`
	Findings []Finding      `json:"findings"`
}

// Statement makes the report an in-toto statement about the subjects: what was
// built on the machine meanwhile. That it was tampered with is stated as well as
// that it was not. Equal input gives equal bytes. Paths of roots that are not UTF-8
// are refused.
func (r *Report) Statement(subjects ...attest.Descriptor) (*attest.Statement, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	p := predicate{
		Verdict: r.Verdict(), Roots: r.Roots, Skip: r.Skip, StatOnly: r.StatOnly, Entries: r.Entries,
		Findings: append([]Finding{}, r.Findings...),
	}
	if !r.StatOnly {
		p.Before, p.After = &r.Before, &r.After
	}
	return attest.NewStatement(PredicateType, p, subjects...)
}

// ParseReport reads what Statement made, strictly: it refuses unknown fields and a
// verdict that does not follow from the findings. Whether the statement may be
// believed is for an attest.Verifier to say.
func ParseReport(s *attest.Statement) (*Report, error) {
	if s == nil || s.PredicateType() != PredicateType {
		return nil, attest.Refuse(CodeReport, "/predicateType", PredicateType, "another")
	}
	var p predicate
	if err := s.DecodePredicate(&p, false); err != nil {
		return nil, attest.Refuse(CodeReport, "/predicate", "a report", "").Because(err)
	}
	r := &Report{Roots: p.Roots, Skip: p.Skip, StatOnly: p.StatOnly, Entries: p.Entries, Findings: p.Findings}
	if p.Before != nil {
		r.Before = *p.Before
	}
	if p.After != nil {
		r.After = *p.After
	}
	if err := r.validate(); err != nil {
		return nil, err
	}
	if p.Verdict != r.Verdict() {
		return nil, attest.Refuse(CodeReport, "/predicate/verdict", string(r.Verdict()), quote(string(p.Verdict)))
	}
	return r, nil
}
