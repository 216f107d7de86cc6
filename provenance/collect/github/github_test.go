package github_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/github"
	"github.com/sealwright/sealwright/provenance/collect/oidc"
	"github.com/sealwright/sealwright/provenance/slsa"
)

const (
	commit = "c27d339ee6075c1f744c5d4b200f7901aad2c369"
	issuer = "https://token.actions.githubusercontent.com"
	runURL = "https://api.github.com/repos/octocat/hello-world/actions/runs/42/attempts/1"
)

func variables() map[string]string {
	return map[string]string{
		"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "octocat/hello-world",
		"GITHUB_REPOSITORY_ID": "7", "GITHUB_REPOSITORY_OWNER_ID": "1",
		"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": commit,
		"GITHUB_WORKFLOW_REF": "octocat/hello-world/.github/workflows/release.yml@refs/heads/main", "GITHUB_WORKFLOW_SHA": commit,
		"GITHUB_EVENT_NAME": "push", "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "build",
		"GITHUB_ACTOR": "octocat", "RUNNER_ENVIRONMENT": "github-hosted",
	}
}

func claims() map[string]any {
	return map[string]any{
		"repository": "octocat/hello-world", "repository_id": "7", "repository_owner_id": "1", "ref": "refs/heads/main", "sha": commit,
		"workflow_ref": "octocat/hello-world/.github/workflows/release.yml@refs/heads/main", "workflow_sha": commit,
		"job_workflow_ref": "octocat/hello-world/.github/workflows/release.yml@refs/heads/main",
		"event_name":       "push", "run_id": "42", "run_attempt": "1", "actor": "octocat", "runner_environment": "github-hosted",
	}
}

const answer = `{"id":42,"name":"Release","head_sha":"` + commit + `","event":"push","run_attempt":1,"run_started_at":"2026-11-23T11:59:00Z",
	"status":"in_progress","conclusion":null,"actor":{"login":"octocat","id":1},"repository":{"id":7,"full_name":"octocat/hello-world","private":false}}`

func collector(t testing.TB, i *collecttest.Issuer, changes map[string]any) github.Collector {
	all := claims()
	for k, v := range changes {
		all[k] = v
	}
	return github.Collector{Server: "https://github.com", Token: i.Token(t, all), Trust: i.Trust(t)}
}

func output() attest.Descriptor {
	return attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()}
}

func TestCollectorKeepsTheContract(t *testing.T) {
	c := collector(t, collecttest.NewIssuer(t, issuer), nil)
	c.API = "https://api.github.com"
	collecttest.TestCollector(t, c, collecttest.World{Variables: variables(), Answers: map[string]string{runURL: answer}})
}

func TestATokenMakesABuildThatTheProfileReads(t *testing.T) {
	f, err := collector(t, collecttest.NewIssuer(t, issuer), nil).Collect(t.Context(), collecttest.World{Variables: variables()}.Environment())
	require.NoError(t, err)
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	b, report, err := github.Build(r, collect.Options{Outputs: []attest.Descriptor{output()}})
	require.NoError(t, err)
	collecttest.RequireNoSecret(t, b, report)
	require.Equal(t, 3, report.LevelCap())
	require.Equal(t, "https://github.com/octocat/hello-world/.github/workflows/release.yml@refs/heads/main", b.Builder.ID)
	require.Equal(t, "https://github.com/octocat/hello-world/actions/runs/42/attempts/1", b.InvocationID)
	_, err = slsa.Encode(b)
	require.NoError(t, err)
	p, ok := buildtype.Find(buildtype.Profiles(), b.BuildType)
	require.True(t, ok)
	c, err := p.Normalize(b)
	require.NoError(t, err)
	require.Equal(t, "git+https://github.com/octocat/hello-world", c.Source.Repository)
	require.Equal(t, "refs/heads/main", c.Ref)
	require.Equal(t, commit, c.Commit.Hex)
	require.Equal(t, ".github/workflows/release.yml", c.EntryPoint)
	require.Equal(t, "push", c.Trigger)
}

