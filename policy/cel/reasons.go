package cel

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Inputs that are declared badly, missing or of another type
// have codes policy.input.*.
const (
	// CodeSyntax: the expression does not parse, or its types do not fit.
	CodeSyntax attest.Code = "policy.cel.syntax"
	// CodeResult: the expression is no boolean.
	CodeResult attest.Code = "policy.cel.result"
	// CodeFunction: the expression uses something that is not allowed here.
	CodeFunction attest.Code = "policy.cel.function"
	// CodeVacuous: the expression can hold because something is absent, or always.
	CodeVacuous attest.Code = "policy.cel.vacuous"
	// CodeAnchor: a pattern or prefix matches more than it seems to.
	CodeAnchor attest.Code = "policy.cel.anchor"
	// CodeConfig: a clause or limit is out of range.
	CodeConfig attest.Code = "policy.cel.config"
	// CodeFalse: the expression is false of the evidence.
	CodeFalse attest.Code = "policy.cel.false"
	// CodeFailed: the expression could not be computed.
	CodeFailed attest.Code = "policy.cel.failed"
	// CodeCost: the expression needed more than its limits allow.
	CodeCost attest.Code = "policy.cel.cost"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeSyntax, CodeResult, CodeFunction, CodeVacuous, CodeAnchor, CodeConfig, CodeFalse, CodeFailed, CodeCost,
	}
}
