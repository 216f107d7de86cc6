package rules

import (
	"context"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/provenance/verify"
)

// A Source demands SLSA provenance v1 that tells exactly the expected sources, each
// by location and digest (verify.Sources.Check).
type Source struct {
	ID string // "source" if empty
	Trust
	Sources verify.Sources
}

// Spec implements policy.Rule.
func (r Source) Spec() (policy.Spec, error) {
	if err := r.Sources.Validate(); err != nil {
		return policy.Spec{}, err
	}
	return r.spec(r.ID, "source", "the artifact was built from the expected source", slsa.PredicateType), nil
}

// Check implements policy.Rule.
func (r Source) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return judge(facts, func(e policy.Evidence, _ *attest.Statement) ([]policy.Reason, error) {
		b, err := builds().Of(e)
		if err != nil {
			return nil, err
		}
		return advise(r.Sources.Check(b), "build from the expected source, or change what is expected"), nil
	})
}
