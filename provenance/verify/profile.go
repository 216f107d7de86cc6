package verify

import (
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance/buildtype"
)

// profile reads the build as its build type defines, holds it against the claims, and
// returns the highest level that is left.
func (v *verdict) profile(r record, s standing) int {
	want := &v.want
	p, ok := buildtype.Find(want.Profiles, r.build.BuildType)
	if !ok {
		v.note(CheckProfile, Failed, r.id, attest.Reason{Code: CodeProfile, Where: "/predicate/buildDefinition/buildType", Want: "a build type with a profile", Got: excerpt.Quote(r.build.BuildType)})
		return 0
	}
	c, err := p.Normalize(r.build)
	if err != nil {
		v.note(CheckProfile, Failed, r.id, attest.Reason{Code: CodeProfile, Where: "/predicate/buildDefinition", Want: "what " + p.Name + " defines", Got: "something else"})
		for _, reason := range attest.Reasons(err) {
			v.note(CheckProfile, Failed, r.id, reason)
		}
		return 0
	}
	v.pass(r.id, CheckProfile)
	v.check(CheckRepository, r, slices.Concat(checkRepository(c, v.sources), checkTrigger(c, want.Triggers)))
	reasons := slices.Concat(checkClaims(c, r.signers), checkMasked(c, want.Parameters), checkSigner(c, r))
	v.check(CheckClaims, r, reasons)
	if c.Source.Repository == "" {
		return MaxLevel // an input by digest, which the builder measured
	}
	highest := MaxLevel
	for _, f := range forgeable(c, s.trusted, fieldsOf(want.Triggers)...) {
		highest = 2
		v.note(CheckClaims, Capped, r.id, attest.Reason{Code: CodeForgeable, Where: string(f.Name), Want: "a platform that vouches for it", Got: excerpt.Quote(f.Value)})
	}
	return highest
}

// checkRepository demands that the repository from which the platform took what to
// run is an expected source.
func checkRepository(c *buildtype.Canonical, want preparedSources) []attest.Reason {
	if c.Source.Repository == "" || want.index(c.Source.Repository) >= 0 {
		return nil
	}
	return []attest.Reason{{Code: CodeRepository, Want: "an expected source", Got: excerpt.Quote(c.Source.Repository)}}
}

// checkClaims holds the build against what the certificate of any of its signers says.
func checkClaims(c *buildtype.Canonical, signers []signer) []attest.Reason {
	var reasons []attest.Reason
	for _, s := range signers {
		reasons = append(reasons, c.Compare(s.claims)...)
	}
	for i := range reasons {
		reasons[i].Code = CodeClaim
	}
	return reasons
}

// fieldsOf returns the fields that an expectation uses.
func fieldsOf(triggers []string) []buildtype.Name {
	names := []buildtype.Name{buildtype.Source, buildtype.Ref, buildtype.Commit, buildtype.EntryPoint}
	if len(triggers) > 0 {
		names = append(names, buildtype.Trigger)
	}
	return names
}

// checkTrigger demands that one of the expected events started the build.
func checkTrigger(c *buildtype.Canonical, want []string) []attest.Reason {
	if len(want) == 0 || slices.Contains(want, c.Trigger) {
		return nil
	}
	return []attest.Reason{{Code: CodeTrigger, Want: excerpt.Quote(strings.Join(want, " or ")), Got: excerpt.Quote(c.Trigger)}}
}

// forgeable returns those of the named fields for which neither the platform vouches nor
// the certificate of a trusted signer.
func forgeable(c *buildtype.Canonical, trusted []signer, names ...buildtype.Name) []buildtype.Field {
	if len(trusted) == 0 {
		return c.Forgeable(buildtype.Claims{}, names...)
	}
	fields := c.Forgeable(trusted[0].claims, names...)
	for _, s := range trusted[1:] {
		if left := c.Forgeable(s.claims, names...); len(left) < len(fields) {
			fields = left
		}
	}
	return fields
}

// checkMasked refuses to compare an expected value with a hidden one: "[MASKED]"
// equals itself and says nothing.
func checkMasked(c *buildtype.Canonical, want Parameters) []attest.Reason {
	var reasons []attest.Reason
	for _, name := range c.Masked {
		if _, expected := want.Equal[name]; expected {
			reasons = append(reasons, attest.Reason{Code: CodeMasked, Where: "/predicate/buildDefinition/externalParameters" + pointer(name), Want: "a value", Got: "a hidden one"})
		}
	}
	return reasons
}

// checkSigner demands of a builder that signs as itself that it did.
func checkSigner(c *buildtype.Canonical, r record) []attest.Reason {
	id := r.build.Builder.ID
	if !c.BuilderIsSigner || slices.ContainsFunc(r.signers, func(s signer) bool { return s.subject == id }) {
		return nil
	}
	return []attest.Reason{{Code: CodeSigner, Where: "/predicate/runDetails/builder/id", Want: "a signer of that name", Got: names(r.signers)}}
}

// dependencyCap is the highest level that a profile leaves to a dependency of which
// nothing in particular is expected.
func dependencyCap(profiles []buildtype.Profile, r record, s standing) int {
	p, ok := buildtype.Find(profiles, r.build.BuildType)
	if !ok {
		return 0
	}
	c, err := p.Normalize(r.build)
	if err != nil || len(checkClaims(c, r.signers)) > 0 || len(checkSigner(c, r)) > 0 {
		return 0
	}
	if c.Source.Repository != "" && len(forgeable(c, s.trusted, fieldsOf(nil)...)) > 0 {
		return 2
	}
	return MaxLevel
}
