package tsa

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeAuthority: an authority's configuration cannot be used: its name or
	// certificates are missing, or do not lead to its root.
	CodeAuthority attest.Code = "attest.tsa.authority"
	// CodeFormat: the bytes are not a granted time-stamp response with a token
	// by one signer over a TSTInfo.
	CodeFormat attest.Code = "attest.tsa.format"
	// CodeStatus: the authority refused to stamp.
	CodeStatus attest.Code = "attest.tsa.status"
	// CodeSigner: the token names a signer that is of no trusted authority.
	CodeSigner attest.Code = "attest.tsa.signer"
	// CodeCertificate: the signing certificate may not stamp time: an
	// authority's, or another usage than critical time stamping alone.
	CodeCertificate attest.Code = "attest.tsa.certificate"
	// CodeSignature: the named signer did not sign the token.
	CodeSignature attest.Code = "attest.tsa.signature"
	// CodeAlgorithm: the token uses a digest other than SHA-256, -384 or -512.
	CodeAlgorithm attest.Code = "attest.tsa.algorithm"
	// CodeBinding: the token is not bound to its signing certificate, or to
	// another one.
	CodeBinding attest.Code = "attest.tsa.binding"
	// CodeImprint: the token stamps something else.
	CodeImprint attest.Code = "attest.tsa.imprint"
	// CodeTime: the stamped time is outside of the authority's window or of a
	// certificate of its path.
	CodeTime attest.Code = "attest.tsa.time"
)

// Codes returns every code that this package itself can give. It also gives
// codes of attest/chain.
func Codes() []attest.Code {
	return []attest.Code{
		CodeAuthority, CodeFormat, CodeStatus, CodeSigner, CodeCertificate, CodeSignature,
		CodeAlgorithm, CodeBinding, CodeImprint, CodeTime,
	}
}
