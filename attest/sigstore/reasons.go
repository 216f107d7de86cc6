package sigstore

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeBundle: the body is not strict JSON of a bundle; the cause tells which
	// rule it breaks.
	CodeBundle attest.Code = "attest.sigstore.bundle"
	// CodeVersion: the media type inside of the bundle is of no version that
	// this package reads, or another than the attestation's.
	CodeVersion attest.Code = "attest.sigstore.version"
	// CodeContent: the bundle has not exactly one of envelope and message
	// signature, or one that lacks a part.
	CodeContent attest.Code = "attest.sigstore.content"
	// CodeContentKind: the bundle signs something of another kind than was asked
	// for: a message where an envelope is wanted, another payload type.
	CodeContentKind attest.Code = "attest.sigstore.content-kind"
	// CodeMaterial: the bundle has not exactly one of certificate and key, or one
	// in a form that its version does not allow.
	CodeMaterial attest.Code = "attest.sigstore.material"
	// CodeStatementV01: a subject of a Statement v0.1 has no name, or another's.
	CodeStatementV01 attest.Code = "attest.sigstore.statement-v01"
	// CodeCertificateNeeded: a certificate is demanded and the bundle is signed
	// by a key.
	CodeCertificateNeeded attest.Code = "attest.sigstore.certificate-needed"
	// CodeKeyNeeded: a key is demanded and the bundle is signed under a
	// certificate.
	CodeKeyNeeded attest.Code = "attest.sigstore.key-needed"
	// CodeLimits: the bundle has more entries, timestamps or signatures than
	// allowed.
	CodeLimits attest.Code = "attest.sigstore.limits"

	// CodeSignature: the key did not sign the content.
	CodeSignature attest.Code = "attest.sigstore.signature"
	// CodeAlgorithm: the key is of a kind that cannot verify this content.
	CodeAlgorithm attest.Code = "attest.sigstore.algorithm"
	// CodeKeyUnknown: no trusted key has the hint that the bundle gives.
	CodeKeyUnknown attest.Code = "attest.sigstore.key-unknown"
	// CodeKeyTime: a trusted time is outside of the key's window.
	CodeKeyTime attest.Code = "attest.sigstore.key-time"
	// CodeIdentity: the certificate's holder is nobody who may sign.
	CodeIdentity attest.Code = "attest.sigstore.identity"
	// CodeArtifact: the bundle signs another artifact.
	CodeArtifact attest.Code = "attest.sigstore.artifact"

	// CodeEntry: a log entry lacks a part, or contradicts itself.
	CodeEntry attest.Code = "attest.sigstore.entry"
	// CodeEntryKind: a log entry is of a kind or version that cannot log this
	// content.
	CodeEntryKind attest.Code = "attest.sigstore.entry-kind"
	// CodeEntryBody: the body of an entry is not strict JSON of its kind.
	CodeEntryBody attest.Code = "attest.sigstore.entry-body"
	// CodeEntrySignature: an entry logs another signature.
	CodeEntrySignature attest.Code = "attest.sigstore.entry-signature"
	// CodeEntrySigner: an entry logs another certificate or key.
	CodeEntrySigner attest.Code = "attest.sigstore.entry-signer"
	// CodeEntryDigest: an entry logs a digest of something else.
	CodeEntryDigest attest.Code = "attest.sigstore.entry-digest"
	// CodeEntryRepeated: two entries of one log, which could only pretend to be
	// a quorum.
	CodeEntryRepeated attest.Code = "attest.sigstore.entry-repeated"
	// CodeEntryTime: an entry's time is outside of the certificate's validity or
	// the log key's window.
	CodeEntryTime attest.Code = "attest.sigstore.entry-time"
	// CodePromise: the signed entry timestamp is missing where the bundle's
	// version demands it, is not by the log, or stands where none can.
	CodePromise attest.Code = "attest.sigstore.promise"
	// CodeInclusion: the inclusion proof is missing where the bundle's version
	// demands it, or does not lead from the entry to the root.
	CodeInclusion attest.Code = "attest.sigstore.inclusion"
	// CodeCheckpoint: the checkpoint is malformed, of another log, or of another
	// tree than the proof.
	CodeCheckpoint attest.Code = "attest.sigstore.checkpoint"
	// CodeCheckpointSignature: the log did not sign the checkpoint.
	CodeCheckpointSignature attest.Code = "attest.sigstore.checkpoint-signature"
	// CodeLogUnknown: an entry is of a log that is not trusted. It is told only
	// where the threshold is missed.
	CodeLogUnknown attest.Code = "attest.sigstore.log-unknown"
	// CodeLogThreshold: fewer distinct logs hold the signature than demanded.
	CodeLogThreshold attest.Code = "attest.sigstore.log-threshold"
	// CodeWitness: the witnesses that are demanded did not cosign the checkpoint of
	// an entry, or it has none; the cause is one of attest/tlog.
	CodeWitness attest.Code = "attest.sigstore.witness"
	// CodeRule: those who agree do not meet a rule; the cause is the rule's.
	CodeRule attest.Code = "attest.sigstore.rule"

	// CodeTimestampRepeated: two timestamps by one authority.
	CodeTimestampRepeated attest.Code = "attest.sigstore.timestamp-repeated"
	// CodeTimestampThreshold: fewer distinct timestamp authorities stamped the
	// signature than demanded.
	CodeTimestampThreshold attest.Code = "attest.sigstore.timestamp-threshold"
	// CodeTimeThreshold: fewer distinct authorities vouch for a time than
	// demanded.
	CodeTimeThreshold attest.Code = "attest.sigstore.time-threshold"

	// CodeRoot: a trusted root is not strict JSON of its kind.
	CodeRoot attest.Code = "attest.sigstore.root"
	// CodeRootVersion: a trusted root is of a media type that is not read.
	CodeRootVersion attest.Code = "attest.sigstore.root-version"
	// CodeRootLog: a log of a trusted root cannot be used: its key, id, hash or
	// window.
	CodeRootLog attest.Code = "attest.sigstore.root-log"
	// CodeRootAuthority: a certificate or timestamp authority of a trusted root
	// cannot be used.
	CodeRootAuthority attest.Code = "attest.sigstore.root-authority"
	// CodeTrust: what a verifier is told to trust or demand cannot be met or
	// demands nothing.
	CodeTrust attest.Code = "attest.sigstore.trust"
	// CodePattern: a pattern is no regular expression, or matches everything.
	CodePattern attest.Code = "attest.sigstore.pattern"
)

// Codes returns every code that this package itself can give. It also gives
// codes of attest, attest/chain, attest/key and attest/tsa.
func Codes() []attest.Code {
	return []attest.Code{
		CodeBundle, CodeVersion, CodeContent, CodeContentKind, CodeStatementV01, CodeMaterial, CodeCertificateNeeded, CodeKeyNeeded, CodeLimits,
		CodeSignature, CodeAlgorithm, CodeKeyUnknown, CodeKeyTime, CodeIdentity, CodeArtifact,
		CodeEntry, CodeEntryKind, CodeEntryBody, CodeEntrySignature, CodeEntrySigner, CodeEntryDigest, CodeEntryRepeated,
		CodeEntryTime, CodePromise, CodeInclusion, CodeCheckpoint, CodeCheckpointSignature, CodeLogUnknown, CodeLogThreshold, CodeWitness, CodeRule,
		CodeTimestampRepeated, CodeTimestampThreshold, CodeTimeThreshold,
		CodeRoot, CodeRootVersion, CodeRootLog, CodeRootAuthority, CodeTrust, CodePattern,
	}
}
