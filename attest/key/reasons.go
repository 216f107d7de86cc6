package key

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodePEM: not exactly one PEM block of the wanted type without headers.
	CodePEM attest.Code = "attest.key.pem"
	// CodeMalformed: a key that its type or encoding does not allow, for example
	// a point off its curve.
	CodeMalformed attest.Code = "attest.key.malformed"
	// CodeType: a type of key that this package does not use.
	CodeType attest.Code = "attest.key.type"
	// CodeCurve: an elliptic curve other than P-256, P-384 and P-521.
	CodeCurve attest.Code = "attest.key.curve"
	// CodeRSASize: an RSA modulus outside 2048 to 8192 bits.
	CodeRSASize attest.Code = "attest.key.rsa-size"
	// CodeRSAExponent: a public exponent below 65537, or an even one.
	CodeRSAExponent attest.Code = "attest.key.rsa-exponent"
	// CodeSignature: the signature is not one of this message under this key.
	CodeSignature attest.Code = "attest.key.signature"
	// CodeSigner: the private key did not sign.
	CodeSigner attest.Code = "attest.key.signer"
	// CodeFault: the private key returned a signature that its own public key
	// does not verify. It is withheld: a faulty signature can betray a key.
	CodeFault attest.Code = "attest.key.fault"
)

// Codes returns every code that this package itself can give. It also gives
// attest.CodeNil, attest.CodeLimit and attest.CodeCanceled.
func Codes() []attest.Code {
	return []attest.Code{
		CodePEM, CodeMalformed, CodeType, CodeCurve, CodeRSASize, CodeRSAExponent,
		CodeSignature, CodeSigner, CodeFault,
	}
}
