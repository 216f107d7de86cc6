package tekton_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/tekton"
	"github.com/sealwright/sealwright/provenance/slsa"
)

const (
	commit = "c27d339ee6075c1f744c5d4b200f7901aad2c369"
	image  = "b1be740ebf6a45c6cca0c5efe2d5278f4b7a8ef6a9023e84f0951a169ad7c27d"
	runURL = "https://kube.example/apis/tekton.dev/v1/namespaces/work/taskruns/build-1"
)

const answer = `{"apiVersion":"tekton.dev/v1","kind":"TaskRun",
 "metadata":{"name":"build-1","namespace":"work","uid":"0c6e5c2f-5d6f-4a6c-9a4d-1c2b3d4e5f60","annotations":{"note":"CANARY"},"managedFields":[{"manager":"x"}]},
 "spec":{"params":[{"name":"url","value":"https://github.com/octocat/hello-world"},{"name":"token","value":"CANARY"},{"name":"list","value":["CANARY"]}],
  "serviceAccountName":"default","taskRef":{"kind":"Task","resolver":"git","params":[{"name":"url","value":"CANARY"}]},"timeout":"1h0m0s"},
 "status":{"conditions":[{"type":"Succeeded","status":"True","reason":"Succeeded","message":"CANARY"}],
  "startTime":"2026-11-23T11:59:00Z","completionTime":"2026-11-23T12:00:00Z","podName":"build-1-pod",
  "steps":[{"name":"compile","container":"step-compile","imageID":"docker.io/library/golang@sha256:` + image + `","terminated":{"exitCode":0}},
           {"name":"push","imageID":"docker-pullable://gcr.io/kaniko@sha256:` + image + `"},{"name":"odd","imageID":"latest"}],
  "results":[{"name":"IMAGE_URL","type":"string","value":"registry.example/never-made"},{"name":"IMAGE_DIGEST","type":"string","value":"sha256:` + image + `\n"},
   {"name":"CHAINS-GIT_URL","value":"https://user:CANARY@github.com/octocat/hello-world"},{"name":"CHAINS-GIT_COMMIT","value":"` + commit + `"},
   {"name":"other","value":["CANARY"]}],
  "provenance":{"featureFlags":{"x":true},"refSource":{"uri":"git+https://github.com/octocat/tasks.git","digest":{"sha1":"` + commit + `"},"entryPoint":"task/build.yaml"}}}}`

func collector() tekton.Collector {
	return tekton.Collector{API: "https://kube.example", Kind: "TaskRun", Namespace: "work", Name: "build-1", Reveal: []string{"url"}}
}

func world(body string) collecttest.World {
	return collecttest.World{Answers: map[string]string{runURL: body}}
}

func resolve(t testing.TB, c tekton.Collector, body string) (*collect.Record, error) {
	t.Helper()
	f, err := c.Collect(t.Context(), world(body).Environment())
	if err != nil {
		require.Nil(t, f)
		return nil, err
	}
	return collect.Resolve(f)
}

func options() collect.Options {
	return collect.Options{BuilderID: "https://tekton.example/builder", Outputs: []attest.Descriptor{{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()}}}
}

func TestCollectorKeepsTheContract(t *testing.T) {
	c := collector()
	c.Reveal = nil
	collecttest.TestCollector(t, c, world(answer))
}

func TestARecordMakesABuildThatTheProfileReads(t *testing.T) {
	r, err := resolve(t, collector(), answer)
	require.NoError(t, err)
	b, report, err := tekton.Build(r, options())
	require.NoError(t, err)
	collecttest.RequireNoSecret(t, b, report)
	require.Contains(t, string(b.External), `"params":[{"name":"list","value":"[MASKED]"},{"name":"token","value":"[MASKED]"},{"name":"url","value":"https://github.com/octocat/hello-world"}]`)
	require.Equal(t, "0c6e5c2f-5d6f-4a6c-9a4d-1c2b3d4e5f60", b.InvocationID)
	_, err = slsa.Encode(b)
	require.NoError(t, err)
	p, ok := buildtype.Find(buildtype.Profiles(), b.BuildType)
	require.True(t, ok)
	c, err := p.Normalize(b)
	require.NoError(t, err)
	require.Equal(t, "git+https://github.com/octocat/tasks", c.Source.Repository)
	require.Equal(t, commit, c.Commit.Hex)
	require.Equal(t, "task/build.yaml", c.EntryPoint)
	require.Equal(t, []string{"runSpec"}, c.Masked)
}

