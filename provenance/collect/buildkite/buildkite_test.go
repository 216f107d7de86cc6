package buildkite_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/buildkite"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/slsa"
)

const (
	commit   = "c27d339ee6075c1f744c5d4b200f7901aad2c369"
	issuer   = "https://agent.buildkite.com"
	buildURL = "https://api.buildkite.com/v2/organizations/acme/pipelines/app/builds/5"
)

func variables() map[string]string {
	return map[string]string{
		"BUILDKITE_REPO": "git@github.com:octocat/hello-world.git", "BUILDKITE_COMMIT": commit, "BUILDKITE_BRANCH": "main", "BUILDKITE_TAG": "v1.0",
		"BUILDKITE_ORGANIZATION_SLUG": "acme", "BUILDKITE_PIPELINE_SLUG": "app", "BUILDKITE_BUILD_NUMBER": "5",
		"BUILDKITE_BUILD_ID": "01945ecf-80f0-41e8-9b83-a2970a9305a0", "BUILDKITE_STEP_ID": "0194-step", "BUILDKITE_STEP_KEY": "",
		"BUILDKITE_JOB_ID": "01945ecf-80f0-41e8-9b83-a2970a9305a1", "BUILDKITE_AGENT_ID": "01945ecf-8bcf-40a6-9d70-a765db9a0928", "BUILDKITE_SOURCE": "ui",
	}
}

func claims() map[string]any {
	return map[string]any{
		"organization_slug": "acme", "pipeline_slug": "app", "build_number": 5, "build_branch": "main", "build_tag": "v1.0", "build_commit": commit,
		"step_key": nil, "job_id": "01945ecf-80f0-41e8-9b83-a2970a9305a1", "agent_id": "01945ecf-8bcf-40a6-9d70-a765db9a0928",
		"build_source": "ui", "runner_environment": "buildkite-hosted",
	}
}

const answer = `{"id":"01945ecf-80f0-41e8-9b83-a2970a9305a0","number":5,"state":"running","commit":"` + commit + `","branch":"main","tag":"v1.0","source":"ui",
	"message":"release","env":{},"started_at":"2026-11-23T11:59:00.000Z","finished_at":null,
	"pipeline":{"slug":"app","repository":"git@github.com:octocat/hello-world.git"},"jobs":[]}`

func collector(t testing.TB, i *collecttest.Issuer, changes map[string]any) buildkite.Collector {
	all := claims()
	for k, v := range changes {
		all[k] = v
	}
	return buildkite.Collector{Server: "https://buildkite.com", Token: i.Token(t, all), Trust: i.Trust(t)}
}

func options() collect.Options {
	return collect.Options{BuilderID: "https://buildkite.com/acme", Outputs: []attest.Descriptor{{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()}}}
}

func TestCollectorKeepsTheContract(t *testing.T) {
	c := collector(t, collecttest.NewIssuer(t, issuer), nil)
	c.API = "https://api.buildkite.com/v2"
	collecttest.TestCollector(t, c, collecttest.World{Variables: variables(), Answers: map[string]string{buildURL: answer}})
}

func TestATokenAndTheAPIMakeABuildThatTheProfileReads(t *testing.T) {
	c := collector(t, collecttest.NewIssuer(t, issuer), nil)
	c.API = "https://api.buildkite.com/v2"
	f, err := c.Collect(t.Context(), collecttest.World{Variables: variables(), Answers: map[string]string{buildURL: answer}}.Environment())
	require.NoError(t, err)
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	at, _ := r.Fact(collect.Repository)
	require.Equal(t, collect.PlatformAPI, at.Trust, "the token does not tell the repository")
	b, report, err := buildkite.Build(r, options())
	require.NoError(t, err)
	require.NotEmpty(t, report.Fields)
	require.Equal(t, "https://buildkite.com/acme/app/builds/5#01945ecf-80f0-41e8-9b83-a2970a9305a1", b.InvocationID)
	_, err = slsa.Encode(b)
	require.NoError(t, err)
	p, ok := buildtype.Find(buildtype.Profiles(), b.BuildType)
	require.True(t, ok)
	canonical, err := p.Normalize(b)
	require.NoError(t, err)
	require.Equal(t, "git+ssh://github.com/octocat/hello-world", canonical.Source.Repository)
	require.Equal(t, "refs/tags/v1.0", canonical.Ref)
	require.Equal(t, commit, canonical.Commit.Hex)
	require.Equal(t, "https://buildkite.com/acme/app", canonical.EntryPoint)
}

