package dsse

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeEnvelope: the body is not strict JSON of a DSSE envelope; the cause
	// tells which rule it breaks.
	CodeEnvelope attest.Code = "attest.dsse.envelope"
	// CodeBase64: a payload or signature is not canonical standard base64.
	CodeBase64 attest.Code = "attest.dsse.base64"
	// CodePayloadType: the payload is not declared an in-toto statement.
	CodePayloadType attest.Code = "attest.dsse.payload-type"
	// CodeNoPayload: the payload is missing or empty.
	CodeNoPayload attest.Code = "attest.dsse.no-payload"
	// CodeNoSignature: the envelope has no signature, or an empty one.
	CodeNoSignature attest.Code = "attest.dsse.no-signature"
	// CodeSignature: no trusted key verifies a signature. It is told only where
	// the threshold is missed.
	CodeSignature attest.Code = "attest.dsse.signature"
	// CodeRepeated: a signature counts nothing because its key already counted. It
	// is told only where the threshold is missed.
	CodeRepeated attest.Code = "attest.dsse.repeated"
	// CodeThreshold: fewer distinct principals signed than the trust demands.
	CodeThreshold attest.Code = "attest.dsse.threshold"

	// CodeTrustAuthority: a Trust has no authority.
	CodeTrustAuthority attest.Code = "attest.dsse.trust-authority"
	// CodeTrustKey: a Trust has no keys, one without principal, one that cannot
	// be used, or one twice.
	CodeTrustKey attest.Code = "attest.dsse.trust-key"
	// CodeTrustThreshold: a threshold below one or above the number of principals.
	CodeTrustThreshold attest.Code = "attest.dsse.trust-threshold"
	// CodeSigners: an attestor has no signer, too many, or one twice.
	CodeSigners attest.Code = "attest.dsse.signers"
	// CodeSigner: a signer failed, or returned what its public key does not
	// verify.
	CodeSigner attest.Code = "attest.dsse.signer"
)

// Codes returns every code that this package itself can give. It also gives
// codes of attest and attest/key.
func Codes() []attest.Code {
	return []attest.Code{
		CodeEnvelope, CodeBase64, CodePayloadType, CodeNoPayload, CodeNoSignature, CodeSignature, CodeRepeated,
		CodeThreshold, CodeTrustAuthority, CodeTrustKey, CodeTrustThreshold, CodeSigners, CodeSigner,
	}
}
