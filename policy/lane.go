package policy

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/sealwright/sealwright/attest"
)

// A lane is a goroutine that asks rules, kept from one request to the next because
// starting one costs memory. A rule that does not answer in time is abandoned with
// its lane: the goroutine may live on, but nothing that it holds is used again, and
// its result goes nowhere.
type lane struct {
	rounds chan *round // closing it ends the goroutine
	watch  *watch
	count  int64 // of rounds
	round  *round
}

// A round is what a lane's goroutine works on: rules to ask, in order.
type round struct {
	leash   *leash
	asks    []ask
	results []Result     // of the asks that were answered
	judged  atomic.Int32 // how many those are
	// brief tells that nobody wants the results if they are not all plain at now: the
	// goroutine then writes when they end instead, and stops where one is not. That is
	// less to carry from one processor to another.
	brief  bool
	now    time.Time
	until  time.Time
	spoilt bool // one was not plain
}

// An ask is a rule with its facts.
type ask struct {
	rule  *compiled
	facts *Facts
}

// newLane returns a lane whose rules have at least that much time each.
func newLane(shortest time.Duration) *lane {
	l := &lane{rounds: make(chan *round), watch: newWatch(shortest), round: new(round)}
	go serve(l.rounds, l.watch.knocks)
	runtime.AddCleanup(l, func(rounds chan *round) { close(rounds) }, l.rounds)
	return l
}

func serve(rounds <-chan *round, over chan<- int64) {
	for r := range rounds {
		r.walk(over)
	}
}

func (r *round) walk(over chan<- int64) {
	defer func() { over <- 0 }() // also when a rule calls runtime.Goexit
	for r.stretch() {
	}
}

// stretch asks rules until one panics, all are asked or there is no use in going on. It
// reports whether there is.
func (r *round) stretch() (more bool) {
	i := int(r.judged.Load())
	defer func() {
		if p := recover(); p != nil {
			more = r.keep(i, lost(CodeRulePanic, "a result", quote(describe(p))))
		}
	}()
	for ; i < len(r.asks) && !r.leash.ended.Load(); i++ {
		a := &r.asks[i]
		if !r.keep(i, a.rule.rule.Check(r.leash, a.facts)) {
			return false
		}
	}
	return false
}

// keep keeps the ith rule's result, and reports whether the next rule is to be asked.
func (r *round) keep(i int, result Result) bool {
	if a := &r.asks[i]; a.facts.overspent() { // whatever the rule made of that
		result = lost(CodeRuleCost, "a cost of at most "+strconv.FormatInt(a.rule.budget.Cost, 10), "more")
	}
	if r.brief {
		if r.spoilt = !result.plain(r.now); r.spoilt {
			return false
		}
		if !result.Until.IsZero() {
			r.until = earliest(r.until, result.Until)
		}
	} else {
		r.results[i] = result
	}
	r.judged.Store(int32(i + 1))
	return true
}

// start hands the asks to the lane's goroutine.
func (l *lane) start(ctx context.Context, asks []ask) {
	r := l.round
	r.leash = r.leash.on(ctx)
	r.asks = asks
	r.judged.Store(0)
	if !r.brief && cap(r.results) < len(asks) {
		r.results = make([]Result, len(asks))
	}
	r.results = r.results[:cap(r.results)]
	l.count++
	l.watch.begin(l.count)
	l.rounds <- r
}

// await waits until the round is over. It returns how many rules were judged, whether
// the goroutine came to an end of the round, and if it did not, why it is not waited
// for any longer.
func (l *lane) await(ctx context.Context) (judged int, over bool, missed attest.Code) {
	defer l.watch.end()
	r := l.round
	seen, waited := -1, time.Duration(0)
	for {
		var knock int64
		if ended := ctx.Done(); ended == nil {
			knock = <-l.watch.knocks // which costs less than a choice
		} else {
			select {
			case knock = <-l.watch.knocks:
			case <-ended:
				return int(r.judged.Load()), false, CodeRuleCancelled
			}
		}
		switch n := int(r.judged.Load()); {
		case knock == 0:
			return n, true, ""
		case knock != l.count || n == len(r.asks): // of a round before, or all but over
		case n > seen:
			seen, waited = n, 0
		default:
			if waited += l.watch.interval; waited >= r.asks[n].rule.budget.Time {
				return n, false, CodeRuleTimeout
			}
		}
	}
}

