package policy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// EngineName is the name that an Engine seals its decisions under.
const EngineName = "github.com/sealwright/sealwright/policy"

// An Engine is this package's PolicyEngine: it applies one policy, fixed by New.
// The zero Engine refuses every request.
type Engine struct {
	config Config
	root   tree
	rules  []compiled
	scope  *scope // nil unless specialized
}

var _ PolicyEngine = (*Engine)(nil)

// New returns an engine that applies c, or every fault of c, joined. It copies c;
// the rules must not change afterwards.
func New(c Config) (*Engine, error) {
	c = c.withDefaults()
	var nodes []Rule
	var faults []error
	root := c.Root.compile("Root", 0, &nodes, &faults)
	rules, err := compileRules(nodes)
	faults = append(faults, c.validateReferences(rules)...)
	if err := errors.Join(c.validate(), errors.Join(faults...), err); err != nil {
		return nil, err
	}
	return &Engine{config: c, root: root, rules: rules}, nil
}

// Evaluate implements PolicyEngine. Every rule of the policy is judged and
// reported; none is skipped because others settle the verdict. A request beyond
// the engine's limits gives the zero Decision and CodeRequestLimit. When ctx ends,
// the decision is Indeterminate and tells which rules had been judged.
func (e *Engine) Evaluate(ctx context.Context, req Request) (Decision, error) {
	q, err := e.inquire(ctx, &req)
	if err != nil {
		return Decision{}, err
	}
	if err := e.oblige(&q.report); err != nil {
		return Decision{}, err
	}
	d, err := seal(EngineName, q.report)
	if q.cancelled != nil {
		err = errors.Join(fmt.Errorf("policy: evaluation ended early: %w", q.cancelled), err)
	}
	return d, err
}

// An inquiry is what an engine found out about one request.
type inquiry struct {
	report    Report
	pool      []item
	trials    []trial
	outcomes  []Outcome // of the rules, as they count
	cancelled error     // the context's error, if it ended before all was judged
}

// inquire judges every rule and writes the report.
func (e *Engine) inquire(ctx context.Context, req *Request) (*inquiry, error) {
	if err := e.admit(req); err != nil {
		return nil, err
	}
	q := &inquiry{report: NewReport(*req)}
	q.report.Policy, q.report.Testing = e.config.Policy, e.config.Testing

	q.pool = e.gather(ctx, req)
	q.trials = e.prepare(ctx, req, q.pool)
	run(ctx, q.trials, e.config.RuleTimeout)
	q.report.Waivers = e.weighWaivers(req, q.pool)
	e.conclude(q)
	e.config.bound(&q.report)
	e.markUsed(&q.report, q.pool, q.trials)

	if q.cancelled = ctx.Err(); q.cancelled != nil {
		r := &q.report
		r.Verdict, r.ValidUntil, r.Levels = Indeterminate, time.Time{}, nil
		r.Reasons = []Reason{{Reason: attest.Reason{Code: CodeRuleCancelled, Want: "time to judge", Got: q.cancelled.Error()}}}
	}
	return q, nil
}

// bound takes back an allow outside of the policy's own time, and ends one inside it.
func (c *Config) bound(r *Report) {
	now := r.EvaluatedAt
	if now.Before(c.NotBefore) || !c.Expires.IsZero() && !now.Before(c.Expires) {
		r.Verdict, r.ValidUntil, r.Levels = Indeterminate, time.Time{}, nil
		r.Reasons = []Reason{{
			Reason: attest.Reason{Code: CodeExpired, Want: "a policy in force", Got: instant(c.NotBefore) + " to " + instant(c.Expires)},
			Remedy: "install the policy that is in force",
		}}
	}
	if r.Verdict == Allow {
		r.ValidUntil = earliest(r.ValidUntil, c.Expires)
	}
}

// admit refuses what the engine cannot judge.
func (e *Engine) admit(req *Request) error {
	if e == nil || len(e.rules) == 0 {
		return attest.Refuse(CodeConfig, "Engine", "an engine made by New", "the zero Engine")
	}
	return errors.Join(req.Validate(), e.checkScope(req), e.checkLimits(req))
}

// checkLimits bounds what the rules will have to read.
func (e *Engine) checkLimits(req *Request) error {
	limits := e.config.Limits
	if n := len(req.Evidence) + len(req.Waivers); n > limits.Evidence {
		return attest.Refuse(CodeRequestLimit, "Evidence", "at most "+strconv.Itoa(limits.Evidence)+" pieces", strconv.Itoa(n))
	}
	var total int64
	for _, v := range slices.Concat(req.Evidence, req.Waivers) {
		if !v.IsZero() {
			total += predicateSize(v.Statement())
		}
	}
	if total > limits.PredicateBytes {
		return attest.Refuse(CodeRequestLimit, "Evidence", "predicates of at most "+strconv.FormatInt(limits.PredicateBytes, 10)+" bytes", strconv.FormatInt(total, 10))
	}
	return nil
}

