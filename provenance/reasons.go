package provenance

import (
	"github.com/sealwright/sealwright/attest"
)

// The codes of this package. Packages slsa and verify list their own.
const (
	// CodeBuildType: the build type is missing or no absolute URI.
	CodeBuildType attest.Code = "provenance.build.type"
	// CodeBuilderID: the builder's id is missing or no absolute URI.
	CodeBuilderID attest.Code = "provenance.build.builder-id"
	// CodeParameters: parameters are not a strict JSON object.
	CodeParameters attest.Code = "provenance.build.parameters"
	// CodeRole: an input has an unknown role.
	CodeRole attest.Code = "provenance.build.role"
	// CodeArtifact: an input, byproduct or dependency names nothing, or has a
	// malformed digest.
	CodeArtifact attest.Code = "provenance.build.artifact"
	// CodeOutputs: a build has no output, or one without a digest.
	CodeOutputs attest.Code = "provenance.build.outputs"
	// CodeTimes: a build finished before it started, or an instant cannot be written.
	CodeTimes attest.Code = "provenance.build.times"
	// CodeNil: a required pointer is nil.
	CodeNil attest.Code = "provenance.argument.nil"
	// CodeSource: a source location cannot be brought into canonical form.
	CodeSource attest.Code = "provenance.source.uri"
	// CodeJSON: a value is not strict JSON, or a number's exponent is absurd.
	CodeJSON attest.Code = "provenance.json.invalid"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeBuildType, CodeBuilderID, CodeParameters, CodeRole, CodeArtifact, CodeOutputs,
		CodeTimes, CodeNil, CodeSource, CodeJSON,
	}
}
