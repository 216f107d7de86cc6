package jenkins_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/jenkins"
	"github.com/sealwright/sealwright/provenance/slsa"
)

const (
	commit = "c27d339ee6075c1f744c5d4b200f7901aad2c369"
	server = "https://ci.example.com/jenkins"
	apiURL = server + "/job/app/job/main/42/api/json?tree=number,url,building,result,timestamp,duration,builtOn,actions[_class,remoteUrls,lastBuiltRevision[SHA1,branch[SHA1,name]]]"
)

func variables() map[string]string {
	return map[string]string{
		"JENKINS_URL": server + "/", "BUILD_NUMBER": "42", "BUILD_URL": server + "/job/app/job/main/42/", "JOB_NAME": "app/main",
		"NODE_NAME": "built-in node", "GIT_COMMIT": commit, "GIT_URL": "https://github.com/octocat/hello-world.git", "GIT_BRANCH": "origin/main",
	}
}

const (
	checkout = `{"_class":"hudson.plugins.git.util.BuildData","lastBuiltRevision":{"SHA1":"` + commit + `","branch":[{"SHA1":"` + commit + `","name":"refs/remotes/origin/main"}]},"remoteUrls":["https://github.com/octocat/hello-world.git"]}`
	library  = `{"_class":"hudson.plugins.git.util.BuildData","lastBuiltRevision":{"SHA1":"1111111111111111111111111111111111111111","branch":[]},"remoteUrls":["https://github.com/acme/library"]}`
)

func answer(actions string) string {
	return `{"_class":"org.jenkinsci.plugins.workflow.job.WorkflowRun","actions":[{"_class":"hudson.model.CauseAction"},{},` + actions + `],
	"building":false,"builtOn":"","duration":80326,"number":42,"result":"SUCCESS","timestamp":1795435140000,"url":"` + server + `/job/app/job/main/42/"}`
}

func collector() jenkins.Collector {
	return jenkins.Collector{Server: server, Job: "job/app/job/main", Number: "42"}
}

func world(body string) collecttest.World {
	return collecttest.World{Variables: variables(), Answers: map[string]string{apiURL: body}}
}

func resolve(t testing.TB, c jenkins.Collector, w collecttest.World) (*collect.Record, error) {
	t.Helper()
	f, err := c.Collect(t.Context(), w.Environment())
	if err != nil {
		return nil, err
	}
	return collect.Resolve(f)
}

func options() collect.Options {
	return collect.Options{BuilderID: server, Outputs: []attest.Descriptor{{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()}}}
}

func TestCollectorKeepsTheContract(t *testing.T) {
	collecttest.TestCollector(t, collector(), world(answer(checkout)))
}

func TestTheControllersAnswerMakesABuild(t *testing.T) {
	r, err := resolve(t, collector(), world(answer(checkout)))
	require.NoError(t, err)
	b, report, err := jenkins.Build(r, options())
	require.NoError(t, err)
	require.JSONEq(t, `{"branch":"origin/main","job":"`+server+`/job/app/job/main","source":"git+https://github.com/octocat/hello-world"}`, string(b.External))
	require.Equal(t, "2026-11-23T11:59:00Z", b.Started.Format("2006-01-02T15:04:05Z07:00"))
	require.InDelta(t, 80.326, b.Finished.Sub(b.Started).Seconds(), 1e-6)
	require.Equal(t, server+"/job/app/job/main/42/", b.InvocationID)
	require.Equal(t, commit, b.Inputs[0].Descriptor.Digest[digest.GitCommit])
	require.Equal(t, 1, report.LevelCap(), "Jenkins does not tell the builder")
	for _, f := range report.Fields {
		if strings.HasPrefix(f.Path, "External/") {
			require.Equal(t, collect.PlatformAPI, f.Fact.Trust, f.Path)
		}
	}
	_, err = slsa.Encode(b)
	require.NoError(t, err)
}

func TestForgedVariablesAreAnErrorBesideTheAPI(t *testing.T) {
	for _, forged := range [][2]string{
		{"GIT_COMMIT", strings.Repeat("0", 40)}, {"GIT_URL", "https://github.com/evil/r"}, {"GIT_BRANCH", "origin/release"}, {"BUILD_NUMBER", "43"},
		{"BUILD_URL", server + "/job/app/job/release/42/"},
	} {
		w := world(answer(checkout))
		w.Variables = collecttest.With(w.Variables, forged[0], forged[1])
		_, err := resolve(t, collector(), w)
		collecttest.RequireCode(t, err, collect.CodeConflict)
	}
	w := world(answer(checkout))
	w.Variables = collecttest.With(w.Variables, "JENKINS_URL", "https://evil.example/")
	_, err := resolve(t, collector(), w)
	collecttest.RequireCode(t, err, collect.CodeConflict)
}

