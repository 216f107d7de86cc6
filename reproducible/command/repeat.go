package command

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
)

// FromProvenance returns the spec that a record tells, so that the build can be
// repeated by who has the inputs under their digests. It takes nothing on trust
// that the record itself can contradict, and refuses
//
//   - another build type, and malformed, missing or unknown parameters;
//   - what could read anything without a digest: host paths, or guarantees that
//     were required or achieved without InputsPinned;
//   - dependencies that are not the inputs, and parameters whose spec does not have
//     the digest of the spec that ran.
//
// Whether the record may be believed is for an attest.Verifier to say.
func FromProvenance(build *provenance.Build) (*reproducible.Spec, error) {
	if build == nil || build.BuildType != reproducible.BuildType {
		return nil, attest.Refuse(CodeBuildType, "Build.BuildType", reproducible.BuildType, "another")
	}
	var external reproducible.ExternalParameters
	if err := read("externalParameters", build.External, &external); err != nil {
		return nil, err
	}
	var internal reproducible.InternalParameters
	if err := read("internalParameters", build.Internal, &internal); err != nil {
		return nil, err
	}
	if external.Env == nil || external.HostPaths == nil || external.Inputs == nil || external.Outputs == nil || internal.Findings == nil {
		return nil, attest.Refuse(CodeParameters, "parameters", "lists and objects, if empty ones", "null")
	}
	if err := pinned(external, internal); err != nil {
		return nil, err
	}
	inputs, err := inputsOf(external, build.Inputs)
	if err != nil {
		return nil, err
	}
	spec := &reproducible.Spec{
		Inputs: inputs, Command: external.Command, Env: external.Env, Dir: external.Dir, Outputs: external.Outputs,
		Epoch: external.Epoch, Locale: external.Locale, TZ: external.TZ, Hostname: external.Hostname,
		Umask: external.Umask, UID: external.UID, GID: external.GID, CPUs: external.CPUs,
		Limits: internal.Limits.Limits(), Require: external.Require,
	}
	if d := spec.WithDefaults(); d.Dir != spec.Dir || d.Locale != spec.Locale || d.TZ != spec.TZ || d.Hostname != spec.Hostname ||
		d.Umask != spec.Umask || d.UID != spec.UID || d.GID != spec.GID || d.Limits != spec.Limits {
		return nil, attest.Refuse(CodeParameters, "externalParameters", "every default spelled out", "one left out")
	}
	return matching(spec, internal.Spec)
}

// matching returns spec if it has the digest. An input without a name is recorded
// under its path, so such names are left out, and only then kept.
func matching(spec *reproducible.Spec, want digest.Digest) (*reproducible.Spec, error) {
	named := append([]reproducible.Input{}, spec.Inputs...)
	for i, in := range spec.Inputs {
		if in.Name == in.Path {
			spec.Inputs[i].Name = ""
		}
	}
	got, err := spec.Digest()
	if err != nil {
		return nil, err
	}
	if got == want {
		return spec, nil
	}
	spec.Inputs = named
	if got, err = spec.Digest(); err != nil || got != want {
		return nil, attest.Refuse(CodeSpec, "internalParameters/spec", got.String(), want.String()).Because(err)
	}
	return spec, nil
}

// read decodes parameters that have every field of v and no other.
func read(where string, raw json.RawMessage, v any) error {
	refuse := attest.Refuse(CodeParameters, where, "every parameter of the build type, and no other", "")
	if err := strictjson.Unmarshal(raw, v, strictjson.Options{}); err != nil {
		return refuse.Because(err)
	}
	again, err := strictjson.Marshal(v)
	if err != nil {
		return refuse.Because(err)
	}
	if same, err := provenance.EqualJSON(raw, again); err != nil || !same {
		return refuse.Because(err)
	}
	return nil
}

// pinned refuses a build that could read what no digest names.
func pinned(external reproducible.ExternalParameters, internal reproducible.InternalParameters) error {
	var faults []error
	if len(external.HostPaths) > 0 {
		faults = append(faults, attest.Refuse(CodeUnpinned, "externalParameters/hostPaths", "none",
			excerpt.Quote(strings.Join(external.HostPaths, " "))))
	}
	for where, g := range map[string]reproducible.Guarantees{
		"externalParameters/require": external.Require, "internalParameters/achieved": internal.Achieved,
	} {
		if !g.Has(reproducible.InputsPinned) {
			faults = append(faults, attest.Refuse(CodeUnpinned, where, reproducible.InputsPinned.String(), g.String()))
		}
	}
	return errors.Join(faults...)
}

// inputsOf joins the inputs of the parameters with the dependencies, which tell
// their names, roles and where they are from.
func inputsOf(p reproducible.ExternalParameters, dependencies []provenance.Input) ([]reproducible.Input, error) {
	if len(dependencies) != len(p.Inputs) {
		return nil, attest.Refuse(CodeDependency, "resolvedDependencies", strconv.Itoa(len(p.Inputs)), strconv.Itoa(len(dependencies)))
	}
	var out []reproducible.Input
	for i, in := range p.Inputs {
		d := dependencies[i]
		where := "resolvedDependencies/" + strconv.Itoa(i)
		if d.Descriptor.Digest[digest.SHA256] != in.Digest.Hex || in.Digest.Algorithm != digest.SHA256 {
			return nil, attest.Refuse(CodeDependency, where, in.Digest.String(), d.Descriptor.Digest.String())
		}
		mediaType := ""
		if in.Kind == reproducible.Tree {
			mediaType = reproducible.TreeMediaType
		}
		if d.Descriptor.MediaType != mediaType {
			return nil, attest.Refuse(CodeDependency, where, excerpt.Quote(mediaType), excerpt.Quote(d.Descriptor.MediaType))
		}
		out = append(out, reproducible.Input{
			Path: in.Path, Kind: in.Kind, Digest: in.Digest, Role: d.Role, Name: d.Descriptor.Name, URI: d.Descriptor.URI,
		})
	}
	return out, nil
}
