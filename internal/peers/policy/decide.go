package main

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/peers/goals"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/provenance/provenancetest"
)

// sides that judge the ten conditions.
type sides struct {
	good, bad []byte
	one, ten  *policy.Engine // the conditions as one rule, and as ten
	opa       judge
	parsed    func(ast.Value) error
	cel       judge // bounded
	unbounded judge
}

// assemble makes every side and demands that it tells good and bad apart.
func assemble() (s sides, err error) {
	if s.good, s.bad, err = statements(); err != nil {
		return s, err
	}
	if s.one, err = engine(compare("build", conditions...)); err != nil {
		return s, err
	}
	if s.ten, err = engine(ten()...); err != nil {
		return s, err
	}
	if s.opa, s.parsed, err = byOPA(module); err != nil {
		return s, err
	}
	if s.cel, err = byCEL(true, expressions...); err != nil {
		return s, err
	}
	if s.unbounded, err = byCEL(false, expressions...); err != nil {
		return s, err
	}
	all := map[string]func([]byte) error{
		"one": bytesBy(s.one), "ten": bytesBy(s.ten), "prepared": preparedBytes(s.ten),
		"opa": decodedBy(s.opa, true), "cel": decodedBy(s.cel, false), "unbounded cel": decodedBy(s.unbounded, false),
	}
	for name, side := range all {
		if err := side(s.good); err != nil {
			return s, fmt.Errorf("%s: %w", name, err)
		}
		if side(s.bad) == nil {
			return s, fmt.Errorf("%s: %w", name, errPassed)
		}
	}
	return s, nil
}

// bytesBy takes a statement from its bytes to a decision.
func bytesBy(e *policy.Engine) func([]byte) error {
	return func(raw []byte) error {
		req, err := request(raw)
		if err != nil {
			return err
		}
		return allowed(e.Evaluate(context.Background(), req))
	}
}

// preparedBytes is bytesBy by way of a request that is prepared.
func preparedBytes(e *policy.Engine) func([]byte) error {
	return func(raw []byte) error {
		req, err := request(raw)
		if err != nil {
			return err
		}
		p, err := e.Prepare(context.Background(), req)
		if err != nil {
			return err
		}
		return allowed(p.Evaluate(context.Background(), now))
	}
}

func decodedBy(ask judge, exact bool) func([]byte) error {
	return func(raw []byte) error {
		v, err := decode(raw, exact)
		if err != nil {
			return err
		}
		return ask(v)
	}
}

// decoded measures ten conditions on evidence that is in memory already.
func decoded(dir string, t *goals.Table) error {
	s, err := assemble()
	if err != nil {
		return err
	}
	ctx := context.Background()
	req, err := request(s.good)
	if err != nil {
		return err
	}
	prepared, err := s.ten.Prepare(ctx, req)
	if err != nil {
		return err
	}
	exact, err := decode(s.good, true)
	if err != nil {
		return err
	}
	floats, err := decode(s.good, false)
	if err != nil {
		return err
	}
	value, err := ast.InterfaceToValue(exact)
	if err != nil {
		return err
	}
	facts, err := decodeFacet(req.Evidence[0].Statement())
	if err != nil {
		return err
	}
	c, err := costs(
		side{"ours", func() error { return allowed(prepared.Evaluate(ctx, now)) }},
		side{"ours, not prepared", func() error { return allowed(s.ten.Evaluate(ctx, req)) }},
		side{"cel-go without limits", func() error { return s.unbounded(floats) }},
		side{"cel-go with limits", func() error { return s.cel(floats) }},
		side{"OPA on its own values", func() error { return s.parsed(value) }},
		side{"OPA on a map", func() error { return s.opa(exact) }},
		side{"conditions", func() error { return hold(facts) }},
	)
	if err != nil {
		return err
	}
	witness, err := byWitness(dir, s.good, s.bad)
	if err != nil {
		return err
	}
	ampel, ampelBytes, err := byAMPEL(dir, s.good, s.bad)
	if err != nil {
		return err
	}
	t.AtMost("ten native rules, decoded", micro(c[0]), 1, " us")
	t.AtMost("the same", c[0].objects, 0, " allocations")
	t.Note("of that, the ten conditions alone", told(c[6]))
	t.Note("ten native rules, verified but not decoded", told(c[1]))
	t.Note("the ten conditions, cel-go without limits, on a map", told(c[2])+times(c[2], c[0]))
	t.Note("the ten conditions, cel-go with limits, on a map", told(c[3])+times(c[3], c[0]))
	t.Note("the ten conditions, OPA EvalParsedInput", told(c[4]))
	t.AtLeast("the same / ours", ratio(c[4], c[0]), 30, "x")
	t.Note("the ten conditions, OPA EvalInput, on a map", told(c[5]))
	t.AtLeast("the same / ours", ratio(c[5], c[0]), 70, "x")
	t.Note("the ten conditions, go-witness EvaluateRegoPolicy", told(witness))
	t.AtLeast("the same / ours", ratio(witness, c[0]), 400, "x")
	t.Note("the ten conditions, AMPEL, on a parsed statement", told(ampel)+times(ampel, c[0]))
	t.Note("the same, from its bytes", told(ampelBytes))
	return nil
}

