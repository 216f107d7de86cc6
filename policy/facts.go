package policy

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// Facts are what a rule may look at: the request, and the evidence that meets the
// rule's needs. Every rule has its own; nothing that a rule does to them reaches the
// engine or another rule.
type Facts struct {
	request *Request // without evidence; rules are only handed copies
	now     *time.Time
	needs   []met
	most    int64 // that may be spent
	spent   int64 // atomic: a rule may have goroutines of its own
}

// met is a need with the evidence that meets it, never empty.
type met struct {
	need     *need
	evidence []Evidence
}

// Subject returns a copy of the request's subject.
func (f *Facts) Subject() attest.Descriptor { return f.request.Subject.Clone() }

// Phase returns the request's phase.
func (f *Facts) Phase() Phase { return f.request.Phase }

// Target returns the request's target.
func (f *Facts) Target() Target { return f.request.Target }

// Actor returns who asks.
func (f *Facts) Actor() attest.Identity { return f.request.Actor }

// Now returns the instant at which the request is judged.
func (f *Facts) Now() time.Time { return *f.now }

// Spend counts cost against the rule's Budget. Beyond it Spend panics, and the rule is
// undetermined with CodeRuleCost even if it recovers. A negative cost counts as none.
func (f *Facts) Spend(cost int64) {
	if !f.overspent() {
		atomic.AddInt64(&f.spent, min(max(cost, 0), f.most+1))
	}
	if f.overspent() {
		panic("policy: the rule spent more than its budget")
	}
}

// Remaining returns what may still be spent.
func (f *Facts) Remaining() int64 { return max(f.most-atomic.LoadInt64(&f.spent), 0) }

func (f *Facts) overspent() bool {
	return f != nil && atomic.LoadInt64(&f.spent) > f.most
}

// Evidence returns the evidence that meets the named need, in an order that does
// not depend on the request's. It panics, which makes the rule undetermined, if
// the rule declared no such need: a rule must not read a spelling mistake as an
// empty list.
func (f *Facts) Evidence(need string) []Evidence { return slices.Clone(f.find(need).evidence) }

func (f *Facts) find(need string) *met {
	for i := range f.needs {
		if f.needs[i].need.Name == need {
			return &f.needs[i]
		}
	}
	panic("policy: the rule declares no need " + quote(need))
}

// Judge applies check to each piece of evidence that meets the named need, and
// combines the results as the need's Quantifier says. Under AllMatching the
// outcome is the worst one. Under AnyMatching it is Satisfied if the evidence
// that check is satisfied with was signed by Threshold distinct principals.
// Reasons are marked with the evidence that they speak of.
func (f *Facts) Judge(need string, check func(Evidence) Result) Result {
	m := f.find(need)
	var until time.Time
	for i, e := range m.evidence {
		r := check(e)
		if r.Outcome != Satisfied || len(r.Reasons) > 0 {
			return m.tally(i, r, until, check)
		}
		if !r.Until.IsZero() {
			until = earliest(until, r.Until)
		}
	}
	return Result{Outcome: Satisfied, Until: until}
}

// tally is Judge from the first piece of evidence on, at from, that check, with the
// result r, was not plainly satisfied with.
func (m *met) tally(from int, r Result, until time.Time, check func(Evidence) Result) Result {
	total := Result{Outcome: Satisfied, Until: until}
	undetermined := false
	var good []attest.Identity
	for _, e := range m.evidence[:from] {
		good = append(good, e.piece.eligible...)
	}
	for i, e := range m.evidence[from:] {
		if i > 0 {
			r = check(e)
		}
		if r.Outcome > Satisfied {
			r = Result{Outcome: Undetermined, Reasons: []Reason{resultReason(r.Outcome.String())}}
		}
		if r.Outcome == Satisfied {
			good = append(good, e.piece.eligible...)
			total.Until = earliest(total.Until, r.Until)
		}
		undetermined = undetermined || r.Outcome == Undetermined
		total.Outcome = min(total.Outcome, r.Outcome)
		for _, reason := range r.Reasons {
			reason.Evidence = e.Digest()
			total.Reasons = append(total.Reasons, reason)
		}
	}
	if m.need.Quantifier == AnyMatching {
		total.Outcome = kleene(undetermined, false)
		if distinct(good) >= m.need.Threshold {
			return Result{Outcome: Satisfied, Until: total.Until}
		}
		if len(total.Reasons) == 0 {
			total.Reasons = []Reason{m.need.reason(CodeNeedThreshold, "too few of the good pieces")}
		}
	}
	return total
}

// Evidence is one accepted attestation as a rule sees it.
type Evidence struct{ piece *piece }

// A piece is evidence that meets a need. It does not change.
type piece struct {
	verified *attest.Verified
	listed   []attest.Identity // the signers that the need accepts
	eligible []attest.Identity // those of them that count towards its threshold
	desk     *desk             // of all needs; nil if there is but one, judged once
}

// Digest returns the SHA-256 digest of the attestation's body.
func (e Evidence) Digest() digest.Digest { return e.piece.verified.Evidence() }

// Authority returns the accepted authority that vouches for the evidence.
func (e Evidence) Authority() string { return e.piece.verified.Authority() }

// Signers returns a copy of the signers that the need accepts. Others, though
// their signatures may be good, are left out.
func (e Evidence) Signers() []attest.Identity { return slices.Clone(e.piece.listed) }

// Claims returns what the authorities behind their certificates say of the signers that
// the need accepts (attest.Claim), and nothing of others.
func (e Evidence) Claims() []attest.Claim {
	return slices.DeleteFunc(e.piece.verified.Claims(), func(c attest.Claim) bool {
		return !slices.ContainsFunc(e.piece.listed, func(id attest.Identity) bool { return id.Principal() == c.Principal })
	})
}

// Times returns a copy of the trusted times, none of them after Facts.Now.
func (e Evidence) Times() []attest.TrustedTime { return e.piece.verified.Times() }

// PredicateType returns the statement's predicate type.
func (e Evidence) PredicateType() string { return e.piece.verified.Statement().PredicateType() }

// Statement returns the statement, which is immutable.
func (e Evidence) Statement() *attest.Statement { return e.piece.verified.Statement() }

// Size returns the size of the predicate in bytes.
func (e Evidence) Size() int64 {
	if e.piece.verified == nil { // Explain supposes it
		return 0
	}
	return predicateSize(e.Statement())
}

// earliest returns the earlier of two instants, of which zero is the end of time.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
