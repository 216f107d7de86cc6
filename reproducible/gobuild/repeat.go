package gobuild

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
)

// platform are its internal parameters; durations are in nanoseconds.
type platform struct {
	Achieved reproducible.Guarantees `json:"achieved"`
	Findings []struct {
		Code attest.Code `json:"code"`
		Path string      `json:"path"`
	} `json:"findings"`
	Limits struct {
		CPU          int64 `json:"cpu"`
		LogBytes     int64 `json:"logBytes"`
		Memory       int64 `json:"memory"`
		OutputBytes  int64 `json:"outputBytes"`
		OutputFiles  int64 `json:"outputFiles"`
		PIDs         int64 `json:"pids"`
		ScratchBytes int64 `json:"scratchBytes"`
		Wall         int64 `json:"wall"`
	} `json:"limits"`
	Spec digest.Digest `json:"spec"`
}

// FromProvenance returns the spec that a record of a planned build tells, so that
// the build can be repeated by who has the inputs under their digests. It takes
// nothing on trust that the record itself can contradict, and refuses
//
//   - another build type, malformed or unknown parameters;
//   - what could read anything without a digest: host paths, or guarantees that
//     were required or achieved without InputsPinned;
//   - every parameter that is not exactly what Plan gives for the program that the
//     command names: each variable, flag, path and input;
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
	var internal platform
	if err := read("internalParameters", build.Internal, &internal); err != nil {
		return nil, err
	}
	if err := errors.Join(pinned(external, internal), planned(external)); err != nil {
		return nil, err
	}
	inputs, err := inputsOf(external, build.Inputs)
	if err != nil {
		return nil, err
	}
	spec := recipeOf(external.Command, external.Env).spec(inputs)
	spec.Epoch, spec.Require = external.Epoch, external.Require
	l := internal.Limits
	spec.Limits = reproducible.Limits{
		Memory: l.Memory, PIDs: l.PIDs, CPU: time.Duration(l.CPU), Wall: time.Duration(l.Wall), OutputBytes: l.OutputBytes,
		OutputFiles: l.OutputFiles, LogBytes: l.LogBytes, ScratchBytes: l.ScratchBytes,
	}
	got, err := spec.Digest()
	if err != nil {
		return nil, err
	}
	if got != internal.Spec {
		return nil, attest.Refuse(CodeSpec, "internalParameters/spec", got.String(), internal.Spec.String())
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
func pinned(external reproducible.ExternalParameters, internal platform) error {
	var faults []error
	if len(external.HostPaths) > 0 {
		faults = append(faults, attest.Refuse(CodeUnpinned, "externalParameters/hostPaths", "none", quote(strings.Join(external.HostPaths, " "))))
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

// planned refuses every parameter that Plan would not have given.
func planned(p reproducible.ExternalParameters) error {
	r := recipeOf(p.Command, p.Env)
	if err := r.validate(); err != nil {
		return attest.Refuse(CodeParameter, "externalParameters", "the parameters of a plan", "").Because(err)
	}
	want := r.spec(nil).WithDefaults()
	var faults []error
	check := func(where, want, got string) {
		if want != got {
			faults = append(faults, attest.Refuse(CodeParameter, "externalParameters/"+where, quote(want), quote(got)))
		}
	}
	if !slices.Equal(want.Command, p.Command) {
		check("command", strings.Join(want.Command, " "), strings.Join(p.Command, " ")+" ")
	}
	if name := mismatch(want.Env, p.Env); name != "" {
		faults = append(faults, attest.Refuse(CodeParameter, "externalParameters/env/"+quote(name), quote(want.Env[name]), quote(p.Env[name])))
	}
	if !slices.Equal(want.Outputs, p.Outputs) {
		check("outputs", strings.Join(want.Outputs, " "), strings.Join(p.Outputs, " ")+" ")
	}
	check("dir", want.Dir, p.Dir)
	check("hostname", want.Hostname, p.Hostname)
	check("locale", want.Locale, p.Locale)
	check("tz", want.TZ, p.TZ)
	number := func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
	check("uid", number(want.UID), number(p.UID))
	check("gid", number(want.GID), number(p.GID))
	check("umask", number(want.Umask), number(p.Umask))
	places := []string{toolchainDir, modulesDir, sourceDir}
	if r.vendored {
		places = []string{toolchainDir, sourceDir}
	}
	var got []string
	for _, in := range p.Inputs {
		got = append(got, in.Path)
		check("inputs"+quote(in.Path)+"/kind", string(reproducible.Tree), string(in.Kind))
	}
	if !slices.Equal(places, got) {
		check("inputs", strings.Join(places, " "), strings.Join(got, " ")+" ")
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
		if d.Descriptor.MediaType != reproducible.TreeMediaType {
			return nil, attest.Refuse(CodeDependency, where, reproducible.TreeMediaType, quote(d.Descriptor.MediaType))
		}
		out = append(out, reproducible.Input{
			Path: in.Path, Kind: in.Kind, Digest: in.Digest, Role: d.Role, Name: d.Descriptor.Name, URI: d.Descriptor.URI,
		})
	}
	return out, nil
}