// hold is nil if all conditions hold.
func hold(f *facet) error {
	for _, holds := range conditions {
		if !holds(f) {
			return errRefused
		}
	}
	return nil
}

// fromBytes measures the way from the statement's bytes to a decision. Nobody verifies
// a signature here.
func fromBytes(_ string, t *goals.Table) error {
	s, err := assemble()
	if err != nil {
		return err
	}
	statement, err := attest.ParseStatement(s.good, attest.Limits{})
	if err != nil {
		return err
	}
	builder, err := engine(rules.Builder{Builders: map[string][]string{provenancetest.BuilderID: {"platform"}}})
	if err != nil {
		return err
	}
	shipped := bytesBy(builder)
	if shipped(s.bad) == nil {
		return errPassed
	}
	one, prepared, each := bytesBy(s.one), preparedBytes(s.ten), bytesBy(s.ten)
	opa, cel := decodedBy(s.opa, true), decodedBy(s.cel, false)
	c, err := costs(
		side{"one rule", func() error { return one(s.good) }},
		side{"ten rules, prepared", func() error { return prepared(s.good) }},
		side{"ten rules", func() error { return each(s.good) }},
		side{"cel-go", func() error { return cel(s.good) }},
		side{"OPA", func() error { return opa(s.good) }},
		side{"map", func() error { _, err := decode(s.good, false); return err }},
		side{"parse", func() error { _, err := request(s.good); return err }},
		side{"shipped", func() error { return shipped(s.good) }},
		side{"decode", func() error { _, err := decodeFacet(statement); return err }},
	)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("bytes to decision, %d bytes, ", len(s.good))
	t.AtMost(what+"one rule of ten conditions", micro(c[0]), 10, " us")
	t.AtMost(what+"ten rules that give one function to decode", micro(c[2]), 10, " us")
	t.Note(what+"ten rules, prepared for one decision, which writes its report", told(c[1]))
	t.Note(what+"package rules' Builder, which decodes SLSA v1 whole", told(c[7]))
	t.Note(what+"cel-go with limits", told(c[3]))
	t.AtLeast("the same / our one rule", ratio(c[3], c[0]), 3, "x")
	t.Note(what+"OPA EvalInput", told(c[4]))
	t.AtLeast("the same / our one rule", ratio(c[4], c[0]), 9, "x")
	t.Note("of these, encoding/json into a map alone", told(c[5]))
	t.Note("of ours, parsing and sealing the statement", told(c[6]))
	t.Note("of ours, decoding the predicate once, strictly", told(c[8]))
	return nil
}

// cached measures a hit among a million decisions.
func cached(_ string, t *goals.Table) error {
	const entries = 1_000_000
	s, err := assemble()
	if err != nil {
		return err
	}
	ctx := context.Background()
	req, err := request(s.good)
	if err != nil {
		return err
	}
	d, err := s.ten.Evaluate(ctx, req)
	if err != nil {
		return err
	}
	filler := &same{decision: d}
	cache, err := policy.Cached(filler, policy.CacheConfig{Entries: 2 * entries}) // twice, so that no shard is full
	if err != nil {
		return err
	}
	name := []byte("service-000000")
	ask := func(n int) error { // the request is fresh, as one that has just arrived
		for i := range 6 {
			name[len(name)-1-i] = byte('0' + n%10)
			n /= 10
		}
		req.Target.Name = string(name)
		return allowed(cache.Evaluate(ctx, req))
	}
	for n := range entries {
		if err := ask(n); err != nil {
			return err
		}
	}
	i := 0
	hit := func(among int) func() error {
		return func() error {
			i = (i + 7919) % among
			return ask(i)
		}
	}
	anew := func() error { return allowed(s.ten.Evaluate(ctx, req)) }
	c, err := costs(side{"every", hit(entries)}, side{"some", hit(4096)}, side{"anew", anew})
	if err != nil {
		return err
	}
	if filler.asked != entries {
		return fmt.Errorf("of %d questions %d were no hits", filler.asked, filler.asked-entries)
	}
	t.AtMost("cached decision, any of a million entries", micro(c[0]), 1, " us")
	t.AtMost("cached decision, of 4,096 among a million", micro(c[1]), 1, " us")
	t.Note("deciding anew", told(c[2])+times(c[2], c[0]))
	return nil
}

// same is an engine that always gives one decision, to fill a cache in little time. It
// counts how often it is asked.
type same struct {
	decision policy.Decision
	asked    int
}

// Evaluate implements policy.PolicyEngine, as far as the cache looks.
func (s *same) Evaluate(context.Context, policy.Request) (policy.Decision, error) {
	s.asked++
	return s.decision, nil
}

func micro(c cost) float64 { return float64(c.cpu.Nanoseconds()) / 1000 }

func told(c cost) string {
	return fmt.Sprintf("%s us, %s B, %s allocations", goals.Figure(micro(c)), goals.Figure(c.bytes), goals.Figure(c.objects))
}

func times(theirs, ours cost) string {
	return fmt.Sprintf(" (%sx ours)", goals.Figure(ratio(theirs, ours)))
}

func ratio(theirs, ours cost) float64 { return float64(theirs.cpu) / float64(ours.cpu) }
