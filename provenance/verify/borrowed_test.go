package verify_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/verify"
)

// gitHubClaims are the claims of a certificate for the build of gitHub.
func gitHubClaims() buildtype.Claims {
	return buildtype.Claims{Repository: "https://github.com/acme/app", Ref: "refs/heads/main", Commit: gitCommit, EntryPoint: ".github/workflows/r.yml"}
}

// signedToo is the evidence, signed by one more principal without a certificate.
func signedToo(t testing.TB, e *attest.Verified, principal string) *attest.Verified {
	t.Helper()
	v, err := attest.Seal(attest.Facts{
		Authority: e.Authority(), Statement: e.Statement(), Evidence: sum(principal + e.Evidence().Hex), Claims: e.Claims(), Times: e.Times(),
		Signers: append(e.Signers(), attest.Identity{Subject: principal, Key: sum(principal)}),
	})
	require.NoError(t, err)
	return v
}

func TestTheCertificateOfOneSignerDoesNotLiftTheGrantOfAnother(t *testing.T) {
	for signer, level := range map[string]int{"platform": 3, "platform-2": 2} {
		other := map[string]string{"platform": "platform-2", "platform-2": "platform"}[signer]
		e := signedToo(t, sealClaimed(t, provenanceOf(t, gitHub), signer, gitHubClaims()), other)
		v, err := decide(t, verify.Case{Evidence: []*attest.Verified{e}}, roots(), gitHubExpectations())
		require.NoError(t, err)
		require.Equal(t, level, v.Level(), "the certificate is that of %s", signer)
	}
	equal := roots()
	equal.Grants[0].Level = 2
	for signer, other := range map[string]string{"platform": "platform-2", "platform-2": "platform"} {
		e := signedToo(t, sealClaimed(t, provenanceOf(t, gitHub), signer, gitHubClaims()), other)
		v, err := decide(t, verify.Case{Evidence: []*attest.Verified{e}}, equal, gitHubExpectations())
		require.NoError(t, err)
		require.Equal(t, 2, v.Level())
		for _, f := range v.Findings() {
			require.NotEqual(t, verify.CodeForgeable, f.Reason.Code, "of two equal signers the one with the certificate counts")
		}
	}
	r := roots()
	r.Grants[0].Runner = "github-hosted"
	r.Grants[1].Level = 3
	e := signedToo(t, sealClaimed(t, provenanceOf(t, gitHub), "platform", gitHubClaims()), "platform-2")
	v, err := decide(t, verify.Case{Evidence: []*attest.Verified{e}}, r, gitHubExpectations())
	require.NoError(t, err)
	require.Equal(t, 2, v.Level(), "a signer on the wrong machine lends nothing")
}

func TestADependencyIsNotBelievedMoreForTheBuildTypeThatItNames(t *testing.T) {
	app := sealClaimed(t, provenanceOf(t, func(b *provenance.Build) {
		gitHub(b)
		b.Inputs = append(b.Inputs, provenance.Input{Role: provenance.RoleOther, Descriptor: thing("tool")})
	}), "platform", gitHubClaims())
	command := func(b *provenance.Build) {
		b.BuildType, b.External, b.Internal, b.Inputs = buildtype.Command, json.RawMessage(`{"command":["make"]}`), nil, nil
	}
	inline := func(b *provenance.Build) {
		gitHub(b)
		b.BuildType = buildtype.CloudBuild
		b.External = json.RawMessage(`{"buildConfigSource":{"repository":"https://github.com/acme/app","ref":"refs/heads/main","path":"x"}}`)
	}
	for name, c := range map[string]struct {
		change func(*provenance.Build)
		claims buildtype.Claims
		level  string
	}{
		"a command without a source":             {command, buildtype.Claims{}, "SLSA_BUILD_LEVEL_2"},
		"a platform that vouches for everything": {inline, buildtype.Claims{}, "SLSA_BUILD_LEVEL_2"},
		"the expected type, and no certificate":  {gitHub, buildtype.Claims{}, "SLSA_BUILD_LEVEL_2"},
		"the expected type, and a certificate":   {gitHub, gitHubClaims(), "SLSA_BUILD_LEVEL_3"},
	} {
		t.Run(name, func(t *testing.T) {
			tool := sealClaimed(t, provenanceOf(t, func(b *provenance.Build) {
				c.change(b)
				b.Outputs = []attest.Descriptor{thing("tool")}
			}), "platform", c.claims)
			v, err := decide(t, verify.Case{Evidence: []*attest.Verified{app}, Dependencies: []*attest.Verified{tool}}, roots(), gitHubExpectations())
			require.NoError(t, err)
			require.EqualValues(t, 1, v.Dependencies().Levels[c.level], "%v", v.Dependencies().Levels)
		})
	}
}

