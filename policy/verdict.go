package policy

import (
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// A Verdict is what an engine concludes. The zero Verdict denies.
type Verdict uint8

// The verdicts. Only Allow lets anything pass.
const (
	Deny          Verdict = iota // the evidence shows that the policy is violated
	Indeterminate                // the engine could not find out
	Allow                        // the evidence shows that the policy is satisfied
)

var verdictTexts = [...]string{"deny", "indeterminate", "allow"}

// String returns "deny", "indeterminate" or "allow".
func (v Verdict) String() string { return text("verdict", uint8(v), verdictTexts[:]) }

// MarshalText writes the form of String; it refuses an unknown verdict with
// CodeReportVerdict.
func (v Verdict) MarshalText() ([]byte, error) {
	if int(v) >= len(verdictTexts) {
		return nil, attest.Refuse(CodeReportVerdict, "", "deny, indeterminate or allow", v.String())
	}
	return []byte(v.String()), nil
}

// An Outcome is what became of one rule. The zero Outcome is a violation.
type Outcome uint8

// The outcomes.
const (
	Violated        Outcome = iota // the evidence breaks the rule
	Undetermined                   // a Need is unmet, or the rule could not find out
	Satisfied                      // the evidence meets the rule
	NotApplicable                  // a When excluded the rule from this request
	Waived                         // not satisfied, but a Waiver passes over it
	NotYetEffective                // judged, but does not count before Spec.EffectiveOn
	Retired                        // not judged: Spec.RetiredOn is past
)

var outcomeTexts = [...]string{"violated", "undetermined", "satisfied", "not-applicable", "waived", "not-yet-effective", "retired"}

// String returns "violated", "undetermined", "satisfied", "not-applicable",
// "waived", "not-yet-effective" or "retired".
func (o Outcome) String() string { return text("outcome", uint8(o), outcomeTexts[:]) }

// MarshalText writes the form of String; it refuses an unknown outcome with
// CodeReportFinding.
func (o Outcome) MarshalText() ([]byte, error) {
	if int(o) >= len(outcomeTexts) {
		return nil, attest.Refuse(CodeReportFinding, "", "a known outcome", o.String())
	}
	return []byte(o.String()), nil
}

// counts returns what the combinators take the outcome for.
func (o Outcome) counts() Outcome {
	switch o {
	case Waived:
		return Satisfied
	case NotYetEffective, Retired:
		return NotApplicable
	}
	return o
}

func text(kind string, n uint8, texts []string) string {
	if int(n) < len(texts) {
		return texts[n]
	}
	return kind + "(" + strconv.Itoa(int(n)) + ")"
}
