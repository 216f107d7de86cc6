package verify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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

var finished = provenancetest.Sample().Finished

// sealAt is seal with trusted times, that many after the build finished.
func sealAt(t testing.TB, s *attest.Statement, principal string, after ...time.Duration) *attest.Verified {
	t.Helper()
	facts := attest.Facts{Authority: authority, Statement: s, Evidence: sum(principal + string(s.Bytes())), Signers: []attest.Identity{{Subject: principal, Key: sum(principal)}}}
	for _, d := range after {
		facts.Times = append(facts.Times, attest.TrustedTime{Time: finished.Add(d), Authority: "test:clock"})
	}
	v, err := attest.Seal(facts)
	require.NoError(t, err)
	return v
}

// sealClaimed is seal with a certificate that claims.
func sealClaimed(t testing.TB, s *attest.Statement, principal string, c buildtype.Claims, after ...time.Duration) *attest.Verified {
	t.Helper()
	facts := attest.Facts{Authority: authority, Statement: s, Evidence: sum(fmt.Sprint(principal, c, after) + string(s.Bytes())), Signers: []attest.Identity{{Subject: principal, Key: sum(principal)}}}
	config := ""
	if c.EntryPoint != "" {
		config = c.Repository + "/" + c.EntryPoint + "@" + c.Ref
	}
	for field, value := range map[string]string{"9": c.Builder, "10": c.BuilderCommit, "11": c.Runner, "12": c.Repository, "13": c.Commit, "14": c.Ref, "18": config, "20": c.Trigger, "21": c.Invocation} {
		if value != "" {
			facts.Claims = append(facts.Claims, attest.Claim{Principal: principal, Name: "1.3.6.1.4.1.57264.1." + field, Value: value})
		}
	}
	for _, d := range after {
		facts.Times = append(facts.Times, attest.TrustedTime{Time: finished.Add(d), Authority: "test:clock"})
	}
	v, err := attest.Seal(facts)
	require.NoError(t, err)
	return v
}

func decide(t testing.TB, c verify.Case, r verify.Roots, want verify.Expectations) (verify.Verdict, error) {
	t.Helper()
	if c.Artifact == nil {
		c.Artifact = provenancetest.Artifact()
	}
	v, err := verify.Judge(t.Context(), c, r, want)
	require.Equal(t, err == nil, v.Passed())
	return v, err
}

func TestAGrantCountsInItsWindowOnly(t *testing.T) {
	for name, c := range map[string]struct {
		from, to time.Duration // after the build; 0 leaves the end open
		times    []time.Duration
		ok       bool
	}{
		"in the window":                        {time.Minute, time.Hour, []time.Duration{2 * time.Minute}, true},
		"at its first instant":                 {time.Minute, time.Hour, []time.Duration{time.Minute}, true},
		"at its last instant":                  {time.Minute, time.Hour, []time.Duration{time.Hour}, true},
		"before it":                            {time.Minute, time.Hour, []time.Duration{time.Second}, false},
		"after it":                             {time.Minute, time.Hour, []time.Duration{2 * time.Hour}, false},
		"before it, and stamped again in it":   {time.Minute, time.Hour, []time.Duration{2 * time.Minute, time.Second}, false},
		"in it, and stamped again later":       {time.Minute, time.Hour, []time.Duration{2 * time.Minute, 9 * time.Hour}, true},
		"an expired grant and no trusted time": {0, time.Hour, nil, false},
		"a window without an end":              {time.Minute, 0, []time.Duration{1000 * time.Hour}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := roots()
			if c.from != 0 {
				r.Grants[0].NotBefore = finished.Add(c.from)
			}
			if c.to != 0 {
				r.Grants[0].NotAfter = finished.Add(c.to)
			}
			v, err := decide(t, verify.Case{Evidence: []*attest.Verified{sealAt(t, provenanceOf(t, nil), "platform", c.times...)}}, r, expectations())
			if c.ok {
				require.NoError(t, err)
				require.Equal(t, 3, v.Level())
				return
			}
			refused(t, v, err, verify.CodeWindow)
		})
	}
	r := roots()
	r.Grants[0].NotBefore, r.Grants[0].NotAfter = finished.Add(time.Hour), finished
	require.ErrorIs(t, r.Validate(), attest.Is(verify.CodeRoots))
}