func TestATypeHintIsSelfAssertedAndNeverAttestedByItself(t *testing.T) {
	r, err := resolve(t, collector(), answer)
	require.NoError(t, err)
	require.Len(t, r.Outputs(), 1)
	require.Equal(t, collect.SelfAsserted, r.Outputs()[0].Trust)
	trusts := map[string]collect.Trust{}
	for _, in := range r.Inputs() {
		trusts[in.Descriptor.URI] = in.Trust
	}
	require.Equal(t, map[string]collect.Trust{
		"oci://docker.io/library/golang": collect.PlatformAPI, "oci://gcr.io/kaniko": collect.PlatformAPI, "git+https://github.com/octocat/hello-world": collect.SelfAsserted,
	}, trusts)
	b, report, err := tekton.Build(r, options())
	require.NoError(t, err)
	require.Len(t, b.Outputs, 1)
	require.Equal(t, "app", b.Outputs[0].Name)
	require.Contains(t, report.Gaps, collect.Gap{What: `output "registry.example/never-made"`, Why: "only the build itself says that it made this"})
	o := options()
	o.Outputs = nil
	_, _, err = tekton.Build(r, o)
	require.Error(t, err, "a build of nothing but type hints has no output")
}

func TestARecordOfAnotherRunIsRefused(t *testing.T) {
	for _, change := range [][2]string{
		{`"kind":"TaskRun"`, `"kind":"PipelineRun"`}, {`"name":"build-1"`, `"name":"build-2"`}, {`"namespace":"work"`, `"namespace":"evil"`},
		{"tekton.dev/v1", "tekton.dev/v1beta1"}, {"0c6e5c2f-5d6f-4a6c-9a4d-1c2b3d4e5f60", ""},
	} {
		_, err := resolve(t, collector(), strings.Replace(answer, change[0], change[1], 1))
		collecttest.RequireCode(t, err, tekton.CodeRun)
	}
	c := collector()
	c.UID = "another"
	_, err := resolve(t, c, answer)
	collecttest.RequireCode(t, err, tekton.CodeRun)
	for _, status := range []string{"False", "Unknown", ""} {
		_, err := resolve(t, collector(), strings.Replace(answer, `"status":"True"`, `"status":"`+status+`"`, 1))
		collecttest.RequireCode(t, err, tekton.CodeUnfinished)
	}
	for _, c := range []tekton.Collector{{}, {Kind: "Pod", Namespace: "a", Name: "b"}, {Kind: "TaskRun", Namespace: "../x", Name: "b"}, {Kind: "TaskRun", Namespace: "a", Name: ".."}, {Kind: "TaskRun", Namespace: "a", Name: "b?c"}} {
		c.API = "https://kube.example"
		_, err := resolve(t, c, answer)
		collecttest.RequireCode(t, err, collect.CodeOption)
	}
}

func TestAHostileRecordIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		was, is string
		code    attest.Code
	}{
		"a member twice":              {`"kind":"TaskRun"`, `"kind":"TaskRun","kind":"TaskRun"`, collect.CodeJSON},
		"a member in two spellings":   {`"kind":"TaskRun"`, `"kind":"TaskRun","Kind":"x"`, collect.CodeJSON},
		"a parameter with a slash":    {`"name":"url"`, `"name":"a/b"`, collect.CodeValue},
		"a source that is no place":   {"git+https://github.com/octocat/tasks.git", "file:///etc", collect.CodeValue},
		"a commit that is a branch":   {`"sha1":"` + commit, `"sha1":"main`, collect.CodeValue},
		"a time that is none":         {"2026-11-23T11:59:00Z", "yesterday", collect.CodeValue},
		"too many parameters":         {`"params":[`, `"params":[` + strings.Repeat(`{"name":"a","value":"b"},`, 1001), collect.CodeLimit},
		"a revealed value of 9 KiB":   {`"https://github.com/octocat/hello-world"}`, `"` + strings.Repeat("a", 9<<10) + `"}`, collect.CodeLimit},
		"parameters that are no list": {`"params":[`, `"params":{},"x":[`, collect.CodeJSON},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolve(t, collector(), strings.Replace(answer, tc.was, tc.is, 1))
			collecttest.RequireCode(t, err, tc.code)
		})
	}
}

