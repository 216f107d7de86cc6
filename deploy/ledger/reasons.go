package ledger

import (
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// The codes of this package.
const (
	// CodeNil: a required interface or pointer is nil.
	CodeNil attest.Code = "deploy.ledger.nil"
	// CodeConfig: a limit is out of its range.
	CodeConfig attest.Code = "deploy.ledger.config"
	// CodeKey: the log's key is not an Ed25519 key, or does not verify what the
	// signer signed.
	CodeKey attest.Code = "deploy.ledger.key"
	// CodeOrigin: the log's origin is not a valid name of a note's key.
	CodeOrigin attest.Code = "deploy.ledger.origin"

	// CodeExists: a ledger cannot be created where files of one are.
	CodeExists attest.Code = "deploy.ledger.exists"
	// CodeMissing: the directory has no checkpoint, so no ledger can be opened.
	CodeMissing attest.Code = "deploy.ledger.missing"
	// CodeLocked: another writer holds the ledger.
	CodeLocked attest.Code = "deploy.ledger.locked"
	// CodeClosed: the ledger was closed.
	CodeClosed attest.Code = "deploy.ledger.closed"
	// CodePoisoned: an earlier write or fsync failed; what the caller appends is
	// not kept. Open the ledger anew.
	CodePoisoned attest.Code = "deploy.ledger.poisoned"
	// CodeWrite: a write failed and was undone; the entry is not kept.
	CodeWrite attest.Code = "deploy.ledger.write"
	// CodeUnknown: a write may or may not have become durable; the ledger is
	// poisoned.
	CodeUnknown attest.Code = "deploy.ledger.unknown-outcome"
	// CodeRead: a file of the ledger cannot be read.
	CodeRead attest.Code = "deploy.ledger.read"
	// CodeEntrySize: an entry is larger than the ledger takes.
	CodeEntrySize attest.Code = "deploy.ledger.entry-size"
	// CodeEntryType: an entry is of a type that its reader does not know.
	CodeEntryType attest.Code = "deploy.ledger.entry-type"
	// CodeIndex: an index lies outside the ledger.
	CodeIndex attest.Code = "deploy.ledger.index"

	// CodeSegment: a segment is missing, out of place, or has a bad header.
	CodeSegment attest.Code = "deploy.ledger.segment"
	// CodeFrameLength: a frame's length is out of bounds.
	CodeFrameLength attest.Code = "deploy.frame.length"
	// CodeFrameTruncated: a segment ends inside a frame.
	CodeFrameTruncated attest.Code = "deploy.frame.truncated"
	// CodeFrameChecksum: a frame does not match its CRC-32C.
	CodeFrameChecksum attest.Code = "deploy.frame.checksum"
	// CodeFrameIndex: a frame is not the next of its log: one is missing, moved or
	// repeated.
	CodeFrameIndex attest.Code = "deploy.frame.index"
	// CodeFrameLeaf: a frame's leaf hash is not that of its entry.
	CodeFrameLeaf attest.Code = "deploy.frame.leaf"
	// CodeShort: the segments hold fewer entries than the checkpoint covers.
	CodeShort attest.Code = "deploy.ledger.short"
	// CodeRoot: the tree over the entries has another root than the checkpoint.
	CodeRoot attest.Code = "deploy.ledger.root"
	// CodeAdmit: an entry of the log is refused by who reads it.
	CodeAdmit attest.Code = "deploy.ledger.admit"

	// CodeCheckpoint: a checkpoint is not written as C2SP tlog-checkpoint and this
	// package demand.
	CodeCheckpoint attest.Code = "deploy.checkpoint.syntax"
	// CodeCheckpointSignature: a checkpoint has no valid signature of the log.
	CodeCheckpointSignature attest.Code = "deploy.checkpoint.signature"
	// CodeCheckpointOrigin: a checkpoint is of another log.
	CodeCheckpointOrigin attest.Code = "deploy.checkpoint.origin"
	// CodeRollback: the ledger is older than a checkpoint that is known.
	CodeRollback attest.Code = "deploy.checkpoint.rollback"
	// CodeFork: two checkpoints of one log are of trees of which neither extends
	// the other.
	CodeFork attest.Code = "deploy.checkpoint.fork"
	// CodeProof: a proof of inclusion does not lead to the checkpoint's root.
	CodeProof attest.Code = "deploy.receipt.proof"
	// CodeReceiptMismatch: a receipt says something else than its record or its
	// checkpoint.
	CodeReceiptMismatch attest.Code = "deploy.receipt.mismatch"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeNil, CodeConfig, CodeKey, CodeOrigin, CodeExists, CodeMissing, CodeLocked, CodeClosed,
		CodePoisoned, CodeWrite, CodeUnknown, CodeRead, CodeEntrySize, CodeEntryType, CodeIndex,
		CodeSegment, CodeFrameLength, CodeFrameTruncated, CodeFrameChecksum, CodeFrameIndex,
		CodeFrameLeaf, CodeShort, CodeRoot, CodeAdmit, CodeCheckpoint, CodeCheckpointSignature,
		CodeCheckpointOrigin, CodeRollback, CodeFork, CodeProof, CodeReceiptMismatch,
	}
}

// A DamageError tells which entry of a ledger is the first that is missing or
// altered. Find it with errors.As; its cause carries the reason.
type DamageError struct {
	Index uint64 // the first bad entry
	File  string // where it is, or should be
	Err   error
}

// Error names the entry and the cause.
func (e *DamageError) Error() string {
	return "entry " + strconv.FormatUint(e.Index, 10) + " in " + e.File + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *DamageError) Unwrap() error { return e.Err }
