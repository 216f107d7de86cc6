package gitlab

import (
	"context"
	"errors"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/oidc"
)

// The keys that only GitLab has.
const (
	JobID      collect.Key = "gitlab.job-id"
	PipelineID collect.Key = "gitlab.pipeline-id"
	RunnerID   collect.Key = "gitlab.runner-id"
	ConfigRef  collect.Key = "gitlab.config-ref" // host/project//path@ref
)

// A Collector reads a job of GitLab CI/CD. Its environment must grant variables; a
// token's keys and the API need Fetch.
type Collector struct {
	// Server is the address of the instance, such as "https://gitlab.com". Variables
	// with another one are refused.
	Server string
	// Token is an ID token of the job, and Trust what it is verified against. Without
	// a token everything but the API's answer is self-asserted.
	Token string
	Trust oidc.Trust
	// API is the address of the API, such as "https://gitlab.com/api/v4", or empty
	// for not asking.
	API string
	// ProjectID and JobID tell which job to ask the API about where there is no
	// token. They must agree with the token.
	ProjectID, JobID string
}

// Collect is of the interface collect.Collector.
func (c Collector) Collect(ctx context.Context, env collect.Environment) (*collect.Facts, error) {
	if err := collect.CheckBase(c.Server); err != nil {
		return nil, err
	}
	f := &collect.Facts{}
	if err := errors.Join(collect.RequireEnv(env, "CI_SERVER_URL", c.Server), f.ReadEnv(env, variables(c.Server))); err != nil {
		return nil, err
	}
	f.Gap("variables", "only those that tell the ref and the trigger are read")
	project, job := c.ProjectID, c.JobID
	if c.Token == "" {
		f.Gap("identity token", "none was given, so nothing is signed by the platform")
	} else {
		token, err := oidc.Verify(ctx, env, c.Trust, c.Token)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(agree(token, "project_id", &project), agree(token, "job_id", &job), f.Read(token.Source(), claims(c.Server))); err != nil {
			return nil, err
		}
	}
	if c.API != "" {
		if err := c.ask(ctx, env, f, project, job); err != nil {
			return nil, err
		}
	}
	addInvocations(f)
	return f, nil
}

// agree holds a claim against what the caller names, and else takes it over.
func agree(token *oidc.Token, claim string, named *string) error {
	got, ok := token.Claim(claim)
	if *named != "" && *named != got {
		return attest.Refuse(collect.CodeConflict, "claim "+claim, "what the caller names", "something else")
	}
	if ok {
		*named = got
	}
	return nil
}

// variables are the predefined variables that are read.
func variables(server string) []collect.Rule {
	return []collect.Rule{
		{Name: "CI_PROJECT_PATH", Key: collect.Repository, Form: collect.Location, Prefix: server + "/"},
		{Name: "CI_PROJECT_ID", Key: collect.RepositoryID, Form: collect.Number},
		{Name: "CI_COMMIT_SHA", Key: collect.Commit, Form: collect.Object},
		{Name: "CI_COMMIT_TAG", Key: collect.Ref, Form: collect.Reference, Prefix: "refs/tags/"},
		{Name: "CI_COMMIT_BRANCH", Key: collect.Ref, Form: collect.Reference, Prefix: "refs/heads/"},
		{Name: "CI_PIPELINE_SOURCE", Key: collect.Trigger, Form: collect.Word},
		{Name: "CI_PIPELINE_ID", Key: PipelineID, Form: collect.Number},
		{Name: "CI_JOB_ID", Key: JobID, Form: collect.Number},
		{Name: "CI_JOB_NAME", Key: collect.EntryPoint, Form: collect.Phrase},
		{Name: "CI_JOB_STARTED_AT", Key: collect.Started, Form: collect.Instant},
		{Name: "CI_RUNNER_ID", Key: RunnerID, Form: collect.Number},
		{Name: "GITLAB_USER_LOGIN", Key: collect.Actor, Form: collect.Word},
	}
}

