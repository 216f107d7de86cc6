package buildtype_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/provenancetest"
)

const (
	commit = "c27d339ee6075c1f744c5d4b200f7901aad2c369"
	repo   = "git+https://github.com/octocat/hello-world"
)

// A sample is a build of one profile and what the profile must read in it.
type sample struct {
	buildType, external, internal string
	uri                           string // of the source input; empty for none
	alg                           digest.Algorithm
	source, ref, entry, trigger   string
}

func samples() map[string]sample {
	workflow := `{"workflow":{"ref":"refs/heads/main","repository":"https://github.com/octocat/hello-world","path":".github/workflows/release.yml"},"inputs":{"build_id":123456768}}`
	config := `{"configSource":{"uri":"` + repo + `@refs/heads/main","digest":{"sha1":"` + commit + `"},"entryPoint":".github/workflows/release.yml"},"parameters":{}}`
	github := func(buildType string) sample {
		return sample{buildType, workflow, `{"github":{"event_name":"push"}}`, repo + "@refs/heads/main", digest.GitCommit, repo, "refs/heads/main", ".github/workflows/release.yml", "push"}
	}
	generator := func(buildType, event string) sample {
		return sample{buildType, config, `{"environment":{"` + event + `":"push"}}`, repo + "@refs/heads/main", digest.SHA1, repo, "refs/heads/main", ".github/workflows/release.yml", "push"}
	}
	npm := github(buildtype.NPM)
	npm.external = strings.Replace(npm.external, `,"inputs":{"build_id":123456768}`, "", 1)
	return map[string]sample{
		"github":               github(buildtype.GitHubWorkflowV1),
		"github, community":    github(buildtype.GitHubWorkflowOldV1),
		"generator, generic":   generator(buildtype.SLSAGeneratorGeneric, "github_event_name"),
		"generator, go":        generator(buildtype.SLSAGeneratorGo, "github_event_name"),
		"generator, container": generator(buildtype.SLSAGeneratorContainer, "github_event_name"),
		"delegated, builder": {buildtype.SLSAGeneratorDelegated, `{"inputs":{"goal":"package","token":"***"},"vars":{}}`,
			`{"GITHUB_EVENT_NAME":"push","GITHUB_REF":"refs/heads/main","GITHUB_REPOSITORY":"octocat/hello-world","GITHUB_WORKFLOW_REF":"octocat/hello-world/.github/workflows/release.yml@refs/heads/main"}`,
			repo + "@refs/heads/main", digest.GitCommit, repo, "refs/heads/main", ".github/workflows/release.yml", "push"},
		"delegated, generator": {buildtype.SLSAGeneratorDelegated, `{"workflow":{"ref":"refs/heads/main","repository":"git+https://github.com/octocat/hello-world","path":".github/workflows/release.yml"},"inputs":{},"vars":{}}`,
			`{"GITHUB_EVENT_NAME":"push"}`, repo + "@refs/heads/main", digest.GitCommit, repo, "refs/heads/main", ".github/workflows/release.yml", "push"},
		"npm, v1":   npm,
		"npm, v0.2": generator(buildtype.NPM, "GITHUB_EVENT_NAME"),
		"cloud build": {buildtype.CloudBuild, `{"buildConfigSource":{"path":"cloudbuild.yaml","ref":"refs/heads/main","repository":"` + repo + `"},"substitutions":{}}`,
			`{"triggerUri":"projects/1/triggers/2","systemSubstitutions":{}}`, repo + "@" + commit, digest.GitCommit, repo, "refs/heads/main", "cloudbuild.yaml", "projects/1/triggers/2"},
		"gitlab": {buildtype.GitLab, `{"source":"https://gitlab.com/acme/app","entryPoint":"build-job","variables":{"CI_COMMIT_TAG":"v1","CI_PIPELINE_SOURCE":"push","TOKEN":"[MASKED]"}}`,
			`{"name":"r"}`, "https://gitlab.com/acme/app", digest.GitCommit, "git+https://gitlab.com/acme/app", "refs/tags/v1", "build-job", "push"},
		"gitlab, a runner's pre-release": {"https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v16.7.0-rc1_2/PROVENANCE.md", `{"source":"https://gitlab.com/acme/app","entryPoint":"build-job","variables":{"CI_COMMIT_BRANCH":"main"}}`,
			``, "git+https://gitlab.com/acme/app@refs/heads/main", digest.GitCommit, "git+https://gitlab.com/acme/app", "refs/heads/main", "build-job", ""},
		"gitlab, a runner's own page": {"https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v16.7.0/PROVENANCE.md", `{"source":"https://gitlab.com/acme/app","entryPoint":"build-job","variables":{"CI_COMMIT_BRANCH":"main"}}`,
			``, "git+https://gitlab.com/acme/app@refs/heads/main", digest.GitCommit, "git+https://gitlab.com/acme/app", "refs/heads/main", "build-job", ""},
		"tekton": {buildtype.TektonChains, `{"runSpec":{"params":[]},"buildConfigSource":{"repository":"` + repo + `","ref":"sha1:` + commit + `","path":"task.yaml"}}`,
			`{}`, repo, digest.SHA1, repo, "", "task.yaml", ""},
		"buildkite": {buildtype.Buildkite, `{"pipeline":"https://buildkite.com/acme/app","repository":"https://github.com/octocat/hello-world.git","build":{"branch":"main","commit":"` + commit + `","tag":"v1"},"step":{"id":"1"},"job":{"id":"2"}}`,
			``, repo + "@refs/heads/main", digest.GitCommit, repo, "refs/tags/v1", "https://buildkite.com/acme/app", ""},
		"go": {buildtype.GoBuild, `{"source":"https://github.com/octocat/hello-world","package":"example.com/app/cmd/app","settings":{"vcs.revision":"` + commit + `","vcs.modified":"false"}}`,
			``, repo, digest.GitCommit, repo, "", "example.com/app/cmd/app", ""},
		"sealwright": {buildtype.Command, `{"command":["go","build"],"dir":"/","epoch":1}`, `{}`, repo + "@refs/tags/v1", digest.GitCommit, repo, "refs/tags/v1", `["go","build"]`, ""},
	}
}

