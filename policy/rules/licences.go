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
// An SPDX licence expression is allowed if it is listed as it stands, or if allowed
// licences meet it: one side of OR, both sides of AND. A licence with + also gives the
// choice of the version itself. What is malformed, a licence that is only named, and no
// licence at all are not allowed. Several licences of one component must all be allowed.
// In SPDX 3, licences are those of the concluded and declared ones that relationships
// lead to; a licence that is not an expression in the bill is not allowed.
type Licences struct {
	ID string // "licences" if empty
	Trust
	// Allow are SPDX licence ids, such as "Apache-2.0", also with an exception,
	// "GPL-2.0-only WITH Classpath-exception-2.0", of a document,
	// "LicenseRef-acme", or whole expressions. They are compared exactly.
	Allow []string
	// Deny are ids that no expression may need, also where it is listed as a whole, with
	// any exception and with or without +, in any case of letters.
	Deny []string
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
	for _, l := range r.Deny {
		if l == "" || strings.ContainsAny(l, " ()+") {
			return policy.Spec{}, refuse("Deny", "SPDX licence ids", excerpt.Quote(l))
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
	return judgeBill(facts, true, func(c *component, f *faults) {
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
			return len(r.Deny) == 0 || satisfied(l, func(licence, _ string) bool { return !r.denied(licence) })
		}
	}
	return satisfied(string(expression), r.listed)
}

// listed reports whether one licence of an expression is allowed.
func (r Licences) listed(licence, exception string) bool {
	if r.denied(licence) {
		return false
	}
	if exception != "" {
		exception = " WITH " + exception
	}
	return slices.Contains(r.Allow, licence+exception) || slices.Contains(r.Allow, strings.TrimSuffix(licence, "+")+exception)
}

func (r Licences) denied(licence string) bool {
	licence = strings.TrimSuffix(licence, "+")
	return slices.ContainsFunc(r.Deny, func(l string) bool { return strings.EqualFold(l, licence) })
}