func TestTimes(t *testing.T) {
	for name, c := range map[string]struct {
		clock verify.Clock // Now as an offset is set below
		now   time.Duration
		times []time.Duration
		code  attest.Code
	}{
		"fresh":                          {verify.Clock{MaxAge: time.Hour}, time.Minute, []time.Duration{time.Second}, ""},
		"exactly as old as allowed":      {verify.Clock{MaxAge: time.Hour}, time.Hour, []time.Duration{0}, ""},
		"too old":                        {verify.Clock{MaxAge: time.Hour}, 2 * time.Hour, []time.Duration{time.Second}, verify.CodeStale},
		"old, and stamped again":         {verify.Clock{MaxAge: time.Hour}, 2 * time.Hour, []time.Duration{time.Second, 119 * time.Minute}, verify.CodeStale},
		"without a trusted time":         {verify.Clock{MaxAge: time.Hour}, time.Minute, nil, verify.CodeUntimed},
		"no age asked for":               {verify.Clock{}, 9999 * time.Hour, nil, ""},
		"from the future":                {verify.Clock{}, time.Minute, []time.Duration{2 * time.Minute}, verify.CodeFuture},
		"from the future within skew":    {verify.Clock{Skew: time.Minute}, time.Minute, []time.Duration{2 * time.Minute}, ""},
		"signed before the build's end":  {verify.Clock{}, time.Hour, []time.Duration{-time.Second}, verify.CodeOrder},
		"signed before, within skew":     {verify.Clock{Skew: time.Second}, time.Hour, []time.Duration{-time.Second}, ""},
		"a build that ends after today":  {verify.Clock{}, -time.Second, nil, verify.CodeOrder},
		"a build that starts after then": {verify.Clock{}, -time.Hour, nil, verify.CodeOrder},
	} {
		t.Run(name, func(t *testing.T) {
			want := expectations()
			want.Clock = c.clock
			want.Clock.Now = finished.Add(c.now)
			v, err := decide(t, verify.Case{Evidence: []*attest.Verified{sealAt(t, provenanceOf(t, nil), "platform", c.times...)}}, roots(), want)
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			refused(t, v, err, c.code)
		})
	}
	for _, clock := range []verify.Clock{{MaxAge: time.Hour}, {MaxAge: -1, Now: finished}, {Skew: -1}} {
		want := expectations()
		want.Clock = clock
		require.ErrorIs(t, want.Validate(), attest.Is(verify.CodeExpectations))
	}
}

func TestTheSubjectsNameMustBeThatOfTheArtifact(t *testing.T) {
	want := expectations()
	want.Name = "app"
	decoy := func(b *provenance.Build) {
		b.Outputs = []attest.Descriptor{{Name: "other", Digest: provenancetest.Artifact()}, {Name: "app", Digest: digest.Set{digest.SHA256: strings.Repeat("0", 64)}}}
	}
	_, err := judge(t, provenancetest.Artifact(), want, signed(t, nil))
	require.NoError(t, err)
	v, err := judge(t, provenancetest.Artifact(), want, signed(t, decoy))
	refused(t, v, err, verify.CodeName)
	v, err = judge(t, provenancetest.Artifact(), want, signed(t, func(b *provenance.Build) { b.Outputs[0].Name = "" }))
	refused(t, v, err, verify.CodeName)
}

func TestTheRunnerMustBeTheOneOfTheGrant(t *testing.T) {
	r := roots()
	r.Grants[0].Runner = "github-hosted"
	for runner, level := range map[string]int{"github-hosted": 3, "self-hosted": 1, "": 1, "GitHub-hosted": 1} {
		c := verify.Case{Evidence: []*attest.Verified{sealClaimed(t, provenanceOf(t, nil), "platform", buildtype.Claims{Runner: runner})}}
		v, err := decide(t, c, r, expectations())
		require.NoError(t, err)
		require.Equal(t, level, v.Level(), runner)
		require.Equal(t, 3, v.Track(predicate.TrackBuild).Cap)
		if level < 3 {
			require.Equal(t, verify.CodeRunner, v.MissingForNext()[0].Code)
		}
	}
	third := expectations()
	third.Level = 2
	v, err := decide(t, verify.Case{Evidence: []*attest.Verified{signed(t, nil)}}, r, third)
	refused(t, v, err, verify.CodeLevel)
}

