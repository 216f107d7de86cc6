package oscal

import (
	"slices"
	"strings"

	"github.com/sealwright/sealwright/policy"
)

// A state is what becomes of a task. The zero state is not assessable.
type state uint8

const (
	notAssessable state = iota
	notSatisfied
	undecided // not satisfied, because nobody could tell
	satisfied
)

// An assessment is what a decision shows about a task.
type assessment struct {
	state   state
	remarks string
	rules   []policy.Finding // those that bear on the task
}

// assess judges one task by one decision.
func (m Mapping) assess(task string, findings []policy.Finding) assessment {
	var a assessment
	names := map[string]bool{}
	for _, f := range findings {
		named := slices.Contains(f.Controls, policy.Control{Catalog: Catalog, ID: task})
		for _, group := range m[task] {
			named = named || slices.Contains(group, f.Rule)
		}
		if named && counts(f.Outcome) {
			a.rules = append(a.rules, f)
			names[f.Rule] = true
		}
	}
	if len(a.rules) == 0 {
		a.remarks = "not assessable: no rule of the policy that was judged bears on the task"
		return a
	}
	a.state = satisfied
	var bad []string
	for _, f := range a.rules {
		if f.Outcome != policy.Satisfied {
			bad = append(bad, f.Rule+" is "+f.Outcome.String())
		}
		switch f.Outcome {
		case policy.Satisfied:
		case policy.Undetermined:
			a.state = min(a.state, undecided)
		default: // violated, or waived
			a.state = notSatisfied
		}
	}
	a.remarks = strings.Join(bad, ", ")
	if a.state != satisfied {
		return a
	}
	for _, group := range m[task] {
		if !slices.ContainsFunc(group, func(rule string) bool { return names[rule] }) {
			a.state = notAssessable
			a.remarks = "not assessable: the policy has no rule of " + strings.Join(group, ", ")
			return a
		}
	}
	a.remarks = "every rule that bears on the task is satisfied"
	return a
}

// counts reports whether an outcome says anything: a rule that did not apply, or does
// not count yet or any more, does not.
func counts(o policy.Outcome) bool {
	return o == policy.Violated || o == policy.Undetermined || o == policy.Satisfied || o == policy.Waived
}