func (s sample) build() *provenance.Build {
	b := &provenance.Build{
		BuildType: s.buildType, External: json.RawMessage(s.external),
		Builder:      provenance.Builder{ID: "https://example.com/builder"},
		InvocationID: "run/1",
		Outputs:      []attest.Descriptor{{Digest: provenancetest.Artifact()}},
	}
	if s.internal != "" {
		b.Internal = json.RawMessage(s.internal)
	}
	if s.uri != "" {
		uri := s.uri
		if !strings.HasPrefix(uri, "git+") {
			uri = "git+" + uri
		}
		b.Inputs = []provenance.Input{{Role: provenance.RoleOther, Descriptor: attest.Descriptor{URI: uri, Digest: digest.Set{s.alg: commit}}}}
		if s.buildType == buildtype.Command {
			b.Inputs[0].Role = provenance.RoleSource
		}
	}
	return b
}

func normalize(t testing.TB, b *provenance.Build) (*buildtype.Canonical, error) {
	t.Helper()
	p, ok := buildtype.Find(buildtype.Profiles(), b.BuildType)
	require.True(t, ok, b.BuildType)
	c, err := p.Normalize(b)
	require.Equal(t, err == nil, c != nil)
	return c, err
}

func TestNormalizeReadsEveryPlatformInTheSameTerms(t *testing.T) {
	for name, s := range samples() {
		t.Run(name, func(t *testing.T) {
			b := s.build()
			require.NoError(t, b.Validate())
			c, err := normalize(t, b)
			require.NoError(t, err)
			require.Equal(t, s.source, c.Source.Repository)
			require.Empty(t, c.Source.Ref)
			require.Equal(t, s.ref, c.Ref)
			require.Equal(t, digest.Digest{Algorithm: digest.GitCommit, Hex: commit}, c.Commit)
			require.Equal(t, s.entry, c.EntryPoint)
			require.Equal(t, s.trigger, c.Trigger)
			require.Equal(t, "run/1", c.Invocation)
			require.Len(t, c.Fields(), 8)
		})
	}
}