func TestReproducedMeansTwoRunsOfTwoOperators(t *testing.T) {
	r := roots()
	r.Grants[0].Operator, r.Grants[1].Operator = "a", "b"
	r.Grants = append(r.Grants, verify.Grant{Signer: "rebuilder", BuilderID: "https://example.com/builders/rebuild", Level: 1, Operator: "c"})
	run := func(id string) *attest.Statement {
		return provenanceOf(t, func(b *provenance.Build) { b.InvocationID = id })
	}
	rebuilt := provenanceOf(t, func(b *provenance.Build) { b.Builder.ID = "https://example.com/builders/rebuild" })
	want := expectations()
	want.Rebuilders = []string{"https://example.com/builders/rebuild"}
	for name, c := range map[string]struct {
		evidence []*attest.Verified
		ok       bool
	}{
		"two runs, two operators":          {[]*attest.Verified{seal(t, run("1"), "platform"), seal(t, run("2"), "platform-2")}, true},
		"a rebuilder of another operator":  {[]*attest.Verified{seal(t, run("1"), "platform"), seal(t, rebuilt, "rebuilder")}, true},
		"one run":                          {[]*attest.Verified{seal(t, run("1"), "platform")}, false},
		"one run, signed by two operators": {[]*attest.Verified{seal(t, run("1"), "platform", "platform-2")}, false},
		"one run, signed one by one":       {[]*attest.Verified{seal(t, run("1"), "platform"), seal(t, run("1"), "platform-2")}, false},
		"two runs, one operator":           {[]*attest.Verified{seal(t, run("1"), "platform"), seal(t, run("2"), "platform")}, false},
		"runs that cannot be told apart":   {[]*attest.Verified{seal(t, run(""), "platform"), seal(t, run("2"), "platform-2")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := decide(t, verify.Case{Evidence: c.evidence}, r, want)
			require.NoError(t, err)
			require.Equal(t, c.ok, len(v.Properties()) == 1)
		})
	}
	v, err := decide(t, verify.Case{Evidence: []*attest.Verified{seal(t, rebuilt, "rebuilder")}}, r, want)
	refused(t, v, err, verify.CodeBuilder)
	v, err = decide(t, verify.Case{Evidence: []*attest.Verified{seal(t, run("1"), "platform"), seal(t, rebuilt, "rebuilder")}}, r, expectations())
	refused(t, v, err, verify.CodeConflict)
	unnamed := r
	unnamed.Grants = append([]verify.Grant{}, r.Grants...)
	unnamed.Grants[1].Operator = ""
	v, err = decide(t, verify.Case{Evidence: []*attest.Verified{seal(t, run("1"), "platform"), seal(t, run("2"), "platform-2")}}, unnamed, want)
	require.NoError(t, err)
	require.Empty(t, v.Properties())
	want.Rebuilders = []string{want.BuilderID}
	require.ErrorIs(t, want.Validate(), attest.Is(verify.CodeExpectations))
}

const gitCommit = "c27d339ee6075c1f744c5d4b200f7901aad2c369"

// gitHub is a build as GitHub's workflow build type describes it.
func gitHub(b *provenance.Build) {
	b.BuildType = buildtype.GitHubWorkflowV1
	b.External = json.RawMessage(`{"workflow":{"ref":"refs/heads/main","repository":"https://github.com/acme/app","path":".github/workflows/r.yml"}}`)
	b.Internal = nil
	b.Inputs = []provenance.Input{{Role: provenance.RoleOther, Descriptor: attest.Descriptor{URI: "git+https://github.com/acme/app@refs/heads/main", Digest: digest.Set{digest.GitCommit: gitCommit}}}}
}

