package rules

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance/slsa"
)

// A Builder demands SLSA provenance v1 of a trusted build platform: its builder.id is
// listed, compared exactly, and a principal signed that may speak for it.
type Builder struct {
	ID string // "builder" if empty
	// Builders lists the principals that may sign for each builder.id.
	Builders map[string][]string
	// MaxAge bounds the provenance's age by its trusted times; 0 means no bound.
	MaxAge time.Duration
}

// Spec implements policy.Rule.
func (r Builder) Spec() (policy.Spec, error) {
	if len(r.Builders) == 0 {
		return policy.Spec{}, refuse("Builders", "at least one builder", "none")
	}
	var signers []string
	for _, id := range slices.Sorted(maps.Keys(r.Builders)) {
		if attest.CheckTypeURI(id) != nil {
			return policy.Spec{}, refuse("Builders", "absolute URIs", excerpt.Quote(id))
		}
		if len(r.Builders[id]) == 0 {
			return policy.Spec{}, refuse("Builders", "principals that may sign for "+excerpt.Quote(id), "none")
		}
		signers = append(signers, r.Builders[id]...)
	}
	slices.Sort(signers)
	trust := Trust{Signers: slices.Compact(signers), MaxAge: r.MaxAge}
	return trust.spec(r.ID, "builder", "a trusted platform built the artifact", slsa.PredicateType), nil
}

// Check implements policy.Rule.
func (r Builder) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return judge(facts, func(e policy.Evidence, _ *attest.Statement) ([]policy.Reason, error) {
		b, err := builds().Of(e)
		if err != nil {
			return nil, err
		}
		const where = "/predicate/runDetails/builder/id"
		principals, listed := r.Builders[b.Builder.ID]
		if !listed {
			want := strings.Join(slices.Sorted(maps.Keys(r.Builders)), " or ")
			return []policy.Reason{{
				Reason: attest.Reason{Code: CodeBuilder, Where: where, Want: want, Got: excerpt.Quote(b.Builder.ID)},
				Remedy: "build on a listed platform",
			}}, nil
		}
		for _, signer := range e.Signers() {
			if slices.Contains(principals, signer.Principal()) {
				return nil, nil
			}
		}
		return []policy.Reason{{
			Reason: attest.Reason{Code: CodeBuilderSigner, Where: where, Want: "signed by " + strings.Join(principals, " or "), Got: "other listed signers"},
			Remedy: "have the platform itself sign its provenance",
		}}, nil
	})
}