func TestWithoutATokenEverythingIsSelfAssertedAndCapsTheLevel(t *testing.T) {
	f, err := github.Collector{Server: "https://github.com"}.Collect(t.Context(), collecttest.World{Variables: variables()}.Environment())
	require.NoError(t, err)
	for _, fact := range f.Facts {
		require.Equal(t, collect.SelfAsserted, fact.Trust)
	}
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	_, _, err = github.Build(r, collect.Options{Outputs: []attest.Descriptor{output()}})
	collecttest.RequireCode(t, err, collect.CodeMissing) // nobody tells the builder
	_, report, err := github.Build(r, collect.Options{BuilderID: "https://example.com/b", Outputs: []attest.Descriptor{output()}})
	require.NoError(t, err)
	require.Equal(t, 1, report.LevelCap())
}

func TestForgedVariablesAreAnErrorBesideAToken(t *testing.T) {
	i := collecttest.NewIssuer(t, issuer)
	for _, forged := range [][2]string{
		{"GITHUB_REPOSITORY", "octocat/evil"}, {"GITHUB_REPOSITORY_ID", "8"}, {"GITHUB_SHA", strings.Repeat("0", 40)}, {"GITHUB_REF", "refs/tags/v1"},
		{"GITHUB_WORKFLOW_REF", "octocat/hello-world/.github/workflows/release.ymlevil@refs/heads/main"}, {"GITHUB_EVENT_NAME", "release"},
		{"GITHUB_RUN_ID", "43"}, {"RUNNER_ENVIRONMENT", "self-hosted"},
	} {
		t.Run(forged[0], func(t *testing.T) {
			w := collecttest.World{Variables: collecttest.With(variables(), forged[0], forged[1])}
			f, err := collector(t, i, nil).Collect(t.Context(), w.Environment())
			require.NoError(t, err)
			_, err = collect.Resolve(f)
			collecttest.RequireCode(t, err, collect.CodeConflict)
		})
	}
	w := collecttest.World{Variables: collecttest.With(variables(), "GITHUB_SERVER_URL", "https://github.com.evil.tld")}
	_, err := collector(t, i, nil).Collect(t.Context(), w.Environment())
	collecttest.RequireCode(t, err, collect.CodeConflict)
}

func TestATokenThatIsNotThePlatformsIsRefused(t *testing.T) {
	i := collecttest.NewIssuer(t, issuer)
	good := collector(t, i, nil)
	env := collecttest.World{Variables: variables()}.Environment()
	forged := good
	forged.Token = collector(t, collecttest.NewIssuer(t, issuer), nil).Token
	_, err := forged.Collect(t.Context(), env)
	collecttest.RequireCode(t, err, oidc.CodeSignature)
	for claim, code := range map[string]attest.Code{"aud": oidc.CodeAudience, "iss": oidc.CodeIssuer} {
		_, err = collector(t, i, map[string]any{claim: "https://evil.example"}).Collect(t.Context(), env)
		collecttest.RequireCode(t, err, code)
	}
	_, err = collector(t, i, map[string]any{"exp": collecttest.Now().Unix() - 1, "iat": collecttest.Now().Unix() - 9}).Collect(t.Context(), env)
	collecttest.RequireCode(t, err, oidc.CodeTime)
}

func TestTheAPIIsAskedAboutTheTokensRunAndNoVariableMovesIt(t *testing.T) {
	i := collecttest.NewIssuer(t, issuer)
	c := collector(t, i, nil)
	c.API = "https://api.github.com"
	w := collecttest.World{Variables: variables(), Answers: map[string]string{runURL: answer}}
	f, err := c.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	require.Equal(t, "2026-11-23T11:59:00Z", r.Value(collect.Started))
	for name, body := range map[string]string{
		"another run":        strings.Replace(answer, `"id":42`, `"id":43`, 1),
		"another attempt":    strings.Replace(answer, `"run_attempt":1`, `"run_attempt":2`, 1),
		"another repository": strings.Replace(answer, "octocat/hello-world", "octocat/evil", 1),
	} {
		t.Run(name, func(t *testing.T) {
			w.Answers = map[string]string{runURL: body}
			_, err := c.Collect(t.Context(), w.Environment())
			collecttest.RequireCode(t, err, collect.CodeConflict)
		})
	}
	w.Answers = map[string]string{runURL: strings.Replace(answer, commit, strings.Repeat("0", 40), 1)}
	f, err = c.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	_, err = collect.Resolve(f)
	collecttest.RequireCode(t, err, collect.CodeConflict)
	for _, run := range []github.Collector{{}, {Repository: "octocat/hello-world/..", RunID: "42", RunAttempt: "1"}, {Repository: "o/r", RunID: "4/2", RunAttempt: "1"}, {Repository: "o", RunID: "42", RunAttempt: "1"}} {
		run.Server, run.API = c.Server, c.API
		_, err = run.Collect(t.Context(), w.Environment())
		collecttest.RequireCode(t, err, collect.CodeOption)
	}
	c.RunID = "43"
	_, err = c.Collect(t.Context(), w.Environment())
	collecttest.RequireCode(t, err, collect.CodeConflict)
}

