package gitlab_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/gitlab"
	"github.com/sealwright/sealwright/provenance/slsa"
)

const (
	commit = "c27d339ee6075c1f744c5d4b200f7901aad2c369"
	server = "https://gitlab.com"
	jobURL = "https://gitlab.com/api/v4/projects/28/jobs/1123"
)

func variables() map[string]string {
	return map[string]string{
		"CI_SERVER_URL": server, "CI_PROJECT_PATH": "acme/group/app", "CI_PROJECT_ID": "28", "CI_COMMIT_SHA": commit,
		"CI_COMMIT_TAG": "", "CI_COMMIT_BRANCH": "main", "CI_PIPELINE_SOURCE": "push", "CI_PIPELINE_ID": "455", "CI_JOB_ID": "1123",
		"CI_JOB_NAME": "build job 1/2", "CI_JOB_STARTED_AT": "2026-11-23T11:59:00Z", "CI_RUNNER_ID": "1", "GITLAB_USER_LOGIN": "root",
	}
}

func claims() map[string]any {
	return map[string]any{
		"namespace_id": "1", "namespace_path": "acme/group", "project_id": "28", "project_path": "acme/group/app", "user_id": "1",
		"user_login": "root", "user_email": "root@example.com", "pipeline_id": "455", "pipeline_source": "push", "job_id": "1123",
		"ref": "main", "ref_type": "branch", "ref_path": "refs/heads/main", "ref_protected": "true", "runner_id": 1,
		"runner_environment": "gitlab-hosted", "sha": commit, "ci_config_ref_uri": "gitlab.com/acme/group/app//.gitlab-ci.yml@refs/heads/main",
		"ci_config_sha": commit, "groups_direct": []string{"acme"},
	}
}

const answer = `{"id":1123,"name":"build job 1/2","status":"running","ref":"main","tag":false,"commit":{"id":"` + commit + `","title":"x"},
	"pipeline":{"id":455,"project_id":28,"ref":"main","sha":"` + commit + `"},"web_url":"https://gitlab.com/acme/group/app/-/jobs/1123",
	"user":{"username":"root"},"runner":{"id":1},"started_at":"2026-11-23T11:59:00.123Z","finished_at":null}`

func collector(t testing.TB, i *collecttest.Issuer, changes map[string]any) gitlab.Collector {
	all := claims()
	for k, v := range changes {
		all[k] = v
	}
	return gitlab.Collector{Server: server, Token: i.Token(t, all), Trust: i.Trust(t)}
}

func options() collect.Options {
	return collect.Options{BuilderID: "https://gitlab.com/acme/group/app/-/runners/1", Outputs: []attest.Descriptor{{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()}}}
}

func TestCollectorKeepsTheContract(t *testing.T) {
	c := collector(t, collecttest.NewIssuer(t, server), nil)
	c.API = "https://gitlab.com/api/v4"
	collecttest.TestCollector(t, c, collecttest.World{Variables: variables(), Answers: map[string]string{jobURL: answer}})
}

func TestATokenMakesABuildThatTheProfileReads(t *testing.T) {
	for name, tc := range map[string]struct {
		ref, branch, tag string
	}{
		"a branch": {"refs/heads/main", "main", ""},
		"a tag":    {"refs/tags/v1.0", "", "v1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			w := collecttest.World{Variables: collecttest.With(variables(), "CI_COMMIT_BRANCH", tc.branch, "CI_COMMIT_TAG", tc.tag)}
			f, err := collector(t, collecttest.NewIssuer(t, server), map[string]any{"ref_path": tc.ref}).Collect(t.Context(), w.Environment())
			require.NoError(t, err)
			r, err := collect.Resolve(f)
			require.NoError(t, err)
			b, report, err := gitlab.Build(r, options())
			require.NoError(t, err)
			require.Equal(t, 1, report.LevelCap(), "the job's name and the builder are self-asserted")
			require.Equal(t, "https://gitlab.com/acme/group/app/-/jobs/1123", b.InvocationID)
			_, err = slsa.Encode(b)
			require.NoError(t, err)
			p, ok := buildtype.Find(buildtype.Profiles(), b.BuildType)
			require.True(t, ok)
			c, err := p.Normalize(b)
			require.NoError(t, err)
			require.Equal(t, "git+https://gitlab.com/acme/group/app", c.Source.Repository)
			require.Equal(t, tc.ref, c.Ref)
			require.Equal(t, commit, c.Commit.Hex)
			require.Equal(t, "build job 1/2", c.EntryPoint)
			require.Equal(t, "push", c.Trigger)
		})
	}
}

