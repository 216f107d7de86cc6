package policy

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
)

// WaiverPredicateType is the predicate type of a Waiver. The statement's subjects
// are the artifacts that it is for.
const WaiverPredicateType = "https://github.com/sealwright/sealwright/policy/waiver/v1"

// EmergencyLife is how long a waiver of class ClassEmergency may last at most.
const EmergencyLife = 24 * time.Hour

// A WaiverClass tells by which terms a waiver is judged. The zero class is refused.
type WaiverClass string

// The classes.
const (
	ClassStandard  WaiverClass = "standard"
	ClassEmergency WaiverClass = "emergency" // short-lived, and owes a record
)

// A Waiver asks that one rule be passed over for the subjects of its statement. Its
// author signs it, and so do those who approve it. Nothing in it may be left out:
// there is no waiver of every rule, for every artifact, or for ever.
type Waiver struct {
	// Rule and RuleVersion name the rule as its Spec does.
	Rule        string `json:"rule"`
	RuleVersion int    `json:"ruleVersion"`
	// Phases and Environments are where the waiver holds; at least one of each. The
	// empty environment is that of a request whose target names none.
	Phases       []Phase  `json:"phases"`
	Environments []string `json:"environments"`
	// The waiver holds from NotBefore, inclusive, to Expires, exclusive.
	NotBefore time.Time `json:"notBefore"`
	Expires   time.Time `json:"expires"`
	// Author is the principal who asks, and who must have signed.
	Author string `json:"author"`
	// Why is for people.
	Why   string      `json:"why"`
	Class WaiverClass `json:"class"`
}

// Validate reports everything that makes w unfit to be granted, joined, with the
// code CodeWaiverFormat.
func (w Waiver) Validate() error {
	var errs []error
	refuse := func(where, want, got string) {
		errs = append(errs, attest.Refuse(CodeWaiverFormat, "/predicate/"+where, want, got))
	}
	if !validRuleID(w.Rule) {
		refuse("rule", "the id of one rule", quote(w.Rule))
	}
	if w.RuleVersion < 1 {
		refuse("ruleVersion", "a version", strconv.Itoa(w.RuleVersion))
	}
	if len(w.Phases) == 0 || slices.ContainsFunc(w.Phases, func(p Phase) bool { return !p.known() }) {
		refuse("phases", "known phases, at least one", "something else")
	}
	if len(w.Environments) == 0 || slices.ContainsFunc(w.Environments, func(e string) bool { return strings.ContainsAny(e, "*?") }) {
		refuse("environments", "names of environments, at least one", "none, or a pattern")
	}
	if validateNow(w.NotBefore) != nil {
		refuse("notBefore", "an instant", "none")
	}
	if validateNow(w.Expires) != nil || !w.Expires.After(w.NotBefore) {
		refuse("expires", "an instant after notBefore", instant(w.Expires))
	}
	if w.Author == "" {
		refuse("author", "a principal", "none")
	}
	if strings.TrimSpace(w.Why) == "" {
		refuse("why", "a justification", "none")
	}
	switch {
	case w.Class == ClassEmergency && w.Expires.Sub(w.NotBefore) > EmergencyLife:
		refuse("expires", "at most "+EmergencyLife.String()+" after notBefore in an emergency", instant(w.Expires))
	case w.Class != ClassEmergency && w.Class != ClassStandard:
		refuse("class", "standard or emergency", quote(string(w.Class)))
	}
	return errors.Join(errs...)
}

// NewWaiver returns the statement of w for the subjects, to be signed by the author
// and by those who approve.
func NewWaiver(w Waiver, subjects ...attest.Descriptor) (*attest.Statement, error) {
	if err := w.Validate(); err != nil {
		return nil, err
	}
	return attest.NewStatement(WaiverPredicateType, w, subjects...)
}

