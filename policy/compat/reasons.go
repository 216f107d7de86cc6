package compat

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeFormat: the document is no policy of its format.
	CodeFormat attest.Code = "policy.compat.format"
	// CodeUnsupported: a clause would not be judged as its tool does.
	CodeUnsupported attest.Code = "policy.compat.unsupported"
	// CodeSigner: nobody whom the policy lists signed the evidence.
	CodeSigner attest.Code = "policy.compat.signer"
	// CodeStep: the evidence is of another step.
	CodeStep attest.Code = "policy.compat.step"
	// CodeAttestation: an attestation of a step is missing, or refused by its rules.
	CodeAttestation attest.Code = "policy.compat.attestation"
	// CodeExpired: the policy that the rule comes from has expired.
	CodeExpired attest.Code = "policy.compat.expired"
	// CodeLayout: the evidence of a layout cannot be read, or is expired.
	CodeLayout attest.Code = "policy.compat.layout"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{CodeFormat, CodeUnsupported, CodeSigner, CodeStep, CodeAttestation, CodeExpired, CodeLayout}
}
