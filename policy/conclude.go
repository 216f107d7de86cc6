package policy

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sealwright/sealwright/attest"
)

// report writes down what became of the request. It does not change q. cancelled is
// the context's error, if that ended before all was judged.
func (q *inquiry) report(ctx context.Context) (r Report, outcomes []Outcome, cancelled error) {
	e := q.engine
	r = Report{
		Policy: e.config.Policy, Testing: e.config.Testing,
		Subject: q.request.Subject, Phase: q.request.Phase, Target: q.request.Target, Actor: q.request.Actor,
		EvaluatedAt: q.request.Now,
	}
	for i := range q.pool {
		r.Inputs = append(r.Inputs, q.pool[i].refer())
	}
	r.Waivers = e.weighWaivers(&q.request, q.waivers, q.pool)
	outcomes = q.conclude(&r)
	if !e.config.inForce(r.EvaluatedAt) {
		r.withdraw(Reason{
			Reason: attest.Reason{Code: CodeExpired, Want: "a policy in force", Got: instant(e.config.NotBefore) + " to " + instant(e.config.Expires)},
			Remedy: "install the policy that is in force",
		})
	}
	if r.Verdict == Allow {
		r.ValidUntil = earliest(r.ValidUntil, e.config.Expires)
	}
	q.markUsed(&r)
	if cancelled = ctx.Err(); cancelled != nil {
		r.withdraw(Reason{Reason: attest.Reason{Code: CodeRuleCancelled, Want: "time to judge", Got: cancelled.Error()}})
	}
	return r, outcomes, cancelled
}

// withdraw makes the report indeterminate for that reason alone.
func (r *Report) withdraw(why Reason) {
	r.Verdict, r.ValidUntil, r.Levels = Indeterminate, time.Time{}, nil
	r.Reasons = []Reason{why}
}

// inForce reports whether the policy may be applied at that instant.
func (c *Config) inForce(now time.Time) bool {
	return !now.Before(c.NotBefore) && (c.Expires.IsZero() || now.Before(c.Expires))
}

// refer names the piece of evidence in a report.
func (it *item) refer() EvidenceRef {
	return EvidenceRef{
		Evidence: it.verified.Evidence(), PredicateType: it.predicateType,
		Authority: it.verified.Authority(), Signers: slices.Clone(it.signers),
	}
}

// conclude writes the findings and the verdict, and returns the outcomes of the rules
// as they count.
func (q *inquiry) conclude(report *Report) []Outcome {
	e := q.engine
	outcomes := make([]Outcome, len(q.trials))
	until := report.EvaluatedAt.Add(e.config.Validity)
	hidden := q.secrets()
	for i := range q.trials {
		t, rule := q.trials[i], &e.rules[i] // a copy: settle changes it
		t.settle(report.EvaluatedAt, hidden)
		f := rule.finding(t.result)
		f.Outcome = rule.effective(f.Outcome, report.EvaluatedAt)
		until = earliest(until, waive(&f, report.Waivers))
		outcomes[i] = f.Outcome
		until = earliest(until, rule.ends(f.Outcome, &t, report.EvaluatedAt))
		if t.facts != nil {
			for _, m := range t.facts.needs {
				for _, ev := range m.evidence {
					f.Evidence = append(f.Evidence, ev.Digest())
				}
			}
		}
		report.Findings = append(report.Findings, f)
	}
	switch e.root.combine(outcomes) {
	case Satisfied:
		report.Verdict, report.ValidUntil = Allow, until
		report.Levels = e.levels(report.Findings)
	case Undetermined:
		report.Verdict = Indeterminate
	case NotApplicable:
		report.Verdict = Indeterminate
		report.Reasons = []Reason{{
			Reason: attest.Reason{Code: CodeNoneApplicable, Want: "a rule that applies", Got: "none"},
			Remedy: "extend the policy to this phase and target",
		}}
	default:
		report.Verdict = Deny
		if !slices.Contains(outcomes, Violated) {
			report.Reasons = []Reason{{Reason: attest.Reason{Code: CodeCombination, Want: "enough applicable rules", Got: "too few"}}}
		}
	}
	return outcomes
}

