package git_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/fs"
	"github.com/sealwright/sealwright/provenance/collect/git"
	"github.com/sealwright/sealwright/provenance/collect/github"
	"github.com/sealwright/sealwright/provenance/slsa"
)

// A job's token, its working tree and what it built, in one statement; and the same with
// a working tree of another commit.
func TestATokenARepositoryAndAnOutputMakeOneStatement(t *testing.T) {
	r := newRepository(t)
	commit := r.git("rev-parse", "HEAD")
	issuer := collecttest.NewIssuer(t, "https://token.actions.githubusercontent.com")
	const workflow = "octocat/hello-world/.github/workflows/release.yml@refs/heads/main"
	token := issuer.Token(t, map[string]any{
		"repository": "octocat/hello-world", "ref": "refs/heads/main", "sha": commit, "workflow_ref": workflow, "job_workflow_ref": workflow,
		"event_name": "push", "run_id": "42", "run_attempt": "1", "runner_environment": "github-hosted",
	})
	out := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.MkdirAll(out, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(out, "app"), []byte(collecttest.Secret), 0o755))
	built, err := os.OpenRoot(out)
	require.NoError(t, err)
	defer built.Close()

	all := func() (*collect.Record, error) {
		world := r.world()
		world.Variables = map[string]string{}
		for _, name := range []string{"SERVER_URL", "REPOSITORY", "REPOSITORY_ID", "REPOSITORY_OWNER_ID", "REF", "SHA", "WORKFLOW_REF", "WORKFLOW_SHA", "EVENT_NAME", "RUN_ID", "RUN_ATTEMPT", "JOB", "ACTOR"} {
			world.Variables["GITHUB_"+name] = ""
		}
		world.Variables["RUNNER_ENVIRONMENT"] = ""
		job, err := github.Collector{Server: "https://github.com", Token: token, Trust: issuer.Trust(t)}.Collect(t.Context(), world.Environment())
		require.NoError(t, err)
		source, err := git.Collector{}.Collect(t.Context(), world.Environment())
		require.NoError(t, err)
		output, err := fs.Collector{Name: "out"}.Collect(t.Context(), collecttest.World{Root: built}.Environment())
		require.NoError(t, err)
		return collect.Resolve(job, source, output)
	}
	record, err := all()
	require.NoError(t, err)
	build, report, err := github.Build(record, collect.Options{})
	require.NoError(t, err)
	require.Equal(t, 3, report.LevelCap())
	require.Equal(t, "out", build.Outputs[0].Name)
	require.Equal(t, provenance.RoleSource, build.Inputs[0].Role)
	statement, err := slsa.Encode(build)
	require.NoError(t, err)
	again, _, err := github.Build(record, collect.Options{})
	require.NoError(t, err)
	same, err := slsa.Encode(again)
	require.NoError(t, err)
	require.Equal(t, string(statement.Bytes()), string(same.Bytes()))
	collecttest.RequireNoSecret(t, statement.Bytes(), build, report, record)

	r.write("main.go", "package evil\n")
	r.commit()
	_, err = all()
	collecttest.RequireCode(t, err, collect.CodeConflict)
}
