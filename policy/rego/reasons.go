package rego

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Inputs that are declared badly, missing or of another type
// have codes policy.input.*.
const (
	// CodeSyntax: the module does not parse or compile.
	CodeSyntax attest.Code = "policy.rego.syntax"
	// CodeEntrypoint: the module defines neither or both of allow and deny, or one of
	// them in another form.
	CodeEntrypoint attest.Code = "policy.rego.entrypoint"
	// CodeConstruct: the module uses a construct under which nothing passes for good.
	CodeConstruct attest.Code = "policy.rego.construct"
	// CodeBuiltin: the module calls a function that is not on the list.
	CodeBuiltin attest.Code = "policy.rego.builtin"
	// CodeConfig: a clause or limit is out of range.
	CodeConfig attest.Code = "policy.rego.config"
	// CodeDenied: the module denies the evidence.
	CodeDenied attest.Code = "policy.rego.denied"
	// CodeUndefined: the module does not say, or says something of another type.
	CodeUndefined attest.Code = "policy.rego.undefined"
	// CodeEmpty: a list or map that the module reads is empty.
	CodeEmpty attest.Code = "policy.rego.empty"
	// CodeFailed: the evaluation failed.
	CodeFailed attest.Code = "policy.rego.failed"
	// CodeCost: the evaluation needed more steps, or built more text, than its limits allow.
	CodeCost attest.Code = "policy.rego.cost"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeSyntax, CodeEntrypoint, CodeConstruct, CodeBuiltin, CodeConfig, CodeDenied, CodeUndefined, CodeEmpty, CodeFailed, CodeCost,
	}
}
