package chain

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeAuthority: an authority's configuration cannot be used: no
	// certificate, no name, or a window that ends before it starts.
	CodeAuthority attest.Code = "attest.chain.authority"
	// CodeAuthorityPath: the certificates of an authority do not lead from each
	// to the next, or the last is no root.
	CodeAuthorityPath attest.Code = "attest.chain.authority-path"
	// CodeIssuer: no trusted authority has the name of the certificate's issuer.
	CodeIssuer attest.Code = "attest.chain.issuer"
	// CodePath: the certificate does not lead to a trusted authority: signature,
	// key usage, or constraints.
	CodePath attest.Code = "attest.chain.path"
	// CodeLeafIsCA: a certificate that signs artifacts is itself an authority.
	CodeLeafIsCA attest.Code = "attest.chain.leaf-is-ca"
	// CodeTime: a certificate of the path, or the authority's window, does not
	// contain the time in question.
	CodeTime attest.Code = "attest.chain.time"

	// CodeCertificate: bytes are not one X.509 certificate.
	CodeCertificate attest.Code = "attest.certificate.malformed"
	// CodeName: the certificate has no subject alternative name, or several.
	CodeName attest.Code = "attest.certificate.name"
	// CodeExtension: a Fulcio extension is malformed or stands twice.
	CodeExtension attest.Code = "attest.certificate.extension"
	// CodeIssuerConflict: the two extensions that tell the OIDC issuer disagree.
	CodeIssuerConflict attest.Code = "attest.certificate.issuer-conflict"

	// CodeSCTMissing: the certificate embeds no signed certificate timestamp.
	CodeSCTMissing attest.Code = "attest.sct.missing"
	// CodeSCT: the list of signed certificate timestamps is malformed.
	CodeSCT attest.Code = "attest.sct.malformed"
	// CodeSCTLog: a timestamp is by a log that is not trusted.
	CodeSCTLog attest.Code = "attest.sct.log"
	// CodeSCTTime: a timestamp is outside of its log's window.
	CodeSCTTime attest.Code = "attest.sct.time"
	// CodeSCTSignature: a trusted log did not sign the timestamp.
	CodeSCTSignature attest.Code = "attest.sct.signature"
	// CodeSCTThreshold: fewer distinct logs saw the certificate than demanded.
	CodeSCTThreshold attest.Code = "attest.sct.threshold"
	// CodeLog: a log's configuration cannot be used.
	CodeLog attest.Code = "attest.sct.log-key"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeAuthority, CodeAuthorityPath, CodeIssuer, CodePath, CodeLeafIsCA, CodeTime,
		CodeCertificate, CodeName, CodeExtension, CodeIssuerConflict,
		CodeSCTMissing, CodeSCT, CodeSCTLog, CodeSCTTime, CodeSCTSignature, CodeSCTThreshold, CodeLog,
	}
}