func TestEveryProfileIsKnownByItsBuildTypesOnly(t *testing.T) {
	names := map[string]bool{}
	covered := map[string]bool{}
	for _, s := range samples() {
		covered[s.buildType] = true
	}
	for _, p := range buildtype.Profiles() {
		require.False(t, names[p.Name])
		names[p.Name] = true
		for _, buildType := range p.BuildTypes {
			found, ok := buildtype.Find(buildtype.Profiles(), buildType)
			require.True(t, ok)
			require.Equal(t, p.Name, found.Name)
			require.True(t, covered[buildType] || buildType == buildtype.TektonChainsTekton, buildType)
			for _, other := range []string{buildType + "x", buildType + "?draft", strings.ToUpper(buildType), "x" + buildType} {
				require.False(t, p.Knows(other), other)
			}
		}
		_, err := p.Normalize(nil)
		require.ErrorIs(t, err, attest.Is(buildtype.CodeNil))
		_, err = p.Normalize(provenancetest.Sample())
		require.ErrorIs(t, err, attest.Is(buildtype.CodeUnknown))
	}
	for _, version := range []string{"", "..", "a/b", "a%2fb", "v1/PROVENANCE.md/x"} {
		_, ok := buildtype.Find(buildtype.Profiles(), "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/"+version+"/PROVENANCE.md")
		require.False(t, ok, version)
	}
	_, err := buildtype.Profile{BuildTypes: []string{buildtype.NPM}}.Normalize(samples()["npm, v1"].build())
	require.ErrorIs(t, err, attest.Is(buildtype.CodeUnknown), "a profile that nobody made")
}

func TestNormalizeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		sample, old, new string
		code             attest.Code
	}{
		"an unknown parameter":               {"github", `{"workflow"`, `{"extra":1,"workflow"`, buildtype.CodeParameter},
		"no workflow":                        {"github", `"workflow":{`, `"vars":{`, buildtype.CodeParameter},
		"a workflow that is a text":          {"github", `{"workflow":{"ref":"refs/heads/main","repository":"https://github.com/octocat/hello-world","path":".github/workflows/release.yml"}`, `{"workflow":"x"`, buildtype.CodeParameter},
		"a ref that is a number":             {"github", `"refs/heads/main"`, `1`, buildtype.CodeParameter},
		"an empty ref":                       {"github", `"refs/heads/main"`, `""`, buildtype.CodeParameter},
		"a repository with a ref":            {"github", `hello-world"`, `hello-world@evil"`, buildtype.CodeSource},
		"a repository with user information": {"github", `https://github.com/`, `https://x@github.com/`, buildtype.CodeSource},
		"a repository with escapes":          {"github", `octocat/`, `%2e%2e/`, buildtype.CodeSource},
		"a repository with dots":             {"github", `octocat/`, `octocat/../evil/`, buildtype.CodeSource},
		"a repository on another host":       {"github", `github.com/`, `github.com.evil.example/`, buildtype.CodeCommit},
		"a repository on another port":       {"github", `github.com/`, `github.com:8443/`, buildtype.CodeCommit},
		"a repository of another owner":      {"github", `octocat/`, `Octocat/`, buildtype.CodeCommit},
		"a repository without transport":     {"github", `https://github.com/`, `http://github.com/`, buildtype.CodeSource},
		"another ref than the input's":       {"github", `refs/heads/main`, `refs/tags/v1`, buildtype.CodeRef},
		"a config source elsewhere":          {"generator, go", `hello-world@`, `other@`, buildtype.CodeCommit},
		"no entry point":                     {"generator, generic", `,"entryPoint":".github/workflows/release.yml"`, ``, buildtype.CodeParameter},
		"an inline configuration":            {"cloud build", `"buildConfigSource":{"path":"cloudbuild.yaml","ref":"refs/heads/main","repository":"` + repo + `"}`, `"buildConfig":{}`, buildtype.CodeParameter},
		"a tag and a branch at once":         {"gitlab", `"CI_COMMIT_TAG":"v1"`, `"CI_COMMIT_TAG":"v1","CI_COMMIT_BRANCH":"main"`, buildtype.CodeParameter},
		"a ref that is no commit":            {"tekton", `sha1:` + commit, `main`, buildtype.CodeCommit},
		"another commit than the input's":    {"tekton", commit, strings.Repeat("0", 40), buildtype.CodeCommit},
		"another commit than resolved":       {"buildkite", commit, strings.Repeat("0", 40), buildtype.CodeCommit},
		"an ssh location without a scheme":   {"buildkite", `https://github.com/octocat/hello-world.git`, `git@github.com:octocat/hello-world.git`, buildtype.CodeSource},
		"a dirty tree":                       {"go", `"vcs.modified":"false"`, `"vcs.modified":"true"`, buildtype.CodeDirty},
		"a tree of unknown cleanliness":      {"go", `,"vcs.modified":"false"`, ``, buildtype.CodeParameter},
		"another revision than the input's":  {"go", commit, strings.Repeat("0", 40), buildtype.CodeCommit},
		"a short revision":                   {"go", commit, commit[:12], buildtype.CodeCommit},
		"no command":                         {"sealwright", `["go","build"]`, `[]`, buildtype.CodeParameter},
		"a command that is a text":           {"sealwright", `["go","build"]`, `"go build"`, buildtype.CodeParameter},
		"a tool's unknown parameter":         {"delegated, builder", `{"inputs"`, `{"source":1,"inputs"`, buildtype.CodeParameter},
		"a generator's other repository":     {"delegated, generator", `octocat/`, `evil/`, buildtype.CodeCommit},
		"a generator's ref in its location":  {"delegated, generator", `hello-world"`, `hello-world@refs/tags/v1"`, buildtype.CodeSource},
		"external parameters that are null":  {"sealwright", `{"command":["go","build"],"dir":"/","epoch":1}`, `null`, buildtype.CodeParameter},
	} {
		t.Run(name, func(t *testing.T) {
			s := samples()[c.sample]
			require.Contains(t, s.external, c.old)
			s.external = strings.Replace(s.external, c.old, c.new, 1)
			_, err := normalize(t, s.build())
			require.ErrorIs(t, err, attest.Is(c.code))
		})
	}
}

