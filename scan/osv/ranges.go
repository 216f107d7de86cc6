package osv

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
)

// A span is one SEMVER range, ready to be evaluated (OSV schema, "Evaluation").
type span struct {
	turns  []turn
	limits []string // versions below one of these are looked at; none means all
	broken error    // why the range cannot be evaluated
}

// A turn is the event at which versions become affected or cease to be.
type turn struct {
	kind kind
	at   string // a canonical version with "v", or "" for before everything
}

type kind uint8

// In this order events at one version apply: an interval that ends where the
// next begins leaves that version affected, as does a last_affected that is also
// an introduced.
const (
	fixed kind = iota
	introduced
	lastAffected
)

// maxVersion bounds a version's length. The order is linear in it, and no real
// one comes near.
const maxVersion = 256

// canonical gives a version the form that package semver orders. Both Go's "v"
// and its absence in OSV records are accepted.
func canonical(version string) (string, bool) {
	if len(version) > maxVersion {
		return "", false
	}
	v := "v" + strings.TrimPrefix(version, "v")
	return v, semver.IsValid(v)
}

// compile makes the spans of one affected entry. GIT ranges speak of commits and
// are left out one by one; git tells that there was one.
func compile(ranges []versionRange) (spans []span, git bool) {
	for _, r := range ranges {
		switch r.Type {
		case "GIT":
			git = true
		case "SEMVER":
			spans = append(spans, compileSpan(r.Events))
		default:
			spans = append(spans, span{broken: attest.Refuse(CodeRange, "type", "SEMVER", scan.Quote(r.Type))})
		}
	}
	return spans, git
}

func compileSpan(events []event) span {
	var s span
	begins := false
	for _, e := range events {
		if err := s.add(e); err != nil {
			return span{broken: err}
		}
		begins = begins || e.Introduced != nil
	}
	if !begins {
		return span{broken: attest.Refuse(CodeRange, "events", "an introduced event", "none")}
	}
	slices.SortStableFunc(s.turns, func(a, b turn) int {
		return cmp.Or(order(a.at, b.at), cmp.Compare(a.kind, b.kind))
	})
	return s
}

// add takes one event, which must be of exactly one kind.
func (s *span) add(e event) error {
	of, known := 0, turn{}
	for _, given := range []struct {
		kind  kind
		value *string
	}{{introduced, e.Introduced}, {fixed, e.Fixed}, {lastAffected, e.LastAffected}} {
		if given.value == nil {
			continue
		}
		of++
		at, ok := boundary(*given.value)
		if !ok {
			return attest.Refuse(CodeRange, "events", "a semantic version", scan.Quote(*given.value))
		}
		known = turn{given.kind, at}
	}
	if of == 0 && e.Limit != nil {
		return s.limit(*e.Limit)
	}
	if of != 1 || e.Limit != nil {
		return attest.Refuse(CodeRange, "events", "one of introduced, fixed, last_affected and limit", "none or several")
	}
	s.turns = append(s.turns, known)
	return nil
}

// boundary reads an event's version; "0" is before every version.
func boundary(version string) (string, bool) {
	if version == "0" {
		return "", true
	}
	return canonical(version)
}

func (s *span) limit(version string) error {
	if version == "*" {
		s.limits = append(s.limits, "*")
		return nil
	}
	v, ok := canonical(version)
	if !ok {
		return attest.Refuse(CodeRange, "events", "a semantic version", scan.Quote(version))
	}
	s.limits = append(s.limits, v)
	return nil
}

// order compares boundaries; "" is before every version.
func order(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(len(a), len(b))
	}
	return semver.Compare(a, b)
}

// includes applies the events in order, as the schema's pseudo-code does.
func (s span) includes(v string) bool {
	below := func(limit string) bool { return limit == "*" || semver.Compare(v, limit) < 0 }
	if len(s.limits) > 0 && !slices.ContainsFunc(s.limits, below) {
		return false
	}
	inside := false
	for _, t := range s.turns {
		c := order(v, t.at)
		switch {
		case t.kind == introduced && c >= 0:
			inside = true
		case t.kind == fixed && c >= 0, t.kind == lastAffected && c > 0:
			inside = false
		}
	}
	return inside
}
