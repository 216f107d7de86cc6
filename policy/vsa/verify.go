package vsa

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Want tells what a consumer demands of a summary. Every field is required unless
// it says otherwise.
type Want struct {
	// Subject is the artifact.
	Subject digest.Set
	// Authorities are the verifiers (attest.Verified.Authority) that are accepted.
	Authorities []string
	// VerifierID is the wanted verifier.id, and Signers are the principals
	// (attest.Identity.Principal) who may sign for it: the specification's pair.
	VerifierID string
	Signers    []string
	// ResourceURI is the expected resourceUri of a VSA; empty for an SVR.
	ResourceURI string
	// Policy is the digest of the policy that must have been applied.
	Policy digest.Digest
	// Levels are the levels of a VSA or the properties of an SVR that must be there;
	// at least one. A SLSA level is met by a higher one of its track.
	Levels []string
	// MaxAge bounds the time since the verification, and Now is the present.
	MaxAge time.Duration
	Now    time.Time
	// Waived accepts summaries of decisions in which rules were waived. Optional.
	Waived bool
	// Testing accepts summaries of decisions that were made in testing. Optional.
	Testing bool
}

// Verify judges a VSA and returns its predicate, or every demand that is not met,
// joined; never both. The steps are those of the specification: the signature (which
// the Verified stands for), the subject, the predicate type, the verifier, the
// resource, the result and the levels; and then the policy, the age, and whether
// anything was waived.
func Verify(v *attest.Verified, w Want) (*Summary, error) {
	if err := w.validate(true); err != nil {
		return nil, err
	}
	if err := w.authenticate(v, PredicateType); err != nil {
		return nil, err
	}
	var s Summary
	if err := v.Statement().DecodePredicate(&s, true); err != nil {
		return nil, attest.Refuse(CodeFormat, "/predicate", "a VSA", "something else").Because(err)
	}
	var errs []error
	refuse := func(code attest.Code, where, want, got string) {
		errs = append(errs, attest.Refuse(code, "/predicate/"+where, want, got))
	}
	w.checkVerifier(v, s.Verifier, refuse)
	if s.ResourceURI != w.ResourceURI {
		refuse(CodeResource, "resourceUri", excerpt.Quote(w.ResourceURI), excerpt.Quote(s.ResourceURI))
	}
	if s.VerificationResult != Passed {
		refuse(CodeResult, "verificationResult", Passed, excerpt.Quote(s.VerificationResult))
	}
	w.checkLevels("verifiedLevels", s.VerifiedLevels, refuse)
	if s.Policy.URI == "" {
		refuse(CodeFormat, "policy/uri", "the policy's URI", "none")
	}
	w.checkPolicy("policy", s.Policy, refuse)
	for _, in := range s.InputAttestations {
		if in.Digest.Validate() != nil || len(in.Digest) == 0 {
			refuse(CodeFormat, "inputAttestations", "a digest of each", excerpt.Quote(in.Digest.String()))
		}
	}
	if s.SLSAVersion != "" && !validVersion(s.SLSAVersion) {
		refuse(CodeFormat, "slsaVersion", "1.x", excerpt.Quote(s.SLSAVersion))
	}
	w.checkTime("timeVerified", s.TimeVerified, refuse)
	w.checkDecision(s.Decision, refuse)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &s, nil
}

// VerifySVR judges an SVR as Verify judges a VSA. An SVR has no result: only
// properties that passed.
func VerifySVR(v *attest.Verified, w Want) (*Result, error) {
	if err := w.validate(false); err != nil {
		return nil, err
	}
	if err := w.authenticate(v, SVRPredicateType); err != nil {
		return nil, err
	}
	var s Result
	if err := v.Statement().DecodePredicate(&s, true); err != nil {
		return nil, attest.Refuse(CodeFormat, "/predicate", "an SVR", "something else").Because(err)
	}
	var errs []error
	refuse := func(code attest.Code, where, want, got string) {
		errs = append(errs, attest.Refuse(code, "/predicate/"+where, want, got))
	}
	w.checkVerifier(v, s.Verifier, refuse)
	w.checkLevels("properties", s.Properties, refuse)
	if s.Verifier.Policy == nil {
		refuse(CodePolicy, "verifier/policy", w.Policy.String(), "none")
	} else {
		w.checkPolicy("verifier/policy", *s.Verifier.Policy, refuse)
	}
	w.checkTime("timeCreated", s.TimeCreated, refuse)
	w.checkDecision(s.Decision, refuse)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &s, nil
}

