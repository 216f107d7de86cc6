package rules

import (
	"context"
	"net/url"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance/predicate"
)

// TargetProperty returns the property of a simple verification result (in-toto SVR
// v0.1) by which somebody releases the subject to a target: "deploy:" and the
// environment, cluster, namespace and name, path-escaped and joined by '/', up to the
// first that is empty. What comes after is released as a whole.
func TargetProperty(t policy.Target) string {
	property := "deploy:"
	for i, part := range []string{t.Environment, t.Cluster, t.Namespace, t.Name} {
		if part == "" {
			break
		}
		if i > 0 {
			property += "/"
		}
		property += url.PathEscape(part)
	}
	return property
}

// A Target demands that trusted principals released the artifact to the request's
// target, or to a whole of which it is a part, with simple verification results that
// have its TargetProperty.
type Target struct {
	ID string // "target" if empty
	Trust
}

// Spec implements policy.Rule.
func (r Target) Spec() (policy.Spec, error) {
	return among(r.spec(r.ID, "target", "the artifact is released to the target", predicate.SVRType)), nil
}

// Check implements policy.Rule.
func (r Target) Check(_ context.Context, facts *policy.Facts) policy.Result {
	t := facts.Target()
	if t.Environment == "" {
		return undetermined(fault(CodeTargetUnknown, "Request.Target", "an environment", "none", "say in the request where the artifact shall go"))
	}
	wholes := []string{
		TargetProperty(policy.Target{Environment: t.Environment}),
		TargetProperty(policy.Target{Environment: t.Environment, Cluster: t.Cluster}),
		TargetProperty(policy.Target{Environment: t.Environment, Cluster: t.Cluster, Namespace: t.Namespace}),
		TargetProperty(t),
	}
	return judgeAmong(facts, func(s *attest.Statement) (bool, []policy.Reason, error) {
		v, err := predicate.Decode[predicate.SVR](s, predicate.Reading{AllowUnknown: true})
		if err != nil {
			return false, nil, err
		}
		if slices.ContainsFunc(wholes, func(w string) bool { return slices.Contains(v.Properties, w) }) {
			return true, nil, nil
		}
		return false, []policy.Reason{
			fault(CodeTarget, "/predicate/properties", "one of "+excerpt.Quote(wholes[0])+" to "+excerpt.Quote(wholes[3]), "other properties", "have the artifact released to this target"),
		}, nil
	})
}
