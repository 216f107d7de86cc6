package policy

import (
	"context"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
)

// A Prepared is a request whose evidence has been looked through once, to be judged
// at many instants: when an admission controller asks again for each copy of a
// program, for example. It decides exactly as its engine does. Where the evidence
// still meets the same needs and every rule is still satisfied, it does so without
// allocating memory.
//
// It keeps the request's evidence, and what rules made of it (see Decoder), in memory.
// It is safe for concurrent use. The zero Prepared refuses.
type Prepared struct {
	inquiry           *inquiry // with every rule that is to be asked taken as satisfied
	evidence, waivers []*attest.Verified
	// from and to bound the instants at which the needs are met as they were in the
	// inquiry; they are equal if the engine itself must decide.
	from, to time.Time
	until    time.Time // when a plain allow ends, Config.Validity aside
	seats    sync.Pool // of *seat
}

// A seat is what one call of Evaluate works with.
type seat struct {
	now   time.Time
	facts []Facts
	asks  []ask
}

// Prepare looks through the request's evidence at its Now. It refuses what Evaluate
// refuses; no rule is asked.
func (e *Engine) Prepare(ctx context.Context, req Request) (*Prepared, error) {
	q, err := e.inquire(ctx, &req, true)
	if err != nil {
		return nil, err
	}
	p := &Prepared{inquiry: q, evidence: canonicalOrder(req.Evidence), waivers: q.waivers}
	p.from, p.to = q.request.Now, q.request.Now
	for i := range q.trials {
		if t := &q.trials[i]; t.facts != nil {
			t.result = Result{Outcome: Satisfied}
		}
	}
	until, ok := q.settled()
	d := Decision{settled: q, at: p.from, until: p.from.Add(1)}
	if _, err := d.unseal(); !ok || err != nil || q.unsteady || ctx.Err() != nil {
		return p, nil
	}
	p.until, p.to = until, earliest(until, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	for i := range q.trials {
		p.to = earliest(p.to, q.trials[i].until)
	}
	asks, _ := q.asks()
	p.seats.New = func() any { return newSeat(asks) }
	return p, nil
}

func newSeat(asks []ask) *seat {
	s := &seat{facts: make([]Facts, len(asks)), asks: make([]ask, len(asks))}
	for i, a := range asks {
		s.facts[i] = *a.facts
		s.facts[i].now = &s.now
		s.asks[i] = ask{a.rule, &s.facts[i]}
	}
	return s
}

// Evaluate decides the request at the instant now, as Engine.Evaluate would.
func (p *Prepared) Evaluate(ctx context.Context, now time.Time) (Decision, error) {
	if p == nil || p.inquiry == nil {
		return Decision{}, attest.Refuse(CodeConfig, "Prepared", "a request prepared by an engine", "the zero Prepared")
	}
	now = now.Round(0).UTC()
	if !now.Before(p.from) && now.Before(p.to) && ctx.Err() == nil {
		if until, ok := p.confirm(ctx, now); ok && ctx.Err() == nil {
			return Decision{settled: p.inquiry, at: now, until: until}, nil
		}
	}
	req := p.inquiry.request
	req.Evidence, req.Waivers, req.Now = p.evidence, p.waivers, now
	return p.inquiry.engine.Evaluate(ctx, req)
}

// confirm asks the rules at the instant now. If all are plainly satisfied, it returns
// until when; if not, the engine has to tell why.
func (p *Prepared) confirm(ctx context.Context, now time.Time) (until time.Time, ok bool) {
	e := p.inquiry.engine
	s := p.seats.Get().(*seat)
	s.now = now
	for i := range s.facts {
		if f := &s.facts[i]; f.spent != 0 {
			f.spent = 0
		}
	}
	until, ok = e.confirm(ctx, s.asks, now)
	if !ok {
		return until, false
	}
	p.seats.Put(s)
	until = earliest(earliest(until, p.until), now.Add(e.config.Validity))
	return until, written(until)
}
