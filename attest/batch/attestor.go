package batch

import (
	"context"
	"slices"
	"strconv"
	"time"

	modtlog "golang.org/x/mod/sumdb/tlog"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// MaxBatch bounds the statements of one batch.
const MaxBatch = 1 << 20

// An Attestor signs batches. It is an attest.Attestor and safe for concurrent use.
type Attestor struct{ signers []*tlog.Signer }

// NewAttestor returns an Attestor under one or more signers of algorithm Ed25519
// or MLDSA44. It refuses none, a witness's, and one public key twice.
func NewAttestor(signers ...*tlog.Signer) (*Attestor, error) {
	if len(signers) == 0 {
		return nil, attest.Refuse(CodeSigners, "signers", "at least one", "none")
	}
	for i, s := range signers {
		where := "signers[" + strconv.Itoa(i) + "]"
		if s == nil {
			return nil, attest.Refuse(attest.CodeNil, where, "a signer", "nil")
		}
		if s.Key().Algorithm == tlog.CosignatureV1 {
			return nil, attest.Refuse(CodeSigners, where, "Ed25519 or ML-DSA-44", "a witness's key")
		}
		if slices.ContainsFunc(signers[:i], func(o *tlog.Signer) bool { return string(o.Key().Public) == string(s.Key().Public) }) {
			return nil, attest.Refuse(CodeSigners, where, "each key once", "one twice")
		}
	}
	return &Attestor{slices.Clone(signers)}, nil
}

// Attest signs a batch of one statement.
func (a *Attestor) Attest(ctx context.Context, statement *attest.Statement) (attest.Attestation, error) {
	all, err := a.AttestAll(ctx, []*attest.Statement{statement})
	if err != nil {
		return attest.Attestation{}, err
	}
	return all[0], nil
}

// AttestAll signs statements with one signature per signer and returns an
// attestation of each, in their order: all, or an error. It refuses no statement,
// more than MaxBatch, and one that is nil or zero.
func (a *Attestor) AttestAll(ctx context.Context, statements []*attest.Statement) ([]attest.Attestation, error) {
	if len(statements) == 0 || len(statements) > MaxBatch {
		return nil, attest.Refuse(CodeEmpty, "statements", "1 to "+strconv.Itoa(MaxBatch), strconv.Itoa(len(statements)))
	}
	tree := make(stored, 0, 2*len(statements))
	payloads := make([][]byte, len(statements))
	for i, s := range statements {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		if s != nil {
			payloads[i] = s.Bytes()
		}
		if len(payloads[i]) == 0 {
			return nil, attest.Refuse(attest.CodeNil, "statements["+strconv.Itoa(i)+"]", "a statement", "nil or the zero Statement")
		}
		hashes, err := modtlog.StoredHashes(int64(i), leafOf(payloads[i]), tree)
		if err != nil {
			return nil, attest.Refuse(CodeRoot, "tree", "a hash", "").Because(err)
		}
		tree = append(tree, hashes...)
	}
	root, err := modtlog.TreeHash(int64(len(statements)), tree)
	if err != nil {
		return nil, attest.Refuse(CodeRoot, "tree", "a root", "").Because(err)
	}
	head := tlog.Checkpoint{Origin: originOf(root), Size: uint64(len(statements)), Root: root}
	signed, err := tlog.SignCheckpoint(ctx, head, time.Time{}, a.signers...)
	if err != nil {
		return nil, err
	}
	return prove(payloads, tree, signed)
}

func prove(payloads [][]byte, tree stored, signed []byte) ([]attest.Attestation, error) {
	out := make([]attest.Attestation, len(payloads))
	for i, payload := range payloads {
		hashes, err := modtlog.ProveRecord(int64(len(payloads)), int64(i), tree)
		if err != nil {
			return nil, attest.Refuse(CodeRoot, "tree", "a proof", "").Because(err)
		}
		if out[i], err = format(payload, tlog.Proof{Index: uint64(i), Hashes: hashes, Checkpoint: signed}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// stored holds the hashes of a tree by their stored index.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if at >= int64(len(s)) {
			return nil, attest.Refuse(CodeRoot, "tree", "a hash in the tree", "one beyond it")
		}
		out[i] = s[at]
	}
	return out, nil
}

func alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return attest.Refuse(attest.CodeCanceled, "context", "", "").Because(context.Cause(ctx))
	}
	return nil
}
