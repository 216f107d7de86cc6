package predicate

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeNil: a required pointer is nil.
	CodeNil attest.Code = "provenance.predicate.argument-nil"
	// CodeType: the statement has another predicate type.
	CodeType attest.Code = "provenance.predicate.type"
	// CodeJSON: the predicate is not strict JSON of its type.
	CodeJSON attest.Code = "provenance.predicate.json"
	// CodeAlias: a field has the snake_case name that only some readers know.
	CodeAlias attest.Code = "provenance.predicate.alias"
	// CodeMissing: a required field is missing or empty.
	CodeMissing attest.Code = "provenance.predicate.missing"
	// CodeURI: a field is no absolute URI.
	CodeURI attest.Code = "provenance.predicate.uri"
	// CodeTimestamp: a timestamp is not RFC 3339 in UTC, or an end precedes its start.
	CodeTimestamp attest.Code = "provenance.predicate.timestamp"
	// CodeDescriptor: a resource descriptor names nothing, or not what it must.
	CodeDescriptor attest.Code = "provenance.predicate.descriptor"
	// CodeValue: a field has a value that its specification does not allow.
	CodeValue attest.Code = "provenance.predicate.value"
	// CodeLevels: the levels of a summary contradict each other or its result.
	CodeLevels attest.Code = "provenance.predicate.levels"
	// CodeDuplicate: a name that must be unique is there twice.
	CodeDuplicate attest.Code = "provenance.predicate.duplicate"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeNil, CodeType, CodeJSON, CodeAlias, CodeMissing, CodeURI, CodeTimestamp, CodeDescriptor, CodeValue,
		CodeLevels, CodeDuplicate,
	}
}