func TestTheWorkflowThatCalledATool(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		code     attest.Code
	}{
		"another repository":        {`"octocat/hello-world/`, `"octocat/evil/`, buildtype.CodeSource},
		"another ref":               {`yml@refs/heads/main`, `yml@refs/tags/v1`, buildtype.CodeRef},
		"no ref":                    {`yml@refs/heads/main`, `yml`, buildtype.CodeParameter},
		"no path":                   {`/.github/workflows/release.yml@`, `@`, buildtype.CodeParameter},
		"no workflow":               {`"GITHUB_WORKFLOW_REF":`, `"X":`, buildtype.CodeParameter},
		"a workflow that is a list": {`"octocat/hello-world/.github/workflows/release.yml@refs/heads/main"`, `[]`, buildtype.CodeParameter},
		"a name with dots":          {`"octocat/hello-world/`, `"octocat/../`, buildtype.CodeSource},
	} {
		t.Run(name, func(t *testing.T) {
			s := samples()["delegated, builder"]
			require.Contains(t, s.internal, c.old)
			s.internal = strings.Replace(s.internal, c.old, c.new, 1)
			_, err := normalize(t, s.build())
			require.ErrorIs(t, err, attest.Is(c.code))
		})
	}
}

func TestTheCommitMustBeAmongTheInputsOnce(t *testing.T) {
	for name, s := range samples() {
		b := s.build()
		b.Inputs = append(b.Inputs, b.Inputs[0])
		_, err := normalize(t, b)
		if s.buildType == buildtype.Command {
			require.ErrorIs(t, err, attest.Is(buildtype.CodeSource), name)
			continue
		}
		require.NoError(t, err, "%s: the same commit twice", name)
		b.Inputs[1].Descriptor.Digest = digest.Set{digest.GitCommit: strings.Repeat("1", 40)}
		_, err = normalize(t, b)
		require.ErrorIs(t, err, attest.Is(buildtype.CodeCommit), "%s: two commits", name)
		b.Inputs = b.Inputs[:1]
		b.Inputs[0].Descriptor.Digest = digest.Set{digest.SHA256: strings.Repeat("1", 64)}
		_, err = normalize(t, b)
		require.ErrorIs(t, err, attest.Is(buildtype.CodeCommit), "%s: no commit", name)
		b.Inputs = nil
		_, err = normalize(t, b)
		require.ErrorIs(t, err, attest.Is(buildtype.CodeCommit), "%s: no input", name)
	}
}

func TestHiddenValuesAreToldOf(t *testing.T) {
	c, err := normalize(t, samples()["gitlab"].build())
	require.NoError(t, err)
	require.Equal(t, []string{"variables"}, c.Masked)
	c, err = normalize(t, samples()["delegated, builder"].build())
	require.NoError(t, err)
	require.Equal(t, []string{"inputs"}, c.Masked, "the tool hid an input")
	c, err = normalize(t, samples()["github"].build())
	require.NoError(t, err)
	require.Empty(t, c.Masked)
}

func claims() buildtype.Claims {
	return buildtype.Claims{
		Repository: "https://github.com/octocat/hello-world", Ref: "refs/heads/main", Commit: commit,
		EntryPoint: ".github/workflows/release.yml", Trigger: "push", Invocation: "run/1", Runner: "github-hosted",
	}
}

