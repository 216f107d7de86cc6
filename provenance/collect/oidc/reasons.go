package oidc

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeTrust: the configuration pins too little, or something that is not strict.
	CodeTrust attest.Code = "provenance.collect.oidc-trust"
	// CodeToken: a token is no compact JWS, too large, or its JSON is not strict.
	CodeToken attest.Code = "provenance.collect.oidc-token"
	// CodeHeader: the header has a parameter that is not allowed, or lacks one.
	CodeHeader attest.Code = "provenance.collect.oidc-header"
	// CodeAlgorithm: the algorithm is not one that the caller allows, or not the key's.
	CodeAlgorithm attest.Code = "provenance.collect.oidc-algorithm"
	// CodeKeys: the issuer's keys or its discovery document cannot be used.
	CodeKeys attest.Code = "provenance.collect.oidc-keys"
	// CodeKey: no single key has the token's key id, or that key is not fit.
	CodeKey attest.Code = "provenance.collect.oidc-key"
	// CodeSignature: the signature is not the key's.
	CodeSignature attest.Code = "provenance.collect.oidc-signature"
	// CodeIssuer: the token is of another issuer.
	CodeIssuer attest.Code = "provenance.collect.oidc-issuer"
	// CodeAudience: the token is for somebody else, or also for somebody else.
	CodeAudience attest.Code = "provenance.collect.oidc-audience"
	// CodeTime: the token is expired, not yet valid, valid for too long, or does not
	// say.
	CodeTime attest.Code = "provenance.collect.oidc-time"
	// CodeClaim: a claim that every token needs is absent or of another type.
	CodeClaim attest.Code = "provenance.collect.oidc-claim"
)

// Codes returns every code of this package.
func Codes() []attest.Code {
	return []attest.Code{
		CodeTrust, CodeToken, CodeHeader, CodeAlgorithm, CodeKeys, CodeKey, CodeSignature,
		CodeIssuer, CodeAudience, CodeTime, CodeClaim,
	}
}
