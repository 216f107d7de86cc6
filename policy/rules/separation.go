package rules

import (
	"context"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// A Separation demands that no one has two duties: distinct principals, who share no
// key either, stand behind each duty, and none of them is the request's actor, who
// deploys.
type Separation struct {
	ID string // "separation" if empty
	// Duties are at least one, such as the build and its review. Each needs evidence.
	Duties []Duty
}

// A Duty is a part that somebody has in the making of an artifact.
type Duty struct {
	Name           string
	PredicateTypes []string
	Trust
}

// Spec implements policy.Rule.
func (r Separation) Spec() (policy.Spec, error) {
	if len(r.Duties) == 0 {
		return policy.Spec{}, refuse("Duties", "at least one, beside the actor's", "none")
	}
	s := r.Duties[0].spec(r.ID, "separation", "no one has two duties")
	s.Needs = nil
	var earlier []string
	for i, d := range r.Duties {
		if d.Name == "" {
			return policy.Spec{}, refuse("Duties["+strconv.Itoa(i)+"].Name", "a name", "none")
		}
		need := d.spec("", d.Name, "", d.PredicateTypes...).Needs[0]
		need.Name, need.NotSameAs = d.Name, slices.Clone(earlier)
		s.Needs = append(s.Needs, need)
		earlier = append(earlier, d.Name)
	}
	return s, nil
}

// Check implements policy.Rule. That the duties are separate is the engine's to see;
// the actor is left to the rule.
func (r Separation) Check(_ context.Context, facts *policy.Facts) policy.Result {
	actor := facts.Actor()
	if actor.Subject == "" {
		return undetermined(fault(CodeActorUnknown, "Request.Actor", "who deploys", "nobody", "say in the request who asks"))
	}
	var f faults
	for _, d := range r.Duties {
		for _, e := range facts.Evidence(d.Name) {
			if slices.ContainsFunc(e.Signers(), func(id attest.Identity) bool { return same(id, actor) }) {
				reason := fault(CodeTwoDuties, "/signatures", "somebody else than who deploys, to "+d.Name, excerpt.Quote(actor.Principal()), "have somebody else deploy")
				reason.Evidence = e.Digest()
				f.reasons = append(f.reasons, reason)
			}
		}
	}
	return violated(f.reasons...)
}