func (w *Want) validate(resource bool) error {
	var errs []error
	refuse := func(where, want, got string) { errs = append(errs, attest.Refuse(CodeWant, where, want, got)) }
	if _, ok := w.Subject.Strongest(); !ok || w.Subject.Validate() != nil {
		refuse("Subject", "a collision-resistant digest", excerpt.Quote(w.Subject.String()))
	}
	if len(w.Authorities) == 0 || len(w.Signers) == 0 || slices.Contains(w.Authorities, "") || slices.Contains(w.Signers, "") {
		refuse("Authorities and Signers", "at least one of each, named", "less")
	}
	if attest.CheckTypeURI(w.VerifierID) != nil {
		refuse("VerifierID", "an absolute URI", excerpt.Quote(w.VerifierID))
	}
	if resource == (w.ResourceURI == "") {
		refuse("ResourceURI", "a URI for a VSA, none for an SVR", excerpt.Quote(w.ResourceURI))
	}
	if w.Policy.Validate() != nil {
		refuse("Policy", "the digest of a policy", "none")
	}
	if !consistent(w.Levels) {
		refuse("Levels", "at least one level, one per track", excerpt.Quote(strings.Join(w.Levels, ", ")))
	}
	if w.MaxAge <= 0 || w.Now.IsZero() {
		refuse("MaxAge and Now", "a positive duration and an instant", "less")
	}
	return errors.Join(errs...)
}

// authenticate takes the steps that come before the predicate is read.
func (w *Want) authenticate(v *attest.Verified, predicateType string) error {
	if v.IsZero() {
		return attest.Refuse(CodeAuthority, "", "evidence that a verifier accepted", "nil or zero")
	}
	var errs []error
	if !slices.Contains(w.Authorities, v.Authority()) {
		errs = append(errs, attest.Refuse(CodeAuthority, "", strings.Join(w.Authorities, " or "), excerpt.Quote(v.Authority())))
	}
	s := v.Statement()
	if !slices.ContainsFunc(s.Subjects(), func(d attest.Descriptor) bool { return d.Digest.Match(w.Subject) == nil }) {
		errs = append(errs, attest.Refuse(CodeSubject, "/subject", w.Subject.String(), "another artifact"))
	}
	if s.PredicateType() != predicateType {
		errs = append(errs, attest.Refuse(CodeType, "/predicateType", predicateType, excerpt.Quote(s.PredicateType())))
	}
	return errors.Join(errs...)
}

type refuseFunc func(code attest.Code, where, want, got string)

func (w *Want) checkVerifier(v *attest.Verified, who Verifier, refuse refuseFunc) {
	if who.ID != w.VerifierID {
		refuse(CodeVerifier, "verifier/id", w.VerifierID, excerpt.Quote(who.ID))
	}
	if !slices.ContainsFunc(v.Signers(), func(id attest.Identity) bool { return slices.Contains(w.Signers, id.Principal()) }) {
		refuse(CodeVerifier, "verifier/id", "signed by "+strings.Join(w.Signers, " or "), "other signers")
	}
}

func (w *Want) checkLevels(where string, levels []string, refuse refuseFunc) {
	if !consistent(levels) {
		refuse(CodeLevel, where, "one level per track, none failed", excerpt.Quote(strings.Join(levels, ", ")))
	}
	for _, want := range w.Levels {
		if !reaches(levels, want) {
			refuse(CodeLevel, where, want, excerpt.Quote(strings.Join(levels, ", ")))
		}
	}
}

func (w *Want) checkPolicy(where string, p attest.Descriptor, refuse refuseFunc) {
	if p.Digest.Match(setOf(w.Policy)) != nil {
		refuse(CodePolicy, where+"/digest", w.Policy.String(), excerpt.Quote(p.Digest.String()))
	}
}

func (w *Want) checkTime(where string, t time.Time, refuse refuseFunc) {
	if t.IsZero() || t.After(w.Now) || !w.Now.Before(t.Add(w.MaxAge)) {
		refuse(CodeTime, where, "within "+w.MaxAge.String()+" before "+w.Now.UTC().Format(time.RFC3339Nano), t.UTC().Format(time.RFC3339Nano))
	}
}

func (w *Want) checkDecision(d Decision, refuse refuseFunc) {
	if !d.ValidUntil.IsZero() && !w.Now.Before(d.ValidUntil) {
		refuse(CodeTime, "validUntil", "after "+w.Now.UTC().Format(time.RFC3339Nano), d.ValidUntil.UTC().Format(time.RFC3339Nano))
	}
	if len(d.Waived) > 0 && !w.Waived {
		refuse(CodeWaived, "waived", "no rule", excerpt.Quote(strings.Join(d.Waived, ", ")))
	}
	if d.Testing && !w.Testing {
		refuse(CodeTesting, "testing", "a decision on real evidence", "synthetic evidence")
	}
}
