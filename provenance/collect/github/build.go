package github

import (
	"encoding/json"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/collect"
)

// Build makes the build that the facts of a record tell of. The workflow, repository
// and commit must be known, and the builder's id, which the token's job_workflow_ref
// gives.
func Build(r *collect.Record, o collect.Options) (*provenance.Build, *collect.Report, error) {
	d := r.Draft(buildtype.GitHubWorkflowV1)
	d.Need("workflow/path", collect.EntryPoint)
	if at, ok := r.Fact(WorkflowRef); ok {
		workflow, _, ref, _ := splitWorkflow(at.Value)
		repository := strings.TrimPrefix(r.Value(collect.Repository), "git+")
		if !strings.HasSuffix(repository, "/"+workflow) {
			return nil, nil, attest.Refuse(CodeWorkflow, at.Origin, "a workflow of the source repository", "one of another")
		}
		d.Value("workflow/repository", repository, at)
		d.Value("workflow/ref", ref, at)
	}
	for _, f := range r.Facts() {
		if name, ok := strings.CutPrefix(string(f.Key), inputs); ok {
			d.External("inputs/"+name, f.Key)
		}
	}
	d.Internal("github/event_name", collect.Trigger)
	d.Internal("github/repository_id", collect.RepositoryID)
	d.Internal("github/repository_owner_id", OwnerID)
	d.Internal("github/runner_environment", collect.Runner)
	d.Source()
	return d.Build(o)
}

// scalar returns an input's value as text.
func scalar(v any) (string, error) {
	text, ok := "", true
	switch v := v.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	case bool:
		text = map[bool]string{true: "true", false: "false"}[v]
	default:
		ok = false
	}
	if !ok || len(text) > mostInputText {
		return "", attest.Refuse(CodeInputs, "inputs", "short texts, numbers and truth values", "something else")
	}
	return text, nil
}
