package rules

import (
	"context"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/provenance/verify"
)

// A Parameters demands SLSA provenance v1 of one build type whose external parameters
// are the expected ones and no others (verify.Parameters.Check).
type Parameters struct {
	ID string // "parameters" if empty
	Trust
	// BuildType gives the parameters their meaning. It is compared exactly.
	BuildType  string
	Parameters verify.Parameters
}

// Spec implements policy.Rule.
func (r Parameters) Spec() (policy.Spec, error) {
	if attest.CheckTypeURI(r.BuildType) != nil {
		return policy.Spec{}, refuse("BuildType", "an absolute URI", excerpt.Quote(r.BuildType))
	}
	if err := r.Parameters.Validate(); err != nil {
		return policy.Spec{}, err
	}
	return r.spec(r.ID, "parameters", "the artifact was built with the expected parameters", slsa.PredicateType), nil
}

// Check implements policy.Rule.
func (r Parameters) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return judge(facts, func(e policy.Evidence, _ *attest.Statement) ([]policy.Reason, error) {
		b, err := builds().Of(e)
		if err != nil {
			return nil, err
		}
		reasons := r.Parameters.Check(b)
		if b.BuildType != r.BuildType {
			reasons = append(reasons, attest.Reason{Code: CodeBuildType, Where: "/predicate/buildDefinition/buildType", Want: r.BuildType, Got: excerpt.Quote(b.BuildType)})
		}
		return advise(reasons, "build with the expected parameters, or change what is expected"), nil
	})
}
