package policy

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
)

// testAuthority is the prefix of authorities whose evidence is made up.
const testAuthority = "test:"

// canonicalize orders what has no order of its own, and writes equal instants and
// empty lists in one way.
func (r *Report) canonicalize() {
	r.EvaluatedAt = r.EvaluatedAt.Round(0).UTC()
	r.ValidUntil = r.ValidUntil.Round(0).UTC()
	r.Findings = append([]Finding{}, r.Findings...)
	r.Inputs = append([]EvidenceRef{}, r.Inputs...)
	order(r.Findings, func(a, b *Finding) int { return cmp.Compare(a.Rule, b.Rule) })
	for i := range r.Findings {
		order(r.Findings[i].Evidence, by(compareDigest))
		r.Findings[i].Evidence = slices.Compact(r.Findings[i].Evidence)
	}
	for i := range r.Inputs {
		order(r.Inputs[i].Signers, by(compareIdentity))
	}
	for i := range r.Waivers {
		r.Waivers[i].Expires = r.Waivers[i].Expires.Round(0).UTC()
	}
	order(r.Waivers, func(a, b *WaiverRef) int {
		return cmp.Or(compareDigest(a.Evidence, b.Evidence), cmp.Compare(a.Authority, b.Authority))
	})
	order(r.Obligations, by(compareObligation))
	slices.Sort(r.Levels)
	order(r.Inputs, func(a, b *EvidenceRef) int {
		return cmp.Or(compareDigest(a.Evidence, b.Evidence), cmp.Compare(a.Authority, b.Authority), cmp.Compare(a.PredicateType, b.PredicateType))
	})
}

// validate reports every contradiction in the report, joined.
func (r *Report) validate() error {
	errs := []error{validateSubject(&r.Subject), validateNow(r.EvaluatedAt), r.validateVerdict()}
	if r.Engine == "" || r.Policy.URI == "" {
		errs = append(errs, attest.Refuse(CodeReportSource, "", "an engine and a policy", quote(r.Engine)+" and "+quote(r.Policy.URI)))
	}
	if !r.Phase.known() {
		errs = append(errs, attest.Refuse(CodeRequestPhase, "phase", "a known phase", quote(string(r.Phase))))
	}
	for i, f := range r.Findings {
		errs = append(errs, f.validate())
		if i > 0 && f.Rule == r.Findings[i-1].Rule {
			errs = append(errs, attest.Refuse(CodeReportFinding, f.Rule, "each rule once", "the rule twice"))
		}
	}
	for _, in := range r.Inputs {
		if strings.HasPrefix(in.Authority, testAuthority) && in.Used && !r.Testing {
			errs = append(errs, attest.Refuse(CodeReportTesting, in.Evidence.String(), "testing recorded", "synthetic evidence used"))
		}
	}
	for _, w := range r.Waivers {
		if strings.HasPrefix(w.Authority, testAuthority) && w.Used && !r.Testing {
			errs = append(errs, attest.Refuse(CodeReportTesting, w.Evidence.String(), "testing recorded", "a synthetic waiver used"))
		}
	}
	errs = append(errs, r.validateWaivers()...)
	if len(r.Levels) > 0 && r.Verdict != Allow || slices.Contains(r.Levels, "") {
		errs = append(errs, attest.Refuse(CodeReportLevel, "levels", "none unless allowed", strings.Join(r.Levels, ", ")))
	}
	return errors.Join(errs...)
}

// validateVerdict demands that the verdict follows from something: Allow from at
// least one satisfied rule and a time to live, anything else from a reason.
func (r *Report) validateVerdict() error {
	satisfied, reasons := 0, len(r.Reasons)
	for _, f := range r.Findings {
		reasons += len(f.Reasons)
		if f.Outcome.counts() == Satisfied {
			satisfied++
		}
	}
	switch {
	case r.Verdict > Allow:
		return attest.Refuse(CodeReportVerdict, "verdict", "deny, indeterminate or allow", r.Verdict.String())
	case r.Verdict == Allow && satisfied == 0:
		return attest.Refuse(CodeReportVerdict, "verdict", "a satisfied rule", "allow without one")
	case r.Verdict == Allow && len(r.Reasons) > 0:
		return attest.Refuse(CodeReportVerdict, "reasons", "none", "allow with a reason against it")
	case r.Verdict == Allow && !r.ValidUntil.After(r.EvaluatedAt):
		return attest.Refuse(CodeReportValidity, "validUntil", "after evaluatedAt", r.ValidUntil.String())
	case r.Verdict != Allow && reasons == 0:
		return attest.Refuse(CodeReportVerdict, "reasons", "a reason", r.Verdict.String()+" without one")
	}
	return nil
}

func (f *Finding) validate() error {
	switch {
	case f.Rule == "":
		return attest.Refuse(CodeReportFinding, "rule", "an id", "none")
	case int(f.Outcome) >= len(outcomeTexts):
		return attest.Refuse(CodeReportFinding, f.Rule, "a known outcome", f.Outcome.String())
	case f.Outcome == NotYetEffective:
	case f.Outcome == Violated || f.Outcome == Undetermined || f.Outcome == Waived:
		if len(f.Reasons) == 0 {
			return attest.Refuse(CodeReportFinding, f.Rule, "a reason", f.Outcome.String()+" without one")
		}
	case len(f.Reasons) > 0:
		return attest.Refuse(CodeReportFinding, f.Rule, "no reason", f.Outcome.String()+" with one")
	}
	for _, r := range f.Reasons {
		if r.Code == "" {
			return attest.Refuse(CodeReportFinding, f.Rule, "a reason code", "none")
		}
	}
	return nil
}
