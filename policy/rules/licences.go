package rules

import (
	"context"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// A Licences demands that every component of a bill of materials is under an allowed
// licence. It also demands of the bill what SBOM does of any.
//
// An expression is allowed if it is listed as it stands, or if its parts are: one
// side of OR, both sides of AND, where AND binds closer (SPDX 2.3, annex D). What
// has parentheses, what nobody listed, a licence that is only named, and no licence at
// all are not allowed. Several licences of one component must all be allowed.
type Licences struct {
	ID string // "licences" if empty
	Trust
	// Allow are SPDX licence ids, such as "Apache-2.0", also with an exception,
	// "GPL-2.0-only WITH Classpath-exception-2.0", or whole expressions. They are
	// compared exactly.
	Allow []string
	// Except are package URLs, written as in Dependencies, of components whose licence
	// was looked at by other means.
	Except []string
}

// Spec implements policy.Rule.
func (r Licences) Spec() (policy.Spec, error) {
	if len(r.Allow) == 0 {
		return policy.Spec{}, refuse("Allow", "at least one licence", "none")
	}
	for _, l := range r.Allow {
		if strings.TrimSpace(l) != l || l == "" || l == "NONE" || l == "NOASSERTION" {
			return policy.Spec{}, refuse("Allow", "SPDX licence ids", excerpt.Quote(l))
		}
	}
	for _, pattern := range r.Except {
		if !plainPattern(pattern) {
			return policy.Spec{}, refuse("Except", "package URLs in lower case, without qualifiers", excerpt.Quote(pattern))
		}
	}
	return r.spec(r.ID, "licences", "every component is under an allowed licence", billTypes()...), nil
}

// Check implements policy.Rule.
func (r Licences) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return judgeBill(facts, func(c *component, f *faults) {
		if plainPURL(c.purl) && matches(r.Except, c.purl) {
			return
		}
		const remedy = "replace the component, or have its licence allowed"
		if len(c.licences) == 0 {
			f.add(CodeLicence, c.pointer(), "an allowed licence", c.label()+" without any", remedy)
		}
		for _, l := range c.licences {
			if l.named || !r.allowed(l.text) {
				f.add(CodeLicence, c.pointer(), "an allowed licence", c.label()+" under "+excerpt.Quote(string(l.text)), remedy)
			}
		}
	})
}

// allowed judges an expression. The usual case, a listed id, allocates nothing.
func (r Licences) allowed(expression []byte) bool {
	for _, l := range r.Allow {
		if l == string(expression) {
			return true
		}
	}
	text := string(expression)
	if strings.ContainsAny(text, "()") {
		return false
	}
	return slices.ContainsFunc(strings.Split(text, " OR "), func(alternative string) bool {
		parts := strings.Split(alternative, " AND ")
		return !slices.ContainsFunc(parts, func(part string) bool { return !slices.Contains(r.Allow, part) })
	})
}