func TestCompareFindsEveryFieldThatDiffersFromItsClaim(t *testing.T) {
	c, err := normalize(t, samples()["github"].build())
	require.NoError(t, err)
	require.Empty(t, c.Compare(claims()))
	require.Empty(t, c.Compare(buildtype.Claims{}))
	for name, change := range map[string]func(*buildtype.Claims){
		"source":      func(c *buildtype.Claims) { c.Repository = "https://github.com/octocat/fork" },
		"ref":         func(c *buildtype.Claims) { c.Ref = "refs/heads/mai" },
		"commit":      func(c *buildtype.Claims) { c.Commit = strings.ToUpper(commit) },
		"entry-point": func(c *buildtype.Claims) { c.EntryPoint = ".github/workflows/release.ymlevil" },
		"trigger":     func(c *buildtype.Claims) { c.Trigger = "pull_request_target" },
		"invocation":  func(c *buildtype.Claims) { c.Invocation = "run/2" },
	} {
		other := claims()
		change(&other)
		reasons := c.Compare(other)
		require.Len(t, reasons, 1, name)
		require.Equal(t, buildtype.CodeClaim, reasons[0].Code)
		require.Equal(t, name, reasons[0].Where)
	}
	bad := claims()
	bad.Repository = "::"
	require.Len(t, c.Compare(bad), 1, "a claim that cannot be read equals nothing")
}

func TestAForgeableFieldIsOneThatNobodyVouchesFor(t *testing.T) {
	names := []buildtype.Name{buildtype.Source, buildtype.Ref, buildtype.Commit, buildtype.EntryPoint}
	for name, want := range map[string]int{
		"github": 4, "npm, v1": 4, "npm, v0.2": 4, "gitlab": 4, "buildkite": 4, "go": 4, "tekton": 1,
		"generator, go": 0, "generator, generic": 0, "delegated, builder": 0, "delegated, generator": 0, "cloud build": 0, "sealwright": 0,
	} {
		c, err := normalize(t, samples()[name].build())
		require.NoError(t, err)
		require.Len(t, c.Forgeable(buildtype.Claims{}, names...), want, name)
	}
	c, err := normalize(t, samples()["github"].build())
	require.NoError(t, err)
	require.Empty(t, c.Forgeable(claims(), names...), "the certificate vouches")
	half := claims()
	half.Commit = ""
	require.Equal(t, []buildtype.Field{{Name: buildtype.Commit, Value: "gitCommit:" + commit}}, c.Forgeable(half, names...))
	require.Len(t, c.Forgeable(claims(), buildtype.Outputs, buildtype.Parameters), 2, "no claim tells of them")
	generic, err := normalize(t, samples()["generator, generic"].build())
	require.NoError(t, err)
	require.Len(t, generic.Forgeable(claims(), buildtype.Outputs), 1, "the calling workflow chooses the outputs")
	require.Equal(t, "user", buildtype.Voucher(0).String())
	require.Equal(t, "platform", buildtype.Platform.String())
}

// FuzzNormalize holds every profile to its word on parameters that somebody else
// wrote: a source, a commit and an entry point, or a reason.
func FuzzNormalize(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.buildType, s.external, s.internal, s.uri)
	}
	f.Fuzz(func(t *testing.T, buildType, external, internal, uri string) {
		p, ok := buildtype.Find(buildtype.Profiles(), buildType)
		if !ok {
			return
		}
		b := sample{buildType: buildType, external: external, internal: internal, uri: uri, alg: digest.GitCommit}.build()
		c, err := p.Normalize(b)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		require.NotEmpty(t, c.EntryPoint+c.Source.Repository)
		if c.Source.Repository != "" {
			require.NoError(t, c.Commit.Validate())
			again, err := provenance.ParseSource(c.Source.Repository)
			require.NoError(t, err)
			require.Equal(t, c.Source, again)
		}
		require.Empty(t, c.Compare(buildtype.Claims{Repository: c.Source.Repository, Ref: c.Ref, EntryPoint: c.EntryPoint}))
	})
}

func TestEveryCodeIsListedOnceAndWellFormed(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range buildtype.Codes() {
		assert.Regexp(t, `^provenance\.profile\.[a-z0-9-]+$`, string(c))
		assert.False(t, seen[c], c)
		seen[c] = true
	}
}
