package reproducible

import (
	"encoding/json"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
)

// BuildType is the SLSA build type of a Spec that a Builder of this room ran.
//
// externalParameters hold the spec: command, cpus, dir, env, epoch, gid, hostPaths,
// hostname, inputs (path, kind and digest of each), locale, outputs, require,
// tz, uid and umask. internalParameters hold what the platform added: the spec's
// digest, the guarantees achieved, the limits (bytes, nanoseconds), the
// findings and, where there is one, the digest of the trace and whether it is
// complete. resolvedDependencies are the inputs by digest; a tree has
// TreeMediaType and the digest of its manifest. The log and the trace are
// byproducts.
const BuildType = "https://github.com/sealwright/sealwright/reproducible/command/v1"

// TreeMediaType is the media type of a tree's manifest, whose digest stands for
// the tree.
const TreeMediaType = "application/vnd.sealwright.tree.v1+json"

// DescribeOptions say what a run cannot know about itself.
type DescribeOptions struct {
	// Builder is the platform that vouches for the record; its ID is required.
	Builder provenance.Builder
	// InvocationID names the run within the platform, and may be empty.
	InvocationID string
}

// ExternalParameters are the externalParameters of a build of type BuildType: the
// spec as whoever asked for the build gave it, defaults filled in, without its
// limits. Keys stand in ascending order, as do HostPaths, Outputs and, by path,
// Inputs.
type ExternalParameters struct {
	Command   []string          `json:"command"`
	CPUs      uint32            `json:"cpus"`
	Dir       string            `json:"dir"`
	Env       map[string]string `json:"env"`
	Epoch     int64             `json:"epoch"`
	GID       uint32            `json:"gid"`
	HostPaths []string          `json:"hostPaths"`
	Hostname  string            `json:"hostname"`
	Inputs    []ExternalInput   `json:"inputs"`
	Locale    string            `json:"locale"`
	Outputs   []string          `json:"outputs"`
	Require   Guarantees        `json:"require"`
	TZ        string            `json:"tz"`
	UID       uint32            `json:"uid"`
	Umask     uint32            `json:"umask"`
}

// An ExternalInput is an input in ExternalParameters.
type ExternalInput struct {
	Digest digest.Digest `json:"digest"`
	Kind   Kind          `json:"kind"`
	Path   string        `json:"path"`
}

// InternalParameters are the internalParameters of a build of type BuildType: what
// the platform added to the spec and achieved.
type InternalParameters struct {
	Achieved Guarantees        `json:"achieved"`
	Findings []RecordedFinding `json:"findings"`
	Limits   RecordedLimits    `json:"limits"`
	Spec     digest.Digest     `json:"spec"`
	Trace    *RecordedTrace    `json:"trace,omitempty"` // nil when nothing watched
}

// A RecordedFinding is a Finding in InternalParameters.
type RecordedFinding struct {
	Code attest.Code `json:"code"`
	Path string      `json:"path"`
}

// A RecordedTrace is a Trace in InternalParameters.
type RecordedTrace struct {
	Complete bool          `json:"complete"`
	Digest   digest.Digest `json:"digest"`
}

// Describe records a successful run as a provenance.Build of type BuildType. It
// refuses a result that is not complete or does not belong to spec, and options
// without a builder id.
func Describe(spec *Spec, r *Result, o DescribeOptions) (*provenance.Build, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	want, err := spec.Digest()
	if err != nil {
		return nil, err
	}
	if r.Spec != want {
		return nil, attest.Refuse(CodeResult, "Result.Spec", want.String(), r.Spec.String())
	}
	if err := attest.CheckTypeURI(o.Builder.ID); err != nil {
		return nil, attest.Refuse(CodeDescribe, "DescribeOptions.Builder.ID", "an absolute URI", excerpt.Quote(o.Builder.ID))
	}
	b := &provenance.Build{
		BuildType: BuildType, Builder: o.Builder, InvocationID: o.InvocationID,
		Started: r.Started, Finished: r.Finished,
	}
	if b.External, err = external(spec.WithDefaults()); err != nil {
		return nil, err
	}
	if b.Internal, err = internal(spec.WithDefaults(), r); err != nil {
		return nil, err
	}
	for _, in := range sortedInputs(spec.Inputs) {
		b.Inputs = append(b.Inputs, provenance.Input{Role: roleOf(in), Descriptor: in.descriptor()})
	}
	for _, a := range r.Artifacts {
		b.Outputs = append(b.Outputs, attest.Descriptor{Name: a.Path, Digest: a.Digest.Clone()})
	}
	if !r.Log.Digest.IsZero() {
		b.Byproducts = append(b.Byproducts, attest.Descriptor{Name: "log", MediaType: "text/plain", Digest: r.Log.Digest.Set()})
	}
	if r.Trace != nil {
		d, err := r.Trace.Digest()
		if err != nil {
			return nil, err
		}
		b.Byproducts = append(b.Byproducts, attest.Descriptor{Name: "trace", MediaType: TraceMediaType, Digest: d.Set()})
	}
	return b, nil
}

func (in Input) descriptor() attest.Descriptor {
	d := attest.Descriptor{Name: in.Name, URI: in.URI, Digest: in.Digest.Set()}
	if d.Name == "" {
		d.Name = in.Path
	}
	if in.Kind == Tree {
		d.MediaType = TreeMediaType
	}
	return d
}

func external(s *Spec) (json.RawMessage, error) {
	p := ExternalParameters{
		Command: s.Command, CPUs: s.CPUs, Dir: s.Dir, Env: s.Env, Epoch: s.Epoch, GID: s.GID,
		HostPaths: sorted(s.HostPaths), Hostname: s.Hostname, Inputs: []ExternalInput{},
		Locale: s.Locale, Outputs: sorted(s.Outputs), Require: s.Require, TZ: s.TZ, UID: s.UID, Umask: s.Umask,
	}
	if p.Env == nil {
		p.Env = map[string]string{}
	}
	for _, in := range sortedInputs(s.Inputs) {
		p.Inputs = append(p.Inputs, ExternalInput{in.Digest, in.Kind, in.Path})
	}
	return strictjson.Marshal(p)
}

func internal(s *Spec, r *Result) (json.RawMessage, error) {
	p := InternalParameters{Achieved: r.Achieved, Findings: []RecordedFinding{}, Limits: s.Limits.recorded(), Spec: r.Spec}
	for _, f := range r.Findings {
		p.Findings = append(p.Findings, RecordedFinding(f))
	}
	if r.Trace != nil {
		d, err := r.Trace.Digest()
		if err != nil {
			return nil, err
		}
		p.Trace = &RecordedTrace{Complete: r.Trace.Complete, Digest: d}
	}
	return strictjson.Marshal(p)
}
