package rules

import (
	"context"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/provenance/verify"
)

// A Level demands a SLSA verification summary that tells the wanted levels of the
// wanted tracks, or the wanted properties (verify.VerifySummary): the Source track,
// the Build Environment track, a two-party review.
type Level struct {
	ID string // "level" if empty
	// Grants are whose summaries are believed, and up to which levels.
	Grants []verify.SummaryGrant
	// Want is what the summary must say. Its Clock is set by the rule: Now is the
	// request's, MaxAge is Clock.MaxAge.
	Want verify.SummaryExpectations
}

// Spec implements policy.Rule.
func (r Level) Spec() (policy.Spec, error) {
	var signers []string
	for _, g := range r.Grants {
		signers = append(signers, g.Signer)
	}
	if err := (verify.SummaryRoots{Authorities: []string{"any"}, Grants: r.Grants}).Validate(); err != nil {
		return policy.Spec{}, err
	}
	want := r.Want
	want.Clock.MaxAge = 0 // needs Now, which the request tells
	if err := want.Validate(); err != nil {
		return policy.Spec{}, err
	}
	return distinctTrust(signers, r.Want.Clock).spec(r.ID, "level", "a trusted verifier found the SLSA levels", predicate.VSAType), nil
}

// Check implements policy.Rule.
func (r Level) Check(ctx context.Context, facts *policy.Facts) policy.Result {
	subject, want := facts.Subject().Digest, r.Want
	want.Clock.Now = facts.Now()
	return facts.Judge(evidence, func(e policy.Evidence) policy.Result {
		if _, err := predicate.Decode[predicate.VSA](e.Statement(), predicate.Reading{AllowUnknown: true}); err != nil {
			return unreadable(err)
		}
		v, err := reseal(e)
		if err != nil {
			return unreadable(err)
		}
		roots := verify.SummaryRoots{Authorities: []string{e.Authority()}, Grants: r.Grants, Testing: synthetic(e)}
		if _, err := verify.VerifySummary(ctx, subject, v, roots, want); err != nil {
			return violated(advise(attest.Reasons(err), "have the verifier verify the artifact anew, by the wanted policy")...)
		}
		return policy.Result{Outcome: policy.Satisfied}
	})
}

// A BuildLevel demands SLSA provenance from which the wanted level of the Build track
// follows (verify.Verify), by builders that are trusted to it.
type BuildLevel struct {
	ID string // "build-level" if empty
	// Grants tell which signers may speak for which builders, and up to which level.
	Grants []verify.Grant
	// Want is how the artifact must have been built. Its Clock is set as in Level.
	Want verify.Expectations
}

// Spec implements policy.Rule.
func (r BuildLevel) Spec() (policy.Spec, error) {
	var signers []string
	for _, g := range r.Grants {
		signers = append(signers, g.Signer)
	}
	if err := (verify.Roots{Authorities: []string{"any"}, Grants: r.Grants}).Validate(); err != nil {
		return policy.Spec{}, err
	}
	want := r.Want
	want.Clock.MaxAge = 0
	if err := want.Validate(); err != nil {
		return policy.Spec{}, err
	}
	return distinctTrust(signers, r.Want.Clock).spec(r.ID, "build-level", "provenance shows the SLSA Build level", slsa.PredicateType), nil
}

// Check implements policy.Rule.
func (r BuildLevel) Check(ctx context.Context, facts *policy.Facts) policy.Result {
	readable := judge(facts, func(e policy.Evidence, _ *attest.Statement) ([]policy.Reason, error) {
		_, err := builds().Of(e)
		return nil, err
	})
	if readable.Outcome != policy.Satisfied {
		return readable
	}
	want := r.Want
	want.Clock.Now = facts.Now()
	roots := verify.Roots{Grants: r.Grants}
	var pool []*attest.Verified
	for _, e := range facts.Evidence(evidence) {
		v, err := reseal(e)
		if err != nil {
			return unreadable(err)
		}
		pool = append(pool, v)
		roots.Authorities = append(roots.Authorities, e.Authority())
		roots.Testing = roots.Testing || synthetic(e)
	}
	if _, err := verify.Verify(ctx, facts.Subject().Digest, pool, roots, want); err != nil {
		return violated(advise(attest.Reasons(err), "build as expected, on a platform that is trusted to the level")...)
	}
	return policy.Result{Outcome: policy.Satisfied}
}

// distinctTrust believes each of the signers. The clock's age bounds how long the
// decision holds, too.
func distinctTrust(signers []string, clock verify.Clock) Trust {
	slices.Sort(signers)
	return Trust{Signers: slices.Compact(signers), MaxAge: clock.MaxAge}
}

// reseal gives the engine's evidence back the form that package verify takes. The
// authority's verifier vouched for it, and the engine accepts that authority.
func reseal(e policy.Evidence) (*attest.Verified, error) {
	return attest.Seal(attest.Facts{
		Authority: e.Authority(), Statement: e.Statement(), Evidence: e.Digest(), Signers: e.Signers(), Claims: e.Claims(), Times: e.Times(),
	})
}

// synthetic reports whether the evidence is, which an engine accepts in testing only.
func synthetic(e policy.Evidence) bool { return strings.HasPrefix(e.Authority(), "test:") }
