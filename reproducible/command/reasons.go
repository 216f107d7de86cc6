package command

import "github.com/sealwright/sealwright/attest"

// The codes of this package, beside those of package reproducible.
const (
	// CodeArgument: there is no builder or no spec.
	CodeArgument attest.Code = "reproducible.command.argument"
	// CodeBuildType: a record is of builds of another type.
	CodeBuildType attest.Code = "reproducible.command.build-type"
	// CodeParameters: the parameters of a record are malformed.
	CodeParameters attest.Code = "reproducible.command.parameters"
	// CodeUnpinned: a recorded build could read what no digest names.
	CodeUnpinned attest.Code = "reproducible.command.unpinned"
	// CodeDependency: the recorded dependencies are not the inputs of the
	// parameters.
	CodeDependency attest.Code = "reproducible.command.dependency"
	// CodeSpec: the parameters of a record do not give the spec that it says ran.
	CodeSpec attest.Code = "reproducible.command.spec"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{CodeArgument, CodeBuildType, CodeParameters, CodeUnpinned, CodeDependency, CodeSpec}
}
