// Package slsa1 reads statements with SLSA v1 provenance fast where they are as plain as
// nearly all are, and makes nothing of them but texts that share the document's memory.
//
// Like [plain.Reader] it gives up where it is not sure, without saying why, and its caller
// reads the document once more with attest.ParseStatement and strictjson.Unmarshal, whose
// word counts: so the two cannot differ in what they refuse.
package slsa1
