package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// An Explanation tells what is missing for a request to be allowed.
type Explanation struct {
	// Verdict is the verdict without what is missing.
	Verdict Verdict `json:"verdict"`
	// Possible tells whether adding Missing would make it Allow. It is trivially true
	// of an Allow.
	Possible bool `json:"possible"`
	// Minimal tells that no smaller set would do. It is false if the policy is so
	// large that the search was cut short; nothing in Missing is superfluous even
	// then.
	Minimal bool `json:"minimal"`
	// Missing are the facts to add, ordered by predicate type and signer.
	Missing []Fact `json:"missing,omitempty"`
	// Blocking are the rules that adding facts does not help: they are violated, or
	// could not judge what is there. They are listed if nothing is possible.
	Blocking []string `json:"blocking,omitempty"`
}

// A Fact is evidence that does not exist yet: an attestation about the subject, of
// this predicate type, by an accepted authority, fresh, and such that the rules that
// read it are satisfied.
type Fact struct {
	PredicateType string `json:"predicateType"`
	// Signer is the principal; empty for any whom an accepted authority vouches for
	// and who has not signed yet.
	Signer string `json:"signer,omitempty"`
	// Needs are those that the fact serves, as "rule/need".
	Needs []string `json:"needs"`
}

// searchBudget bounds the work of Explain: how many needs it tries to meet with how many
// facts, in all the sets that it tries.
const searchBudget = 20_000

// Explain judges the request and returns the smallest set of facts that are missing
// for an Allow. Facts can only meet needs: they undo no violation. It supposes that
// those who sign have each a key of their own, and that evidence which no rule has
// read yet is good.
func (e *Engine) Explain(ctx context.Context, req Request) (Explanation, error) {
	q, err := e.inquire(ctx, &req, false)
	if err != nil {
		return Explanation{}, err
	}
	q.judge(ctx)
	report, outcomes, cancelled := q.report(ctx)
	if cancelled != nil {
		return Explanation{}, fmt.Errorf("policy: explanation ended early: %w", cancelled)
	}
	x := Explanation{Verdict: report.Verdict}
	if x.Verdict == Allow {
		x.Possible, x.Minimal = true, true
		return x, nil
	}
	s := search{engine: e, inquiry: q, outcomes: outcomes, budget: max(searchBudget/e.needs, 1), ctx: ctx}
	facts := s.universe()
	found, ok := s.smallest(facts)
	x.Minimal = ok || s.budget > 0
	if !ok && s.budget <= 0 {
		found, ok = s.irredundant(facts)
	}
	if err := ctx.Err(); err != nil {
		return Explanation{}, fmt.Errorf("policy: explanation ended early: %w", err)
	}
	x.Possible = ok
	for _, f := range found {
		x.Missing = append(x.Missing, f.Fact)
	}
	if !ok {
		for i, o := range outcomes {
			if o == Violated || o == Undetermined && !q.trials[i].unmet() {
				x.Blocking = append(x.Blocking, e.rules[i].id)
			}
		}
		slices.Sort(x.Blocking)
	}
	return x, nil
}

// A candidate is a fact with the identity that is supposed to sign it.
type candidate struct {
	Fact
	signer attest.Identity
}

// search looks for sets of facts that satisfy a policy.
type search struct {
	engine   *Engine
	inquiry  *inquiry
	outcomes []Outcome
	budget   int // work that may still be done; spent when it is not positive
	ctx      context.Context
}

// universe returns every fact that might serve an unmet need.
func (s *search) universe() []candidate {
	var all []candidate
	add := func(predicateType, signer string, id attest.Identity, need string) {
		i := slices.IndexFunc(all, func(c candidate) bool { return c.PredicateType == predicateType && c.signer == id })
		if i < 0 {
			all = append(all, candidate{Fact{predicateType, signer, nil}, id})
			i = len(all) - 1
		}
		all[i].Needs = append(all[i].Needs, need)
	}
	for i, rule := range s.engine.rules {
		if s.outcomes[i] != Undetermined || !s.inquiry.trials[i].unmet() {
			continue
		}
		for _, n := range rule.needs {
			for _, t := range n.PredicateTypes {
				for _, p := range n.Signers {
					add(t, p, attest.Identity{Subject: p}, rule.id+"/"+n.Name)
				}
				for k := 0; n.AnySigner && k < n.Threshold; k++ {
					add(t, "", attest.Identity{Issuer: "any", Subject: strconv.Itoa(k)}, rule.id+"/"+n.Name)
				}
			}
		}
	}
	order(all, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(a.PredicateType, b.PredicateType), compareIdentity(a.signer, b.signer))
	})
	return all
}

// smallest tries sets of growing size.
func (s *search) smallest(facts []candidate) ([]candidate, bool) {
	for size := 1; size <= len(facts) && s.budget > 0; size++ {
		if found, ok := s.extend(nil, facts, size); ok {
			return found, true
		}
	}
	return nil, false
}

// extend tries to complete chosen with size more of the facts.
func (s *search) extend(chosen, facts []candidate, size int) ([]candidate, bool) {
	if size == 0 {
		return chosen, s.suffices(chosen)
	}
	for i := 0; i+size <= len(facts) && s.budget > 0; i++ {
		if found, ok := s.extend(append(slices.Clip(chosen), facts[i]), facts[i+1:], size-1); ok {
			return found, true
		}
	}
	return nil, false
}

// irredundant takes all facts and drops what is not needed.
func (s *search) irredundant(facts []candidate) ([]candidate, bool) {
	if !s.suffices(facts) {
		return nil, false
	}
	for i := len(facts) - 1; i >= 0; i-- {
		if fewer := slices.Delete(slices.Clone(facts), i, i+1); s.suffices(fewer) {
			facts = fewer
		}
	}
	return facts, true
}

// suffices reports whether the policy would be satisfied with the facts added.
func (s *search) suffices(chosen []candidate) bool {
	s.budget -= 1 + len(chosen)
	if s.ctx.Err() != nil {
		s.budget = 0
		return false
	}
	pool := slices.Clone(s.inquiry.pool)
	for _, c := range chosen {
		pool = append(pool, item{predicateType: c.PredicateType, about: true, listed: true, signers: []attest.Identity{c.signer}, assumed: true})
	}
	outcomes := slices.Clone(s.outcomes)
	for i, o := range outcomes {
		unmet := o == Undetermined && s.inquiry.trials[i].unmet()
		if o != Satisfied && !unmet {
			continue
		}
		outcomes[i] = Satisfied
		var needs []met
		for j := range s.engine.rules[i].needs {
			m, _, reasons := s.engine.rules[i].needs[j].meet(pool, s.inquiry.request.Now, needs, new(evidenceStore))
			needs = append(needs, m)
			if len(reasons) > 0 {
				outcomes[i] = Undetermined
			}
		}
	}
	return s.engine.root.combine(outcomes) == Satisfied
}
