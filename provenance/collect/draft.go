package collect

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
)

// A Field is a place in a Build with the fact that filled it.
type Field struct {
	// Path is the place, such as "External/workflow/ref" or "Builder.ID".
	Path string `json:"path"`
	Fact Fact   `json:"fact"`
}

// A Report tells for a Build who chose what.
type Report struct {
	Fields    []Field    `json:"fields"`
	Conflicts []Conflict `json:"conflicts,omitempty"`
	Gaps      []Gap      `json:"gaps,omitempty"`
}

// SelfAsserted returns the fields that only the build itself vouches for.
func (r *Report) SelfAsserted() []Field {
	var out []Field
	for _, f := range r.Fields {
		if f.Fact.Trust == SelfAsserted {
			out = append(out, f)
		}
	}
	return out
}

// LevelCap returns the highest SLSA Build level that may be claimed for the build: 1
// if the builder's id or an external parameter is self-asserted, else 3. It is a bound
// on what facts allow; whether a level is reached is for a verifier to say.
func (r *Report) LevelCap() int {
	named := false
	for _, f := range r.Fields {
		builder := f.Path == "Builder.ID"
		named = named || builder
		if (builder || strings.HasPrefix(f.Path, "External/")) && f.Fact.Trust == SelfAsserted {
			return 1
		}
	}
	if !named {
		return 1
	}
	return 3
}

// Options complete a Build with what no collector knows.
type Options struct {
	// BuilderID is the builder's URI, for platforms that do not tell it. It counts as
	// self-asserted, and must not differ from what the platform tells.
	BuilderID string
	// Outputs are the artifacts of the build, in addition to those that were found.
	Outputs []attest.Descriptor
}

// A Draft is a Build in the making. It remembers every error. Use one goroutine.
type Draft struct {
	record             *Record
	build              provenance.Build
	external, internal map[string]any
	report             Report
	errs               []error
}

// Draft begins a build of a build type.
func (r *Record) Draft(buildType string) *Draft {
	d := &Draft{record: r, external: map[string]any{}, internal: map[string]any{}}
	d.build.BuildType = buildType
	d.report.Conflicts, d.report.Gaps = r.Conflicts(), r.Gaps()
	return d
}

// External sets an external parameter, at a path parted by '/', to a fact's value, if
// there is the fact.
func (d *Draft) External(path string, key Key) { d.set(d.external, "External/", path, key) }

// Internal sets an internal parameter likewise.
func (d *Draft) Internal(path string, key Key) { d.set(d.internal, "Internal/", path, key) }

// Need is External with an error if nobody told the fact.
func (d *Draft) Need(path string, key Key) {
	if _, ok := d.record.Fact(key); !ok {
		d.missing(path, key)
	}
	d.External(path, key)
}

func (d *Draft) missing(where string, key Key) {
	d.errs = append(d.errs, attest.Refuse(CodeMissing, where, "the fact "+string(key), "none"))
}

// Value sets an external parameter to any value that JSON can hold, and reports fact
// as its ground.
func (d *Draft) Value(path string, value any, fact Fact) {
	d.place(d.external, path, value)
	d.report.Fields = append(d.report.Fields, Field{"External/" + path, fact})
}

func (d *Draft) set(in map[string]any, kind, path string, key Key) {
	if fact, ok := d.record.Fact(key); ok {
		d.place(in, path, fact.Value)
		d.report.Fields = append(d.report.Fields, Field{kind + path, fact})
	}
}

func (d *Draft) place(in map[string]any, path string, value any) {
	names := strings.Split(path, "/")
	for _, name := range names[:len(names)-1] {
		next, ok := in[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			in[name] = next
		}
		in = next
	}
	in[names[len(names)-1]] = value
}

// Source adds the source as an input, by its commit, under its ref if that is known.
// Both repository and commit must have been told.
func (d *Draft) Source() {
	repository, told := d.record.Fact(Repository)
	commit, known := d.record.Fact(Commit)
	if !told {
		d.missing("Inputs", Repository)
	}
	if !known {
		d.missing("Inputs", Commit)
	}
	if !told || !known {
		return
	}
	uri := repository.Value
	if ref, ok := d.record.Fact(Ref); ok {
		uri += "@" + ref.Value
		d.field("Inputs[0].ref", ref)
	}
	d.field("Inputs[0].repository", repository)
	d.field("Inputs[0].commit", commit)
	d.build.Inputs = append(d.build.Inputs, provenance.Input{Role: provenance.RoleSource, Descriptor: attest.Descriptor{
		URI: uri, Digest: digest.Set{digest.GitCommit: commit.Value},
	}})
}

