package batch

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeForm: the body is not the one JSON form of a batch attestation.
	CodeForm attest.Code = "attest.batch.form"
	// CodeRoot: the checkpoint is of no batch: its origin does not name its root, or
	// it has extension lines.
	CodeRoot attest.Code = "attest.batch.root"
	// CodeThreshold: fewer distinct principals signed than the trust demands.
	CodeThreshold attest.Code = "attest.batch.threshold"
	// CodeTrust: a Trust has no authority or keys, a key without principal or of a
	// witness, one key twice, or a threshold out of range.
	CodeTrust attest.Code = "attest.batch.trust"
	// CodeSigners: an attestor has no signer, a witness's, or one key twice.
	CodeSigners attest.Code = "attest.batch.signers"
	// CodeEmpty: a batch has no statement, or more than MaxBatch.
	CodeEmpty attest.Code = "attest.batch.size"
	// CodeCache: a cache or what it stands before lacks a part.
	CodeCache attest.Code = "attest.batch.cache"
	// CodeOptions: VerifyAll lacks a verifier or was given a negative bound.
	CodeOptions attest.Code = "attest.batch.options"
)

// Codes returns every code that this package itself can give. It also gives codes
// of attest and attest/tlog.
func Codes() []attest.Code {
	return []attest.Code{CodeForm, CodeRoot, CodeThreshold, CodeTrust, CodeSigners, CodeEmpty, CodeCache, CodeOptions}
}