func gitHubExpectations() verify.Expectations {
	want := expectations()
	want.BuildType = buildtype.GitHubWorkflowV1
	want.Profiles = buildtype.Profiles()
	want.Sources = verify.Sources{{URI: "git+https://github.com/acme/app", AllowSHA1: true}}
	want.Parameters = verify.Parameters{Equal: map[string]json.RawMessage{"workflow": json.RawMessage(`{"ref":"refs/heads/main","repository":"https://github.com/acme/app","path":".github/workflows/r.yml"}`)}}
	return want
}

func TestAForgeableSourceCapsTheLevelUnlessThePlatformVouches(t *testing.T) {
	claims := buildtype.Claims{Repository: "https://github.com/acme/app", Ref: "refs/heads/main", Commit: gitCommit, EntryPoint: ".github/workflows/r.yml"}
	fork, moved, partly := claims, claims, claims
	fork.Repository = "https://github.com/fork/app"
	moved.Commit = strings.Repeat("0", 40)
	partly.Commit = ""
	for name, c := range map[string]struct {
		claims buildtype.Claims
		level  int
		code   attest.Code
	}{
		"the certificate vouches":         {claims, 3, ""},
		"no claims":                       {buildtype.Claims{}, 2, verify.CodeForgeable},
		"claims of all but the commit":    {partly, 2, verify.CodeForgeable},
		"a certificate of a fork":         {fork, 0, verify.CodeClaim},
		"a certificate of another commit": {moved, 0, verify.CodeClaim},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := decide(t, verify.Case{Evidence: []*attest.Verified{sealClaimed(t, provenanceOf(t, gitHub), "platform", c.claims)}}, roots(), gitHubExpectations())
			if c.level == 0 {
				refused(t, v, err, c.code)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.level, v.Level())
			if c.code != "" {
				require.Equal(t, c.code, v.MissingForNext()[0].Code)
			}
		})
	}
}

func TestProfiles(t *testing.T) {
	want := gitHubExpectations()
	trigger := func(b *provenance.Build) {
		gitHub(b)
		b.External = json.RawMessage(strings.Replace(string(b.External), "acme/app", "acme/ci", 1))
		b.Inputs = append(b.Inputs, provenance.Input{Role: provenance.RoleOther, Descriptor: attest.Descriptor{URI: "git+https://github.com/acme/ci@refs/heads/main", Digest: digest.Set{digest.GitCommit: gitCommit}}})
	}
	elsewhere := want
	elsewhere.Parameters = verify.Parameters{Ignore: []string{"workflow"}}
	v, err := judge(t, provenancetest.Artifact(), elsewhere, signed(t, trigger))
	refused(t, v, err, verify.CodeRepository)

	absent := func(b *provenance.Build) {
		gitHub(b)
		b.Inputs = nil
	}
	v, err = judge(t, provenancetest.Artifact(), want, signed(t, absent))
	refused(t, v, err, verify.CodeProfile)
	require.ErrorIs(t, err, attest.Is(buildtype.CodeCommit))

	v, err = judge(t, provenancetest.Artifact(), want, signed(t, nil))
	refused(t, v, err, verify.CodeProfile)

	unknown := expectations()
	unknown.Profiles = buildtype.Profiles()
	require.ErrorIs(t, unknown.Validate(), attest.Is(verify.CodeExpectations))

	masked := want
	masked.BuildType = buildtype.GitLab
	masked.Sources = verify.Sources{{URI: "git+https://gitlab.com/acme/app", AllowSHA1: true}}
	masked.Parameters = verify.Parameters{Equal: map[string]json.RawMessage{"variables": json.RawMessage(`{"TOKEN":"[MASKED]"}`)}, Ignore: []string{"source", "entryPoint"}}
	v, err = judge(t, provenancetest.Artifact(), masked, signed(t, func(b *provenance.Build) {
		gitHub(b)
		b.BuildType = buildtype.GitLab
		b.External = json.RawMessage(`{"source":"https://gitlab.com/acme/app","entryPoint":"job","variables":{"TOKEN":"[MASKED]"}}`)
		b.Inputs[0].Descriptor.URI = "git+https://gitlab.com/acme/app"
	}))
	refused(t, v, err, verify.CodeMasked)
}