func TestASourceSummaryIsOfTheExpectedRepositoryAtTheExpectedRef(t *testing.T) {
	for name, c := range map[string]struct {
		resource, refs string
		level          int
	}{
		"the repository":                     {provenancetest.SourceURI, `["refs/tags/v1.2.3"]`, 4},
		"the repository by its web address":  {strings.TrimPrefix(provenancetest.SourceURI, "git+"), `["refs/heads/main","refs/tags/v1.2.3"]`, 4},
		"a fork, which has the same commits": {provenancetest.SourceURI + "-fork", `["refs/tags/v1.2.3"]`, 0},
		"something that is no location":      {"pkg:generic/app@1.2.3", `["refs/tags/v1.2.3"]`, 0},
		"another ref of the same commit":     {provenancetest.SourceURI, `["refs/heads/main"]`, 0},
		"no ref":                             {provenancetest.SourceURI, `[]`, 0},
		"refs that are none":                 {provenancetest.SourceURI, `"refs/tags/v1.2.3"`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := vsa()
			v.ResourceURI, v.VerifiedLevels = c.resource, []string{"SLSA_SOURCE_LEVEL_4"}
			commit := digest.Set{digest.GitCommit: provenancetest.Commit}
			e := summaryOf(t, v, attest.Descriptor{Digest: commit, Annotations: map[string]json.RawMessage{verify.SourceRefsAnnotation: json.RawMessage(c.refs)}})
			s, err := verify.VerifySummary(t.Context(), commit, e, summaryRoots(), verify.SummaryExpectations{ResourceURI: c.resource, Levels: map[string]int{predicate.TrackSource: 1}})
			require.NoError(t, err)
			verdict, err := decide(t, verify.Case{Evidence: []*attest.Verified{signed(t, nil)}, Summaries: []verify.Summary{s}}, roots(), expectations())
			require.NoError(t, err)
			require.Equal(t, c.level, verdict.Track(predicate.TrackSource).Level)
		})
	}
}

// Between two versions of the builder that contradict each other, a rebuilder is no
// bridge, wherever it stands in the order.
func TestTwoVersionsOfTheBuilderConflictBesideARebuilder(t *testing.T) {
	const rebuilder = "https://example.com/rebuilder"
	refs := &verify.Refs{From: "1.0.0"}
	want, r := expectations(), roots()
	want.BuilderID, want.Refs, want.Rebuilders = workflow, refs, []string{rebuilder}
	r.Grants = []verify.Grant{{Signer: "platform", BuilderID: workflow, Level: 3, Refs: refs}, {Signer: "platform", BuilderID: rebuilder, Level: 3}}
	statements := []*attest.Statement{at(t, "refs/tags/v1.0.0"), at(t, "refs/tags/v1.1.0"), provenanceOf(t, func(b *provenance.Build) { b.Builder.ID = rebuilder })}
	numbered := func(i int, s *attest.Statement) *attest.Verified {
		v, err := attest.Seal(attest.Facts{Authority: authority, Statement: s, Signers: []attest.Identity{{Subject: "platform", Key: sum("platform")}},
			Evidence: digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat(string(rune('0'+i)), 64)}})
		require.NoError(t, err)
		return v
	}
	for first := range statements {
		evidence := []*attest.Verified{numbered(0, statements[first]), numbered(1, statements[(first+1)%3]), numbered(2, statements[(first+2)%3])}
		v, err := decide(t, verify.Case{Evidence: evidence}, r, want)
		refused(t, v, err, verify.CodeConflict)
	}
	_, err := decide(t, verify.Case{Evidence: []*attest.Verified{numbered(0, statements[2]), numbered(1, statements[0])}}, r, want)
	require.NoError(t, err)
}

