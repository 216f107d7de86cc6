package github

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Those of packages collect and oidc come with them.
const (
	// CodeWorkflow: a workflow's reference is not owner/repository/path@ref.
	CodeWorkflow attest.Code = "provenance.collect.github-workflow"
	// CodeInputs: the event payload's inputs are not as GitHub documents them.
	CodeInputs attest.Code = "provenance.collect.github-inputs"
)

// Codes returns every code of this package.
func Codes() []attest.Code { return []attest.Code{CodeWorkflow, CodeInputs} }
