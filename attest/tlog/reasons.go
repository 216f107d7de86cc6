package tlog

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeCheckpoint: the text of a checkpoint is not of the form that
	// tlog-checkpoint gives.
	CodeCheckpoint attest.Code = "attest.tlog.checkpoint"
	// CodeOrigin: a checkpoint is of another log than the one that signed it or
	// that was expected.
	CodeOrigin attest.Code = "attest.tlog.origin"
	// CodeNumber: a size, an index or a timestamp is not a canonical decimal
	// number in range.
	CodeNumber attest.Code = "attest.tlog.number"
	// CodeBase64: a hash or a signature is not canonical standard base64 of the
	// right length.
	CodeBase64 attest.Code = "attest.tlog.base64"
	// CodeNote: the document is not a signed note.
	CodeNote attest.Code = "attest.tlog.note"
	// CodeKey: a verifier key is malformed, of an algorithm that its role does not
	// allow, or its id is not its own.
	CodeKey attest.Code = "attest.tlog.key"
	// CodeSigner: a signer failed, or signed what its key does not verify.
	CodeSigner attest.Code = "attest.tlog.signer"
	// CodeMLDSA: a key is of ML-DSA-44 and no verifier for it was given.
	CodeMLDSA attest.Code = "attest.tlog.mldsa-verifier"
	// CodeSignature: a signature that names a trusted key is not by it.
	CodeSignature attest.Code = "attest.tlog.signature"
	// CodeUnsigned: no trusted key signed.
	CodeUnsigned attest.Code = "attest.tlog.unsigned"
	// CodeQuorum: the cosignatures do not meet the policy's quorum.
	CodeQuorum attest.Code = "attest.tlog.quorum"
	// CodePolicy: a policy is malformed or contradicts itself.
	CodePolicy attest.Code = "attest.tlog.policy"
	// CodePolicyLimit: a policy has more than 32 logs, witnesses or groups.
	CodePolicyLimit attest.Code = "attest.tlog.policy-limit"
	// CodePolicyDuplicate: a policy gives a name or a key twice, or one member to
	// two groups.
	CodePolicyDuplicate attest.Code = "attest.tlog.policy-duplicate"
	// CodePolicyQuorum: a policy has no quorum, or one that it does not define.
	CodePolicyQuorum attest.Code = "attest.tlog.policy-quorum"
	// CodeProof: a document is not a proof as tlog-proof gives it.
	CodeProof attest.Code = "attest.tlog.proof"
	// CodeProofLength: a proof has more than 63 hashes.
	CodeProofLength attest.Code = "attest.tlog.proof-length"
	// CodeIndex: an index lies outside its tree.
	CodeIndex attest.Code = "attest.tlog.index"
	// CodeInclusion: the hashes do not lead from the entry to the root.
	CodeInclusion attest.Code = "attest.tlog.inclusion"
	// CodeRollback: a tree is smaller than one that was seen before.
	CodeRollback attest.Code = "attest.tlog.rollback"
	// CodeConsistency: the hashes do not show that the newer tree begins with the
	// older one.
	CodeConsistency attest.Code = "attest.tlog.consistency"
	// CodeTile: a path, a tile or an entry bundle is not as tlog-tiles gives it.
	CodeTile attest.Code = "attest.tlog.tile"
	// CodeEntrySize: an entry is longer than an entry bundle can hold.
	CodeEntrySize attest.Code = "attest.tlog.entry-size"
)

// Codes returns every code that this package itself can give. It also gives
// attest.CodeNil, attest.CodeLimit and attest.CodeCanceled.
func Codes() []attest.Code {
	return []attest.Code{
		CodeCheckpoint, CodeOrigin, CodeNumber, CodeBase64, CodeNote, CodeKey, CodeSigner,
		CodeMLDSA, CodeSignature, CodeUnsigned, CodeQuorum,
		CodePolicy, CodePolicyLimit, CodePolicyDuplicate, CodePolicyQuorum,
		CodeProof, CodeProofLength, CodeIndex, CodeInclusion, CodeRollback, CodeConsistency,
		CodeTile, CodeEntrySize,
	}
}