func predicateSize(s *attest.Statement) int64 {
	n, err := io.Copy(io.Discard, s.PredicateReader())
	if err != nil {
		return 1 << 62
	}
	return n
}

// gather finds out about each piece of evidence what all needs ask. Once ctx ends
// it stops looking: prepare will ask no rule.
func (e *Engine) gather(ctx context.Context, req *Request) []item {
	evidence := canonicalOrder(req.Evidence)
	pool := make([]item, len(evidence))
	for i, v := range evidence {
		if ctx.Err() != nil {
			break
		}
		it := &pool[i]
		it.verified = v
		it.predicateType = v.Statement().PredicateType()
		it.about = speaksOf(v.Statement(), req.Subject.Digest)
		it.listed = slices.Contains(e.config.Authorities, v.Authority())
		it.signers = v.Signers()
		slices.SortFunc(it.signers, compareIdentity)
		for _, t := range v.Times() {
			it.first = earliest(it.first, t.Time)
			if t.Time.After(it.last) {
				it.last = t.Time
			}
		}
	}
	return pool
}

// speaksOf reports whether one subject of s matches want as a whole.
func speaksOf(s *attest.Statement, want digest.Set) bool {
	for _, subject := range s.Subjects() {
		for alg, value := range want {
			// A match needs one equal value; looking for it first spares validating
			// every subject of a long statement.
			if subject.Digest[alg] == value && subject.Digest.Match(want) == nil {
				return true
			}
		}
	}
	return false
}

// A trial is one rule before one request: its facts going in, its result coming
// out.
type trial struct {
	rule   Rule
	facts  *Facts // nil if the rule is not to run
	until  time.Time
	result Result
}

// prepare decides which rules apply and gathers each one's facts.
func (e *Engine) prepare(ctx context.Context, req *Request, pool []item) []trial {
	applies := make([]bool, len(e.rules))
	e.root.mark(req, applies)
	bare := *req
	bare.Evidence, bare.Waivers = nil, nil
	bare.Now = req.Now.Round(0).UTC()
	bare.Subject = req.Subject.Clone() // rules share it, and are only handed copies
	trials := make([]trial, len(e.rules))
	for i := range e.rules {
		t := &trials[i]
		t.rule = e.rules[i].rule
		if !applies[i] {
			t.result.Outcome = NotApplicable
			continue
		}
		if at := e.rules[i].retiredOn; !at.IsZero() && !req.Now.Before(at) {
			t.result.Outcome = Retired
			continue
		}
		if err := ctx.Err(); err != nil {
			t.result = lost(CodeRuleCancelled, "time to judge", err.Error())
			continue
		}
		facts := &Facts{request: bare}
		var unmet []Reason
		for j := range e.rules[i].needs {
			m, until, reasons := e.rules[i].needs[j].meet(pool, bare.Now, facts.needs)
			facts.needs = append(facts.needs, m)
			unmet = append(unmet, reasons...)
			t.until = earliest(t.until, until)
		}
		if len(unmet) > 0 {
			t.result = Result{Outcome: Undetermined, Reasons: unmet}
			continue
		}
		t.facts = facts
	}
	return trials
}

// conclude writes the findings and the verdict.
func (e *Engine) conclude(q *inquiry) {
	report, trials := &q.report, q.trials
	outcomes := make([]Outcome, len(trials))
	q.outcomes = outcomes
	until := report.EvaluatedAt.Add(e.config.Validity)
	for i := range trials {
		t := &trials[i]
		t.settle(report.EvaluatedAt)
		f := e.rules[i].finding(t.result)
		f.Outcome = e.rules[i].effective(f.Outcome, report.EvaluatedAt)
		until = earliest(until, waive(&f, report.Waivers))
		outcomes[i] = f.Outcome
		if f.Outcome == Satisfied {
			until = earliest(earliest(until, t.until), t.result.Until)
		}
		until = earliest(until, e.rules[i].edge(f.Outcome, report.EvaluatedAt))
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

// edge returns when the rule begins or ceases to count; zero if it never does again.
func (c *compiled) edge(o Outcome, now time.Time) (next time.Time) {
	for _, t := range []time.Time{c.effectiveOn, c.retiredOn} {
		if o != NotApplicable && t.After(now) {
			next = earliest(next, t)
		}
	}
	return next
}

// markUsed tells in the report which evidence reached a rule.
func (e *Engine) markUsed(report *Report, pool []item, trials []trial) {
	used := map[*attest.Verified]bool{}
	for _, t := range trials {
		if t.facts == nil {
			continue
		}
		for _, m := range t.facts.needs {
			for _, ev := range m.evidence {
				used[ev.verified] = true
			}
		}
	}
	for i := range pool {
		report.Inputs[i].Used = used[pool[i].verified]
	}
}