// finding begins the finding on the rule.
func (c *compiled) finding(r Result) Finding {
	return Finding{Rule: c.id, Version: c.version, Title: c.title, Controls: c.controls, Outcome: r.Outcome, Reasons: r.Reasons}
}

// effective returns the outcome, or NotYetEffective for a rule that was judged before
// its time.
func (c *compiled) effective(o Outcome, now time.Time) Outcome {
	if o != NotApplicable && o != Retired && now.Before(c.effectiveOn) {
		return NotYetEffective
	}
	return o
}

// ends returns when the outcome may change: as evidence becomes too old, as the rule
// itself said, or as the rule begins or ceases to count. Zero means never.
func (c *compiled) ends(o Outcome, t *trial, now time.Time) (next time.Time) {
	if o == Satisfied {
		next = earliest(t.until, t.result.Until)
	}
	for _, edge := range [...]time.Time{c.effectiveOn, c.retiredOn} {
		if o != NotApplicable && edge.After(now) {
			next = earliest(next, edge)
		}
	}
	return next
}

// markUsed tells in the report which evidence reached a rule.
func (q *inquiry) markUsed(report *Report) {
	used := map[*attest.Verified]bool{}
	for _, t := range q.trials {
		if t.facts == nil {
			continue
		}
		for _, m := range t.facts.needs {
			for _, ev := range m.evidence {
				used[ev.piece.verified] = true
			}
		}
	}
	for i := range q.pool {
		report.Inputs[i].Used = used[q.pool[i].verified]
	}
}

// settled reports whether q plainly allows: every rule that was asked is satisfied and
// the report, which says no more than that, can be written at any time. until is when
// that ends, zero for never, Config.Validity aside.
func (q *inquiry) settled() (until time.Time, ok bool) {
	e, now := q.engine, q.request.Now
	if len(q.waivers) > 0 || !e.config.inForce(now) || !q.portable() {
		return until, false
	}
	var few [32]Outcome
	outcomes := few[:0]
	until = e.config.Expires
	for i := range q.trials {
		t := &q.trials[i]
		if t.facts != nil && !t.result.plain(now) {
			return until, false
		}
		o := e.rules[i].effective(t.result.Outcome, now)
		until = earliest(until, e.rules[i].ends(o, t, now))
		outcomes = append(outcomes, o)
	}
	return until, e.root.combine(outcomes) == Satisfied
}

// plain reports whether the result is Satisfied and nothing is to be said about it.
func (r Result) plain(now time.Time) bool {
	return r.Outcome == Satisfied && len(r.Reasons) == 0 && (r.Until.IsZero() || r.Until.After(now))
}

// portable reports whether everything that the request tells can be written as JSON.
// Digests of evidence and of the subject are known to be well formed.
func (q *inquiry) portable() bool {
	r := &q.request
	if !q.engine.portable || len(r.Subject.Annotations) > 0 || !written(r.Now) || !portableIdentity(&r.Actor) {
		return false
	}
	for _, s := range [...]string{
		r.Subject.Name, r.Subject.URI, r.Subject.DownloadLocation, r.Subject.MediaType,
		r.Target.Environment, r.Target.Cluster, r.Target.Namespace, r.Target.Name,
	} {
		if !utf8.ValidString(s) {
			return false
		}
	}
	for i := range q.pool {
		it := &q.pool[i]
		if !utf8.ValidString(it.predicateType) || !utf8.ValidString(it.verified.Authority()) {
			return false
		}
		for j := range it.signers {
			if !portableIdentity(&it.signers[j]) {
				return false
			}
		}
	}
	return true
}

func portableIdentity(id *attest.Identity) bool {
	return utf8.ValidString(id.Issuer) && utf8.ValidString(id.Subject) && (id.Key.IsZero() || id.Key.Validate() == nil)
}

// written reports whether RFC 3339 has a form for the instant.
func written(t time.Time) bool {
	const first, last = -62135596800, 253402300799 // 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z
	return first <= t.Unix() && t.Unix() <= last
}