func TestOnlyExpectedEventsMayStartABuild(t *testing.T) {
	by := func(event string) *attest.Statement {
		return provenanceOf(t, func(b *provenance.Build) {
			gitHub(b)
			b.Internal = json.RawMessage(`{"github":{"event_name":"` + event + `"}}`)
		})
	}
	claims := buildtype.Claims{Repository: "https://github.com/acme/app", Ref: "refs/heads/main", Commit: gitCommit, EntryPoint: ".github/workflows/r.yml", Trigger: "push"}
	want := gitHubExpectations()
	want.Triggers = []string{"push", "release"}
	v, err := decide(t, verify.Case{Evidence: []*attest.Verified{sealClaimed(t, by("push"), "platform", claims)}}, roots(), want)
	require.NoError(t, err)
	require.Equal(t, 3, v.Level())
	for _, event := range []string{"pull_request_target", "Push", ""} {
		v, err = decide(t, verify.Case{Evidence: []*attest.Verified{seal(t, by(event), "platform")}}, roots(), want)
		refused(t, v, err, verify.CodeTrigger)
	}
	claims.Trigger = "pull_request_target"
	v, err = decide(t, verify.Case{Evidence: []*attest.Verified{sealClaimed(t, by("push"), "platform", claims)}}, roots(), want)
	refused(t, v, err, verify.CodeClaim)
	claims.Trigger = ""
	v, err = decide(t, verify.Case{Evidence: []*attest.Verified{sealClaimed(t, by("push"), "platform", claims)}}, roots(), want)
	require.NoError(t, err)
	require.Equal(t, 2, v.Level(), "an event that only the user's job tells of")
	want.Profiles = nil
	require.ErrorIs(t, want.Validate(), attest.Is(verify.CodeExpectations))
}

// The certificate names the delegator and the provenance the tool that it ran: only a
// grant to that pair holds.
func TestADelegatorSpeaksOnlyForTheToolsItIsGranted(t *testing.T) {
	const delegator = "https://token.actions.githubusercontent.com#https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_generic_slsa3.yml@refs/tags/v2.1.0"
	const tool = "https://github.com/acme/tool/.github/workflows/build.yml"
	by := func(id string) *attest.Statement {
		return provenanceOf(t, func(b *provenance.Build) {
			gitHub(b)
			b.BuildType, b.Builder.ID = buildtype.SLSAGeneratorDelegated, id+"@refs/tags/v1.0.0"
			b.External = json.RawMessage(`{"inputs":{},"vars":{}}`)
			b.Internal = json.RawMessage(`{"GITHUB_WORKFLOW_REF":"acme/app/.github/workflows/r.yml@refs/heads/main"}`)
		})
	}
	want := gitHubExpectations()
	want.BuildType, want.BuilderID, want.Refs = buildtype.SLSAGeneratorDelegated, tool, &verify.Refs{From: "1.0.0"}
	want.Parameters = verify.Parameters{Equal: map[string]json.RawMessage{"inputs": json.RawMessage(`{}`), "vars": json.RawMessage(`{}`)}}
	r := roots()
	r.Grants = []verify.Grant{{Signer: delegator, BuilderID: tool, Refs: want.Refs, Level: 3}}
	v, err := decide(t, verify.Case{Evidence: []*attest.Verified{seal(t, by(tool), delegator)}}, r, want)
	require.NoError(t, err)
	require.Equal(t, 3, v.Level())
	v, err = decide(t, verify.Case{Evidence: []*attest.Verified{seal(t, by(tool), strings.Replace(delegator, "delegator_generic", "delegator_lowperms-generic", 1))}}, r, want)
	refused(t, v, err, verify.CodeImpostor)
	v, err = decide(t, verify.Case{Evidence: []*attest.Verified{seal(t, by("https://github.com/evil/tool/.github/workflows/build.yml"), delegator)}}, r, want)
	refused(t, v, err, verify.CodeBuilder)
	want.BuilderID, want.Refs = "https://github.com/actions/runner/github-hosted", nil
	r.Grants = append(r.Grants, verify.Grant{Signer: "https://token.actions.githubusercontent.com#https://github.com/acme/app/.github/workflows/r.yml@refs/heads/main", BuilderID: want.BuilderID, Level: 2})
	v, err = decide(t, verify.Case{Evidence: []*attest.Verified{seal(t, provenanceOf(t, func(b *provenance.Build) { gitHub(b); b.Builder.ID = want.BuilderID }), delegator)}}, r, func() verify.Expectations {
		x := gitHubExpectations()
		x.BuilderID = want.BuilderID
		return x
	}())
	refused(t, v, err, verify.CodeImpostor) // a reusable workflow that claims to be the default runner
}

