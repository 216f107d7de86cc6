package rekor

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeConfig: a Log is told to use what it cannot, or lacks what it needs.
	CodeConfig attest.Code = "attest.rekor.config"
	// CodeQuery: a query asks for nothing, or for what a log does not index.
	CodeQuery attest.Code = "attest.rekor.query"
	// CodeID: a text is not the number of an entry.
	CodeID attest.Code = "attest.rekor.id"
	// CodeTransport: the log cannot be reached, or its answer breaks off.
	CodeTransport attest.Code = "attest.rekor.transport"
	// CodeStatus: the log answers with another HTTP status than success.
	CodeStatus attest.Code = "attest.rekor.status"
	// CodeNotFound: the log says that it has no such entry.
	CodeNotFound attest.Code = "attest.rekor.not-found"
	// CodeResponse: the log's answer is not strict JSON of what was asked for.
	CodeResponse attest.Code = "attest.rekor.response"
	// CodeOther: the log answers another entry than the one in question.
	CodeOther attest.Code = "attest.rekor.other-entry"
	// CodeEntry: an entry lacks a part, or a part is malformed.
	CodeEntry attest.Code = "attest.rekor.entry"
	// CodeKind: an entry is of a kind that cannot become the bundle in question.
	CodeKind attest.Code = "attest.rekor.kind"
	// CodeUpload: what is to be uploaded is malformed.
	CodeUpload attest.Code = "attest.rekor.upload"
)

// Codes returns every code that this package itself can give. It also gives
// codes of attest and attest/key.
func Codes() []attest.Code {
	return []attest.Code{
		CodeConfig, CodeQuery, CodeID, CodeTransport, CodeStatus, CodeNotFound, CodeResponse, CodeOther, CodeEntry,
		CodeKind, CodeUpload,
	}
}
