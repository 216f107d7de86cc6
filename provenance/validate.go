package provenance

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// Validate reports everything that keeps b from being a complete record, joined:
// build type and builder id must be absolute URIs, parameters strict JSON objects,
// every artifact named, every output by digest, and time must not run backwards.
func (b *Build) Validate() error {
	if b == nil {
		return attest.Refuse(CodeNil, "Build", "a build", "nil")
	}
	errs := []error{
		checkURI(CodeBuildType, "BuildType", b.BuildType),
		checkURI(CodeBuilderID, "Builder.ID", b.Builder.ID),
		checkObject("External", b.External),
		checkTimes(b.Started, b.Finished),
		checkArtifacts("Builder.Dependencies", b.Builder.Dependencies),
		checkArtifacts("Byproducts", b.Byproducts),
		checkInputs(b.Inputs),
		checkOutputs(b.Outputs),
	}
	if b.Internal != nil {
		errs = append(errs, checkObject("Internal", b.Internal))
	}
	return errors.Join(errs...)
}

func checkURI(code attest.Code, where, uri string) error {
	if err := attest.CheckTypeURI(uri); err != nil {
		return attest.Refuse(code, where, "an absolute URI", excerpt.Quote(uri))
	}
	return nil
}

func checkObject(where string, raw json.RawMessage) error {
	if len(raw) == 0 || raw[0] != '{' {
		return attest.Refuse(CodeParameters, where, "a JSON object", "something else")
	}
	if err := strictjson.Check(raw, strictjson.Options{}); err != nil {
		return attest.Refuse(CodeParameters, where, "strict JSON", "").Because(err)
	}
	return nil
}

func checkTimes(started, finished time.Time) error {
	for _, t := range []time.Time{started, finished} {
		if y := t.UTC().Year(); y < 1 || y > 9999 {
			return attest.Refuse(CodeTimes, "Started, Finished", "years 1 to 9999", strconv.Itoa(y))
		}
	}
	if !started.IsZero() && !finished.IsZero() && finished.Before(started) {
		return attest.Refuse(CodeTimes, "Finished", "not before "+started.String(), finished.String())
	}
	return nil
}

func checkArtifacts(where string, list []attest.Descriptor) error {
	var errs []error
	for i, d := range list {
		errs = append(errs, checkArtifact(where+"["+strconv.Itoa(i)+"]", d))
	}
	return errors.Join(errs...)
}

func checkArtifact(where string, d attest.Descriptor) error {
	if err := d.Validate(); err != nil {
		return attest.Refuse(CodeArtifact, where, "a uri, a digest or the content", "").Because(err)
	}
	return nil
}

func checkInputs(inputs []Input) error {
	var errs []error
	for i, in := range inputs {
		where := "Inputs[" + strconv.Itoa(i) + "]"
		if !in.Role.Known() {
			errs = append(errs, attest.Refuse(CodeRole, where, "a known role", excerpt.Quote(string(in.Role))))
		}
		errs = append(errs, checkArtifact(where, in.Descriptor))
	}
	return errors.Join(errs...)
}

func checkOutputs(outputs []attest.Descriptor) error {
	if len(outputs) == 0 {
		return attest.Refuse(CodeOutputs, "Outputs", "at least one output", "none")
	}
	var errs []error
	for i, d := range outputs {
		if err := d.Digest.Validate(); err != nil {
			errs = append(errs, attest.Refuse(CodeOutputs, "Outputs["+strconv.Itoa(i)+"]", "well-formed digests", "").Because(err))
		}
	}
	return errors.Join(errs...)
}

// Known reports whether r is one of the roles.
func (r Role) Known() bool {
	switch r {
	case RoleSource, RoleTool, RoleBase, RoleBuilder, RoleOther:
		return true
	}
	return false
}
