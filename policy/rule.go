package policy

import (
	"context"
	"time"
)

// A Rule is one condition, with the evidence that it needs. The engine gathers
// the evidence; a rule whose needs are not met is not asked.
//
// Implementations must be safe for concurrent use, must not change after they
// are given to New, and must perform no I/O and read no clock: Check is a
// function of its facts.
type Rule interface {
	// Spec tells what the rule is and what it needs, or why its configuration
	// cannot be used. New calls it once.
	Spec() (Spec, error)
	// Check judges the facts, which meet every need of Spec. It returns soon
	// after ctx ends; one that does not is abandoned. ctx and facts are the rule's
	// until Check returns, and not afterwards.
	Check(ctx context.Context, facts *Facts) Result
}

// A Spec describes a rule.
type Spec struct {
	// ID names the rule in reports: lower-case words of letters and digits,
	// joined by '-' or '.'. It is unique within an engine.
	ID string
	// Version is raised when the rule comes to mean something else, so that waivers
	// of what it meant before lapse. 0 means 1.
	Version int
	// Title tells people what the rule demands, in one line.
	Title string
	// Controls are what the rule is evidence for in catalogues of controls.
	Controls []Control
	// EffectiveOn and RetiredOn bound when the rule counts: from the first, inclusive,
	// to the second, exclusive; zero sets no bound. Before, the rule is judged and
	// reported, so that people see what will become of them; after, it is reported
	// only. In both cases it is neutral, as if not applicable. A decision ends before
	// either.
	EffectiveOn, RetiredOn time.Time
	// Needs lists the evidence that the rule sees; at least one.
	Needs []Need
	// Redact are as in Config, whose own they join: they hold for every rule.
	Redact []string
	// Budget bounds what judging by the rule may take, within what Config allows.
	Budget Budget
}

// A Budget bounds one rule before one request. A rule that exceeds it is
// undetermined, with CodeRuleTimeout, CodeRuleCost or CodeRuleInput. A field of a
// Spec that is zero, or larger than that of the Config, means the Config's.
type Budget struct {
	// Time is how long Check may take. The engine looks at whole intervals of the
	// shortest Time among its rules, so a rule may get up to two of these more.
	Time time.Duration `json:"time,omitempty"`
	// Cost bounds what the rule gives to Facts.Spend, in units of the rule's own.
	Cost int64 `json:"cost,omitempty"`
	// Bytes bounds the predicates of all evidence that meets the rule's needs.
	Bytes int64 `json:"bytes,omitempty"`
}

// within returns b bounded by most, of which no field is zero.
func (b Budget) within(most Budget) Budget {
	if b.Time == 0 || b.Time > most.Time {
		b.Time = most.Time
	}
	if b.Cost == 0 || b.Cost > most.Cost {
		b.Cost = most.Cost
	}
	if b.Bytes == 0 || b.Bytes > most.Bytes {
		b.Bytes = most.Bytes
	}
	return b
}

// maxCost bounds Budget.Cost, so that no sum overflows.
const maxCost = 1 << 48

func (b Budget) valid() bool {
	return b.Time >= 0 && b.Cost >= 0 && b.Cost <= maxCost && b.Bytes >= 0
}

// A Control names an entry of a catalogue of controls: task PO.1.1 of NIST SP
// 800-218, for example.
type Control struct {
	Catalog string `json:"catalog"` // a URI, or a name that people know
	ID      string `json:"id"`
}

// A Result is a rule's answer. The zero Result is a violation.
type Result struct {
	// Outcome is Violated, Undetermined or Satisfied. Only the engine finds a rule
	// not applicable.
	Outcome Outcome
	// Reasons tells why the rule is not satisfied; empty when it is.
	Reasons []Reason
	// Until is when the outcome stops to hold, exclusive, for a rule that measures
	// time itself; zero when it does not end.
	Until time.Time
}

// A Quantifier tells what a rule demands of several pieces of evidence that all
// meet one need.
type Quantifier uint8

// The quantifiers.
const (
	AllMatching Quantifier = iota // one bad piece of evidence spoils the rule
	AnyMatching                   // good pieces by Threshold principals suffice
)

// A Need demands evidence about the request's subject. Evidence that does not
// meet it never reaches the rule.
type Need struct {
	// Name identifies the need within its rule.
	Name string
	// PredicateTypes are compared exactly. At least one is required.
	PredicateTypes []string
	// Signers are the principals (attest.Identity.Principal) of whom at least one
	// must have signed each piece of evidence. AnySigner, which excludes Signers,
	// accepts whoever the accepted authorities vouch for.
	Signers   []string
	AnySigner bool
	// Threshold is the number of distinct principals among Signers who must have
	// signed some of the evidence; 0 means 1. Principals who share a key are one.
	Threshold int
	// NotSameAs names earlier needs of the rule. Principals who signed evidence
	// that meets one of those, or who share a key with such a principal, do not
	// count towards Threshold.
	NotSameAs []string
	// MaxAge, if not zero, refuses evidence that is this old or older, by the
	// earliest of its trusted times, or by TimeAt.
	MaxAge time.Duration
	// TimeAt is a JSON pointer (RFC 6901) to an RFC 3339 time in the predicate
	// that MaxAge is measured by instead of the trusted times. It excludes no
	// check of those: evidence from the future is always refused.
	TimeAt string
	// Quantifier is what Facts.Judge applies to several pieces of evidence.
	Quantifier Quantifier
}
