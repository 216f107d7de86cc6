package policy

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
)

// Limits bound a request. The zero value of a field means its default.
type Limits struct {
	Evidence       int   // pieces of evidence; default 1,024
	PredicateBytes int64 // of all predicates together; default 64 MiB
}

// A Config is a policy and the terms on which an Engine applies it.
type Config struct {
	// Policy names the policy in reports. URI and Version are required.
	Policy PolicyRef
	// Root is the policy: at least one rule, every rule id once.
	Root Node
	// Authorities are the names of the verifiers whose evidence is accepted
	// (attest.Verified.Authority); at least one. A name that begins with "test:"
	// is refused unless Testing is set.
	Authorities []string
	// Testing lets the engine accept synthetic evidence. Every report tells so.
	Testing bool
	// Validity is how long an Allow lasts at most. Required.
	Validity time.Duration
	// NotBefore and Expires bound when the policy may be applied: from the first,
	// inclusive, to the second, exclusive; zero sets no bound. Outside, every decision
	// is Indeterminate; and none that allows outlasts Expires.
	NotBefore, Expires time.Time
	// Budget bounds each rule. The zero value of a field means its default: a second,
	// a cost of 10,000,000, and as many bytes as Limits allows all evidence together.
	Budget Budget
	Limits Limits
	// Waivers are the terms on which rules may be waived; the zero value allows none.
	Waivers WaiverTerms
	// Levels are what decisions may be said to show.
	Levels []Level
	// Redact are JSON pointers (RFC 6901) to parts of predicates, of evidence of every
	// type, that no reason repeats, whatever rule gives it: a value there, whole or eight
	// bytes of it in a row, is replaced by its length, also where it is quoted. A token
	// "*" stands for every element or member. Where a request has so many of such values
	// (some dozens, or some KiB) that to look for them would take long, the texts of all
	// reasons are withheld. What a rule computes from a value is not recognized.
	Redact []string
}

// withDefaults returns a copy of c with its defaults filled in.
func (c Config) withDefaults() Config {
	c.Authorities = slices.Clone(c.Authorities)
	c.Waivers = c.Waivers.clone()
	c.Levels = slices.Clone(c.Levels)
	c.Redact = slices.Clone(c.Redact)
	for i := range c.Levels {
		c.Levels[i].Rules = slices.Clone(c.Levels[i].Rules)
	}
	if c.Limits.Evidence == 0 {
		c.Limits.Evidence = 1024
	}
	if c.Limits.PredicateBytes == 0 {
		c.Limits.PredicateBytes = 64 << 20
	}
	c.Budget.Time = cmp.Or(c.Budget.Time, time.Second)
	c.Budget.Cost = cmp.Or(c.Budget.Cost, 10_000_000)
	c.Budget.Bytes = cmp.Or(c.Budget.Bytes, c.Limits.PredicateBytes)
	return c
}

// validate reports every fault of c but those of its rules, joined.
func (c *Config) validate() error {
	var errs []error
	refuse := func(code attest.Code, where, want, got string) {
		errs = append(errs, attest.Refuse(code, where, want, got))
	}
	if c.Policy.URI == "" || c.Policy.Version == "" {
		refuse(CodeConfig, "Policy", "a URI and a version", quote(c.Policy.URI)+" and "+quote(c.Policy.Version))
	}
	if !c.Policy.Digest.IsZero() && c.Policy.Digest.Validate() != nil {
		refuse(CodeConfig, "Policy.Digest", "a digest", quote(c.Policy.Digest.String()))
	}
	if c.Validity <= 0 {
		refuse(CodeConfig, "Validity", "a positive duration", c.Validity.String())
	}
	if !c.Expires.IsZero() && !c.Expires.After(c.NotBefore) {
		refuse(CodeConfig, "Expires", "an instant after NotBefore", instant(c.Expires))
	}
	if !c.Budget.valid() {
		refuse(CodeConfig, "Budget", "positive bounds, and a cost of at most 2^48", "others")
	}
	if c.Limits.Evidence < 0 || c.Limits.PredicateBytes < 0 {
		refuse(CodeConfig, "Limits", "positive limits", "a negative one")
	}
	if len(c.Authorities) == 0 {
		refuse(CodeConfigAuthority, "Authorities", "at least one authority", "none")
	}
	for i, a := range c.Authorities {
		where := "Authorities[" + strconv.Itoa(i) + "]"
		if a == "" {
			refuse(CodeConfigAuthority, where, "a name", "none")
		}
		if strings.HasPrefix(a, testAuthority) && !c.Testing {
			refuse(CodeConfigAuthority, where, "a real authority, unless Testing", quote(a))
		}
	}
	errs = append(errs, c.Waivers.validate(), checkPointers("Redact", c.Redact))
	return errors.Join(errs...)
}

