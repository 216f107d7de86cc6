package ledger

import (
	"context"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/internal/excerpt"
	"golang.org/x/mod/sumdb/tlog"
)

// VerifyReceipt checks a receipt without the ledger and returns what the record
// in it says: the checkpoint is signed by the trusted log and of the tree that
// the receipt names, the proof leads from the record to its root, the record is
// one that v accepts, and the receipt's state and generation are the record's.
func VerifyReceipt(ctx context.Context, r deploy.Receipt, trust Trust, v attest.Verifier) (*deploy.Deployment, error) {
	if v == nil {
		return nil, attest.Refuse(CodeNil, "verifier", "a verifier of records", "nil")
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if err := checkInclusion(r, trust); err != nil {
		return nil, err
	}
	verified, err := verifyRecord(ctx, v, r.Record)
	if err != nil {
		return nil, err
	}
	d, err := deploy.ParseRecord(verified)
	if err != nil {
		return nil, err
	}
	if d.Request.Generation != r.Generation || d.State() != r.State {
		return nil, attest.Refuse(CodeReceiptMismatch, "state, generation", "those of the record", excerpt.Quote(string(r.State)))
	}
	return d, nil
}

// checkInclusion verifies the checkpoint and the proof.
func checkInclusion(r deploy.Receipt, trust Trust) error {
	head, err := ParseCheckpoint(r.Checkpoint, trust)
	if err != nil {
		return err
	}
	if head.Size != r.TreeSize {
		return attest.Refuse(CodeReceiptMismatch, "treeSize", entries(head.Size), entries(r.TreeSize))
	}
	e, err := AttestationEntry(r.Record)
	if err != nil {
		return err
	}
	leaf := e.Leaf()
	if leaf != r.LeafHash {
		return attest.Refuse(CodeReceiptMismatch, "leafHash", leaf.String(), r.LeafHash.String())
	}
	err = tlog.CheckRecord(toProof(r.Inclusion), int64(head.Size), tlog.Hash(head.Root), int64(r.Index), tlog.Hash(leaf))
	if err != nil {
		return attest.Refuse(CodeProof, "inclusion", "a path to "+head.Root.String(), "another").Because(err)
	}
	return nil
}

// verifyRecord verifies an attestation as one of a record. Its subjects are not
// known beforehand: the record tells them.
func verifyRecord(ctx context.Context, v attest.Verifier, a attest.Attestation) (*attest.Verified, error) {
	return v.Verify(ctx, a, attest.Want{AnySubject: true, PredicateTypes: []string{deploy.RecordPredicateType}})
}