func TestForgedVariablesAreAnErrorBesideAToken(t *testing.T) {
	i := collecttest.NewIssuer(t, server)
	for _, forged := range [][2]string{
		{"CI_PROJECT_PATH", "acme/evil"}, {"CI_PROJECT_ID", "29"}, {"CI_COMMIT_SHA", strings.Repeat("0", 40)}, {"CI_COMMIT_BRANCH", "release"},
		{"CI_COMMIT_TAG", "v1"}, {"CI_PIPELINE_SOURCE", "web"}, {"CI_JOB_ID", "1"}, {"CI_RUNNER_ID", "2"}, {"CI_PIPELINE_ID", "3"},
	} {
		t.Run(forged[0], func(t *testing.T) {
			w := collecttest.World{Variables: collecttest.With(variables(), forged[0], forged[1])}
			f, err := collector(t, i, nil).Collect(t.Context(), w.Environment())
			require.NoError(t, err)
			_, err = collect.Resolve(f)
			collecttest.RequireCode(t, err, collect.CodeConflict)
		})
	}
}

func TestAForgedServerDoesNotRedirectTheKeys(t *testing.T) {
	i := collecttest.NewIssuer(t, server)
	evil := collecttest.NewIssuer(t, "https://evil.example")
	answers := i.Answers(t)
	for url, body := range evil.Answers(t) {
		answers[url] = body
	}
	w := collecttest.World{Variables: variables(), Answers: answers}
	c := collector(t, i, nil)
	c.Trust.Keys = nil
	_, err := c.Collect(t.Context(), w.Environment())
	require.NoError(t, err, "the issuer's own keys")
	c.Token = collector(t, evil, map[string]any{"iss": server}).Token
	_, err = c.Collect(t.Context(), w.Environment())
	require.Error(t, err)
	for _, forged := range []string{"https://evil.example", "https://gitlab.com.evil.example", "https://gitlab.com/", "http://gitlab.com"} {
		w.Variables = collecttest.With(variables(), "CI_SERVER_URL", forged)
		_, err = c.Collect(t.Context(), w.Environment())
		collecttest.RequireCode(t, err, collect.CodeConflict)
	}
}

func TestTheAPIIsAskedAboutTheTokensJob(t *testing.T) {
	c := collector(t, collecttest.NewIssuer(t, server), nil)
	c.API = "https://gitlab.com/api/v4"
	w := collecttest.World{Variables: variables(), Answers: map[string]string{jobURL: answer}}
	f, err := c.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	name, _ := r.Fact(collect.EntryPoint)
	require.Equal(t, collect.PlatformAPI, name.Trust)
	require.Len(t, r.Conflicts(), 1, "the API tells the start to the millisecond")
	for was, is := range map[string]string{`"id":1123`: `"id":1124`, `"project_id":28`: `"project_id":29`} {
		w.Answers = map[string]string{jobURL: strings.Replace(answer, was, is, 1)}
		_, err := c.Collect(t.Context(), w.Environment())
		collecttest.RequireCode(t, err, collect.CodeConflict)
	}
	c.JobID = "9"
	_, err = c.Collect(t.Context(), w.Environment())
	collecttest.RequireCode(t, err, collect.CodeConflict)
	_, err = gitlab.Collector{Server: server, API: c.API}.Collect(t.Context(), w.Environment())
	collecttest.RequireCode(t, err, collect.CodeOption)
}

func TestAForksMergeRequestInTheTargetProjectIsAConflict(t *testing.T) {
	f, err := collector(t, collecttest.NewIssuer(t, server), map[string]any{"project_path": "mallory/app", "project_id": "666"}).
		Collect(t.Context(), collecttest.World{Variables: variables()}.Environment())
	require.NoError(t, err)
	_, err = collect.Resolve(f)
	collecttest.RequireCode(t, err, collect.CodeConflict)
}
