package tekton

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/collect"
)

// The keys that only Tekton has.
const (
	Kind           collect.Key = "tekton.kind"
	RunName        collect.Key = "tekton.run"
	Definition     collect.Key = "tekton.definition" // the name of the Task or Pipeline
	Resolver       collect.Key = "tekton.resolver"
	ServiceAccount collect.Key = "tekton.service-account"
	parameters                 = "tekton.param."
	hidden                     = "[MASKED]"
	most                       = 1000 // of parameters, steps and results
)

// A Collector reads a run. Its environment must grant Fetch.
type Collector struct {
	// API is the address of the Kubernetes API.
	API string
	// Kind is "TaskRun" or "PipelineRun"; Namespace and Name tell which one. UID, if
	// not empty, must be its uid: names are used again.
	Kind, Namespace, Name, UID string
	// Reveal lists the parameters whose values may be told.
	Reveal []string
}

// Collect is of the interface collect.Collector.
func (c Collector) Collect(ctx context.Context, env collect.Environment) (*collect.Facts, error) {
	if err := collect.CheckBase(c.API); err != nil {
		return nil, err
	}
	plural := map[string]string{"TaskRun": "taskruns", "PipelineRun": "pipelineruns"}[c.Kind]
	if plural == "" || !name(c.Namespace) || !name(c.Name) {
		return nil, attest.Refuse(collect.CodeOption, "Kind, Namespace, Name", "TaskRun or PipelineRun, and two Kubernetes names", "something else")
	}
	path := "/apis/tekton.dev/v1/namespaces/" + c.Namespace + "/" + plural + "/" + c.Name
	document, err := env.Get(ctx, c.API+path, map[string]string{"Accept": "application/json"})
	if err != nil {
		return nil, err
	}
	var r run
	if err := collect.DecodeJSON(document.Body, &r, "api "+path); err != nil {
		return nil, err
	}
	return c.read(reading{f: &collect.Facts{}, where: "api " + path, evidence: document.Digest}, &r)
}

// name reports whether s is an RFC 1123 subdomain, as names in Kubernetes are.
func name(s string) bool {
	plain := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' }
	return s != "" && len(s) <= 253 && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 && strings.Trim(s, ".") == s
}

// A reading adds the facts of one record, and remembers what was wrong.
type reading struct {
	f        *collect.Facts
	where    string
	evidence digest.Digest
	errs     []error
}

func (r *reading) add(key collect.Key, form collect.Form, value, member string) {
	if value == "" {
		return
	}
	kept, ok := form.Parse(value)
	if !ok {
		r.refuse(collect.CodeValue, member, form.String())
		return
	}
	r.f.Add(collect.Fact{Key: key, Value: kept, Trust: collect.PlatformAPI, Origin: r.where + " " + member, Evidence: r.evidence})
}

func (r *reading) refuse(code attest.Code, member, want string) {
	r.errs = append(r.errs, attest.Refuse(code, r.where+" "+member, want, "something else"))
}

