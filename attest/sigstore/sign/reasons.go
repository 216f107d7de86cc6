package sign

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeConfig: a Signer is told to use what it cannot, or lacks what it needs.
	CodeConfig attest.Code = "attest.sign.config"
	// CodeServices: a signing configuration is not strict JSON of its kind, or
	// contradicts itself.
	CodeServices attest.Code = "attest.sign.services"
	// CodeServicesVersion: a signing configuration is of a media type that is not
	// read.
	CodeServicesVersion attest.Code = "attest.sign.services-version"
	// CodeSelection: a signing configuration has too few services that are valid
	// at the time and of a version that is spoken here.
	CodeSelection attest.Code = "attest.sign.selection"
	// CodeTransport: a service cannot be reached, or its answer breaks off.
	// Nothing is known of what it did.
	CodeTransport attest.Code = "attest.sign.transport"
	// CodeStatus: a service answers with another HTTP status than success.
	CodeStatus attest.Code = "attest.sign.status"
	// CodeResponse: a service answers something else than it was asked for, or in
	// a form that is not its protocol's.
	CodeResponse attest.Code = "attest.sign.response"
	// CodeCertificate: Fulcio's answer holds no usable certificate.
	CodeCertificate attest.Code = "attest.sign.certificate"
	// CodeCertificateKey: Fulcio certified another key than it was asked to.
	CodeCertificateKey attest.Code = "attest.sign.certificate-key"
	// CodeEntry: a log's answer is not one entry with its proof.
	CodeEntry attest.Code = "attest.sign.entry"
	// CodeStampNonce: a time-stamp does not repeat the nonce of its request: it
	// may be older than the request.
	CodeStampNonce attest.Code = "attest.sign.stamp-nonce"
	// CodeUnproven: the verifier accepts the bundle without what a service
	// contributed: a log or an authority that it does not trust.
	CodeUnproven attest.Code = "attest.sign.unproven"
	// CodeRefused: the verifier refuses the finished bundle; the cause has its
	// reasons.
	CodeRefused attest.Code = "attest.sign.refused"
	// CodeDigest: the digest is not one that the ephemeral key can sign.
	CodeDigest attest.Code = "attest.sign.digest"
	// CodeToken: a token is not a JSON Web Token that names an issuer and a
	// subject, or is for another audience.
	CodeToken attest.Code = "attest.sign.token"
	// CodeTokenNone: the environment offers no token.
	CodeTokenNone attest.Code = "attest.sign.token-none"
	// CodeTokenSource: the environment says that it has a token but does not give
	// it.
	CodeTokenSource attest.Code = "attest.sign.token-source"
)

// Codes returns every code that this package itself can give. It also gives
// codes of attest, and those of attest/sigstore as causes of CodeRefused.
func Codes() []attest.Code {
	return []attest.Code{
		CodeConfig, CodeServices, CodeServicesVersion, CodeSelection, CodeTransport, CodeStatus, CodeResponse,
		CodeCertificate, CodeCertificateKey, CodeEntry, CodeStampNonce, CodeUnproven, CodeRefused, CodeDigest,
		CodeToken, CodeTokenNone, CodeTokenSource,
	}
}
