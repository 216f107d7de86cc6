package inputs

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeDeclaration: an input is declared twice, badly, or not at all.
	CodeDeclaration attest.Code = "policy.input.declaration"
	// CodeMissing: the predicate has nothing where an input should be.
	CodeMissing attest.Code = "policy.input.missing"
	// CodeType: the predicate has something else there.
	CodeType attest.Code = "policy.input.type"
)

// Codes returns every code that this package can give.
func Codes() []attest.Code { return []attest.Code{CodeDeclaration, CodeMissing, CodeType} }
