package policy

import (
	"context"
	"slices"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// An inquiry is one request before one engine: its evidence, what of it meets which
// need, and once they are judged what became of the rules. Reports are written from
// it.
type inquiry struct {
	engine  *Engine
	request Request // a copy, without evidence and waivers; Now is canonical
	waivers []*attest.Verified
	pool    []item
	desks   []desk // of the pool; nil if there is but one need, judged once
	full    sheet  // for desks that are not used any more
	trials  []trial
	// unsteady tells that evidence lies in the future: time alone may let more of it
	// meet a need.
	unsteady bool
}

// A trial is one rule before one request: its facts going in, its result coming
// out.
type trial struct {
	facts *Facts // nil if the rule is not to be asked
	// halted tells that a rule is not asked although its needs are met.
	halted bool
	until  time.Time // when evidence that meets its needs becomes too old
	result Result
}

// unmet reports whether the rule was not asked because a need is unmet.
func (t *trial) unmet() bool {
	return t.facts == nil && !t.halted && t.result.Outcome == Undetermined
}

// inquire gathers the evidence and meets the needs. If it is judged again, what rules
// decode is kept even for one need alone.
func (e *Engine) inquire(ctx context.Context, req *Request, again bool) (*inquiry, error) {
	if err := e.admit(req); err != nil {
		return nil, err
	}
	q := &inquiry{engine: e, request: *req, waivers: canonicalOrder(req.Waivers)}
	q.request.Evidence, q.request.Waivers = nil, nil
	q.request.Now = req.Now.Round(0).UTC()
	q.request.Subject = req.Subject.Clone()
	q.gather(ctx, ordered(req.Evidence), again)
	q.prepare(ctx)
	return q, nil
}

// gather finds out about each piece of evidence what all needs ask. Once ctx ends
// it stops looking: prepare will ask no rule.
func (q *inquiry) gather(ctx context.Context, evidence []*attest.Verified, again bool) {
	q.pool = make([]item, len(evidence))
	if again || q.engine.needs > 1 {
		q.desks = make([]desk, len(evidence))
	}
	want := attest.Want{Subjects: []digest.Set{q.request.Subject.Digest}}
	for i, v := range evidence {
		s := v.Statement()
		it := &q.pool[i]
		it.verified = v
		if q.desks != nil {
			it.desk = &q.desks[i]
		}
		it.predicateType = s.PredicateType()
		it.about = ctx.Err() == nil && speaksOf(s, want)
		it.listed = slices.Contains(q.engine.config.Authorities, v.Authority())
		it.signers = v.Signers()
		if len(it.signers) > 1 {
			order(it.signers, by(compareIdentity))
		}
		for _, t := range v.Times() {
			it.first = earliest(it.first, t.Time)
			if t.Time.After(it.last) {
				it.last = t.Time
			}
		}
		q.unsteady = q.unsteady || it.last.After(q.request.Now)
	}
}

// tidy lets go of what rules decoded.
func (q *inquiry) tidy() {
	q.full.depth = mostSheets
	for i := range q.desks {
		q.desks[i].clear(&q.full)
	}
}

// prepare decides which rules apply and gathers each one's facts. All facts share
// a few pieces of memory.
func (q *inquiry) prepare(ctx context.Context) {
	e, now := q.engine, q.request.Now
	q.trials = make([]trial, len(e.rules))
	facts := make([]Facts, len(e.rules))
	needs := make([]met, 0, e.needs)
	meetings := make([]meeting, e.distinct)
	store := newStore(e.distinct)
	for i := range q.trials {
		q.trials[i].result.Outcome = NotApplicable
	}
	e.root.mark(&q.request, q.trials)
	for i := range e.rules {
		t, rule := &q.trials[i], &e.rules[i]
		if t.result.Outcome == NotApplicable {
			continue
		}
		if at := rule.retiredOn; !at.IsZero() && !now.Before(at) {
			t.result.Outcome = Retired
			continue
		}
		if err := ctx.Err(); err != nil {
			t.result, t.halted = lost(CodeRuleCancelled, "time to judge", err.Error()), true
			continue
		}
		from := len(needs)
		var unmet []Reason
		for j := range rule.needs {
			m := &meetings[rule.needs[j].number]
			if !m.done {
				m.met, m.until, m.unmet = rule.needs[j].meet(q.pool, now, needs[from:], store)
				m.done = true
			}
			needs = append(needs, m.met)
			unmet = append(unmet, m.unmet...)
			t.until = earliest(t.until, m.until)
		}
		mine := needs[from:len(needs):len(needs)]
		if len(unmet) > 0 {
			t.result = Result{Outcome: Undetermined, Reasons: unmet}
			continue
		}
		if r, ok := rule.oversized(mine); ok {
			t.result, t.halted = r, true
			continue
		}
		facts[i] = Facts{request: &q.request, now: &q.request.Now, needs: mine, most: rule.budget.Cost}
		t.facts = &facts[i]
	}
}

// judge asks the rules.
func (q *inquiry) judge(ctx context.Context) {
	asks, at := q.asks()
	q.engine.ask(ctx, asks, func(i int, r Result) { q.trials[at[i]].result = r })
}

// asks returns the rules that are to be asked, and which trials they are.
func (q *inquiry) asks() (asks []ask, at []int) {
	asks, at = make([]ask, 0, len(q.trials)), make([]int, 0, len(q.trials))
	for i := range q.trials {
		if t := &q.trials[i]; t.facts != nil {
			asks, at = append(asks, ask{&q.engine.rules[i], t.facts}), append(at, i)
		}
	}
	return asks, at
}

// oversized refuses evidence beyond the rule's budget. A piece that meets several
// needs is read as often.
func (c *compiled) oversized(needs []met) (Result, bool) {
	var total int64
	for _, m := range needs {
		for _, e := range m.evidence {
			total += e.Size()
		}
	}
	if total <= c.budget.Bytes {
		return Result{}, false
	}
	return lost(CodeRuleInput, "evidence of at most "+bytesText(c.budget.Bytes), bytesText(total)), true
}
