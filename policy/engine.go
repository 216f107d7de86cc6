package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/sealwright/sealwright/attest"
)

// EngineName is the name that an Engine seals its decisions under.
const EngineName = "github.com/sealwright/sealwright/policy"

// An Engine is this package's PolicyEngine: it applies one policy, fixed by New.
// The zero Engine refuses every request.
type Engine struct {
	config   Config
	root     tree
	rules    []compiled
	needs    int        // of all rules together
	distinct int        // of these
	redact   []string   // of the configuration and of every rule
	portable bool       // every text of the configuration can be written as JSON
	lanes    *sync.Pool // of *lane
	scope    *scope     // nil unless specialized
}

var _ PolicyEngine = (*Engine)(nil)

// New returns an engine that applies c, or every fault of c, joined. It copies c;
// the rules must not change afterwards.
func New(c Config) (*Engine, error) {
	c = c.withDefaults()
	var plan compilation
	root := plan.compile(&c.Root, "Root", 0)
	rules, err := compileRules(plan.rules, c.Budget)
	faults := append(plan.errs, c.validateReferences(rules)...)
	if err := errors.Join(c.validate(), errors.Join(faults...), err); err != nil {
		return nil, err
	}
	shortest := c.Budget.Time
	for i := range rules {
		shortest = min(shortest, rules[i].budget.Time)
	}
	e := &Engine{config: c, root: root, rules: rules, lanes: &sync.Pool{New: func() any { return newLane(shortest) }}}
	e.distinct = numberNeeds(e.rules)
	e.redact = slices.Clone(c.Redact)
	for i := range rules {
		e.needs += len(rules[i].needs)
		e.redact = append(e.redact, rules[i].redact...)
	}
	e.portable = utf8.ValidString(c.Policy.URI) && utf8.ValidString(c.Policy.Version)
	return e, nil
}

// Evaluate implements PolicyEngine. Every rule of the policy is judged and
// reported; none is skipped because others settle the verdict. A request beyond
// the engine's limits gives the zero Decision and CodeRequestLimit. When ctx ends,
// the decision is Indeterminate and tells which rules had been judged.
func (e *Engine) Evaluate(ctx context.Context, req Request) (Decision, error) {
	q, err := e.inquire(ctx, &req, false)
	if err != nil {
		return Decision{}, err
	}
	q.judge(ctx)
	q.tidy() // for the decision keeps q
	if until, ok := q.settled(); ok && ctx.Err() == nil {
		now := q.request.Now
		if until = earliest(until, now.Add(e.config.Validity)); written(until) {
			return Decision{settled: q, at: now, until: until}, nil
		}
	}
	report, _, cancelled := q.report(ctx)
	if err := e.oblige(&report); err != nil {
		return Decision{}, err
	}
	d, err := seal(EngineName, report)
	if cancelled != nil {
		err = errors.Join(fmt.Errorf("policy: evaluation ended early: %w", cancelled), err)
	}
	return d, err
}

// admit refuses what the engine cannot judge.
func (e *Engine) admit(req *Request) error {
	if e == nil || len(e.rules) == 0 {
		return attest.Refuse(CodeConfig, "Engine", "an engine made by New", "the zero Engine")
	}
	if err := req.Validate(); err != nil {
		return errors.Join(err, e.checkScope(req))
	}
	if err := e.checkScope(req); err != nil {
		return err
	}
	limits := e.config.Limits
	if n := len(req.Evidence) + len(req.Waivers); n > limits.Evidence {
		return attest.Refuse(CodeRequestLimit, "Evidence", "at most "+strconv.Itoa(limits.Evidence)+" pieces", strconv.Itoa(n))
	}
	var total int64
	for _, list := range [...][]*attest.Verified{req.Evidence, req.Waivers} {
		for _, v := range list {
			if total += predicateSize(v.Statement()); total > limits.PredicateBytes {
				return attest.Refuse(CodeRequestLimit, "Evidence", "predicates of at most "+bytesText(limits.PredicateBytes), "more")
			}
		}
	}
	return nil
}

func predicateSize(s *attest.Statement) int64 { return int64(s.PredicateSize()) }

// speaksOf reports whether one subject of s matches the request's as a whole.
func speaksOf(s *attest.Statement, subject attest.Want) bool { return subject.Check(s) == nil }