// claims are the claims of ID tokens that are read.
func claims(server string) []collect.Rule {
	return []collect.Rule{
		{Name: "project_path", Key: collect.Repository, Form: collect.Location, Prefix: server + "/"},
		{Name: "project_id", Key: collect.RepositoryID, Form: collect.Number},
		{Name: "sha", Key: collect.Commit, Form: collect.Object},
		{Name: "ref_path", Key: collect.Ref, Form: collect.Reference},
		{Name: "pipeline_source", Key: collect.Trigger, Form: collect.Word},
		{Name: "pipeline_id", Key: PipelineID, Form: collect.Number},
		{Name: "job_id", Key: JobID, Form: collect.Number},
		{Name: "ci_config_ref_uri", Key: ConfigRef, Form: collect.Word},
		{Name: "ci_config_sha", Key: collect.EntryPointAt, Form: collect.Object},
		{Name: "runner_id", Key: RunnerID, Form: collect.Number},
		{Name: "runner_environment", Key: collect.Runner, Form: collect.Word},
		{Name: "user_login", Key: collect.Actor, Form: collect.Word},
	}
}

// ask reads "Get a single job" of the jobs API.
func (c Collector) ask(ctx context.Context, env collect.Environment, f *collect.Facts, project, job string) error {
	if err := collect.CheckBase(c.API); err != nil {
		return err
	}
	_, known := collect.Number.Parse(project)
	_, told := collect.Number.Parse(job)
	if !known || !told {
		return attest.Refuse(collect.CodeOption, "ProjectID, JobID", "the job, by the caller or a token", "none")
	}
	path := "/projects/" + project + "/jobs/" + job
	document, err := env.Get(ctx, c.API+path, nil)
	if err != nil {
		return err
	}
	answer, err := collect.ParseMembers(document.Body, "api "+path)
	if err != nil {
		return err
	}
	if err := answer.Require(map[string]string{"id": job, "pipeline/project_id": project}); err != nil {
		return err
	}
	return f.ReadAPI(answer, document.Digest, []collect.Rule{
		{Name: "id", Key: JobID, Form: collect.Number},
		{Name: "name", Key: collect.EntryPoint, Form: collect.Phrase},
		{Name: "commit/id", Key: collect.Commit, Form: collect.Object},
		{Name: "pipeline/id", Key: PipelineID, Form: collect.Number},
		{Name: "web_url", Key: collect.Invocation, Form: collect.Address},
		{Name: "user/username", Key: collect.Actor, Form: collect.Word},
		{Name: "runner/id", Key: RunnerID, Form: collect.Number},
		{Name: "started_at", Key: collect.Started, Form: collect.Instant},
		{Name: "finished_at", Key: collect.Finished, Form: collect.Instant},
	})
}

// addInvocations gives the address of the job that each source names.
func addInvocations(f *collect.Facts) {
	projects := map[collect.Trust]string{}
	for _, fact := range f.Facts {
		if fact.Key == collect.Repository {
			projects[fact.Trust] = strings.TrimPrefix(fact.Value, "git+")
		}
	}
	for _, fact := range f.Facts {
		if project := projects[fact.Trust]; fact.Key == JobID && project != "" {
			fact.Key, fact.Value = collect.Invocation, project+"/-/jobs/"+fact.Value
			f.Add(fact)
		}
	}
}

// Build makes the build that the facts of a record tell of. Project, commit and the
// job's name must be known.
func Build(r *collect.Record, o collect.Options) (*provenance.Build, *collect.Report, error) {
	d := r.Draft(buildtype.GitLab)
	if at, ok := r.Fact(collect.Repository); ok {
		d.Value("source", strings.TrimPrefix(at.Value, "git+"), at)
	}
	d.Need("entryPoint", collect.EntryPoint)
	if at, ok := r.Fact(collect.Ref); ok {
		if tag, ok := strings.CutPrefix(at.Value, "refs/tags/"); ok {
			d.Value("variables/CI_COMMIT_TAG", tag, at)
		} else if branch, ok := strings.CutPrefix(at.Value, "refs/heads/"); ok {
			d.Value("variables/CI_COMMIT_BRANCH", branch, at)
		}
	}
	d.External("variables/CI_PIPELINE_SOURCE", collect.Trigger)
	d.Internal("job", JobID)
	d.Internal("pipeline", PipelineID)
	d.Internal("runner", RunnerID)
	d.Internal("runnerEnvironment", collect.Runner)
	d.Internal("configRef", ConfigRef)
	d.Internal("configCommit", collect.EntryPointAt)
	d.Source()
	return d.Build(o)
}
