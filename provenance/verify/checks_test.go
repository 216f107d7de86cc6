package verify_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/provenance/verify"
)

// A pair is a case in which a check passes, and one in which it does not.
type pair struct {
	check     verify.CheckID
	good, bad func(*verify.Case, *verify.Roots, *verify.Expectations)
}

func about(e ...*attest.Verified) func(*verify.Case, *verify.Roots, *verify.Expectations) {
	return func(c *verify.Case, _ *verify.Roots, _ *verify.Expectations) { c.Evidence = e }
}

func build(t testing.TB, change func(*provenance.Build)) func(*verify.Case, *verify.Roots, *verify.Expectations) {
	return about(signed(t, change))
}

// gitHubCase is a build of GitHub's workflow type with what its certificate claims.
func gitHubCase(t testing.TB, claims buildtype.Claims, change func(*provenance.Build)) func(*verify.Case, *verify.Roots, *verify.Expectations) {
	return func(c *verify.Case, _ *verify.Roots, x *verify.Expectations) {
		*x = gitHubExpectations()
		x.Parameters = verify.Parameters{Ignore: []string{"workflow"}}
		c.Evidence = []*attest.Verified{sealClaimed(t, provenanceOf(t, func(b *provenance.Build) {
			gitHub(b)
			if change != nil {
				change(b)
			}
		}), "platform", claims)}
	}
}