func (d *Draft) field(path string, fact Fact) {
	d.report.Fields = append(d.report.Fields, Field{path, fact})
}

// Build completes the build and the report of its fields. The record's inputs and
// outputs are added, with the run's id and times. An output that only the build itself
// tells of is left out and reported as a gap: who knows that the build made it names it
// in o. An input that only the build itself tells of has no role. The build is one that provenance.Build.Validate accepts, and equal facts give
// equal bytes.
func (d *Draft) Build(o Options) (*provenance.Build, *Report, error) {
	d.builder(o)
	d.artifacts(o)
	if fact, ok := d.record.Fact(Invocation); ok {
		d.build.InvocationID = fact.Value
		d.field("InvocationID", fact)
	}
	d.build.Started = d.instant("Started", Started)
	d.build.Finished = d.instant("Finished", Finished)
	d.build.External = d.marshal(d.external)
	if len(d.internal) > 0 {
		d.build.Internal = d.marshal(d.internal)
	}
	if err := errors.Join(d.errs...); err != nil {
		return nil, nil, err
	}
	if err := d.build.Validate(); err != nil {
		return nil, nil, err
	}
	build, report := d.build, d.report
	return &build, &report, nil
}

func (d *Draft) builder(o Options) {
	fact, told := d.record.Fact(BuilderID)
	switch {
	case !told && o.BuilderID == "":
		d.missing("Builder.ID", BuilderID)
	case !told:
		fact = Fact{Key: BuilderID, Value: o.BuilderID, Origin: "Options.BuilderID"}
	case o.BuilderID != "" && o.BuilderID != fact.Value:
		d.errs = append(d.errs, attest.Refuse(CodeConflict, "Options.BuilderID", excerpt.Quote(fact.Value), excerpt.Quote(o.BuilderID)))
	}
	d.build.Builder.ID = fact.Value
	d.field("Builder.ID", fact)
}

func (d *Draft) artifacts(o Options) {
	for _, in := range d.record.inputs {
		in.Descriptor = in.Descriptor.Clone()
		if in.Trust == SelfAsserted && in.Role != provenance.RoleOther {
			d.report.Gaps = append(d.report.Gaps, Gap{"role of input " + name(in), "only the build itself says that this is its " + string(in.Role)})
			in.Role = provenance.RoleOther
		}
		d.build.Inputs = append(d.build.Inputs, in.Input)
		d.field("Inputs["+name(in)+"]", in.fact())
	}
	for _, out := range d.record.outputs {
		if out.Trust == SelfAsserted {
			d.report.Gaps = append(d.report.Gaps, Gap{"output " + name(out), "only the build itself says that it made this"})
			continue
		}
		d.build.Outputs = append(d.build.Outputs, out.Descriptor.Clone())
		d.field("Outputs["+name(out)+"]", out.fact())
	}
	for _, out := range o.Outputs {
		d.build.Outputs = append(d.build.Outputs, out.Clone())
	}
}

func name(a Artifact) string {
	if a.Descriptor.Name != "" {
		return excerpt.Quote(a.Descriptor.Name)
	}
	return excerpt.Quote(a.Descriptor.URI)
}

func (a Artifact) fact() Fact {
	return Fact{Key: "artifact", Value: a.Descriptor.Digest.String(), Trust: a.Trust, Origin: a.Origin, Evidence: a.Evidence}
}

func (d *Draft) instant(path string, key Key) time.Time {
	fact, ok := d.record.Fact(key)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, fact.Value)
	if err != nil {
		d.errs = append(d.errs, refuse(CodeValue, fact.Origin, Instant.String(), fact.Value))
	}
	d.field(path, fact)
	return t.UTC()
}

func (d *Draft) marshal(o map[string]any) json.RawMessage {
	raw, err := strictjson.Marshal(o)
	if err != nil {
		d.errs = append(d.errs, attest.Refuse(CodeJSON, "parameters", "texts of UTF-8", "other bytes"))
	}
	return raw
}