// compiled is a rule with what the engine knows about it.
type compiled struct {
	rule                   Rule
	id                     string
	version                int
	title                  string
	controls               []Control
	effectiveOn, retiredOn time.Time
	needs                  []need
	redact                 []string
	budget                 Budget
}

// compileRules checks the rules and asks each for its spec. most bounds each one.
func compileRules(rules []Rule, most Budget) ([]compiled, error) {
	var out []compiled
	var errs []error
	ids := map[string]bool{}
	for i, r := range rules {
		where := "rule " + strconv.Itoa(i)
		if r == nil {
			errs = append(errs, attest.Refuse(CodeConfigRule, where, "a rule", "nil"))
			continue
		}
		spec, err := r.Spec()
		if err != nil {
			errs = append(errs, attest.Refuse(CodeConfigRule, where, "a usable configuration", "").Because(err))
			continue
		}
		if !validRuleID(spec.ID) || ids[spec.ID] {
			errs = append(errs, attest.Refuse(CodeConfigRule, where, "a unique id of lower-case words", quote(spec.ID)))
		}
		ids[spec.ID] = true
		errs = append(errs, spec.validate(where))
		needs, faults := compileNeeds(spec.ID, spec.Needs)
		errs = append(errs, faults...)
		out = append(out, compiled{
			rule: r, id: spec.ID, version: max(spec.Version, 1), title: clean(spec.Title), controls: slices.Clone(spec.Controls),
			effectiveOn: spec.EffectiveOn, retiredOn: spec.RetiredOn, needs: needs, redact: slices.Clone(spec.Redact),
			budget: spec.Budget.within(most),
		})
	}
	if len(rules) == 0 {
		errs = append(errs, attest.Refuse(CodeConfigRule, "Root", "at least one rule", "none"))
	}
	return out, errors.Join(errs...)
}

// validate checks what surrounds the needs.
func (s *Spec) validate(where string) error {
	var errs []error
	refuse := func(want, got string) {
		errs = append(errs, attest.Refuse(CodeConfigRule, where, want, got))
	}
	if err := checkPointers(where, s.Redact); err != nil {
		errs = append(errs, err)
	}
	if s.Version < 0 {
		refuse("a positive version", strconv.Itoa(s.Version))
	}
	for _, c := range s.Controls {
		if c.Catalog == "" || c.ID == "" || clean(c.Catalog) != c.Catalog || clean(c.ID) != c.ID {
			refuse("controls with a catalogue and an id", quote(c.Catalog)+" "+quote(c.ID))
		}
	}
	if !s.Budget.valid() {
		refuse("positive bounds, and a cost of at most 2^48", "others")
	}
	if !s.RetiredOn.IsZero() && !s.RetiredOn.After(s.EffectiveOn) {
		refuse("RetiredOn after EffectiveOn", instant(s.RetiredOn))
	}
	return errors.Join(errs...)
}

// validRuleID reports whether id is words of lower-case letters and digits, joined
// by single '-' or '.'.
func validRuleID(id string) bool {
	for word := range strings.SplitSeq(strings.ReplaceAll(id, "-", "."), ".") {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return len(id) <= 128
}