// ParseWaiver reads a waiver strictly: a field that it does not know, or that is
// missing, is refused with CodeWaiverFormat.
func ParseWaiver(s *attest.Statement) (Waiver, error) {
	if s == nil || s.PredicateType() != WaiverPredicateType {
		return Waiver{}, attest.Refuse(CodeWaiverFormat, "/predicateType", WaiverPredicateType, "something else")
	}
	var w Waiver
	if err := s.DecodePredicate(&w, false); err != nil {
		return Waiver{}, attest.Refuse(CodeWaiverFormat, "/predicate", "a waiver", "something else").Because(err)
	}
	if err := w.Validate(); err != nil {
		return Waiver{}, err
	}
	return w, nil
}

// WaiverTerms are the terms on which a policy accepts waivers. The zero value
// accepts none.
//
// The author and at least Threshold distinct approvers must have signed. Nobody
// counts as an approver who is the author, who is the request's actor, who signed
// evidence about the subject of a type that the rule needs, or who shares a key
// with one of those.
type WaiverTerms struct {
	// Approvers are the principals who may approve waivers of class ClassStandard,
	// and Threshold how many must; 0 means 1.
	Approvers []string
	Threshold int
	// MaxLife bounds Expires - NotBefore. Required with Approvers.
	MaxLife time.Duration
	// Never lists rules that cannot be waived, not even in an emergency.
	Never []string
	// Emergency are the terms for waivers of class ClassEmergency.
	Emergency EmergencyTerms
}

// EmergencyTerms are the terms on which a policy accepts waivers of class
// ClassEmergency. A decision that rests on one allows nothing until it is recorded
// (see Obligation). The zero value accepts none.
type EmergencyTerms struct {
	// Approvers and Threshold are as in WaiverTerms.
	Approvers []string
	Threshold int
	// Recorders are the principals whose signed record discharges the obligation;
	// at least one with Approvers.
	Recorders []string
}

// approvers returns who may approve a waiver of the class, and how many must.
func (t *WaiverTerms) approvers(c WaiverClass) ([]string, int) {
	if c == ClassEmergency {
		return t.Emergency.Approvers, max(t.Emergency.Threshold, 1)
	}
	return t.Approvers, max(t.Threshold, 1)
}

// validate reports what is wrong with the terms, joined.
func (t *WaiverTerms) validate() error {
	var errs []error
	refuse := func(where, want, got string) {
		errs = append(errs, attest.Refuse(CodeConfigWaivers, "Waivers."+where, want, got))
	}
	for _, list := range [][]string{t.Approvers, t.Emergency.Approvers, t.Emergency.Recorders} {
		if slices.Contains(list, "") {
			refuse("Approvers", "named principals", "an empty name")
		}
	}
	if t.Threshold < 0 || t.Threshold > len(t.Approvers) {
		refuse("Threshold", "a threshold that the approvers can reach", strconv.Itoa(t.Threshold))
	}
	if n := t.Emergency.Threshold; n < 0 || n > len(t.Emergency.Approvers) {
		refuse("Emergency.Threshold", "a threshold that the approvers can reach", strconv.Itoa(n))
	}
	if (t.MaxLife > 0) != (len(t.Approvers) > 0) || t.MaxLife < 0 {
		refuse("MaxLife", "a positive duration exactly if there are approvers", t.MaxLife.String())
	}
	if (len(t.Emergency.Recorders) > 0) != (len(t.Emergency.Approvers) > 0) {
		refuse("Emergency.Recorders", "recorders exactly if there are approvers", strconv.Itoa(len(t.Emergency.Recorders)))
	}
	return errors.Join(errs...)
}

// clone returns a copy that shares nothing with t.
func (t WaiverTerms) clone() WaiverTerms {
	t.Approvers, t.Never = slices.Clone(t.Approvers), slices.Clone(t.Never)
	t.Emergency.Approvers = slices.Clone(t.Emergency.Approvers)
	t.Emergency.Recorders = slices.Clone(t.Emergency.Recorders)
	return t
}
