package tpm2

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeEncoding: bytes are not a well-formed bundle.
	CodeEncoding attest.Code = "tee.tpm2.bundle.encoding"
	// CodeTrailing: a TPM structure does not fill its bytes exactly, or is not
	// written as a TPM writes it.
	CodeTrailing attest.Code = "tee.tpm2.structure.inexact"
	// CodeAttributes: a key lacks an attribute that it must have, or has one that
	// it must not have.
	CodeAttributes attest.Code = "tee.tpm2.key.attributes"
	// CodeAlgorithm: a key or signature is not ECDSA with P-256 and SHA-256, or
	// has no scheme of its own.
	CodeAlgorithm attest.Code = "tee.tpm2.key.algorithm"
	// CodeName: a Name, or the Qualified Name of a signer, is not that of the
	// public area.
	CodeName attest.Code = "tee.tpm2.key.name"
	// CodeUntrustedAK: no certificate and no enrolment speaks for the AK.
	CodeUntrustedAK attest.Code = "tee.tpm2.ak.untrusted"
	// CodeCertificate: a certificate is malformed, for another key, or not meant
	// for this use.
	CodeCertificate attest.Code = "tee.tpm2.certificate.unfit"
	// CodeSignature: a signature does not verify.
	CodeSignature attest.Code = "tee.tpm2.attest.signature"
	// CodeMagic: a structure was not generated inside a TPM.
	CodeMagic attest.Code = "tee.tpm2.attest.magic"
	// CodeType: a structure attests something else.
	CodeType attest.Code = "tee.tpm2.attest.type"
	// CodeQualifyingData: the qualifying data is not 32 bytes, or differs between
	// quote and certification.
	CodeQualifyingData attest.Code = "tee.tpm2.attest.qualifying-data"
	// CodeBank: PCRs of another bank than SHA-256 are selected, or several banks.
	CodeBank attest.Code = "tee.tpm2.pcr.bank"
	// CodeSelection: no PCR is selected, or a value is given that is not selected,
	// or one is missing.
	CodeSelection attest.Code = "tee.tpm2.pcr.selection"
	// CodePCRDigest: the values do not give the digest that was signed.
	CodePCRDigest attest.Code = "tee.tpm2.pcr.digest"
	// CodeActivation: the secret of a challenge was not recovered.
	CodeActivation attest.Code = "tee.tpm2.enrol.activation"
	// CodeTPM: the TPM refused a command or answered nonsense.
	CodeTPM attest.Code = "tee.tpm2.device.failed"
	// CodeArgument: a configuration lacks what it must have.
	CodeArgument attest.Code = "tee.tpm2.argument.invalid"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeEncoding, CodeTrailing, CodeAttributes, CodeAlgorithm, CodeName, CodeUntrustedAK,
		CodeCertificate, CodeSignature, CodeMagic, CodeType, CodeQualifyingData, CodeBank,
		CodeSelection, CodePCRDigest, CodeActivation, CodeTPM, CodeArgument,
	}
}
