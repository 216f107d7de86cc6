package buildkite

import (
	"context"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/oidc"
)

// The keys that only Buildkite has.
const (
	Organization collect.Key = "buildkite.organization"
	Pipeline     collect.Key = "buildkite.pipeline"
	Number       collect.Key = "buildkite.build-number"
	BuildID      collect.Key = "buildkite.build-id"
	Tag          collect.Key = "buildkite.tag" // of a build that has also a branch
	StepID       collect.Key = "buildkite.step-id"
	StepKey      collect.Key = "buildkite.step-key"
	JobID        collect.Key = "buildkite.job-id"
	AgentID      collect.Key = "buildkite.agent-id"
)

// A Collector reads a Buildkite job. Its environment must grant variables; a token's
// keys and the API need Fetch.
type Collector struct {
	// Server is the platform's address, "https://buildkite.com".
	Server string
	// Token is an OIDC token of the job, and Trust what it is verified against.
	// Without a token everything but the API's answer is self-asserted.
	Token string
	Trust oidc.Trust
	// API is the address of the REST API, such as "https://api.buildkite.com/v2", or
	// empty for not asking.
	API string
	// Organization, Pipeline and Number tell which build to ask the API about where
	// there is no token. They must agree with the token.
	Organization, Pipeline, Number string
}

// Collect is of the interface collect.Collector.
func (c Collector) Collect(ctx context.Context, env collect.Environment) (*collect.Facts, error) {
	if err := collect.CheckBase(c.Server); err != nil {
		return nil, err
	}
	f := &collect.Facts{}
	if err := f.ReadEnv(env, variables()); err != nil {
		return nil, err
	}
	build := map[string]string{"organization_slug": c.Organization, "pipeline_slug": c.Pipeline, "build_number": c.Number}
	if c.Token == "" {
		f.Gap("identity token", "none was given, so nothing is signed by the platform")
	} else if err := c.token(ctx, env, f, build); err != nil {
		return nil, err
	}
	if c.API != "" {
		if err := c.ask(ctx, env, f, build); err != nil {
			return nil, err
		}
	}
	c.addAddresses(f)
	return f, nil
}

// variables are the agent's variables that are read.
func variables() []collect.Rule {
	return []collect.Rule{
		{Name: "BUILDKITE_REPO", Key: collect.Repository, Form: collect.Location},
		{Name: "BUILDKITE_COMMIT", Key: collect.Commit, Form: collect.Object},
		{Name: "BUILDKITE_BRANCH", Key: collect.Ref, Form: collect.Reference, Prefix: "refs/heads/"},
		{Name: "BUILDKITE_TAG", Key: Tag, Form: collect.Branch},
		{Name: "BUILDKITE_ORGANIZATION_SLUG", Key: Organization, Form: collect.Word},
		{Name: "BUILDKITE_PIPELINE_SLUG", Key: Pipeline, Form: collect.Word},
		{Name: "BUILDKITE_BUILD_NUMBER", Key: Number, Form: collect.Number},
		{Name: "BUILDKITE_BUILD_ID", Key: BuildID, Form: collect.Word},
		{Name: "BUILDKITE_STEP_ID", Key: StepID, Form: collect.Word},
		{Name: "BUILDKITE_STEP_KEY", Key: StepKey, Form: collect.Word},
		{Name: "BUILDKITE_JOB_ID", Key: JobID, Form: collect.Word},
		{Name: "BUILDKITE_AGENT_ID", Key: AgentID, Form: collect.Word},
		{Name: "BUILDKITE_SOURCE", Key: collect.Trigger, Form: collect.Word},
	}
}

// claims are the claims of Buildkite's tokens that are read.
func claims() []collect.Rule {
	return []collect.Rule{
		{Name: "build_commit", Key: collect.Commit, Form: collect.Object},
		{Name: "build_branch", Key: collect.Ref, Form: collect.Reference, Prefix: "refs/heads/"},
		{Name: "build_tag", Key: Tag, Form: collect.Branch},
		{Name: "organization_slug", Key: Organization, Form: collect.Word},
		{Name: "pipeline_slug", Key: Pipeline, Form: collect.Word},
		{Name: "build_number", Key: Number, Form: collect.Number},
		{Name: "step_key", Key: StepKey, Form: collect.Word},
		{Name: "job_id", Key: JobID, Form: collect.Word},
		{Name: "agent_id", Key: AgentID, Form: collect.Word},
		{Name: "build_source", Key: collect.Trigger, Form: collect.Word},
		{Name: "runner_environment", Key: collect.Runner, Form: collect.Word},
	}
}