func pairs(t testing.TB) []pair {
	plain := build(t, nil)
	unreadable := func(body string) func(*verify.Case, *verify.Roots, *verify.Expectations) {
		s, err := attest.NewStatement(slsa.PredicateType, json.RawMessage(body), attest.Descriptor{Digest: provenancetest.Artifact()})
		require.NoError(t, err)
		return about(seal(t, s, "platform"))
	}
	claims := buildtype.Claims{Repository: "https://github.com/acme/app", Ref: "refs/heads/main", Commit: gitCommit, EntryPoint: ".github/workflows/r.yml", Runner: "hosted"}
	fork := claims
	fork.Repository = "https://github.com/fork/app"
	named := func(name string) func(*verify.Case, *verify.Roots, *verify.Expectations) {
		return func(c *verify.Case, _ *verify.Roots, x *verify.Expectations) {
			c.Evidence, x.Name = []*attest.Verified{signed(t, nil)}, name
		}
	}
	runner := func(kind string) func(*verify.Case, *verify.Roots, *verify.Expectations) {
		return func(c *verify.Case, r *verify.Roots, _ *verify.Expectations) {
			r.Grants[0].Runner = kind
			c.Evidence = []*attest.Verified{sealClaimed(t, provenanceOf(t, nil), "platform", claims)}
		}
	}
	old := func(age time.Duration) func(*verify.Case, *verify.Roots, *verify.Expectations) {
		return func(c *verify.Case, _ *verify.Roots, x *verify.Expectations) {
			x.Clock = verify.Clock{Now: finished.Add(2 * time.Hour), MaxAge: age}
			c.Evidence = []*attest.Verified{sealAt(t, provenanceOf(t, nil), "platform", time.Minute)}
		}
	}
	operators := func(a, b string) func(*verify.Case, *verify.Roots, *verify.Expectations) {
		return func(c *verify.Case, r *verify.Roots, _ *verify.Expectations) {
			r.Grants[0].Operator, r.Grants[1].Operator = a, b
			c.Evidence = []*attest.Verified{signed(t, nil), seal(t, provenanceOf(t, func(b *provenance.Build) { b.InvocationID = "2" }), "platform-2")}
		}
	}
	inputs := func(known bool, from ...string) func(*verify.Case, *verify.Roots, *verify.Expectations) {
		return func(c *verify.Case, _ *verify.Roots, x *verify.Expectations) {
			c.Evidence, x.Depth = []*attest.Verified{made(t, "platform", "app", from...)}, 1
			if known {
				c.Dependencies = []*attest.Verified{made(t, "platform", "a"), made(t, "platform", "b", "c")}
			}
		}
	}
	level := func(n int) func(*verify.Case, *verify.Roots, *verify.Expectations) {
		return func(c *verify.Case, r *verify.Roots, x *verify.Expectations) {
			c.Evidence, r.Grants[0].Level, x.Level = []*attest.Verified{signed(t, nil)}, n, 2
		}
	}
	environment := func(id string) func(*verify.Case, *verify.Roots, *verify.Expectations) {
		return func(c *verify.Case, _ *verify.Roots, _ *verify.Expectations) {
			c.Evidence = []*attest.Verified{signed(t, nil), scai(t, "platform", verify.EnvironmentAttribute, `{"buildID":"run/42"}`, sum("quote"))}
			c.Appraisals = []verify.Appraisal{appraisal{policy: "cells", run: id, evidence: []digest.Digest{sum("quote")}}}
		}
	}
	ref := func(refs *verify.Refs) func(*verify.Case, *verify.Roots, *verify.Expectations) {
		return func(c *verify.Case, _ *verify.Roots, x *verify.Expectations) {
			x.BuilderID, x.Refs = workflow, refs
			c.Evidence = []*attest.Verified{seal(t, at(t, "refs/tags/v1.2.3"), "platform")}
		}
	}
	return []pair{
		{verify.CheckAuthority, plain, about(sealBy(t, "test:other", provenanceOf(t, nil), "platform"))},
		{verify.CheckStrict, plain, unreadable(`{"build_definition":{}}`)},
		{verify.CheckSubject, plain, build(t, func(b *provenance.Build) {
			b.Outputs[0].Digest = digest.Set{digest.SHA256: strings.Repeat("0", 64)}
		})},
		{verify.CheckName, named("app"), named("other")},
		{verify.CheckFormat, plain, unreadable(`{}`)},
		{verify.CheckBuildType, plain, build(t, func(b *provenance.Build) { b.BuildType += "/2" })},
		{verify.CheckProfile, gitHubCase(t, claims, nil), gitHubCase(t, claims, func(b *provenance.Build) { b.Inputs = nil })},
		{verify.CheckGrant, plain, about(seal(t, provenanceOf(t, nil), "mallory"))},
		{verify.CheckBuilder, plain, build(t, func(b *provenance.Build) { b.Builder.ID += "/2" })},
		{verify.CheckBuilder, ref(&verify.Refs{From: "1.0.0"}), ref(&verify.Refs{From: "1.3.0"})},
		{verify.CheckClaims, gitHubCase(t, claims, nil), gitHubCase(t, fork, nil)},
		{verify.CheckClaims, gitHubCase(t, claims, nil), gitHubCase(t, buildtype.Claims{}, nil)},
		{verify.CheckSource, plain, build(t, func(b *provenance.Build) { b.Inputs[0].Descriptor.URI = "git+https://example.com/evil/app" })},
		{verify.CheckSourceRef, plain, build(t, func(b *provenance.Build) { b.Inputs[0].Descriptor.URI = provenancetest.SourceURI + "@refs/heads/x" })},
		{verify.CheckSourceDigest, plain, build(t, func(b *provenance.Build) {
			b.Inputs[0].Descriptor.Digest = digest.Set{digest.GitCommit: strings.Repeat("0", 64)}
		})},
		{verify.CheckRepository, gitHubCase(t, claims, nil), gitHubCase(t, buildtype.Claims{}, func(b *provenance.Build) {
			b.External = json.RawMessage(strings.Replace(string(b.External), "acme/app", "acme/ci", 1))
			b.Inputs = append(b.Inputs, b.Inputs[0])
			b.Inputs[0].Descriptor.URI = "git+https://github.com/acme/ci@refs/heads/main"
		})},
		{verify.CheckParameters, plain, build(t, func(b *provenance.Build) {
			b.External = json.RawMessage(strings.Replace(string(b.External), "amd64", "arm64", 1))
		})},
		{verify.CheckParametersExtra, plain, build(t, func(b *provenance.Build) {
			b.External = json.RawMessage(strings.Replace(string(b.External), "{", `{"debug":true,`, 1))
		})},
		{verify.CheckTime, old(3 * time.Hour), old(time.Hour)},
		{verify.CheckDependencies, inputs(true, "a"), inputs(false, "a")},
		{verify.CheckCycle, inputs(true, "a"), inputs(true, "app")},
		{verify.CheckDepth, inputs(true, "a"), inputs(true, "b")},
		{verify.CheckEnvironment, environment("run/42"), environment("run/43")},
		{verify.CheckReproduced, operators("a", "b"), operators("a", "a")},
		{verify.CheckRunner, nil, runner("another")},
		{verify.CheckConflict, nil, about(signed(t, nil), signed(t, func(b *provenance.Build) { b.BuildType += "/2" }))},
		{verify.CheckLevel, nil, level(1)},
	}
}

