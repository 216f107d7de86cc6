package tlog

import (
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// MaxProof bounds the hashes of a proof.
const MaxProof = 63

// CheckInclusion reports, by a nil error, that the hashes lead from leaf at index
// to the root of c (RFC 6962 section 2.1.1).
func CheckInclusion(c Checkpoint, index uint64, leaf Hash, hashes []Hash) error {
	if err := checkSizes(c.Size, len(hashes)); err != nil {
		return err
	}
	if index >= c.Size {
		return attest.Refuse(CodeIndex, "index", "below "+strconv.FormatUint(c.Size, 10), strconv.FormatUint(index, 10))
	}
	if err := tlog.CheckRecord(hashes, int64(c.Size), c.Root, int64(index), leaf); err != nil {
		return attest.Refuse(CodeInclusion, "proof", "a path from the entry to "+c.Root.String(), "another").Because(err)
	}
	return nil
}

// CheckConsistency reports, by a nil error, that the tree of newer begins with
// that of older (RFC 6962 section 2.1.2). Both must be of one origin. CodeRollback
// tells that newer is the smaller one, CodeConsistency that hashes do not show it:
// with the right hashes, neither tree extends the other. The proof is empty where
// older is the empty tree or of newer's size.
func CheckConsistency(older, newer Checkpoint, hashes []Hash) error {
	if older.Origin != newer.Origin {
		return attest.Refuse(CodeOrigin, "origin", excerpt.Quote(older.Origin), excerpt.Quote(newer.Origin))
	}
	if err := checkSizes(max(older.Size, newer.Size), len(hashes)); err != nil {
		return err
	}
	if newer.Size < older.Size {
		return attest.Refuse(CodeRollback, "size", "at least "+strconv.FormatUint(older.Size, 10), strconv.FormatUint(newer.Size, 10))
	}
	refused := attest.Refuse(CodeConsistency, "proof", "a tree that begins with "+older.Root.String(), newer.Root.String())
	if older.Size == 0 || older.Size == newer.Size {
		if len(hashes) > 0 || older.Size == newer.Size && older.Root != newer.Root || older.Size == 0 && older.Root != EmptyRoot() {
			return refused
		}
		return nil
	}
	if err := tlog.CheckTree(hashes, int64(newer.Size), newer.Root, int64(older.Size), older.Root); err != nil {
		return refused.Because(err)
	}
	return nil
}

func checkSizes(size uint64, hashes int) error {
	if size > MaxSize {
		return attest.Refuse(CodeNumber, "size", "at most 2^62", strconv.FormatUint(size, 10))
	}
	if hashes > MaxProof {
		return attest.Refuse(CodeProofLength, "proof", "at most 63 hashes", strconv.Itoa(hashes))
	}
	return nil
}
