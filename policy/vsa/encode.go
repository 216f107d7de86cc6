package vsa

import (
	"errors"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// Options tell what a decision does not.
type Options struct {
	// VerifierID is a URI that consumers know the signer by. Required.
	VerifierID string
	// ResourceURI is where consumers fetch the artifact. Required for a VSA.
	ResourceURI string
	// SLSAVersion is the version of the specification by which the levels were
	// judged, for example "1.2"; empty means some 1.x.
	SLSAVersion string
	// Testing lets a decision through that was made in testing. It is marked.
	Testing bool
}

// Encode returns the VSA of the decision: PASSED with the decision's levels if it
// allows, FAILED without any otherwise. A decision that owes something is neither,
// and is refused with CodeDecision until it is discharged.
func Encode(d policy.Decision, o Options) (*attest.Statement, error) {
	if err := errors.Join(o.validate(true), tellable(d, o)); err != nil {
		return nil, err
	}
	r := d.Report()
	s := Summary{
		Verifier:           Verifier{ID: o.VerifierID},
		TimeVerified:       r.EvaluatedAt,
		ResourceURI:        o.ResourceURI,
		Policy:             policyOf(r),
		InputAttestations:  inputs(r),
		VerificationResult: Failed,
		VerifiedLevels:     []string{Failed},
		SLSAVersion:        o.SLSAVersion,
		Decision:           extension(d, r),
	}
	if r.Verdict == policy.Allow {
		s.VerificationResult, s.VerifiedLevels = Passed, highest(r.Levels)
		if len(s.VerifiedLevels) == 0 {
			s.VerifiedLevels = []string{Unevaluated}
		}
	}
	return attest.NewStatement(PredicateType, s, attest.Descriptor{Name: r.Subject.Name, Digest: r.Subject.Digest})
}

// EncodeSVR returns the SVR of a decision that allows: its levels, and Satisfied
// unless a rule was waived. Any other decision has no properties to tell, and is
// refused with CodeDecision. o.ResourceURI and o.SLSAVersion must be empty.
func EncodeSVR(d policy.Decision, o Options) (*attest.Statement, error) {
	if err := errors.Join(o.validate(false), tellable(d, o)); err != nil {
		return nil, err
	}
	r := d.Report()
	described := policyOf(r)
	s := Result{
		Verifier:    Verifier{ID: o.VerifierID, Policy: &described},
		TimeCreated: r.EvaluatedAt,
		Properties:  highest(r.Levels),
		Decision:    extension(d, r),
	}
	if len(s.Decision.Waived) == 0 {
		s.Properties = append(s.Properties, Satisfied)
	}
	if r.Verdict != policy.Allow || len(s.Properties) == 0 {
		return nil, attest.Refuse(CodeDecision, "", "a decision that allows and shows something", r.Verdict.String())
	}
	return attest.NewStatement(SVRPredicateType, s, attest.Descriptor{Name: r.Subject.Name, Digest: r.Subject.Digest})
}

func (o Options) validate(resource bool) error {
	if attest.CheckTypeURI(o.VerifierID) != nil {
		return attest.Refuse(CodeOptions, "VerifierID", "an absolute URI", excerpt.Quote(o.VerifierID))
	}
	if resource == (o.ResourceURI == "") {
		return attest.Refuse(CodeOptions, "ResourceURI", "a URI for a VSA, none for an SVR", excerpt.Quote(o.ResourceURI))
	}
	if o.SLSAVersion != "" && (!resource || !validVersion(o.SLSAVersion)) {
		return attest.Refuse(CodeOptions, "SLSAVersion", "1.x, for a VSA only", excerpt.Quote(o.SLSAVersion))
	}
	return nil
}

// tellable refuses decisions that must not leave the house.
func tellable(d policy.Decision, o Options) error {
	r := d.Report()
	switch {
	case d.IsZero():
		return attest.Refuse(CodeDecision, "", "a decision that an engine made", "the zero Decision")
	case r.Verdict == policy.Allow && d.Err() != nil:
		return attest.Refuse(CodeDecision, "obligations", "every one discharged", "an open one").Because(d.Err())
	case r.Testing && !o.Testing:
		return attest.Refuse(CodeDecision, "testing", "a decision on real evidence, unless Testing", "synthetic evidence")
	case r.Policy.Digest.IsZero():
		return attest.Refuse(CodeDecision, "policy/digest", "the digest of the policy", "none")
	}
	return nil
}

func policyOf(r policy.Report) attest.Descriptor {
	return attest.Descriptor{URI: r.Policy.URI, Digest: setOf(r.Policy.Digest)}
}

func setOf(d digest.Digest) digest.Set { return digest.Set{d.Algorithm: d.Hex} }

// inputs are all attestations that the decision rests on.
func inputs(r policy.Report) []attest.Descriptor {
	var used []attest.Descriptor
	add := func(d digest.Digest) {
		if !slices.ContainsFunc(used, func(u attest.Descriptor) bool { return u.Digest[d.Algorithm] == d.Hex }) {
			used = append(used, attest.Descriptor{Digest: setOf(d)})
		}
	}
	for _, in := range r.Inputs {
		if in.Used {
			add(in.Evidence)
		}
	}
	for _, w := range r.Waivers {
		if w.Used {
			add(w.Evidence)
		}
	}
	for _, o := range r.Obligations {
		add(o.Discharged)
	}
	return used
}

func extension(d policy.Decision, r policy.Report) Decision {
	x := Decision{Digest: d.Digest().String(), ValidUntil: r.ValidUntil, Testing: r.Testing}
	for _, f := range r.Findings {
		if f.Outcome == policy.Waived {
			x.Waived = append(x.Waived, f.Rule)
		}
	}
	return x
}