func (c Collector) read(r reading, run *run) (*collect.Facts, error) {
	m := run.Metadata
	if run.APIVersion != "tekton.dev/v1" || run.Kind != c.Kind || m.Name != c.Name || m.Namespace != c.Namespace || m.UID == "" || c.UID != "" && m.UID != c.UID {
		r.refuse(CodeRun, "apiVersion, kind, metadata", "the run that was asked for")
	}
	if len(run.Spec.Params) > most || len(run.Status.Steps) > most || len(run.Status.Results) > most {
		r.refuse(collect.CodeLimit, "", "at most 1000 parameters, steps and results")
		return nil, errors.Join(r.errs...)
	}
	succeeded := false
	for _, condition := range run.Status.Conditions {
		succeeded = succeeded || condition.Type == "Succeeded" && condition.Status == "True"
	}
	if !succeeded {
		r.refuse(CodeUnfinished, "status/conditions", "Succeeded")
	}
	r.add(Kind, collect.Word, run.Kind, "kind")
	r.add(RunName, collect.Word, m.Namespace+"/"+m.Name, "metadata/name")
	r.add(collect.Invocation, collect.Word, m.UID, "metadata/uid")
	r.add(collect.Started, collect.Instant, text(run.Status.StartTime), "status/startTime")
	r.add(collect.Finished, collect.Instant, text(run.Status.CompletionTime), "status/completionTime")
	if template := run.Spec.TaskRunTemplate; template != nil && run.Kind == "PipelineRun" {
		r.add(ServiceAccount, collect.Word, text(template.ServiceAccount), "spec/taskRunTemplate/serviceAccountName")
	} else {
		r.add(ServiceAccount, collect.Word, text(run.Spec.ServiceAccount), "spec/serviceAccountName")
	}
	r.definition(run)
	r.params(run.Spec.Params, c.Reveal)
	r.steps(run)
	r.hints(run.Status.Results)
	if err := errors.Join(r.errs...); err != nil {
		return nil, err
	}
	return r.f, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// definition reads where the task or pipeline came from, as the resolver recorded it.
func (r *reading) definition(run *run) {
	for member, ref := range map[string]*reference{"spec/taskRef": run.Spec.TaskRef, "spec/pipelineRef": run.Spec.PipelineRef} {
		if ref != nil {
			r.add(Definition, collect.Word, ref.Name, member+"/name")
			r.add(Resolver, collect.Word, ref.Resolver, member+"/resolver")
		}
	}
	if run.Spec.TaskSpec != nil || run.Spec.PipelineSpec != nil {
		r.f.Gap("definition", "the run defines its task or pipeline inline, which is not read")
	}
	if run.Status.Provenance == nil || run.Status.Provenance.RefSource == nil {
		r.f.Gap("source", "Tekton recorded no source of the definition")
		return
	}
	at := run.Status.Provenance.RefSource
	const member = "status/provenance/refSource"
	if sum, ok := at.Digest["sha256"]; ok && at.Digest["sha1"] == "" {
		r.elsewhere(at.URI, sum, member)
		return
	}
	r.add(collect.Repository, collect.Location, at.URI, member+"/uri")
	r.add(collect.Commit, collect.Object, at.Digest["sha1"], member+"/digest/sha1")
	r.add(collect.EntryPoint, collect.Phrase, at.EntryPoint, member+"/entryPoint")
}

// elsewhere makes a definition that is in no Git repository an input: the bundle, cluster,
// http and hub resolvers record where it is, in words of their own, and its SHA-256.
func (r *reading) elsewhere(uri, sum, member string) {
	d := digest.Digest{Algorithm: digest.SHA256, Hex: sum}
	if _, plain := collect.Word.Parse(uri); !plain || d.Validate() != nil {
		r.refuse(collect.CodeValue, member, "a place and a SHA-256 digest")
		return
	}
	r.f.Gap("source", "the definition comes from no Git repository")
	r.f.Input(provenance.RoleOther, attest.Descriptor{URI: uri, Digest: d.Set()}, collect.PlatformAPI, r.where+" "+member, r.evidence)
}

func (r *reading) params(params []param, reveal []string) {
	for _, p := range params {
		if _, ok := collect.Word.Parse(p.Name); !ok || strings.Contains(p.Name, "/") {
			r.refuse(collect.CodeValue, "spec/params", "plain names")
			return
		}
		value := `"` + hidden + `"`
		if slices.Contains(reveal, p.Name) && len(p.Value) > 0 {
			value = string(p.Value)
		}
		if len(value) > 8<<10 {
			r.refuse(collect.CodeLimit, "spec/params", "values of at most 8 KiB")
			return
		}
		r.f.Add(collect.Fact{Key: collect.Key(parameters + p.Name), Value: value, Trust: collect.PlatformAPI,
			Origin: r.where + " spec/params/" + p.Name, Evidence: r.evidence})
	}
}

// steps makes the images that the kubelet says it ran inputs.
func (r *reading) steps(run *run) {
	if run.Kind == "PipelineRun" {
		r.f.Gap("steps", "the images of a pipeline's steps are in the records of its task runs")
	}
	for _, step := range run.Status.Steps {
		_, image, pulled := strings.Cut(step.ImageID, "://")
		if !pulled {
			image = step.ImageID
		}
		location, value, found := strings.Cut(image, "@sha256:")
		d := digest.Digest{Algorithm: digest.SHA256, Hex: value}
		_, plain := collect.Word.Parse(location)
		if !found || !plain || d.Validate() != nil {
			r.f.Gap("step", "the kubelet reports no digest of a step's image")
			continue
		}
		r.f.Input(provenance.RoleTool, attest.Descriptor{URI: "oci://" + location, Digest: d.Set()}, collect.PlatformAPI,
			r.where+" status/steps/imageID", r.evidence)
	}
}

// hints reads the results that Tekton Chains gives a meaning by their names
// (IMAGE_URL and IMAGE_DIGEST, ARTIFACT_URI and ARTIFACT_DIGEST, CHAINS-GIT_URL and
// CHAINS-GIT_COMMIT, with any prefix). They are what a step wrote.
func (r *reading) hints(results []result) {
	values := map[string]string{}
	for _, result := range results {
		var value string
		if strictjson.Unmarshal(result.Value, &value, strictjson.Options{}) == nil {
			values[result.Name] = strings.TrimSpace(value)
		}
	}
	for _, result := range results {
		for uri, sum := range map[string]string{"IMAGE_URL": "IMAGE_DIGEST", "ARTIFACT_URI": "ARTIFACT_DIGEST"} {
			if prefix, ok := strings.CutSuffix(result.Name, uri); ok {
				r.output(values[result.Name], values[prefix+sum])
			}
		}
		if prefix, ok := strings.CutSuffix(result.Name, "CHAINS-GIT_URL"); ok {
			r.input(values[result.Name], values[prefix+"CHAINS-GIT_COMMIT"])
		}
	}
}

func (r *reading) output(uri, sum string) {
	_, plain := collect.Word.Parse(uri)
	d, err := digest.Parse(sum)
	if !plain || err != nil || d.Algorithm != digest.SHA256 {
		r.f.Gap("type hint", "a result that is named as an artifact is none")
		return
	}
	r.f.Output(attest.Descriptor{Name: uri, Digest: d.Set()}, collect.SelfAsserted, r.where+" status/results", r.evidence)
}

func (r *reading) input(uri, commit string) {
	location, err := collect.CanonicalRepository(uri)
	object, ok := collect.Object.Parse(commit)
	if err != nil || !ok {
		r.f.Gap("type hint", "a result that is named as a source is none")
		return
	}
	r.f.Input(provenance.RoleOther, attest.Descriptor{URI: location, Digest: digest.Set{digest.GitCommit: object}}, collect.SelfAsserted,
		r.where+" status/results", r.evidence)
}

// Build makes the build that the facts of a record tell of. Where the definition came
// from must be known.
func Build(r *collect.Record, o collect.Options) (*provenance.Build, *collect.Report, error) {
	d := r.Draft(buildtype.TektonChains)
	d.Need("buildConfigSource/repository", collect.Repository)
	d.External("buildConfigSource/path", collect.EntryPoint)
	if at, ok := r.Fact(collect.Commit); ok {
		d.Value("buildConfigSource/ref", "sha1:"+at.Value, at)
	}
	list := []any{}
	for _, f := range r.Facts() {
		if name, ok := strings.CutPrefix(string(f.Key), parameters); ok {
			list = append(list, map[string]any{"name": name, "value": json.RawMessage(f.Value)})
		}
	}
	if at, ok := r.Fact(collect.Invocation); ok {
		d.Value("runSpec/params", list, at)
	}
	d.External("runSpec/ref/name", Definition)
	d.External("runSpec/ref/resolver", Resolver)
	d.External("runSpec/serviceAccountName", ServiceAccount)
	d.Internal("kind", Kind)
	d.Internal("run", RunName)
	d.Source()
	return d.Build(o)
}