func FuzzCollect(f *testing.F) {
	f.Add(answer)
	f.Add(`{"apiVersion":"tekton.dev/v1","kind":"TaskRun","metadata":{}}`)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := collector().Collect(t.Context(), world(body).Environment())
		if (err == nil) == (got == nil) {
			t.Fatal("both or neither")
		}
		if err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatal("a refusal without a reason")
		}
	})
}

// pipelineAnswer is a PipelineRun as pkg/apis/pipeline/v1 of Tekton writes it: the
// service account is in taskRunTemplate, and there are no steps.
const pipelineAnswer = `{"apiVersion":"tekton.dev/v1","kind":"PipelineRun",
 "metadata":{"name":"release-1","namespace":"work","uid":"0c6e5c2f-5d6f-4a6c-9a4d-1c2b3d4e5f61"},
 "spec":{"pipelineRef":{"resolver":"git"},"taskRunTemplate":{"serviceAccountName":"releaser"},"timeouts":{"pipeline":"1h0m0s"}},
 "status":{"conditions":[{"type":"Succeeded","status":"True","reason":"Completed"}],"startTime":"2026-11-23T11:59:00Z","completionTime":"2026-11-23T12:00:00Z",
  "childReferences":[{"apiVersion":"tekton.dev/v1","kind":"TaskRun","name":"release-1-build","pipelineTaskName":"build"}],
  "results":[{"name":"IMAGE_URL","value":"registry.example/app"},{"name":"IMAGE_DIGEST","value":"sha256:` + image + `"}],
  "provenance":{"refSource":{"uri":"git+https://github.com/octocat/tasks.git","digest":{"sha1":"` + commit + `"},"entryPoint":"pipeline.yaml"}}}}`

func TestAPipelineRunTellsItsServiceAccountInItsTemplate(t *testing.T) {
	c := tekton.Collector{API: "https://kube.example", Kind: "PipelineRun", Namespace: "work", Name: "release-1"}
	w := collecttest.World{Answers: map[string]string{"https://kube.example/apis/tekton.dev/v1/namespaces/work/pipelineruns/release-1": pipelineAnswer}}
	f, err := c.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	require.Equal(t, "releaser", r.Value(tekton.ServiceAccount))
	require.Contains(t, r.Gaps(), collect.Gap{What: "steps", Why: "the images of a pipeline's steps are in the records of its task runs"})
	b, _, err := tekton.Build(r, options())
	require.NoError(t, err)
	require.Contains(t, string(b.External), `"serviceAccountName":"releaser"`)
}

// The resolvers that read no Git repository tell where the definition is in words of
// their own: a registry's repository, a path of the Kubernetes API, a URL.
func TestADefinitionFromNoRepositoryIsAnInputAndNoSource(t *testing.T) {
	const was = `"uri":"git+https://github.com/octocat/tasks.git","digest":{"sha1":"` + commit + `"}`
	for _, place := range []string{
		"gcr.io/tekton-releases/catalog/upstream/build", "/apis/tekton.dev/v1/namespaces/tasks/task/build@2dbe0ae2-1d1b-4f3c-9cf6-d2ed21d36cf0",
		"https://api.hub.tekton.dev/v1/resource/tekton/task/build/0.1/yaml",
	} {
		r, err := resolve(t, collector(), strings.Replace(answer, was, `"uri":"`+place+`","digest":{"sha256":"`+image+`"}`, 1))
		require.NoError(t, err, place)
		require.Empty(t, r.Value(collect.Repository))
		require.Contains(t, r.Gaps(), collect.Gap{What: "source", Why: "the definition comes from no Git repository"})
		found := false
		for _, in := range r.Inputs() {
			found = found || in.Descriptor.URI == place && in.Trust == collect.PlatformAPI && in.Descriptor.Digest[digest.SHA256] == image
		}
		require.True(t, found, place)
		_, _, err = tekton.Build(r, options())
		collecttest.RequireCode(t, err, collect.CodeMissing)
	}
	for _, bad := range []string{`"uri":"gcr.io/x","digest":{"sha256":"latest"}`, `"uri":"","digest":{"sha256":"` + image + `"}`, `"uri":"a b","digest":{"sha256":"` + image + `"}`} {
		_, err := resolve(t, collector(), strings.Replace(answer, was, bad, 1))
		collecttest.RequireCode(t, err, collect.CodeValue)
	}
}
