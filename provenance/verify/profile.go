package verify

import (
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance/buildtype"
)

// profile reads the build as its build type defines, holds it against the claims, and
// returns the highest level that is left.
func (v *verdict) profile(r record, want Expectations) int {
	p, ok := buildtype.Find(want.Profiles, r.build.BuildType)
	if !ok {
		v.note(CheckProfile, Failed, r.evidence, attest.Reason{Code: CodeProfile, Where: "/predicate/buildDefinition/buildType", Want: "a build type with a profile", Got: excerpt.Quote(r.build.BuildType)})
		return 0
	}
	c, err := p.Normalize(r.build)
	if err != nil {
		v.note(CheckProfile, Failed, r.evidence, attest.Reason{Code: CodeProfile, Where: "/predicate/buildDefinition", Want: "what " + p.Name + " defines", Got: "something else"})
		for _, reason := range attest.Reasons(err) {
			v.note(CheckProfile, Failed, r.evidence, reason)
		}
		return 0
	}
	v.note(CheckProfile, Passed, r.evidence, attest.Reason{})
	v.check(CheckRepository, r, checkRepository(c, want.Sources))
	reasons := slices.Concat(checkClaims(c, r.claims), checkMasked(c, want.Parameters), checkSigner(c, r))
	v.check(CheckClaims, r, reasons)
	if c.Source.Repository == "" {
		return MaxLevel // an input by digest, which the builder measured
	}
	highest := MaxLevel
	for _, f := range c.Forgeable(r.claims, buildtype.Source, buildtype.Ref, buildtype.Commit, buildtype.EntryPoint) {
		highest = 2
		v.note(CheckClaims, Capped, r.evidence, attest.Reason{Code: CodeForgeable, Where: string(f.Name), Want: "a platform that vouches for it", Got: excerpt.Quote(f.Value)})
	}
	return highest
}

// checkRepository demands that the repository from which the platform took what to
// run is an expected source.
func checkRepository(c *buildtype.Canonical, want Sources) []attest.Reason {
	if c.Source.Repository == "" || want.index(c.Source.Repository) >= 0 {
		return nil
	}
	return []attest.Reason{{Code: CodeRepository, Want: "an expected source", Got: excerpt.Quote(c.Source.Repository)}}
}

func checkClaims(c *buildtype.Canonical, claims buildtype.Claims) []attest.Reason {
	reasons := c.Compare(claims)
	for i := range reasons {
		reasons[i].Code = CodeClaim
	}
	return reasons
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
	if !c.BuilderIsSigner || slices.ContainsFunc(r.evidence.Signers(), func(s attest.Identity) bool { return s.Subject == id }) {
		return nil
	}
	return []attest.Reason{{Code: CodeSigner, Where: "/predicate/runDetails/builder/id", Want: "a signer of that name", Got: principals(r.evidence)}}
}
