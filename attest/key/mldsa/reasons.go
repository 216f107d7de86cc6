package mldsa

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodePEM: not exactly one PEM block of the wanted type without headers.
	CodePEM attest.Code = "attest.mldsa.pem"
	// CodeMalformed: a key that is not one of ML-DSA in its only encoding.
	CodeMalformed attest.Code = "attest.mldsa.malformed"
	// CodeSignature: the signature is not one of this message under this key.
	CodeSignature attest.Code = "attest.mldsa.signature"
	// CodeSigner: the private key did not sign, or is no ML-DSA key.
	CodeSigner attest.Code = "attest.mldsa.signer"
	// CodeTrust: a hybrid trust lacks an authority, a classical verifier or keys,
	// gives a key twice, or has a threshold out of range.
	CodeTrust attest.Code = "attest.mldsa.trust"
	// CodeEnvelope: the body is not an envelope as package dsse writes it.
	CodeEnvelope attest.Code = "attest.mldsa.envelope"
	// CodeThreshold: fewer distinct principals than demanded signed both ways.
	CodeThreshold attest.Code = "attest.mldsa.threshold"
)

// Codes returns every code that this package itself can give. It also gives codes
// of attest.
func Codes() []attest.Code {
	return []attest.Code{CodePEM, CodeMalformed, CodeSignature, CodeSigner, CodeTrust, CodeEnvelope, CodeThreshold}
}
