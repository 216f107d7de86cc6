package rules

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/slsa"
)

// Reviewed is the property of a simple verification result (in-toto SVR v0.1) by
// which a person states to have reviewed the subject.
const Reviewed = "CODE_REVIEWED"

// A Review demands that two or more persons reviewed the artifact: simple verification
// results with one property, by distinct principals. Who asks for the decision, and
// who built the artifact, cannot be among them. Signers must list persons only, no
// robots.
type Review struct {
	ID string // "review" if empty
	// Trust lists the reviewers. Threshold is 2 if it is 0, and never less.
	Trust
	// Property is Reviewed if empty.
	Property string
	// Builders are principals that sign provenance. If there are any, provenance by
	// one of them is needed, and no review by them counts.
	Builders []string
}

// builders is the name of a review's first need.
const builders = "builders"

// Spec implements policy.Rule.
func (r Review) Spec() (policy.Spec, error) {
	t := r.Trust
	t.Threshold = cmp.Or(t.Threshold, 2)
	if t.Threshold < 2 {
		return policy.Spec{}, refuse("Threshold", "at least 2", strconv.Itoa(t.Threshold))
	}
	s := among(t.spec(r.ID, "review", strconv.Itoa(t.Threshold)+" persons reviewed the artifact", predicate.SVRType))
	if len(r.Builders) > 0 {
		s.Needs[0].NotSameAs = []string{builders}
		s.Needs = append([]policy.Need{{Name: builders, PredicateTypes: []string{slsa.PredicateType}, Signers: slices.Clone(r.Builders)}}, s.Needs...)
	}
	return s, nil
}

// Check implements policy.Rule.
func (r Review) Check(_ context.Context, facts *policy.Facts) policy.Result {
	property, actor := cmp.Or(r.Property, Reviewed), facts.Actor()
	return facts.Judge(evidence, func(e policy.Evidence) policy.Result {
		v, err := predicate.Decode[predicate.SVR](e.Statement(), predicate.Reading{AllowUnknown: true})
		switch {
		case err != nil:
			return unreadable(err)
		case !slices.Contains(v.Properties, property):
			return violated(fault(CodeNotReviewed, "/predicate/properties", excerpt.Quote(property), "other properties", "have the artifact reviewed"))
		case slices.ContainsFunc(e.Signers(), func(id attest.Identity) bool { return same(id, actor) }):
			return violated(fault(CodeReviewSelf, "/signatures", "reviewers beside who asks", excerpt.Quote(actor.Principal()), "have somebody else review the artifact"))
		}
		return policy.Result{Outcome: policy.Satisfied}
	})
}