// generator is provenance v0.2 by slsa-github-generator.
func generator(t testing.TB, signer string) *attest.Verified {
	t.Helper()
	s, err := attest.NewStatement(slsa.PredicateTypeV02, json.RawMessage(`{"builder":{"id":"https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_go_slsa3.yml@refs/tags/v2.1.0"},`+
		`"buildType":"`+buildtype.SLSAGeneratorGo+`","invocation":{"configSource":{"uri":"git+https://github.com/acme/app@refs/tags/v1","digest":{"sha1":"`+gitCommit+`"},"entryPoint":".github/workflows/r.yml"},"parameters":{}},`+
		`"materials":[{"uri":"git+https://github.com/acme/app@refs/tags/v1","digest":{"sha1":"`+gitCommit+`"}}]}`), attest.Descriptor{Name: "app", Digest: provenancetest.Artifact()})
	require.NoError(t, err)
	return seal(t, s, signer)
}

func TestLegacyProvenanceNeedsOptIn(t *testing.T) {
	const id = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_go_slsa3.yml@refs/tags/v2.1.0"
	want := verify.Expectations{
		BuilderID: id, BuildType: buildtype.SLSAGeneratorGo, Level: 3, Profiles: buildtype.Profiles(),
		Sources:    verify.Sources{{URI: "git+https://github.com/acme/app@refs/tags/v1", Digest: digest.Set{digest.GitCommit: gitCommit}, AllowSHA1: true}},
		Parameters: verify.Parameters{Equal: map[string]json.RawMessage{"parameters": json.RawMessage(`{}`)}, Ignore: []string{"configSource"}},
	}
	r := roots()
	r.Grants = []verify.Grant{{Signer: id, BuilderID: id, Level: 3}, {Signer: "other", BuilderID: id, Level: 3}}
	v, err := decide(t, verify.Case{Evidence: []*attest.Verified{generator(t, id)}}, r, want)
	refused(t, v, err, verify.CodeNone)
	want.AllowLegacy = true
	v, err = decide(t, verify.Case{Evidence: []*attest.Verified{generator(t, id)}}, r, want)
	require.NoError(t, err)
	require.Equal(t, 3, v.Level())
	v, err = decide(t, verify.Case{Evidence: []*attest.Verified{generator(t, "other")}}, r, want)
	refused(t, v, err, verify.CodeSigner)
	want.Sources[0].Digest = digest.Set{digest.GitCommit: strings.Repeat("0", 40)}
	v, err = decide(t, verify.Case{Evidence: []*attest.Verified{generator(t, id)}}, r, want)
	refused(t, v, err, verify.CodeSourceDigest)
}

func TestJudgeIsSafeForConcurrentUse(t *testing.T) {
	e := sealClaimed(t, provenanceOf(t, gitHub), "platform", buildtype.Claims{Ref: "refs/heads/main"})
	c := verify.Case{Artifact: provenancetest.Artifact(), Evidence: []*attest.Verified{e}, Summaries: []verify.Summary{sourceSummary(t, "SLSA_SOURCE_LEVEL_1")}}
	r, want := roots(), gitHubExpectations()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				v, err := verify.Judge(t.Context(), c, r, want)
				if assert.NoError(t, err) {
					assert.Equal(t, 2, v.Level())
				}
			}
		})
	}
	all.Wait()
}
