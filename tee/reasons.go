package tee

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Backends list their own.
const (
	// CodeKind: a kind is not well formed.
	CodeKind attest.Code = "tee.kind.syntax"
	// CodeConfig: a configuration lacks what it must have or contradicts itself.
	CodeConfig attest.Code = "tee.config.invalid"

	// CodePurpose: a binding has no purpose.
	CodePurpose attest.Code = "tee.binding.purpose"
	// CodeNonceSize: a nonce is missing, shorter than 16 or longer than 64 bytes.
	CodeNonceSize attest.Code = "tee.binding.nonce-size"
	// CodeBinding: another field of a binding is malformed or too long.
	CodeBinding attest.Code = "tee.binding.malformed"
	// CodeDigestSize: a report field is neither 32 nor 64 bytes wide.
	CodeDigestSize attest.Code = "tee.binding.digest-size"
	// CodePurposeMismatch: evidence was made for another purpose.
	CodePurposeMismatch attest.Code = "tee.binding.purpose-mismatch"
	// CodeNonceMismatch: evidence answers another challenge.
	CodeNonceMismatch attest.Code = "tee.binding.nonce-mismatch"
	// CodeKeyMismatch: evidence speaks for another key, or for none.
	CodeKeyMismatch attest.Code = "tee.binding.key-mismatch"
	// CodeStatementMismatch: evidence speaks for another statement, or for none.
	CodeStatementMismatch attest.Code = "tee.binding.statement-mismatch"
	// CodeAudienceMismatch: evidence was made for another relying party.
	CodeAudienceMismatch attest.Code = "tee.binding.audience-mismatch"
	// CodeBuildMismatch: evidence comes from another job.
	CodeBuildMismatch attest.Code = "tee.binding.build-mismatch"
	// CodeReportData: the hardware signed something else than the binding.
	CodeReportData attest.Code = "tee.binding.report-data"

	// CodeEvidenceEmpty: evidence holds no bytes of the hardware.
	CodeEvidenceEmpty attest.Code = "tee.evidence.empty"
	// CodeEvidenceLimit: evidence is larger than its limits.
	CodeEvidenceLimit attest.Code = "tee.evidence.limit"
	// CodeEvidenceEncoding: bytes are not the deterministic CBOR of evidence.
	CodeEvidenceEncoding attest.Code = "tee.evidence.encoding"
	// CodeEvidenceKind: a backend was given evidence of another kind.
	CodeEvidenceKind attest.Code = "tee.evidence.kind"
	// CodeMediaType: a media type is missing, malformed or not the backend's.
	CodeMediaType attest.Code = "tee.evidence.media-type"

	// CodeTime: no time to judge at was given.
	CodeTime attest.Code = "tee.params.time"
	// CodeRoots: no usable root was given.
	CodeRoots attest.Code = "tee.params.roots"
	// CodeThrowaway: a root was made by a fake.
	CodeThrowaway attest.Code = "tee.params.throwaway"
	// CodeChain: certificates do not lead to a root at the time in question.
	CodeChain attest.Code = "tee.chain.untrusted"

	// CodeNonceUnknown: a nonce was never issued, or was forgotten.
	CodeNonceUnknown attest.Code = "tee.nonce.unknown"
	// CodeNonceReused: a nonce was consumed before.
	CodeNonceReused attest.Code = "tee.nonce.reused"
	// CodeNonceExpired: a nonce is too old, or the clock ran backwards.
	CodeNonceExpired attest.Code = "tee.nonce.expired"
	// CodeNonceAudience: a nonce was issued to another audience.
	CodeNonceAudience attest.Code = "tee.nonce.audience"
	// CodeNonceFull: too many nonces are alive.
	CodeNonceFull attest.Code = "tee.nonce.full"
	// CodeNonceSource: the source of randomness failed or repeated itself.
	CodeNonceSource attest.Code = "tee.nonce.source"

	// CodeKindMissing: evidence of a required kind is missing.
	CodeKindMissing attest.Code = "tee.appraise.kind-missing"
	// CodeKindTwice: a kind of evidence comes twice.
	CodeKindTwice attest.Code = "tee.appraise.kind-twice"
	// CodeKindUnknown: no backend reads this kind of evidence.
	CodeKindUnknown attest.Code = "tee.appraise.kind-unknown"
	// CodeBackend: the backend refused; the cause tells why.
	CodeBackend attest.Code = "tee.appraise.backend"
	// CodeBackendContract: a backend broke the contract of Verifier.
	CodeBackendContract attest.Code = "tee.appraise.backend-contract"
	// CodeWindow: an endorsement is not valid at the time in question.
	CodeWindow attest.Code = "tee.appraise.window"
	// CodeKeyNotHeld: the hardware does not hold the key.
	CodeKeyNotHeld attest.Code = "tee.appraise.key-not-held"
	// CodeDebug: the environment is, or may be, in debug mode.
	CodeDebug attest.Code = "tee.appraise.debug"
	// CodeMigratable: the environment can, or may, move to other hardware.
	CodeMigratable attest.Code = "tee.appraise.migratable"
	// CodePrivilege: the report comes from a less privileged level.
	CodePrivilege attest.Code = "tee.appraise.privilege"
	// CodeTCB: the platform is revoked, out of date, or was not judged.
	CodeTCB attest.Code = "tee.appraise.tcb"
	// CodeMeasurementMissing: a register has no value, or several.
	CodeMeasurementMissing attest.Code = "tee.appraise.measurement-missing"
	// CodeMeasurementUnselected: a value is not covered by the signature.
	CodeMeasurementUnselected attest.Code = "tee.appraise.measurement-unselected"
	// CodeMeasurementUnknown: a value is not approved.
	CodeMeasurementUnknown attest.Code = "tee.appraise.measurement-unknown"
	// CodeRule: a rule of the policy could not judge.
	CodeRule attest.Code = "tee.appraise.rule"
	// CodeSilent: nothing speaks against the evidence, and too little for it.
	CodeSilent attest.Code = "tee.appraise.silent"
	// CodeResultZero: a verdict was asked of a Result that nobody made.
	CodeResultZero attest.Code = "tee.result.zero"

	// CodeAssertion: a statement is not a well-formed assertion about evidence.
	CodeAssertion attest.Code = "tee.assertion.malformed"
	// CodeAssertionEvidence: an assertion cites other evidence.
	CodeAssertionEvidence attest.Code = "tee.assertion.evidence"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeKind, CodeConfig, CodePurpose, CodeNonceSize, CodeBinding, CodeDigestSize,
		CodePurposeMismatch, CodeNonceMismatch, CodeKeyMismatch, CodeStatementMismatch,
		CodeAudienceMismatch, CodeBuildMismatch, CodeReportData, CodeEvidenceEmpty,
		CodeEvidenceLimit, CodeEvidenceEncoding, CodeEvidenceKind, CodeMediaType, CodeTime,
		CodeRoots, CodeThrowaway, CodeChain, CodeNonceUnknown, CodeNonceReused,
		CodeNonceExpired, CodeNonceAudience, CodeNonceFull, CodeNonceSource, CodeKindMissing,
		CodeKindTwice, CodeKindUnknown, CodeBackend, CodeBackendContract, CodeWindow,
		CodeKeyNotHeld, CodeDebug, CodeMigratable, CodePrivilege, CodeTCB,
		CodeMeasurementMissing, CodeMeasurementUnselected, CodeMeasurementUnknown, CodeRule,
		CodeSilent, CodeResultZero, CodeAssertion, CodeAssertionEvidence,
	}
}
