package policy

import (
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// A Level is a name for what a set of rules shows together, for example
// SLSA_BUILD_LEVEL_3. A decision carries it if it allows and if every one of the
// rules is Satisfied: one that is waived, not applicable or not yet effective does
// not count.
type Level struct {
	Name  string
	Rules []string
}

// levels returns the names of the levels that the findings reach, in ascending
// order.
func (e *Engine) levels(findings []Finding) []string {
	var names []string
	for _, l := range e.config.Levels {
		reached := true
		for _, rule := range l.Rules {
			i := slices.IndexFunc(findings, func(f Finding) bool { return f.Rule == rule })
			reached = reached && i >= 0 && findings[i].Outcome == Satisfied
		}
		if reached {
			names = append(names, l.Name)
		}
	}
	slices.Sort(names)
	return names
}

// validateReferences demands that the levels and the waiver terms name rules that
// exist.
func (c *Config) validateReferences(rules []compiled) (errs []error) {
	known := func(id string) bool {
		return slices.ContainsFunc(rules, func(r compiled) bool { return r.id == id })
	}
	seen := map[string]bool{}
	for i, l := range c.Levels {
		where := "Levels[" + strconv.Itoa(i) + "]"
		if l.Name == "" || l.Name == "FAILED" || clean(l.Name) != l.Name || seen[l.Name] {
			errs = append(errs, attest.Refuse(CodeConfigLevel, where, "a unique name", quote(l.Name)))
		}
		seen[l.Name] = true
		if len(l.Rules) == 0 {
			errs = append(errs, attest.Refuse(CodeConfigLevel, where, "at least one rule", "none"))
		}
		for _, id := range l.Rules {
			if !known(id) {
				errs = append(errs, attest.Refuse(CodeConfigLevel, where, "a rule of the policy", quote(id)))
			}
		}
	}
	for _, id := range c.Waivers.Never {
		if !known(id) {
			errs = append(errs, attest.Refuse(CodeConfigWaivers, "Waivers.Never", "a rule of the policy", quote(id)))
		}
	}
	return errs
}