func TestForgedVariablesAreAnErrorBesideAToken(t *testing.T) {
	i := collecttest.NewIssuer(t, issuer)
	for _, forged := range [][2]string{
		{"BUILDKITE_COMMIT", strings.Repeat("0", 40)}, {"BUILDKITE_BRANCH", "release"}, {"BUILDKITE_TAG", "v2"}, {"BUILDKITE_ORGANIZATION_SLUG", "evil"},
		{"BUILDKITE_PIPELINE_SLUG", "evil"}, {"BUILDKITE_BUILD_NUMBER", "6"}, {"BUILDKITE_JOB_ID", "0"}, {"BUILDKITE_AGENT_ID", "0"}, {"BUILDKITE_SOURCE", "webhook"},
	} {
		t.Run(forged[0], func(t *testing.T) {
			w := collecttest.World{Variables: collecttest.With(variables(), forged[0], forged[1])}
			f, err := collector(t, i, nil).Collect(t.Context(), w.Environment())
			require.NoError(t, err)
			_, err = collect.Resolve(f)
			collecttest.RequireCode(t, err, collect.CodeConflict)
		})
	}
	w := collecttest.World{Variables: collecttest.With(variables(), "BUILDKITE_COMMIT", "HEAD")}
	_, err := collector(t, i, nil).Collect(t.Context(), w.Environment())
	collecttest.RequireCode(t, err, collect.CodeValue)
}

func TestTheAPIIsAskedAboutTheTokensBuild(t *testing.T) {
	c := collector(t, collecttest.NewIssuer(t, issuer), nil)
	c.API = "https://api.buildkite.com/v2"
	w := collecttest.World{Variables: variables()}
	for was, is := range map[string]string{`"number":5`: `"number":6`, `"slug":"app"`: `"slug":"evil"`} {
		w.Answers = map[string]string{buildURL: strings.Replace(answer, was, is, 1)}
		_, err := c.Collect(t.Context(), w.Environment())
		collecttest.RequireCode(t, err, collect.CodeConflict)
	}
	w.Answers = map[string]string{buildURL: strings.Replace(answer, "hello-world", "evil", 1)}
	f, err := c.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	_, err = collect.Resolve(f)
	collecttest.RequireCode(t, err, collect.CodeConflict)
	for _, run := range []buildkite.Collector{{}, {Organization: "..", Pipeline: "app", Number: "5"}, {Organization: "acme", Pipeline: "a/b", Number: "5"}, {Organization: "acme", Pipeline: "app", Number: "x"}} {
		run.Server, run.API = c.Server, c.API
		_, err = run.Collect(t.Context(), w.Environment())
		collecttest.RequireCode(t, err, collect.CodeOption)
	}
	c.Pipeline = "evil"
	_, err = c.Collect(t.Context(), w.Environment())
	collecttest.RequireCode(t, err, collect.CodeConflict)
}

func TestUserInformationInTheRepositoryIsCutOut(t *testing.T) {
	w := collecttest.World{Variables: collecttest.With(variables(), "BUILDKITE_REPO", "https://x-token:"+collecttest.Secret+"@github.com/octocat/hello-world.git")}
	f, err := buildkite.Collector{Server: "https://buildkite.com"}.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	collecttest.RequireNoSecret(t, f)
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	require.Equal(t, "git+https://github.com/octocat/hello-world", r.Value(collect.Repository))
}
