package verify_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/verify"
)

const (
	workflow = "https://example.com/builders/.github/workflows/build.yml"
	pinned   = "1111111111111111111111111111111111111111"
)

// at is provenance by the workflow at a ref.
func at(t testing.TB, ref string) *attest.Statement {
	return provenanceOf(t, func(b *provenance.Build) { b.Builder.ID = workflow + "@" + ref })
}

func TestTheBuilderMustBeAtAnExpectedVersion(t *testing.T) {
	said := func(ref, commit string) buildtype.Claims {
		return buildtype.Claims{Builder: workflow + "@" + ref, BuilderCommit: commit}
	}
	for name, c := range map[string]struct {
		refs   verify.Refs
		ref    string
		claims buildtype.Claims
		ok     bool
	}{
		"the first version":                      {verify.Refs{From: "1.2.3"}, "refs/tags/v1.2.3", buildtype.Claims{}, true},
		"a later one":                            {verify.Refs{From: "1.2.3"}, "refs/tags/v1.10.0", buildtype.Claims{}, true},
		"an earlier one":                         {verify.Refs{From: "1.2.3"}, "refs/tags/v1.2.2", buildtype.Claims{}, false},
		"the next major version":                 {verify.Refs{From: "1.2.3"}, "refs/tags/v2.0.0", buildtype.Claims{}, false},
		"below the bound":                        {verify.Refs{From: "1.2.3", Below: "3.0.0"}, "refs/tags/v2.9.9", buildtype.Claims{}, true},
		"at the bound":                           {verify.Refs{From: "1.2.3", Below: "3.0.0"}, "refs/tags/v3.0.0", buildtype.Claims{}, false},
		"a pre-release":                          {verify.Refs{From: "1.2.3"}, "refs/tags/v1.3.0-rc.1", buildtype.Claims{}, false},
		"build metadata":                         {verify.Refs{From: "1.2.3"}, "refs/tags/v1.3.0+1", buildtype.Claims{}, false},
		"a tag that moves":                       {verify.Refs{From: "1.2.3"}, "refs/tags/v1", buildtype.Claims{}, false},
		"a leading zero":                         {verify.Refs{From: "1.2.3"}, "refs/tags/v1.03.0", buildtype.Claims{}, false},
		"a branch":                               {verify.Refs{From: "1.2.3"}, "refs/heads/v1.3.0", buildtype.Claims{}, false},
		"a tag without its namespace":            {verify.Refs{From: "1.2.3"}, "v1.3.0", buildtype.Claims{}, false},
		"a tag in other case":                    {verify.Refs{From: "1.2.3"}, "refs/tags/V1.3.0", buildtype.Claims{}, false},
		"a second ref":                           {verify.Refs{From: "1.2.3"}, "refs/tags/v1.3.0@main", buildtype.Claims{}, false},
		"a pinned commit":                        {verify.Refs{Commits: []string{pinned}}, pinned, buildtype.Claims{}, true},
		"a short commit":                         {verify.Refs{Commits: []string{pinned}}, pinned[:12], buildtype.Claims{}, false},
		"another commit":                         {verify.Refs{Commits: []string{pinned}}, strings.Repeat("2", 40), buildtype.Claims{}, false},
		"a tag at the pinned commit":             {verify.Refs{From: "1.2.3", Commits: []string{pinned}}, "refs/tags/v1.3.0", said("refs/tags/v1.3.0", pinned), true},
		"a tag that was moved":                   {verify.Refs{From: "1.2.3", Commits: []string{pinned}}, "refs/tags/v1.3.0", said("refs/tags/v1.3.0", strings.Repeat("2", 40)), false},
		"a tag whose commit nobody tells":        {verify.Refs{From: "1.2.3", Commits: []string{pinned}}, "refs/tags/v1.3.0", buildtype.Claims{}, false},
		"a tag at the commit of another builder": {verify.Refs{From: "1.2.3", Commits: []string{pinned}}, "refs/tags/v1.3.0", buildtype.Claims{Builder: workflow + "x", BuilderCommit: pinned}, false},
		"a branch at the pinned commit":          {verify.Refs{Commits: []string{pinned}}, "refs/heads/main", said("refs/heads/main", pinned), true},
	} {
		t.Run(name, func(t *testing.T) {
			want := expectations()
			want.BuilderID, want.Refs = workflow, &c.refs
			r := roots()
			r.Grants = []verify.Grant{{Signer: "platform", BuilderID: workflow, Level: 3, Refs: &c.refs}}
			e := sealClaimed(t, at(t, c.ref), "platform", c.claims)
			v, err := decide(t, verify.Case{Evidence: []*attest.Verified{e}}, r, want)
			if c.ok {
				require.NoError(t, err)
				require.Equal(t, 3, v.Level())
				return
			}
			refused(t, v, err, verify.CodeBuilderRef)
			failed := map[verify.CheckID]bool{}
			for _, f := range v.Findings() {
				failed[f.Check] = failed[f.Check] || f.Status == verify.Failed
			}
			require.True(t, failed[verify.CheckBuilder], "the expectation")
			require.True(t, failed[verify.CheckGrant], "the grant")
		})
	}
}