func TestAnInputNamedLikeADigestIsNoArtifact(t *testing.T) {
	tool := thing("tool")
	disguised := func(uri string) provenance.Input {
		return provenance.Input{Role: provenance.RoleOther, Descriptor: attest.Descriptor{URI: uri}}
	}
	app := func(inputs ...provenance.Input) []*attest.Verified {
		return []*attest.Verified{signed(t, func(b *provenance.Build) {
			b.Inputs = append(b.Inputs[:1], append([]provenance.Input{{Role: provenance.RoleTool, Descriptor: tool}}, inputs...)...)
		})}
	}
	uri := tool.Digest.String()
	v, err := decide(t, verify.Case{Evidence: app(disguised(uri)), Dependencies: []*attest.Verified{made(t, "platform", "tool")}}, roots(), expectations())
	require.NoError(t, err)
	require.Equal(t, map[string]uint64{"SLSA_BUILD_LEVEL_3": 1}, v.Dependencies().Levels)
	require.Equal(t, []string{uri}, v.Dependencies().Unknown, "the disguised one is another, of which nothing is known")
	for _, dependencies := range [][]*attest.Verified{nil, {made(t, "platform", "tool")}} {
		v, err = decide(t, verify.Case{Evidence: app(disguised(provenancetest.Artifact().String())), Dependencies: dependencies}, roots(), expectations())
		require.NoError(t, err)
		require.Empty(t, v.Dependencies().Cycles, "nor the artifact itself")
		require.Contains(t, v.Dependencies().Unknown, provenancetest.Artifact().String())
	}
}

func TestDependenciesEndOnlyWhereAVerifierOfBuildsSaysSo(t *testing.T) {
	grants := summaryRoots()
	delete(grants.Grants[0].Levels, predicate.TrackBuild)
	silent := summarized(t, "a", "SLSA_BUILD_LEVEL_2", nil)
	v := vsa()
	v.VerifiedLevels, v.DependencyLevels = []string{"SLSA_SOURCE_LEVEL_2"}, map[string]uint64{}
	s, err := verify.VerifySummary(t.Context(), thing("a").Digest, summaryOf(t, v, thing("a")), grants, verify.SummaryExpectations{ResourceURI: resource, Levels: map[string]int{predicate.TrackSource: 1}})
	require.NoError(t, err)
	verdict, err := decide(t, verify.Case{Evidence: []*attest.Verified{made(t, "platform", "app", "a")}, Summaries: []verify.Summary{silent, s}}, roots(), expectations())
	require.NoError(t, err)
	o := issueOptions()
	o.CountDependencies = true
	_, err = verdict.Summarize(o)
	require.ErrorIs(t, err, attest.Is(verify.CodeIssue))
}

func TestAPairOfSummaryRootsIsGrantedOnce(t *testing.T) {
	r := summaryRoots()
	require.NoError(t, r.Validate())
	twice := slices.Clone(r.Grants[0].Properties)
	r.Grants = append(r.Grants, verify.SummaryGrant{Signer: r.Grants[0].Signer, VerifierID: r.Grants[0].VerifierID, Properties: twice})
	require.ErrorIs(t, r.Validate(), attest.Is(verify.CodeRoots))
}
