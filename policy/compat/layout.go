package compat

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/layout"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// LayoutType is the predicate type of what Layout makes.
const LayoutType = "https://github.com/sealwright/sealwright/policy/layout/v1"

// layoutResult is the predicate of LayoutType.
type layoutResult struct {
	Layout  digest.Digest `json:"layout"` // of the bytes that were verified
	Owners  []string      `json:"owners"`
	Expires time.Time     `json:"expires"`
}

// Layout verifies a layout with its links and makes evidence of it, about the products
// of the last step, under the authority's name. The authority is the verifier's: its
// trust in owners, and the clock that now comes from. Inspections are never run
// (layout.Evidence).
func Layout(ctx context.Context, v *layout.Verifier, e layout.Evidence, now time.Time, authority string) (*attest.Verified, error) {
	if v == nil {
		return nil, attest.Refuse(attest.CodeNil, "verifier", "a verifier", "nil")
	}
	r, err := v.Verify(ctx, e, now)
	if err != nil {
		return nil, err
	}
	var subjects []attest.Descriptor
	for path, set := range r.Products {
		subjects = append(subjects, attest.Descriptor{Name: path, Digest: set.Clone()})
	}
	slices.SortFunc(subjects, func(a, b attest.Descriptor) int { return strings.Compare(a.Name, b.Name) })
	sum := digest.FromBytes(e.Layout)
	s, err := attest.NewStatement(LayoutType, layoutResult{sum, r.Owners, r.Expires.UTC()}, subjects...)
	if err != nil {
		return nil, err
	}
	facts := attest.Facts{Authority: authority, Statement: s, Evidence: digest.FromBytes(s.Bytes())}
	for _, owner := range r.Owners {
		facts.Signers = append(facts.Signers, attest.Identity{Subject: owner})
	}
	facts.Times = []attest.TrustedTime{{Time: now, Authority: authority}}
	return attest.Seal(facts)
}

// A LayoutRule demands that a layout of trusted owners holds for the artifact: evidence
// that Layout makes, of a layout that is not expired.
type LayoutRule struct {
	ID string // "layout" if empty
	// Owners are principals, Threshold how many of them must have signed; 0 means 1.
	Owners    []string
	Threshold int
	// MaxAge bounds the time since the verification; 0 means no bound.
	MaxAge time.Duration
}

// Spec implements policy.Rule.
func (r LayoutRule) Spec() (policy.Spec, error) {
	id := r.ID
	if id == "" {
		id = "layout"
	}
	return policy.Spec{ID: id, Title: "the in-toto layout holds", Needs: []policy.Need{{
		Name: need, PredicateTypes: []string{LayoutType}, Signers: slices.Clone(r.Owners), Threshold: r.Threshold, MaxAge: r.MaxAge,
	}}}, nil
}

// Check implements policy.Rule.
func (r LayoutRule) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return facts.Judge(need, func(e policy.Evidence) policy.Result {
		var result layoutResult
		if err := e.Statement().DecodePredicate(&result, false); err != nil || result.Layout.Validate() != nil {
			return policy.Result{Outcome: policy.Undetermined, Reasons: []policy.Reason{{
				Reason: attest.Reason{Code: CodeLayout, Where: "/predicate", Want: LayoutType, Got: "something else"}, Remedy: "verify the layout anew",
			}}}
		}
		if !facts.Now().Before(result.Expires) {
			return violated(CodeLayout, "/predicate/expires", "a layout that is not expired", excerpt.Quote(result.Expires.Format(time.RFC3339))+" of "+strconv.Itoa(len(result.Owners))+" owners", "have the owners sign a new layout")
		}
		return policy.Result{Outcome: policy.Satisfied, Until: result.Expires}
	})
}
