package policy

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// A PolicyRef names the policy that was applied.
type PolicyRef struct {
	URI     string        `json:"uri"`
	Version string        `json:"version"`
	Digest  digest.Digest `json:"digest,omitzero"` // of the policy's document, where there is one
}

// A Reason tells why a rule is not satisfied, and what would help.
type Reason struct {
	attest.Reason
	// Evidence is the attestation at fault, where there is one; Where is then a
	// JSON pointer into its statement.
	Evidence digest.Digest `json:"evidence,omitzero"`
	// Remedy is advice for people; it may be empty.
	Remedy string `json:"remedy,omitempty"`
}

// A Finding is what became of one rule.
type Finding struct {
	Rule     string    `json:"rule"`
	Version  int       `json:"version,omitempty"`
	Title    string    `json:"title,omitempty"`
	Controls []Control `json:"controls,omitempty"`
	Outcome  Outcome   `json:"outcome"`
	// Reasons tell why the rule is not satisfied. Violated, Undetermined and Waived
	// have at least one, NotYetEffective may, the others have none.
	Reasons []Reason `json:"reasons,omitempty"`
	// Evidence are the attestations that the rule saw, in ascending order.
	Evidence []digest.Digest `json:"evidence,omitempty"`
}

// An EvidenceRef names one piece of the request's evidence.
type EvidenceRef struct {
	Evidence      digest.Digest     `json:"evidence"` // of the attestation's body
	PredicateType string            `json:"predicateType"`
	Authority     string            `json:"authority"`
	Signers       []attest.Identity `json:"signers"`
	Used          bool              `json:"used"` // whether it reached a rule
}

// A Report is everything that a decision tells. Its JSON form is canonical: equal
// reports give equal bytes.
type Report struct {
	Engine  string    `json:"engine"`
	Policy  PolicyRef `json:"policy"`
	Verdict Verdict   `json:"verdict"`
	// Testing tells that the engine accepts synthetic evidence. Such a decision
	// must not gate anything real.
	Testing     bool              `json:"testing,omitempty"`
	Subject     attest.Descriptor `json:"subject"`
	Phase       Phase             `json:"phase"`
	Target      Target            `json:"target"`
	Actor       attest.Identity   `json:"actor,omitzero"`
	EvaluatedAt time.Time         `json:"evaluatedAt"`
	// ValidUntil is when the decision ends, exclusive; zero for one that does not
	// allow and sets no time for another try.
	ValidUntil time.Time `json:"validUntil,omitzero"`
	// Reasons explain the verdict where no single rule does.
	Reasons []Reason `json:"reasons,omitempty"`
	// Findings hold every rule exactly once, ordered by its id.
	Findings []Finding `json:"findings"`
	// Inputs hold every piece of evidence, ordered by its digest.
	Inputs []EvidenceRef `json:"inputs"`
	// Waivers hold every waiver, ordered by its digest.
	Waivers []WaiverRef `json:"waivers,omitempty"`
	// Obligations must all be discharged before the decision allows anything.
	Obligations []Obligation `json:"obligations,omitempty"`
	// Levels name what the satisfied rules show, in ascending order. Only a report
	// that allows has any.
	Levels []string `json:"levels,omitempty"`
}

// NewReport returns a report with what the request itself tells filled in: the
// subject, phase, target, actor, time and every piece of evidence, unused. It is
// where an implementer of PolicyEngine starts. The request must be valid.
func NewReport(req Request) Report {
	r := Report{
		Subject:     req.Subject.Clone(),
		Phase:       req.Phase,
		Target:      req.Target,
		Actor:       req.Actor,
		EvaluatedAt: req.Now,
	}
	for _, v := range canonicalOrder(req.Evidence) {
		r.Inputs = append(r.Inputs, refer(v))
	}
	return r
}