func TestAMergeCommitIsNotComparedWithTheBranchsHead(t *testing.T) {
	i := collecttest.NewIssuer(t, issuer)
	c := collector(t, i, map[string]any{"event_name": "pull_request", "ref": "refs/pull/1/merge"})
	c.API = "https://api.github.com"
	body := strings.Replace(strings.Replace(answer, commit, strings.Repeat("1", 40), 1), `"push"`, `"pull_request"`, 1)
	w := collecttest.World{Variables: collecttest.With(variables(), "GITHUB_EVENT_NAME", "pull_request", "GITHUB_REF", "refs/pull/1/merge"), Answers: map[string]string{runURL: body}}
	f, err := c.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	require.Equal(t, commit, r.Value(collect.Commit))
	require.Equal(t, strings.Repeat("1", 40), r.Value(github.HeadCommit))
}

func TestAWorkflowOfAnotherRepositoryIsNotTheSources(t *testing.T) {
	i := collecttest.NewIssuer(t, issuer)
	const other = "evil/hello-world/.github/workflows/release.yml@refs/heads/main"
	w := collecttest.World{Variables: collecttest.With(variables(), "GITHUB_WORKFLOW_REF", other)}
	f, err := collector(t, i, map[string]any{"workflow_ref": other}).Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	_, _, err = github.Build(r, collect.Options{Outputs: []attest.Descriptor{output()}})
	collecttest.RequireCode(t, err, github.CodeWorkflow)
	for _, bad := range []string{"no-ref", "o/r@refs/heads/main", "o/r/../x@refs/heads/main", "o/r/x.yml@main", "o/r/x.yml@refs/heads/a..b"} {
		w.Variables = collecttest.With(variables(), "GITHUB_WORKFLOW_REF", bad)
		_, err := collector(t, i, nil).Collect(t.Context(), w.Environment())
		collecttest.RequireCode(t, err, github.CodeWorkflow)
	}
}

func TestInputsAreHiddenUnlessTheCallerRevealsThem(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	payload := func(body string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "event.json"), []byte(body), 0o600))
	}
	w := collecttest.World{Variables: variables(), Root: root}
	c := collector(t, collecttest.NewIssuer(t, issuer), nil)
	c.Event, c.Reveal = "event.json", []string{"version", "dry"}
	payload(`{"inputs":{"version":"v1.2.3","dry":true,"token":"` + collecttest.Secret + `"},"sender":{"login":"` + collecttest.Secret + `"}}`)
	f, err := c.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	collecttest.RequireNoSecret(t, f)
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	b, report, err := github.Build(r, collect.Options{Outputs: []attest.Descriptor{output()}})
	require.NoError(t, err)
	require.Contains(t, string(b.External), `"inputs":{"dry":"true","token":"[MASKED]","version":"v1.2.3"}`)
	require.Equal(t, 1, report.LevelCap(), "steps can change the payload")
	for body, code := range map[string]attest.Code{
		`{"inputs":{"a":1,"a":2}}`: collect.CodeJSON, `{"inputs":{"version":["` + collecttest.Secret + `"]}}`: github.CodeInputs,
		`{"inputs":{"a/b":"x"}}`: github.CodeInputs, `{"inputs":["` + collecttest.Secret + `"]}`: collect.CodeJSON,
	} {
		payload(body)
		_, err := c.Collect(t.Context(), w.Environment())
		collecttest.RequireCode(t, err, code)
	}
}
