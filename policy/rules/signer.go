package rules

import (
	"context"

	"github.com/sealwright/sealwright/policy"
)

// A Signer demands that trusted principals signed a statement of one of the predicate
// types about the subject, whatever it says: a release approval, a test report.
type Signer struct {
	ID             string // "signer" if empty
	PredicateTypes []string
	Trust
}

// Spec implements policy.Rule.
func (r Signer) Spec() (policy.Spec, error) {
	return r.spec(r.ID, "signer", "trusted principals signed the evidence", r.PredicateTypes...), nil
}

// Check implements policy.Rule. The need is all that there is to the rule.
func (r Signer) Check(context.Context, *policy.Facts) policy.Result {
	return policy.Result{Outcome: policy.Satisfied}
}
