package graph

import "github.com/sealwright/sealwright/attest"

// The codes of this package. What makes a predicate unreadable carries, as the
// cause, the codes of the package that reads it.
const (
	// CodeNil: a required argument is nil or zero.
	CodeNil attest.Code = "provenance.graph.nil"
	// CodeLocked: another writer has the directory.
	CodeLocked attest.Code = "provenance.graph.locked"
	// CodeClosed: the store is closed, or a failed write has made its state unknown.
	CodeClosed attest.Code = "provenance.graph.closed"
	// CodeReadOnly: the store was opened for reading.
	CodeReadOnly attest.Code = "provenance.graph.read-only"
	// CodeMissing: the directory holds no store.
	CodeMissing attest.Code = "provenance.graph.missing"
	// CodeDamaged: a file of the store is not what was written.
	CodeDamaged attest.Code = "provenance.graph.damaged"
	// CodeStorage: the file system failed.
	CodeStorage attest.Code = "provenance.graph.storage"
	// CodeStatement: an attestation cannot be taken in; the cause tells why.
	CodeStatement attest.Code = "provenance.graph.statement"
	// CodeEnvelope: an unverified attestation is of a media type or a form that is
	// not read.
	CodeEnvelope attest.Code = "provenance.graph.envelope"
	// CodeContradiction: the same envelope was added before with another statement.
	CodeContradiction attest.Code = "provenance.graph.contradiction"
	// CodeLimit: a name, a statement or an addition is larger than the store takes.
	CodeLimit attest.Code = "provenance.graph.limit"
	// CodeSelection: a query does not say whom it believes.
	CodeSelection attest.Code = "provenance.graph.selection"
	// CodeDigest: a query asks for a malformed digest.
	CodeDigest attest.Code = "provenance.graph.digest"
	// CodeWeak: a query asks for a digest that does not resist collisions.
	CodeWeak attest.Code = "provenance.graph.weak-digest"
	// CodeCanceled: the context ended before the work was done.
	CodeCanceled attest.Code = "provenance.graph.canceled"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeNil, CodeLocked, CodeClosed, CodeReadOnly, CodeMissing, CodeDamaged, CodeStorage, CodeStatement,
		CodeEnvelope, CodeContradiction, CodeLimit, CodeSelection, CodeDigest, CodeWeak, CodeCanceled,
	}
}