func TestABuilderThatSignsAsItselfSignsAtItsOwnRef(t *testing.T) {
	want := expectations()
	want.BuilderID, want.Refs = workflow, &verify.Refs{From: "1.0.0"}
	r := roots()
	r.Grants = []verify.Grant{{Signer: "issuer#" + workflow, BuilderID: workflow, Level: 3, Refs: want.Refs}}
	for signer, code := range map[string]attest.Code{
		"issuer#" + workflow + "@refs/tags/v1.1.0":  "",
		"issuer#" + workflow:                        "",
		"issuer#" + workflow + "@refs/tags/v1.2.0":  verify.CodeImpostor,
		"issuer#" + workflow + "@refs/heads/main":   verify.CodeImpostor,
		"issuer#" + workflow + "l@refs/tags/v1.1.0": verify.CodeImpostor,
		"other#" + workflow + "@refs/tags/v1.1.0":   verify.CodeImpostor,
	} {
		v, err := decide(t, verify.Case{Evidence: []*attest.Verified{seal(t, at(t, "refs/tags/v1.1.0"), signer)}}, r, want)
		if code == "" {
			require.NoError(t, err, signer)
			continue
		}
		refused(t, v, err, code)
	}
	for id, code := range map[string]attest.Code{workflow: verify.CodeBuilderRef, workflow + "@": verify.CodeBuilder, workflow + "l@refs/tags/v1.1.0": verify.CodeBuilder} {
		v, err := decide(t, verify.Case{Evidence: []*attest.Verified{seal(t, provenanceOf(t, func(b *provenance.Build) { b.Builder.ID = id }), "x")}}, r, want)
		refused(t, v, err, code)
	}
	two := []*attest.Verified{seal(t, at(t, "refs/tags/v1.1.0"), "issuer#"+workflow), seal(t, at(t, "refs/tags/v1.2.0"), "issuer#"+workflow)}
	v, err := decide(t, verify.Case{Evidence: two}, r, want)
	refused(t, v, err, verify.CodeConflict)
}

func TestRefsThatBoundNothingAreRefused(t *testing.T) {
	for name, refs := range map[string]verify.Refs{
		"nothing": {}, "a bound only": {Below: "2.0.0"}, "a short version": {From: "1.2"}, "a version with v": {From: "v1.2.3"},
		"a pre-release": {From: "1.2.3-rc"}, "a bound at the start": {From: "1.2.3", Below: "1.2.3"}, "a short commit": {Commits: []string{"abc"}},
		"a number too large": {From: "1.2.99999999999"},
	} {
		want, r := expectations(), roots()
		want.Refs, r.Grants[0].Refs = &refs, &refs
		require.ErrorIs(t, want.Validate(), attest.Is(verify.CodeExpectations), name)
		require.ErrorIs(t, r.Validate(), attest.Is(verify.CodeRoots), name)
	}
}
