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
	highest, fields := vouched(c, s, fieldsOf(want.Triggers)...)
	for _, f := range fields {
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

// vouched returns the highest level that a trusted signer reaches, which is at most 2
// where neither the platform vouches for all of the named fields nor that very signer's
// certificate does; and the fields that keep it there. The certificate of one signer
// does not lift the grant of another.
func vouched(c *buildtype.Canonical, s standing, names ...buildtype.Name) (highest int, forgeable []buildtype.Field) {
	const capped = 2
	if len(s.trusted) == 0 {
		if forgeable = c.Forgeable(buildtype.Claims{}, names...); len(forgeable) > 0 {
			return capped, forgeable
		}
		return MaxLevel, nil
	}
	for _, t := range s.trusted {
		fields := c.Forgeable(t.claims, names...)
		level := t.level
		if len(fields) > 0 {
			level = min(level, capped)
		}
		if level > highest || level == highest && len(fields) < len(forgeable) {
			highest, forgeable = level, fields
		}
	}
	return highest, forgeable
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
// nothing in particular is expected. What a platform vouches for counts only where the
// caller expects such builds of that builder: any other signer may have put the build
// type into the statement to be believed more.
func (c *Checker) dependencyCap(r record, s standing) int {
	p, ok := buildtype.Find(c.want.Profiles, r.build.BuildType)
	if !ok {
		return 0
	}
	expected := r.build.BuildType == c.want.BuildType && c.allowed(r.build.Builder.ID)
	if !expected {
		p.Vouched = nil
	}
	b, err := p.Normalize(r.build)
	if err != nil || len(checkClaims(b, r.signers)) > 0 || len(checkSigner(b, r)) > 0 {
		return 0
	}
	if b.Source.Repository == "" && expected {
		return MaxLevel
	}
	highest, _ := vouched(b, s, fieldsOf(nil)...)
	return highest
}
