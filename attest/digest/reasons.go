package digest

import "strings"

// A Code is the stable, machine-readable name of one cause of rejection, in
// the form room.check.cause. Codes are never renamed or reused.
type Code string

// The codes of digests and sets.
const (
	// CodeSyntax: a digest is not written as its algorithm demands.
	CodeSyntax Code = "digest.value.syntax"
	// CodeLength: a value has the wrong length for its algorithm.
	CodeLength Code = "digest.value.length"
	// CodeEmpty: a set or an expectation holds no digest.
	CodeEmpty Code = "digest.set.empty"
	// CodeMismatch: a shared algorithm has different values.
	CodeMismatch Code = "digest.set.mismatch"
	// CodeNoShared: two sets share no collision-resistant algorithm.
	CodeNoShared Code = "digest.set.no-shared-algorithm"
)

// The codes of hashing and of verification.
const (
	// CodeAlgorithm: an algorithm cannot be computed from bytes here, or is asked
	// for twice.
	CodeAlgorithm Code = "digest.options.algorithm"
	// CodeFSVerity: fs-verity parameters that the Linux kernel does not accept.
	CodeFSVerity Code = "digest.options.fsverity"
	// CodeOption: another option that is out of range or contradicts the call.
	CodeOption Code = "digest.options.invalid"
	// CodeUndeclared: a git blob id of a stream was asked for without its size,
	// which the id's header holds.
	CodeUndeclared Code = "digest.options.size-undeclared"

	// CodeFinished: a Hasher was used after Finish.
	CodeFinished Code = "digest.hasher.finished"
	// CodeConcurrent: a Hasher was used by two goroutines at the same time.
	CodeConcurrent Code = "digest.hasher.concurrent"
	// CodeTooLong: more bytes than SHA-256 can take in (2^61).
	CodeTooLong Code = "digest.hasher.too-long"

	// CodeSize: the content is shorter or longer than it was declared.
	CodeSize Code = "digest.content.size"
	// CodeRead: reading the content failed.
	CodeRead Code = "digest.content.read"
	// CodeReader: the content's reader broke the contract of io.Reader or
	// io.ReaderAt.
	CodeReader Code = "digest.content.reader"
	// CodeCancelled: the context ended before the work.
	CodeCancelled Code = "digest.content.cancelled"
	// CodeUnverified: a VerifyingReader was closed before it had verified, and
	// its consumer had read, everything.
	CodeUnverified Code = "digest.content.unverified"

	// CodeOpen: a file cannot be opened or examined.
	CodeOpen Code = "digest.file.open"
	// CodeKind: a file is not a regular file (a symbolic link, a directory, a
	// FIFO, a device, a socket).
	CodeKind Code = "digest.file.kind"
	// CodeChanged: a file was changed, replaced or removed while it was read.
	CodeChanged Code = "digest.file.changed"
)

// The codes of checkpoints.
const (
	// CodeCheckpointSyntax: a document is not a checkpoint file of this version,
	// or is shorter or longer than its header says.
	CodeCheckpointSyntax Code = "digest.checkpoints.syntax"
	// CodeCheckpointAlgorithm: the checkpoints are of another algorithm than
	// SHA-256.
	CodeCheckpointAlgorithm Code = "digest.checkpoints.algorithm"
	// CodeCheckpointStride: the distance of the checkpoints is out of range or
	// not a multiple of MinStride.
	CodeCheckpointStride Code = "digest.checkpoints.stride"
	// CodeCheckpointSize: the checkpoints are of content of another size.
	CodeCheckpointSize Code = "digest.checkpoints.size"
	// CodeCheckpointDigest: the checkpoints are of content with another digest.
	CodeCheckpointDigest Code = "digest.checkpoints.digest"
	// CodeCheckpointSegment: a segment does not lead from its checkpoint to the
	// next: the content, or a checkpoint, is altered.
	CodeCheckpointSegment Code = "digest.checkpoints.segment"
	// CodeCheckpointFinal: the last segment does not lead to the digest.
	CodeCheckpointFinal Code = "digest.checkpoints.final"
)

// The codes of saved states and of caches.
const (
	// CodeStateKey: a key is too short to authenticate with.
	CodeStateKey Code = "digest.state.key"
	// CodeStateMAC: a state was not sealed with this key and context, or was
	// altered since.
	CodeStateMAC Code = "digest.state.mac"
	// CodeStateSyntax: a state is not a document of this version.
	CodeStateSyntax Code = "digest.state.syntax"
	// CodeStatePlan: a state is of other algorithms or parameters.
	CodeStatePlan Code = "digest.state.algorithms"
	// CodeStateOffset: a state is of another offset than the caller continues at.
	CodeStateOffset Code = "digest.state.offset"
	// CodeStateUnsupported: a hash cannot save its state.
	CodeStateUnsupported Code = "digest.state.unsupported"

	// CodeCacheKey: a key is too short to authenticate with.
	CodeCacheKey Code = "digest.cache.key"
	// CodeCacheRead: an entry cannot be read.
	CodeCacheRead Code = "digest.cache.read"
	// CodeCacheWrite: an entry cannot be written.
	CodeCacheWrite Code = "digest.cache.write"
	// CodeCacheEntry: an entry is forged, damaged or of another file.
	CodeCacheEntry Code = "digest.cache.entry"
)

// Codes returns every code that an Error of this package can carry.
func Codes() []Code {
	return []Code{
		CodeSyntax, CodeLength, CodeEmpty, CodeMismatch, CodeNoShared,
		CodeAlgorithm, CodeFSVerity, CodeOption, CodeUndeclared,
		CodeFinished, CodeConcurrent, CodeTooLong,
		CodeSize, CodeRead, CodeReader, CodeCancelled, CodeUnverified,
		CodeOpen, CodeKind, CodeChanged,
		CodeCheckpointSyntax, CodeCheckpointAlgorithm, CodeCheckpointStride, CodeCheckpointSize,
		CodeCheckpointDigest, CodeCheckpointSegment, CodeCheckpointFinal,
		CodeStateKey, CodeStateMAC, CodeStateSyntax, CodeStatePlan, CodeStateOffset, CodeStateUnsupported,
		CodeCacheKey, CodeCacheRead, CodeCacheWrite, CodeCacheEntry,
	}
}

// An Error is a rejection: what was wanted, what was got, and where. Texts
// are bounded in length and quoted where an attacker chose them.
type Error struct {
	Code  Code
	Where string // algorithm, file name or offset; may be empty
	Want  string
	Got   string
	Err   error // the cause, if another package gave one
}

// Error tells the code and every non-empty part.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code))
	if e.Where != "" {
		b.WriteString(" at " + e.Where)
	}
	if e.Want != "" {
		b.WriteString(": want " + e.Want)
	}
	if e.Got != "" {
		b.WriteString(", got " + e.Got)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an *Error with the same Code and otherwise
// empty, so that errors.Is(err, &Error{Code: CodeMismatch}) works.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && *t == Error{Code: e.Code}
}