func TestTheSourceIsOneCheckoutOrTheCallersChoice(t *testing.T) {
	_, err := resolve(t, collector(), world(answer(checkout+","+library)))
	collecttest.RequireCode(t, err, jenkins.CodeSource)
	c := collector()
	c.Repository = "git@github.com:octocat/hello-world.git"
	_, err = resolve(t, c, world(answer(checkout+","+library)))
	collecttest.RequireCode(t, err, jenkins.CodeSource) // ssh is another location
	c.Repository = "https://github.com/octocat/hello-world"
	r, err := resolve(t, c, world(answer(checkout+","+checkout+","+library)))
	require.NoError(t, err)
	require.Len(t, r.Inputs(), 1)
	require.Equal(t, "git+https://github.com/acme/library", r.Inputs()[0].Descriptor.URI)
	c.Repository = collecttest.Secret
	_, err = resolve(t, c, world(answer(checkout)))
	collecttest.RequireCode(t, err, collect.CodeValue)
	for _, action := range []string{`{"remoteUrls":["https://h/o/r"]}`, `{"lastBuiltRevision":{"SHA1":"` + commit + `","branch":[]}}`, `{"lastBuiltRevision":{"SHA1":"HEAD","branch":[]},"remoteUrls":["https://h/o/r"]}`} {
		_, err = resolve(t, collector(), world(answer(action)))
		collecttest.RequireCode(t, err, jenkins.CodeSource)
	}
	r, err = resolve(t, collector(), world(answer("null")))
	require.NoError(t, err)
	at, _ := r.Fact(collect.Commit)
	require.Equal(t, collect.SelfAsserted, at.Trust)
	require.Contains(t, r.Gaps(), collect.Gap{What: "source", Why: "the controller records no checkout"})
}

func TestAnAnswerAboutAnotherBuildIsRefused(t *testing.T) {
	for was, is := range map[string]string{`"number":42`: `"number":43`, `/main/42/`: `/release/42/`} {
		_, err := resolve(t, collector(), world(strings.Replace(answer(checkout), was, is, 1)))
		collecttest.RequireCode(t, err, collect.CodeConflict)
	}
	for _, c := range []jenkins.Collector{{Job: "job/app"}, {Job: "../x", Number: "1"}, {Job: "job/../../x", Number: "1"}, {Job: "job/a?b", Number: "1"}, {Job: "job/a", Number: "last"}} {
		c.Server = server
		_, err := resolve(t, c, world(answer(checkout)))
		collecttest.RequireCode(t, err, collect.CodeOption)
	}
}

func TestTimesThatCannotBeAreGaps(t *testing.T) {
	for _, change := range [][2]string{{"1795435140000", "-1"}, {"1795435140000", "9223372036854775807"}, {"80326", "9223372036854775807"}, {"80326", "-5"}, {`"building":false`, `"building":true`}} {
		r, err := resolve(t, collector(), world(strings.Replace(answer(checkout), change[0], change[1], 1)))
		require.NoError(t, err)
		require.Empty(t, r.Value(collect.Finished))
	}
}

// TestTheAnswerOfARealControllerIsRead has the members and nesting of an answer that a
// controller gave to an unrestricted question, with values of our own: actions of other
// plugins, empty ones, checkouts by branch, a remote over ssh at a port.
func TestTheAnswerOfARealControllerIsRead(t *testing.T) {
	const revision = `{"SHA1":"` + commit + `","branch":[{"SHA1":"` + commit + `","name":"refs/remotes/origin/main"}]}`
	body := `{"_class":"hudson.model.FreeStyleBuild","actions":[{"_class":"hudson.model.ParametersAction","parameters":[{"_class":"hudson.model.StringParameterValue","name":"TOKEN","value":"` + collecttest.Secret + `"}]},
	{"_class":"hudson.model.CauseAction","causes":[{"_class":"hudson.model.Cause$UserIdCause","shortDescription":"Started by user someone","userId":"someone","userName":"someone"}]},
	{"_class":"hudson.plugins.git.util.BuildData","buildsByBranchName":{"refs/remotes/origin/main":{"_class":"hudson.plugins.git.util.Build","buildNumber":42,"buildResult":null,"marked":` + revision + `,"revision":` + revision + `}},
	 "lastBuiltRevision":` + revision + `,"remoteUrls":["ssh://git@git.example.com:2222/team/app.git"],"scmName":""},{"_class":"hudson.plugins.git.GitTagAction"},{},{},{}],
	"artifacts":[],"building":false,"description":null,"displayName":"#42","duration":3569,"estimatedDuration":2600,"executor":null,"fullDisplayName":"app #42","id":"42","keepLog":false,
	"number":42,"queueId":7,"result":"SUCCESS","timestamp":1795435140000,"url":"` + server + `/job/app/job/main/42/","builtOn":"","changeSet":{"_class":"hudson.plugins.git.GitChangeSetList","items":[],"kind":"git"},"culprits":[]}`
	w := world(body)
	w.Variables = collecttest.With(w.Variables, "GIT_URL", "ssh://git@git.example.com:2222/team/app.git")
	f, err := collector().Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	collecttest.RequireNoSecret(t, f)
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	require.Equal(t, "git+ssh://git.example.com:2222/team/app", r.Value(collect.Repository))
	require.Equal(t, commit, r.Value(collect.Commit))
	require.Equal(t, "origin/main", r.Value(jenkins.Branch))
}
