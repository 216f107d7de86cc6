package attesttest

import "github.com/sealwright/sealwright/attest"

// The codes of a Fake. It also gives codes of attest and attest/key.
const (
	// CodeFormat: the evidence is not what a Fake writes.
	CodeFormat attest.Code = "attest.fake.format"
	// CodeSignature: the evidence is not signed by this Fake's key.
	CodeSignature attest.Code = "attest.fake.signature"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code { return []attest.Code{CodeFormat, CodeSignature} }