// clean makes the lane forget the round, so that it can be used again.
func (l *lane) clean() {
	r := l.round
	clear(r.results)
	r.asks, r.brief, r.spoilt, r.until = nil, false, false, time.Time{}
	r.leash.slip()
}

// ask asks the rules, one after the other, and calls tell with what becomes of each.
func (e *Engine) ask(ctx context.Context, asks []ask, tell func(i int, r Result)) {
	for from := 0; from < len(asks); {
		l := e.lanes.Get().(*lane)
		l.start(ctx, asks[from:])
		judged, over, missed := l.await(ctx)
		for i := range judged {
			tell(from+i, l.round.results[i])
		}
		from += judged
		if over && from == len(asks) {
			l.clean()
			e.lanes.Put(l)
			return
		}
		l.round.leash.cut()
		switch {
		case ctx.Err() != nil:
			for ; from < len(asks); from++ {
				tell(from, lost(CodeRuleCancelled, "time to judge", ctx.Err().Error()))
			}
		case missed == CodeRuleTimeout:
			tell(from, lost(missed, "a result within "+asks[from].rule.budget.Time.String(), "none"))
			from++
		default:
			tell(from, lost(CodeRulePanic, "a result", "the rule ended its goroutine"))
			from++
		}
	}
}

// confirm asks the rules and reports whether all are plainly satisfied at now, and
// until when. If not, nothing of what they were given may be used again.
func (e *Engine) confirm(ctx context.Context, asks []ask, now time.Time) (until time.Time, ok bool) {
	l := e.lanes.Get().(*lane)
	l.round.brief, l.round.now = true, now
	l.start(ctx, asks)
	judged, over, _ := l.await(ctx)
	until, ok = l.round.until, over && judged == len(asks)
	if ok || over && l.round.spoilt {
		l.clean()
		e.lanes.Put(l)
	} else {
		l.round.leash.cut()
	}
	return until, ok
}

// describe tells what a rule panicked with. Values of other types might print
// differently in each run.
func describe(p any) string {
	switch p.(type) {
	case error, string:
		return fmt.Sprint(p) // which survives an Error that panics
	}
	return fmt.Sprintf("a %T", p)
}

// lost is the result of a rule that gave none.
func lost(code attest.Code, want, got string) Result {
	return Result{Outcome: Undetermined, Reasons: []Reason{{Reason: attest.Reason{Code: code, Want: want, Got: got}}}}
}

// maxReasons bounds the reasons that are kept of one rule.
const maxReasons = 64

// settle turns whatever the rule answered into a finding that is consistent and
// fit to print, without what must stay hidden.
func (t *trial) settle(now time.Time, hidden *secrets) {
	r := &t.result
	ended := !r.Until.IsZero() && !r.Until.After(now)
	switch {
	case t.facts == nil:
	case r.Outcome > Satisfied:
		*r = Result{Outcome: Undetermined, Reasons: []Reason{resultReason(r.Outcome.String())}}
	case r.Outcome == Satisfied && len(r.Reasons) > 0:
		r.Outcome = Undetermined
	case r.Outcome == Satisfied && ended:
		*r = Result{Outcome: Undetermined, Reasons: []Reason{resultReason("satisfied until " + instant(r.Until))}}
	case r.Outcome != Satisfied && len(r.Reasons) == 0:
		r.Reasons = []Reason{{Reason: attest.Reason{Code: CodeRuleSilent, Want: "a reason", Got: r.Outcome.String()}}}
	}
	kept := make([]Reason, 0, min(len(r.Reasons), maxReasons+1))
	kept = append(kept, r.Reasons[:min(len(r.Reasons), maxReasons)]...)
	hidden.redact(kept)
	for i := range kept {
		kept[i].sanitize()
	}
	if n := len(r.Reasons) - maxReasons; n > 0 {
		kept = append(kept, Reason{Reason: attest.Reason{Code: CodeRuleReasons, Got: strconv.Itoa(n) + " more reasons"}})
	}
	r.Reasons = kept
}

// sanitize makes the reason fit to print.
func (r *Reason) sanitize() {
	if r.Code == "" {
		r.Code = CodeRuleSilent
	}
	r.Where, r.Want, r.Got = clean(r.Where), clean(r.Want), clean(r.Got)
	r.Remedy = clean(r.Remedy)
}

func resultReason(got string) Reason {
	return Reason{Reason: attest.Reason{Code: CodeRuleResult, Want: "violated, undetermined or satisfied, now", Got: got}}
}
