package policy

import (
	"context"
	"fmt"
	"time"

	"github.com/sealwright/sealwright/attest"
)

// run asks every trial's rule that has facts, one after the other, and writes the
// results. A rule that does not answer in time is abandoned: its goroutine may
// live on, but it owns its facts and its result goes nowhere.
func run(ctx context.Context, trials []trial, timeout time.Duration) {
	var queue []*trial
	for i := range trials {
		if trials[i].facts != nil {
			queue = append(queue, &trials[i])
		}
	}
	for len(queue) > 0 {
		done := runLane(ctx, queue, timeout)
		queue = queue[done:]
	}
}

// runLane starts one goroutine for the queue and returns how many trials it
// settled, at least one. It returns early when a rule is lost, so that the rest
// get a goroutine of their own.
func runLane(ctx context.Context, queue []*trial, timeout time.Duration) int {
	lane, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan Result, len(queue)) // never blocks an abandoned goroutine
	asks := make([]ask, len(queue))
	for i, t := range queue {
		asks[i] = ask{t.rule, t.facts}
	}
	go walk(lane, asks, results)

	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for i, t := range queue {
		r, missed := await(ctx, results, timer)
		switch missed {
		case "":
			t.result = r
			timer.Reset(timeout)
		case CodeRuleCancelled:
			t.result = lost(missed, "time to judge", ctx.Err().Error())
		case CodeRuleTimeout:
			t.result = lost(missed, "a result within "+timeout.String(), "none")
			return i + 1
		default:
			t.result = lost(missed, "a result", "the rule ended its goroutine")
			return i + 1
		}
	}
	return len(queue)
}

// await returns the next result, or the code that tells why there is none. A result
// that is there counts, even if time has run out since.
func await(ctx context.Context, results <-chan Result, timer *time.Timer) (r Result, missed attest.Code) {
	var ok bool
	select {
	case r, ok = <-results:
	case <-timer.C:
		missed = CodeRuleTimeout
	case <-ctx.Done():
		missed = CodeRuleCancelled
	}
	if missed != "" {
		select {
		case r, ok = <-results:
		default:
			return Result{}, missed
		}
	}
	if !ok && ctx.Err() != nil {
		return Result{}, CodeRuleCancelled // the goroutine stopped for that
	}
	if !ok {
		return Result{}, CodeRulePanic
	}
	return r, ""
}

// An ask is what an abandoned goroutine may still hold: nothing that the engine
// writes to.
type ask struct {
	rule  Rule
	facts *Facts
}

func walk(ctx context.Context, asks []ask, results chan<- Result) {
	defer close(results) // also when a rule calls runtime.Goexit
	for _, a := range asks {
		if ctx.Err() != nil {
			return
		}
		results <- check(ctx, a)
	}
}

func check(ctx context.Context, a ask) (r Result) {
	defer func() {
		if p := recover(); p != nil {
			r = lost(CodeRulePanic, "a result", quote(describe(p)))
		}
	}()
	return a.rule.Check(ctx, a.facts)
}

// describe tells what a rule panicked with. Values of other types might print
// differently in each run.
func describe(p any) string {
	switch p.(type) {
	case error, string:
		return fmt.Sprint(p)
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
// fit to print.
func (t *trial) settle(now time.Time) {
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
	for _, reason := range r.Reasons[:min(len(r.Reasons), maxReasons)] {
		reason.sanitize()
		kept = append(kept, reason)
	}
	if n := len(r.Reasons) - maxReasons; n > 0 {
		kept = append(kept, Reason{Reason: attest.Reason{Code: CodeRuleReasons, Got: fmt.Sprintf("%d more reasons", n)}})
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