// Every check has a case in which it is made and passes, and one in which it does not:
// it fails, lowers the level or tells why it counts for nothing. Checks that leave no
// trace where they pass have the case of a passing verdict without them.
func TestEveryCheckPassesAndFails(t *testing.T) {
	run := func(change func(*verify.Case, *verify.Roots, *verify.Expectations)) (verify.Verdict, map[verify.CheckID][]verify.Status) {
		c, r, x := verify.Case{Artifact: provenancetest.Artifact()}, roots(), expectations()
		change(&c, &r, &x)
		v, err := verify.Judge(t.Context(), c, r, x)
		require.Equal(t, err == nil, v.Passed())
		found := map[verify.CheckID][]verify.Status{}
		for _, f := range v.Findings() {
			found[f.Check] = append(found[f.Check], f.Status)
		}
		return v, found
	}
	covered := map[verify.CheckID]bool{verify.CheckStatement: true} // TestTheLegacyStatementNeverReachesAVerdict
	for _, p := range pairs(t) {
		t.Run(string(p.check), func(t *testing.T) {
			covered[p.check] = true
			good := p.good
			if good == nil {
				good = build(t, nil)
			}
			v, found := run(good)
			require.True(t, v.Passed())
			if p.good != nil {
				require.Contains(t, found[p.check], verify.Passed)
			}
			require.NotContains(t, found[p.check], verify.Failed)
			require.NotContains(t, found[p.check], verify.Capped)
			_, found = run(p.bad)
			require.NotEmpty(t, found[p.check])
			require.NotEqual(t, verify.Passed, found[p.check][len(found[p.check])-1])
		})
	}
	for _, check := range []verify.CheckID{"E1", "E2", "E3", "S1", "S2", "P1", "P2", "P3", "B1", "B2", "B3", "C1", "R1", "R2", "R3", "R4", "X1", "X2", "T1", "D1", "D2", "D3", "N1", "Q1", "L1", "Z1"} {
		require.True(t, covered[check], check)
	}
}

// E2: what reaches a verdict is a Statement v1, for nothing else becomes an
// attest.Statement.
func TestTheLegacyStatementNeverReachesAVerdict(t *testing.T) {
	raw := string(provenanceOf(t, nil).Bytes())
	_, err := attest.ParseStatement([]byte(strings.Replace(raw, "Statement/v1", "Statement/v0.1", 1)), attest.Limits{})
	require.ErrorIs(t, err, attest.Is(attest.CodeStatementType))
	v, err := judge(t, provenancetest.Artifact(), expectations(), signed(t, nil))
	require.NoError(t, err)
	require.Equal(t, verify.Passed, statuses(v)[verify.CheckStatement])
}

// Every step of the verification of a summary passes in a good one and fails in a bad
// one.
func TestEveryCheckOfASummaryPassesAndFails(t *testing.T) {
	change := func(f func(*predicate.VSA)) *attest.Verified {
		v := vsa()
		f(v)
		return summaryOf(t, v)
	}
	source := summaryExpectations()
	source.SourceRef = "refs/heads/main"
	unpinned := summaryExpectations()
	unpinned.Policy = attest.Descriptor{}
	refs := attest.Descriptor{Digest: provenancetest.Artifact(), Annotations: map[string]json.RawMessage{"sourceRefs": json.RawMessage(`["refs/heads/main"]`)}}
	for check, c := range map[verify.CheckID]struct {
		good, bad *attest.Verified
		want      verify.SummaryExpectations
	}{
		verify.CheckSummary:    {summaryOf(t, vsa()), signed(t, nil), summaryExpectations()},
		verify.CheckVerifier:   {summaryOf(t, vsa()), change(func(v *predicate.VSA) { v.Verifier.ID += "x" }), summaryExpectations()},
		verify.CheckResource:   {summaryOf(t, vsa()), change(func(v *predicate.VSA) { v.ResourceURI += "x" }), summaryExpectations()},
		verify.CheckResult:     {summaryOf(t, vsa()), change(func(v *predicate.VSA) { v.VerificationResult, v.VerifiedLevels = "FAILED", []string{"FAILED"} }), summaryExpectations()},
		verify.CheckLevels:     {nil, change(func(v *predicate.VSA) { v.VerifiedLevels = []string{"ORG_SCANNED"} }), summaryExpectations()},
		verify.CheckPolicy:     {summaryOf(t, vsa()), change(func(v *predicate.VSA) { v.Policy.URI += "x" }), summaryExpectations()},
		verify.CheckSourceRefs: {summaryOf(t, vsa(), refs), summaryOf(t, vsa()), source},
		verify.CheckOwnPolicy:  {summaryOf(t, vsa()), change(func(v *predicate.VSA) { v.Policy = attest.Descriptor{URI: verifierID + "/p"} }), unpinned},
	} {
		find := func(e *attest.Verified) (statuses []verify.Status) {
			s, err := verify.VerifySummary(t.Context(), provenancetest.Artifact(), e, summaryRoots(), c.want)
			require.Equal(t, err == nil, s.Passed())
			for _, f := range s.Findings() {
				if f.Check == check {
					statuses = append(statuses, f.Status)
				}
			}
			return statuses
		}
		if c.good != nil {
			require.Equal(t, []verify.Status{verify.Passed}, find(c.good), check)
		} else {
			require.Empty(t, find(summaryOf(t, vsa())), check)
		}
		require.Contains(t, find(c.bad), verify.Failed, check)
	}
}