func refer(v *attest.Verified) EvidenceRef {
	signers := v.Signers()
	order(signers, by(compareIdentity))
	return EvidenceRef{
		Evidence:      v.Evidence(),
		PredicateType: v.Statement().PredicateType(),
		Authority:     v.Authority(),
		Signers:       signers,
	}
}

// canonicalOrder returns the evidence sorted, without repetitions, so that a
// decision does not depend on how its caller collected it.
func canonicalOrder(evidence []*attest.Verified) []*attest.Verified {
	out := slices.Clone(evidence)
	if len(out) < 2 {
		return out
	}
	order(out, by(compareVerified))
	return slices.CompactFunc(out, func(a, b *attest.Verified) bool { return compareVerified(a, b) == 0 })
}

func compareVerified(a, b *attest.Verified) int {
	if a == b {
		return 0
	}
	if c := cmp.Or(compareDigest(a.Evidence(), b.Evidence()), cmp.Compare(a.Authority(), b.Authority())); c != 0 {
		return c
	}
	// One attestation, one authority: they differ only if the authority
	// established different facts, which is rare enough to compare slowly.
	statements := 0
	if a.Statement() != b.Statement() {
		statements = bytes.Compare(a.Statement().Bytes(), b.Statement().Bytes())
	}
	return cmp.Or(
		statements,
		slices.CompareFunc(a.Signers(), b.Signers(), compareIdentity),
		slices.CompareFunc(a.Claims(), b.Claims(), compareClaim),
		slices.CompareFunc(a.Times(), b.Times(), func(s, t attest.TrustedTime) int {
			return cmp.Or(s.Time.Compare(t.Time), cmp.Compare(s.Authority, t.Authority))
		}),
	)
}

func compareDigest(a, b digest.Digest) int {
	return cmp.Or(cmp.Compare(a.Algorithm, b.Algorithm), cmp.Compare(a.Hex, b.Hex))
}

func compareIdentity(a, b attest.Identity) int {
	return cmp.Or(cmp.Compare(a.Issuer, b.Issuer), cmp.Compare(a.Subject, b.Subject), compareDigest(a.Key, b.Key))
}

func compareClaim(a, b attest.Claim) int {
	return cmp.Or(cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
}

// clone returns a copy that shares nothing with r.
func (r Report) clone() Report {
	r.Subject = r.Subject.Clone()
	r.Reasons = slices.Clone(r.Reasons)
	r.Findings = slices.Clone(r.Findings)
	for i := range r.Findings {
		r.Findings[i].Reasons = slices.Clone(r.Findings[i].Reasons)
		r.Findings[i].Controls = slices.Clone(r.Findings[i].Controls)
		r.Findings[i].Evidence = slices.Clone(r.Findings[i].Evidence)
	}
	r.Inputs = slices.Clone(r.Inputs)
	for i := range r.Inputs {
		r.Inputs[i].Signers = slices.Clone(r.Inputs[i].Signers)
	}
	r.Waivers = slices.Clone(r.Waivers)
	for i := range r.Waivers {
		r.Waivers[i].Approvers = slices.Clone(r.Waivers[i].Approvers)
		r.Waivers[i].Reasons = slices.Clone(r.Waivers[i].Reasons)
	}
	r.Obligations = slices.Clone(r.Obligations)
	for i := range r.Obligations {
		r.Obligations[i].Signers = slices.Clone(r.Obligations[i].Signers)
		r.Obligations[i].Authorities = slices.Clone(r.Obligations[i].Authorities)
	}
	r.Levels = slices.Clone(r.Levels)
	return r
}

// MarshalJSON writes the canonical form.
func (r Report) MarshalJSON() ([]byte, error) {
	type plain Report // without this method
	r.EvaluatedAt, r.ValidUntil = r.EvaluatedAt.UTC(), r.ValidUntil.UTC()
	if r.Inputs == nil {
		r.Inputs = []EvidenceRef{}
	}
	return strictjson.Marshal(plain(r))
}