func (c Collector) token(ctx context.Context, env collect.Environment, f *collect.Facts, build map[string]string) error {
	token, err := oidc.Verify(ctx, env, c.Trust, c.Token)
	if err != nil {
		return err
	}
	for claim, named := range build {
		got, ok := token.Claim(claim)
		if named != "" && named != got {
			return attest.Refuse(collect.CodeConflict, "claim "+claim, "the build that the caller names", "another one")
		}
		if ok {
			build[claim] = got
		}
	}
	return f.Read(token.Source(), claims())
}

// ask reads "Get a build" of the REST API.
func (c Collector) ask(ctx context.Context, env collect.Environment, f *collect.Facts, build map[string]string) error {
	if err := collect.CheckBase(c.API); err != nil {
		return err
	}
	organization, pipeline, number := build["organization_slug"], build["pipeline_slug"], build["build_number"]
	_, told := collect.Number.Parse(number)
	if !slug(organization) || !slug(pipeline) || !told {
		return attest.Refuse(collect.CodeOption, "Organization, Pipeline, Number", "the build, by the caller or a token", "none")
	}
	path := "/organizations/" + organization + "/pipelines/" + pipeline + "/builds/" + number
	document, err := env.Get(ctx, c.API+path, nil)
	if err != nil {
		return err
	}
	answer, err := collect.ParseMembers(document.Body, "api "+path)
	if err != nil {
		return err
	}
	if err := answer.Require(map[string]string{"number": number, "pipeline/slug": pipeline}); err != nil {
		return err
	}
	return f.ReadAPI(answer, document.Digest, []collect.Rule{
		{Name: "id", Key: BuildID, Form: collect.Word},
		{Name: "number", Key: Number, Form: collect.Number},
		{Name: "commit", Key: collect.Commit, Form: collect.Object},
		{Name: "branch", Key: collect.Ref, Form: collect.Reference, Prefix: "refs/heads/"},
		{Name: "tag", Key: Tag, Form: collect.Branch},
		{Name: "source", Key: collect.Trigger, Form: collect.Word},
		{Name: "pipeline/slug", Key: Pipeline, Form: collect.Word},
		{Name: "pipeline/repository", Key: collect.Repository, Form: collect.Location},
		{Name: "started_at", Key: collect.Started, Form: collect.Instant},
		{Name: "finished_at", Key: collect.Finished, Form: collect.Instant},
	})
}

// slug reports whether s can stand as one element of a path.
func slug(s string) bool {
	_, ok := collect.Word.Parse(s)
	return ok && !strings.ContainsAny(s, "/:@") && strings.Trim(s, ".") != ""
}

// addAddresses gives, for each source that names them, the pipeline's address and the
// build's.
func (c Collector) addAddresses(f *collect.Facts) {
	told := map[collect.Trust]map[collect.Key]collect.Fact{}
	for _, fact := range f.Facts {
		if told[fact.Trust] == nil {
			told[fact.Trust] = map[collect.Key]collect.Fact{}
		}
		told[fact.Trust][fact.Key] = fact
	}
	for _, trust := range []collect.Trust{collect.SelfAsserted, collect.PlatformSigned} {
		at, organization := told[trust][Pipeline], told[trust][Organization].Value
		if at.Value == "" || organization == "" {
			continue
		}
		at.Key, at.Value = collect.EntryPoint, c.Server+"/"+organization+"/"+at.Value
		f.Add(at)
		if number, ok := told[trust][Number]; ok {
			number.Key, number.Value = collect.Invocation, at.Value+"/builds/"+number.Value
			if job := told[trust][JobID].Value; job != "" {
				number.Value += "#" + job
			}
			f.Add(number)
		}
	}
}

// Build makes the build that the facts of a record tell of. Pipeline, repository,
// branch and commit must be known.
func Build(r *collect.Record, o collect.Options) (*provenance.Build, *collect.Report, error) {
	d := r.Draft(buildtype.Buildkite)
	d.Need("pipeline", collect.EntryPoint)
	if at, ok := r.Fact(collect.Repository); ok {
		d.Value("repository", strings.TrimPrefix(at.Value, "git+"), at)
	}
	if at, ok := r.Fact(collect.Ref); ok {
		d.Value("build/branch", strings.TrimPrefix(at.Value, "refs/heads/"), at)
	}
	d.Need("build/commit", collect.Commit)
	d.External("build/tag", Tag)
	d.External("build/id", BuildID)
	d.External("build/number", Number)
	d.External("build/source", collect.Trigger)
	d.External("step/id", StepID)
	d.External("step/key", StepKey)
	d.External("job/id", JobID)
	d.Internal("agent", AgentID)
	d.Internal("runnerEnvironment", collect.Runner)
	d.Source()
	return d.Build(o)
}
