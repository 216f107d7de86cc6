package rules

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/slsa"
)

// A Trust says whose evidence a rule believes.
type Trust struct {
	// Signers are principals (attest.Identity.Principal); at least one.
	Signers []string
	// Threshold is how many distinct ones must have signed; 0 means 1.
	Threshold int
	// MaxAge bounds the evidence's age by its trusted times; 0 means no bound.
	MaxAge time.Duration
}

// evidence is the name of a rule's only need.
const evidence = "evidence"

// spec describes a rule with one need.
func (t Trust) spec(id, usual, title string, types ...string) policy.Spec {
	return policy.Spec{
		ID:    cmp.Or(id, usual),
		Title: title,
		Needs: []policy.Need{{
			Name:           evidence,
			PredicateTypes: types,
			Signers:        slices.Clone(t.Signers),
			Threshold:      t.Threshold,
			MaxAge:         t.MaxAge,
		}},
	}
}

// builds decodes provenance, once for all rules that read it.
var builds = sync.OnceValue(func() *policy.Decoder[*provenance.Build] { return policy.NewDecoder(slsa.Decode) })

// judge applies check to each statement. What check finds wrong is a violation; what
// it cannot read leaves the rule undetermined.
func judge(facts *policy.Facts, check func(policy.Evidence, *attest.Statement) ([]policy.Reason, error)) policy.Result {
	return facts.Judge(evidence, func(e policy.Evidence) policy.Result {
		reasons, err := check(e, e.Statement())
		if err != nil {
			return unreadable(err)
		}
		if len(reasons) > 0 {
			return policy.Result{Outcome: policy.Violated, Reasons: reasons}
		}
		return policy.Result{Outcome: policy.Satisfied}
	})
}

func unreadable(err error) policy.Result {
	reasons := []policy.Reason{{
		Reason: attest.Reason{Code: CodeUnreadable, Where: "/predicate", Want: "evidence as its predicate type demands", Got: "something else"},
		Remedy: "have the evidence made anew by a tool that follows the specification",
	}}
	return undetermined(append(reasons, advise(attest.Reasons(err), "")...)...)
}

// advise gives every reason the same remedy.
func advise(reasons []attest.Reason, remedy string) []policy.Reason {
	var out []policy.Reason
	for _, r := range reasons {
		out = append(out, policy.Reason{Reason: r, Remedy: remedy})
	}
	return out
}

// refuse is an error of a rule's configuration.
func refuse(where, want, got string) error { return attest.Refuse(CodeConfig, where, want, got) }

// fault is a reason with a remedy.
func fault(code attest.Code, where, want, got, remedy string) policy.Reason {
	return policy.Reason{Reason: attest.Reason{Code: code, Where: where, Want: want, Got: got}, Remedy: remedy}
}

// violated is the result of a rule with something wrong, satisfied of one without.
func violated(reasons ...policy.Reason) policy.Result {
	if len(reasons) > 0 {
		return policy.Result{Outcome: policy.Violated, Reasons: reasons}
	}
	return policy.Result{Outcome: policy.Satisfied}
}

// undetermined is the result of a rule that could not find out.
func undetermined(reasons ...policy.Reason) policy.Result {
	return policy.Result{Outcome: policy.Undetermined, Reasons: reasons}
}

// judgeAmong is judge for predicate types that serve many purposes. Statements of
// which check says that they are not about the matter are passed over, unless no
// others are left; among the others, one bad one spoils the rule. The need's
// quantifier is AnyMatching, so that Threshold principals must stand behind the good
// ones.
func judgeAmong(facts *policy.Facts, check func(*attest.Statement) (about bool, reasons []policy.Reason, err error)) policy.Result {
	veto := policy.Result{Outcome: policy.Satisfied}
	total := facts.Judge(evidence, func(e policy.Evidence) policy.Result {
		about, reasons, err := check(e.Statement())
		r := violated(reasons...)
		if err != nil {
			r = unreadable(err)
		}
		if about && r.Outcome < veto.Outcome {
			veto = r
			for i := range veto.Reasons {
				veto.Reasons[i].Evidence = e.Digest()
			}
		}
		return r
	})
	if total.Outcome == policy.Satisfied {
		return veto
	}
	return total
}

// among makes a specification fit for judgeAmong.
func among(s policy.Spec) policy.Spec {
	s.Needs[0].Quantifier = policy.AnyMatching
	return s
}

// same reports whether two identities are one party: one principal, or one key.
func same(a, b attest.Identity) bool {
	return a.Principal() == b.Principal() || a.Key == b.Key && !a.Key.IsZero()
}
