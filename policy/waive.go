package policy

import (
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A WaiverRef tells what became of one of the request's waivers.
type WaiverRef struct {
	Evidence  digest.Digest `json:"evidence"` // of the attestation's body
	Authority string        `json:"authority"`
	Rule      string        `json:"rule,omitempty"`
	Class     WaiverClass   `json:"class,omitempty"`
	Author    string        `json:"author,omitempty"`
	// Approvers are the principals who count as such, in ascending order.
	Approvers []string  `json:"approvers,omitempty"`
	Expires   time.Time `json:"expires,omitzero"`
	// Used tells that a finding is Waived because of this waiver.
	Used bool `json:"used"`
	// Reasons tell why the waiver is refused; none for one that holds but is not
	// used, because its rule is satisfied or another waiver serves.
	Reasons []Reason `json:"reasons,omitempty"`
}

// weighWaivers judges each of the waivers, which are in canonical order.
func (e *Engine) weighWaivers(req *Request, waivers []*attest.Verified, pool []item) []WaiverRef {
	var refs []WaiverRef
	for _, v := range waivers {
		ref := WaiverRef{Evidence: v.Evidence(), Authority: v.Authority()}
		w, err := ParseWaiver(v.Statement())
		if err == nil {
			ref.Rule, ref.Class, ref.Author, ref.Expires = w.Rule, w.Class, w.Author, w.Expires.Round(0).UTC()
			ref.Reasons = e.objections(w, v, req, pool, &ref)
		} else {
			for _, r := range attest.Reasons(err) {
				ref.Reasons = append(ref.Reasons, Reason{Reason: r, Evidence: v.Evidence()})
			}
		}
		for i := range ref.Reasons {
			ref.Reasons[i].sanitize()
		}
		ref.Author = clean(ref.Author)
		refs = append(refs, ref)
	}
	return refs
}

// objections returns why the policy does not accept the waiver, and writes into ref
// who approved it.
func (e *Engine) objections(w Waiver, v *attest.Verified, req *Request, pool []item, ref *WaiverRef) (reasons []Reason) {
	object := func(code attest.Code, where, want, got string) {
		reasons = append(reasons, Reason{
			Reason:   attest.Reason{Code: code, Where: where, Want: want, Got: got},
			Evidence: v.Evidence(),
			Remedy:   "have the waiver written anew, for this case, and approved",
		})
	}
	if !slices.Contains(e.config.Authorities, v.Authority()) {
		object(CodeWaiverAuthority, "", "an accepted authority", quote(v.Authority()))
	}
	if !speaksOf(v.Statement(), attest.Want{Subjects: []digest.Set{req.Subject.Digest}}) {
		object(CodeWaiverSubject, "/subject", req.Subject.Digest.String(), "another artifact")
	}
	rule := slices.IndexFunc(e.rules, func(c compiled) bool { return c.id == w.Rule })
	switch {
	case rule < 0:
		object(CodeWaiverRule, "/predicate/rule", "a rule of the policy", quote(w.Rule))
		return reasons
	case slices.Contains(e.config.Waivers.Never, w.Rule):
		object(CodeWaiverRule, "/predicate/rule", "a rule that may be waived", quote(w.Rule))
	case e.rules[rule].version != w.RuleVersion:
		object(CodeWaiverVersion, "/predicate/ruleVersion", strconv.Itoa(e.rules[rule].version), strconv.Itoa(w.RuleVersion))
	}
	if !slices.Contains(w.Phases, req.Phase) || !slices.Contains(w.Environments, req.Target.Environment) {
		object(CodeWaiverScope, "/predicate", string(req.Phase)+" in "+quote(req.Target.Environment), "a waiver for elsewhere")
	}
	if req.Now.Before(w.NotBefore) || !req.Now.Before(w.Expires) {
		object(CodeWaiverTime, "/predicate/expires", "a waiver that holds at "+instant(req.Now), instant(w.NotBefore)+" to "+instant(w.Expires))
	}
	for _, t := range v.Times() {
		if t.Time.After(req.Now) {
			object(CodeWaiverTime, "", "signed before "+instant(req.Now), instant(t.Time))
		}
	}
	if life := w.Expires.Sub(w.NotBefore); w.Class == ClassStandard && e.config.Waivers.MaxLife > 0 && life > e.config.Waivers.MaxLife {
		object(CodeWaiverTime, "/predicate/expires", "a life of at most "+e.config.Waivers.MaxLife.String(), life.String())
	}
	e.checkApproval(w, v.Signers(), e.barred(rule, req, pool), ref, object)
	return reasons
}

// barred returns those who must not approve a waiver of the rule: who asks for the
// decision, and who signed evidence that the rule is about.
func (e *Engine) barred(rule int, req *Request, pool []item) []attest.Identity {
	var ids []attest.Identity
	if req.Actor.Subject != "" {
		ids = append(ids, req.Actor)
	}
	for _, it := range pool {
		if it.about && slices.ContainsFunc(e.rules[rule].needs, func(n need) bool { return slices.Contains(n.PredicateTypes, it.predicateType) }) {
			ids = append(ids, it.signers...)
		}
	}
	return ids
}

// checkApproval demands the author's signature and those of enough others.
func (e *Engine) checkApproval(w Waiver, signers, barred []attest.Identity, ref *WaiverRef, object func(code attest.Code, where, want, got string)) {
	approvers, threshold := e.config.Waivers.approvers(w.Class)
	if len(approvers) == 0 {
		object(CodeWaiverTerms, "/predicate/class", "a policy that accepts such waivers", quote(string(w.Class)))
		return
	}
	signed := false
	for _, id := range signers {
		if id.Principal() == w.Author {
			signed, barred = true, append(barred, id)
		}
	}
	if !signed {
		object(CodeWaiverAuthor, "/predicate/author", "the author's signature", "none by "+quote(w.Author))
	}
	var good []attest.Identity
	for _, id := range independent(signers, append(barred, attest.Identity{Subject: w.Author})) {
		if p := id.Principal(); slices.Contains(approvers, p) {
			good = append(good, id)
			ref.Approvers = append(ref.Approvers, p)
		}
	}
	slices.Sort(ref.Approvers)
	ref.Approvers = slices.Compact(ref.Approvers)
	if n := distinct(good); n < threshold {
		object(CodeWaiverApprover, "", strconv.Itoa(threshold)+" approvers who have no part in the matter", strconv.Itoa(n))
	}
}

// waive turns a rule that is not satisfied into a waived one, if a waiver allows it,
// and returns when that ends. A standard waiver serves before one for an emergency,
// and a long one before a short one.
func waive(f *Finding, refs []WaiverRef) (until time.Time) {
	if f.Outcome != Violated && f.Outcome != Undetermined {
		return until
	}
	best := -1
	for i := range refs {
		switch r := &refs[i]; {
		case r.Rule != f.Rule || len(r.Reasons) > 0:
		case best < 0, r.Class != refs[best].Class && r.Class == ClassStandard,
			r.Class == refs[best].Class && r.Expires.After(refs[best].Expires):
			best = i
		}
	}
	if best < 0 {
		return until
	}
	f.Outcome, refs[best].Used = Waived, true
	return refs[best].Expires
}
