package github

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/oidc"
)

// The keys that only GitHub has.
const (
	WorkflowRef   collect.Key = "github.workflow-ref" // owner/repository/path@ref
	RunID         collect.Key = "github.run-id"
	RunAttempt    collect.Key = "github.run-attempt"
	OwnerID       collect.Key = "github.repository-owner-id"
	HeadCommit    collect.Key = "github.head-commit" // of the branch, not of a merge with its base
	inputs                    = "github.input."
	hidden                    = "[MASKED]"
	mostInputText             = 8 << 10
)

// A Collector reads a job of GitHub Actions. Its environment must grant variables; a
// token's keys and the API need Fetch, the event payload needs Root.
type Collector struct {
	// Server is the platform's address: "https://github.com", or that of an
	// Enterprise server. Variables with another one are refused.
	Server string
	// Token is the job's identity token, and Trust what it is verified against.
	// Without a token everything but the API's answer is self-asserted.
	Token string
	Trust oidc.Trust
	// API is the address of the REST API, such as "https://api.github.com", or empty
	// for not asking.
	API string
	// Repository (owner/name), RunID and RunAttempt tell which run to ask the API
	// about where there is no token. They must agree with the token.
	Repository, RunID, RunAttempt string
	// Event is the name in Root of the event payload, or empty; Reveal lists the
	// inputs whose values may be told.
	Event  string
	Reveal []string
}

// Collect is of the interface collect.Collector.
func (c Collector) Collect(ctx context.Context, env collect.Environment) (*collect.Facts, error) {
	if err := collect.CheckBase(c.Server); err != nil {
		return nil, err
	}
	f := &collect.Facts{}
	err := errors.Join(collect.RequireEnv(env, "GITHUB_SERVER_URL", c.Server), c.read(f, variables(c.Server), func(part *collect.Facts, rules []collect.Rule) error {
		return part.ReadEnv(env, rules)
	}))
	if err != nil {
		return nil, err
	}
	run := map[collect.Key]string{collect.Repository: c.Repository, RunID: c.RunID, RunAttempt: c.RunAttempt}
	if c.Token == "" {
		f.Gap("identity token", "none was given, so nothing is signed by the platform")
	} else if err := c.token(ctx, env, f, run); err != nil {
		return nil, err
	}
	if c.API != "" {
		if err := c.ask(ctx, env, f, run); err != nil {
			return nil, err
		}
	}
	if err := c.payload(env, f); err != nil {
		return nil, err
	}
	return f, nil
}

// variables are the default variables of GitHub Actions that are read.
func variables(server string) []collect.Rule {
	return []collect.Rule{
		{Name: "GITHUB_REPOSITORY", Key: collect.Repository, Form: collect.Location, Prefix: server + "/"},
		{Name: "GITHUB_REPOSITORY_ID", Key: collect.RepositoryID, Form: collect.Number},
		{Name: "GITHUB_REPOSITORY_OWNER_ID", Key: OwnerID, Form: collect.Number},
		{Name: "GITHUB_REF", Key: collect.Ref, Form: collect.Reference},
		{Name: "GITHUB_SHA", Key: collect.Commit, Form: collect.Object},
		{Name: "GITHUB_WORKFLOW_REF", Key: WorkflowRef, Form: collect.Word},
		{Name: "GITHUB_WORKFLOW_SHA", Key: collect.EntryPointAt, Form: collect.Object},
		{Name: "GITHUB_EVENT_NAME", Key: collect.Trigger, Form: collect.Word},
		{Name: "GITHUB_RUN_ID", Key: RunID, Form: collect.Number},
		{Name: "GITHUB_RUN_ATTEMPT", Key: RunAttempt, Form: collect.Number},
		{Name: "GITHUB_JOB", Key: collect.Job, Form: collect.Word},
		{Name: "GITHUB_ACTOR", Key: collect.Actor, Form: collect.Word},
		{Name: "RUNNER_ENVIRONMENT", Key: collect.Runner, Form: collect.Word},
	}
}

// claims are the claims of GitHub's identity tokens that are read.
func claims(server string) []collect.Rule {
	return []collect.Rule{
		{Name: "repository", Key: collect.Repository, Form: collect.Location, Prefix: server + "/"},
		{Name: "repository_id", Key: collect.RepositoryID, Form: collect.Number},
		{Name: "repository_owner_id", Key: OwnerID, Form: collect.Number},
		{Name: "ref", Key: collect.Ref, Form: collect.Reference},
		{Name: "sha", Key: collect.Commit, Form: collect.Object},
		{Name: "workflow_ref", Key: WorkflowRef, Form: collect.Word},
		{Name: "workflow_sha", Key: collect.EntryPointAt, Form: collect.Object},
		{Name: "event_name", Key: collect.Trigger, Form: collect.Word},
		{Name: "run_id", Key: RunID, Form: collect.Number},
		{Name: "run_attempt", Key: RunAttempt, Form: collect.Number},
		{Name: "actor", Key: collect.Actor, Form: collect.Word},
		{Name: "runner_environment", Key: collect.Runner, Form: collect.Word},
		{Name: "job_workflow_ref", Key: collect.BuilderID, Form: collect.Address, Prefix: server + "/"},
	}
}

