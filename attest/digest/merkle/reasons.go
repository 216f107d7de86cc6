package merkle

import (
	"errors"
	"strconv"

	"github.com/sealwright/sealwright/attest/digest"
)

// The codes of this package. Its errors are *digest.Error, for damaged data
// inside a *CorruptError. Those of reading content carry the codes of package
// digest.
const (
	// CodeParams: parameters that no implementation of the format accepts.
	CodeParams digest.Code = "digest.merkle.params"
	// CodeRoot: a Root is malformed, or contradicts itself.
	CodeRoot digest.Code = "digest.merkle.root"
	// CodeFileDigest: a root does not belong to an fs-verity file digest.
	CodeFileDigest digest.Code = "digest.merkle.file-digest"
	// CodeKind: the operation is not defined for this kind of tree.
	CodeKind digest.Code = "digest.merkle.kind"
	// CodeSize: content is shorter or longer than declared, or not whole blocks
	// where the format demands them.
	CodeSize digest.Code = "digest.merkle.size"
	// CodeFinished: a Builder was used after Finish, or after an error.
	CodeFinished digest.Code = "digest.merkle.finished"
	// CodeWrite: the tree file cannot be written.
	CodeWrite digest.Code = "digest.merkle.write"
	// CodeTreeLength: a tree file is shorter or longer than its tree.
	CodeTreeLength digest.Code = "digest.merkle.tree-length"
	// CodeTreeBlock: a block of a tree file does not have the hash that the level
	// above, or the root, gives for it.
	CodeTreeBlock digest.Code = "digest.merkle.tree-block"
	// CodeTreePadding: a block of a tree file is filled up with other than zeros.
	CodeTreePadding digest.Code = "digest.merkle.tree-padding"
	// CodeLeaf: content does not have the hash that the tree gives for it.
	CodeLeaf digest.Code = "digest.merkle.leaf"
	// CodeStale: an update failed half-way, so that a tree file is neither the old
	// tree nor the new one.
	CodeStale digest.Code = "digest.merkle.stale"
	// CodeRange: an offset or a range lies outside the artifact, or is empty.
	CodeRange digest.Code = "digest.merkle.range"
	// CodeIndex: a leaf index is not below the number of leaves.
	CodeIndex digest.Code = "digest.merkle.index"
	// CodeProofLength: a proof has more or fewer hashes than its tree demands.
	CodeProofLength digest.Code = "digest.merkle.proof-length"
	// CodeProofSyntax: a document is not a range proof of this version.
	CodeProofSyntax digest.Code = "digest.merkle.proof-syntax"
	// CodeProofTree: a proof was made for another tree.
	CodeProofTree digest.Code = "digest.merkle.proof-tree"
	// CodeInclusion: a leaf and a proof do not lead to the root.
	CodeInclusion digest.Code = "digest.merkle.inclusion"
	// CodeConsistency: a proof does not lead to both roots.
	CodeConsistency digest.Code = "digest.merkle.consistency"
	// CodeRangeProof: bytes and a range proof do not lead to the root.
	CodeRangeProof digest.Code = "digest.merkle.range-proof"
	// CodeSuperblock: a dm-verity superblock is malformed or not supported.
	CodeSuperblock digest.Code = "digest.merkle.superblock"
	// CodeKernelUnsupported: the kernel or the file system has no fs-verity.
	CodeKernelUnsupported digest.Code = "digest.merkle.kernel-unsupported"
	// CodeKernelDisabled: fs-verity is not enabled on the file.
	CodeKernelDisabled digest.Code = "digest.merkle.kernel-disabled"
	// CodeKernel: the kernel refused to measure for another reason, or gave an
	// answer that is not understood.
	CodeKernel digest.Code = "digest.merkle.kernel"
)

// Codes returns every code that this package itself can give.
func Codes() []digest.Code {
	return []digest.Code{
		CodeParams, CodeRoot, CodeFileDigest, CodeKind, CodeSize, CodeFinished, CodeWrite,
		CodeTreeLength, CodeTreeBlock, CodeTreePadding, CodeLeaf, CodeStale, CodeRange,
		CodeIndex, CodeProofLength, CodeProofSyntax, CodeProofTree, CodeInclusion,
		CodeConsistency, CodeRangeProof, CodeSuperblock,
		CodeKernelUnsupported, CodeKernelDisabled, CodeKernel,
	}
}

// ErrCorrupt is what every *CorruptError is, for errors.Is.
var ErrCorrupt = errors.New("the data does not belong to the root")

// A CorruptError tells where an artifact or a tree file is not what the root
// says.
type CorruptError struct {
	// Offset of the block that is wrong, in bytes: in the artifact if Level is 0,
	// else in the tree file.
	Offset int64
	// Level is 0 for the artifact, 1 for the hashes of its blocks, and so on up.
	Level int
	// Reason has CodeLeaf, CodeTreeBlock or CodeTreePadding.
	Reason *digest.Error
}

// Error tells the reason and the place.
func (e *CorruptError) Error() string { return e.Reason.Error() }

// Unwrap returns ErrCorrupt and the reason.
func (e *CorruptError) Unwrap() []error { return []error{ErrCorrupt, e.Reason} }

func corrupt(code digest.Code, level int, offset int64, want, got string) *CorruptError {
	where := "byte " + strconv.FormatInt(offset, 10) + " of the content"
	if level > 0 {
		where = "level " + strconv.Itoa(level) + ", byte " + strconv.FormatInt(offset, 10) + " of the tree"
	}
	return &CorruptError{offset, level, refuse(code, where, want, got)}
}

func refuse(code digest.Code, where, want, got string) *digest.Error {
	return &digest.Error{Code: code, Where: where, Want: want, Got: got}
}

func because(e *digest.Error, err error) *digest.Error {
	e.Err = err
	return e
}

func decimal[T int | int64 | uint64](n T) string { return strconv.FormatInt(int64(n), 10) }
