package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// RecordPredicateType is the predicate type of a Record.
const RecordPredicateType = "https://github.com/sealwright/sealwright/policy/record/v1"

// KindRecord is the kind of the obligation to record a decision before it is acted
// on.
const KindRecord = "record"

// An Obligation is something that must be done before a decision allows anything.
type Obligation struct {
	Kind string `json:"kind"`
	// ID is unique to the obligation and to the decision: a hexadecimal SHA-256 over
	// both.
	ID string `json:"id"`
	// Waiver is the waiver that the obligation comes from, where there is one.
	Waiver digest.Digest `json:"waiver,omitzero"`
	// Signers and Authorities tell whose evidence discharges the obligation: signed
	// by one of the principals, vouched for by one of the authorities.
	Signers     []string `json:"signers"`
	Authorities []string `json:"authorities"`
	// Discharged is the evidence that did; zero while the obligation is open.
	Discharged digest.Digest `json:"discharged,omitzero"`
}

// A Record is the predicate of a statement that discharges an obligation: its
// signer has made the decision known, for example by an entry in a log. The
// statement's subject is the decision's.
type Record struct {
	Obligation string `json:"obligation"` // Obligation.ID
}

// NewRecord returns the statement that discharges the obligation of a decision
// about the subject, once one of the obligation's signers has signed it.
func NewRecord(o Obligation, subject attest.Descriptor) (*attest.Statement, error) {
	return attest.NewStatement(RecordPredicateType, Record{o.ID}, attest.Descriptor{Name: subject.Name, Digest: subject.Digest})
}

// Discharge returns the decision with the obligation of that ID discharged by v: a
// Record about the decision's subject that names the obligation, by one of its
// signers and authorities. Anything else is refused with CodeObligation, and
// gives the zero Decision. d itself does not change.
func (d Decision) Discharge(id string, v *attest.Verified) (Decision, error) {
	if d.IsZero() {
		return Decision{}, d.Err()
	}
	refuse := func(where, want, got string) (Decision, error) {
		return Decision{}, attest.Refuse(CodeObligation, where, want, got)
	}
	r := d.Report()
	i := slices.IndexFunc(r.Obligations, func(o Obligation) bool { return o.ID == id })
	if i < 0 {
		return refuse("id", "an obligation of the decision", quote(id))
	}
	o := &r.Obligations[i]
	var record Record
	switch {
	case v.IsZero():
		return refuse("", "evidence that a verifier accepted", "nil or zero")
	case !o.Discharged.IsZero():
		return refuse("id", "an open obligation", "discharged")
	case !slices.Contains(o.Authorities, v.Authority()):
		return refuse("", "an accepted authority", quote(v.Authority()))
	case v.Statement().PredicateType() != RecordPredicateType:
		return refuse("/predicateType", RecordPredicateType, quote(v.Statement().PredicateType()))
	case !speaksOf(v.Statement(), attest.Want{Subjects: []digest.Set{r.Subject.Digest}}):
		return refuse("/subject", r.Subject.Digest.String(), "another artifact")
	case !slices.ContainsFunc(v.Signers(), func(s attest.Identity) bool { return slices.Contains(o.Signers, s.Principal()) }):
		return refuse("", "a signature of one of the recorders", "none")
	}
	if err := v.Statement().DecodePredicate(&record, false); err != nil || record.Obligation != id {
		return Decision{}, attest.Refuse(CodeObligation, "/predicate/obligation", id, quote(record.Obligation)).Because(err)
	}
	o.Discharged = v.Evidence()
	return Seal(r.Engine, r)
}

// open reports whether an obligation of the report is not discharged.
func (r *Report) open() bool {
	return slices.ContainsFunc(r.Obligations, func(o Obligation) bool { return o.Discharged.IsZero() })
}

// oblige adds the obligations that the report's emergency waivers bring.
func (e *Engine) oblige(r *Report) error {
	if r.Verdict != Allow || !slices.ContainsFunc(r.Waivers, func(w WaiverRef) bool { return w.Used && w.Class == ClassEmergency }) {
		return nil
	}
	r.canonicalize()
	b, err := encodeReport(r)
	if err != nil {
		return attest.Refuse(CodeReportEncoding, "", "a report that marshals to JSON", "").Because(err)
	}
	for _, w := range r.Waivers {
		if !w.Used || w.Class != ClassEmergency {
			continue
		}
		sum := sha256.Sum256(append([]byte(KindRecord+"\x00"+w.Rule+"\x00"+w.Evidence.String()+"\x00"), b...))
		r.Obligations = append(r.Obligations, Obligation{
			Kind:        KindRecord,
			ID:          hex.EncodeToString(sum[:]),
			Waiver:      w.Evidence,
			Signers:     slices.Clone(e.config.Waivers.Emergency.Recorders),
			Authorities: slices.Clone(e.config.Authorities),
		})
	}
	return nil
}

// validateWaivers demands that every waived rule has its waiver, and every waiver
// that was used for an emergency its obligation.
func (r *Report) validateWaivers() (errs []error) {
	refuse := func(where, want, got string) {
		errs = append(errs, attest.Refuse(CodeReportWaiver, where, want, got))
	}
	used := map[string]int{}
	for _, w := range r.Waivers {
		if !w.Used {
			continue
		}
		used[w.Rule]++
		if len(w.Reasons) > 0 || w.Evidence.IsZero() || len(w.Approvers) == 0 {
			refuse(w.Rule, "a waiver that was approved", "one that was not")
		}
		if !w.Expires.After(r.EvaluatedAt) || r.Verdict == Allow && r.ValidUntil.After(w.Expires) {
			refuse(w.Rule, "a decision that ends with its waiver", instant(w.Expires))
		}
		owed := slices.ContainsFunc(r.Obligations, func(o Obligation) bool { return o.Kind == KindRecord && o.Waiver == w.Evidence })
		if r.Verdict == Allow && w.Class != ClassStandard && !owed {
			refuse(w.Rule, "an obligation to record the emergency", "none")
		}
	}
	for _, f := range r.Findings {
		if f.Outcome == Waived && used[f.Rule] != 1 || f.Outcome != Waived && used[f.Rule] != 0 {
			refuse(f.Rule, "one waiver for a rule that is waived, and none for others", f.Outcome.String())
		}
	}
	for i, o := range r.Obligations {
		if o.Kind == "" || o.ID == "" || len(o.Signers) == 0 || len(o.Authorities) == 0 {
			errs = append(errs, attest.Refuse(CodeObligation, o.ID, "a kind, an id, signers and authorities", "less"))
		}
		if i > 0 && o.ID == r.Obligations[i-1].ID {
			errs = append(errs, attest.Refuse(CodeObligation, o.ID, "each obligation once", "one twice"))
		}
	}
	return errs
}

func compareObligation(a, b Obligation) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}