// read applies rules and adds what follows from several of the values together.
func (c Collector) read(f *collect.Facts, rules []collect.Rule, read func(*collect.Facts, []collect.Rule) error) error {
	var part collect.Facts
	if err := read(&part, rules); err != nil {
		return err
	}
	by := map[collect.Key]collect.Fact{}
	for _, fact := range part.Facts {
		by[fact.Key] = fact
	}
	if at, ok := by[WorkflowRef]; ok {
		_, path, _, ok := splitWorkflow(at.Value)
		if !ok {
			return attest.Refuse(CodeWorkflow, at.Origin, "owner/repository/path@ref", "something else")
		}
		at.Key, at.Value = collect.EntryPoint, path
		part.Add(at)
	}
	repository, run, attempt := by[collect.Repository], by[RunID], by[RunAttempt]
	if repository.Value != "" && run.Value != "" && attempt.Value != "" {
		run.Key = collect.Invocation
		run.Value = strings.TrimPrefix(repository.Value, "git+") + "/actions/runs/" + run.Value + "/attempts/" + attempt.Value
		part.Add(run)
	}
	f.Facts = append(f.Facts, part.Facts...)
	return nil
}

// splitWorkflow takes apart owner/repository/path@ref.
func splitWorkflow(s string) (repository, path, ref string, ok bool) {
	at, ref, ok := strings.Cut(s, "@")
	parts := strings.SplitN(at, "/", 3)
	_, plain := collect.Reference.Parse(ref)
	_, whole := collect.Location.Parse("https://host/" + at)
	if !ok || !plain || !whole || len(parts) != 3 {
		return "", "", "", false
	}
	return parts[0] + "/" + parts[1], parts[2], ref, true
}

func (c Collector) token(ctx context.Context, env collect.Environment, f *collect.Facts, run map[collect.Key]string) error {
	token, err := oidc.Verify(ctx, env, c.Trust, c.Token)
	if err != nil {
		return err
	}
	for key, name := range map[collect.Key]string{collect.Repository: "repository", RunID: "run_id", RunAttempt: "run_attempt"} {
		got, ok := token.Claim(name)
		if run[key] != "" && run[key] != got {
			return attest.Refuse(collect.CodeConflict, "claim "+name, "the run that the caller names", "another one")
		}
		if ok {
			run[key] = got
		}
	}
	return c.read(f, claims(c.Server), func(part *collect.Facts, rules []collect.Rule) error {
		return part.Read(token.Source(), rules)
	})
}

// ask reads "Get a workflow run attempt" of the REST API.
func (c Collector) ask(ctx context.Context, env collect.Environment, f *collect.Facts, run map[collect.Key]string) error {
	if err := collect.CheckBase(c.API); err != nil {
		return err
	}
	repository, id, attempt := run[collect.Repository], run[RunID], run[RunAttempt]
	owner, name, found := strings.Cut(repository, "/")
	_, plain := collect.Location.Parse("https://host/" + repository)
	_, number := collect.Number.Parse(id)
	_, again := collect.Number.Parse(attempt)
	if !found || !plain || !number || !again || owner == "" || name == "" || strings.Contains(name, "/") {
		return attest.Refuse(collect.CodeOption, "Repository, RunID, RunAttempt", "the run, by the caller or a token", "none")
	}
	path := "/repos/" + repository + "/actions/runs/" + id + "/attempts/" + attempt
	document, err := env.Get(ctx, c.API+path, map[string]string{"Accept": "application/vnd.github+json"})
	if err != nil {
		return err
	}
	answer, err := collect.ParseMembers(document.Body, "api "+path)
	if err != nil {
		return err
	}
	if err := answer.Require(map[string]string{"id": id, "run_attempt": attempt, "repository/full_name": repository}); err != nil {
		return err
	}
	rules := []collect.Rule{
		{Name: "repository/full_name", Key: collect.Repository, Form: collect.Location, Prefix: c.Server + "/"},
		{Name: "repository/id", Key: collect.RepositoryID, Form: collect.Number},
		{Name: "id", Key: RunID, Form: collect.Number},
		{Name: "run_attempt", Key: RunAttempt, Form: collect.Number},
		{Name: "event", Key: collect.Trigger, Form: collect.Word},
		{Name: "head_sha", Key: HeadCommit, Form: collect.Object},
		{Name: "actor/login", Key: collect.Actor, Form: collect.Word},
		{Name: "run_started_at", Key: collect.Started, Form: collect.Instant},
	}
	if event, _, _ := answer.Text("event"); event == "push" { // elsewhere the job's commit may be a merge
		rules = append(rules, collect.Rule{Name: "head_sha", Key: collect.Commit, Form: collect.Object})
	}
	return c.read(f, rules, func(part *collect.Facts, rules []collect.Rule) error {
		return part.ReadAPI(answer, document.Digest, rules)
	})
}

// payload reads the inputs of a run that was started by hand.
func (c Collector) payload(env collect.Environment, f *collect.Facts) error {
	if c.Event == "" {
		f.Gap("inputs", "no event payload was given")
		return nil
	}
	document, err := env.File(c.Event)
	if err != nil {
		return err
	}
	var event struct {
		Inputs map[string]any `json:"inputs"`
	}
	if err := collect.DecodeJSON(document.Body, &event, "file "+c.Event); err != nil {
		return err
	}
	for name, value := range event.Inputs {
		if _, ok := collect.Word.Parse(name); !ok || strings.ContainsAny(name, "/@:") {
			return attest.Refuse(CodeInputs, "file "+c.Event, "names of letters, digits, '_' and '-'", "another name")
		}
		text := hidden
		if slices.Contains(c.Reveal, name) {
			if text, err = scalar(value); err != nil {
				return err
			}
		}
		f.Add(collect.Fact{Key: collect.Key(inputs + name), Value: text, Origin: "file " + c.Event + " inputs/" + name, Evidence: document.Digest})
	}
	slices.SortFunc(f.Facts, func(a, b collect.Fact) int { return strings.Compare(string(a.Key), string(b.Key)) })
	return nil
}
