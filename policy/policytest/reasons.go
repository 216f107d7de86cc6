package policytest

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeScripted: a Scripted engine was told to refuse and its step has no reason.
	CodeScripted attest.Code = "policy.scripted.verdict"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code { return []attest.Code{CodeScripted} }
