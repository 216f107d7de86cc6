package collect

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Packages below it list their own.
const (
	// CodeCapability: the environment does not grant what the collector needs.
	CodeCapability attest.Code = "provenance.collect.capability"
	// CodeValue: a value has not the form that its source documents.
	CodeValue attest.Code = "provenance.collect.value"
	// CodeJSON: a document is not a strict JSON object.
	CodeJSON attest.Code = "provenance.collect.json"
	// CodeLimit: a document, file or output is larger than its limit.
	CodeLimit attest.Code = "provenance.collect.limit"
	// CodeFetch: an address is not one to ask, or did not answer.
	CodeFetch attest.Code = "provenance.collect.fetch"
	// CodeFile: a file cannot be read, or is none.
	CodeFile attest.Code = "provenance.collect.file"
	// CodeRun: a program failed.
	CodeRun attest.Code = "provenance.collect.run"
	// CodeConflict: two sources disagree about a fact.
	CodeConflict attest.Code = "provenance.collect.conflict"
	// CodeMissing: a build needs a fact that nobody told.
	CodeMissing attest.Code = "provenance.collect.missing"
	// CodeOption: a collector's configuration is incomplete or contradictory.
	CodeOption attest.Code = "provenance.collect.option"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeCapability, CodeValue, CodeJSON, CodeLimit, CodeFetch, CodeFile, CodeRun, CodeConflict,
		CodeMissing, CodeOption,
	}
}
