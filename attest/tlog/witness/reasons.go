package witness

import "github.com/sealwright/sealwright/attest"

// The codes of this package, and the HTTP status that tlog-witness gives each.
const (
	// CodeConfig: a witness lacks a part, or has one twice.
	CodeConfig attest.Code = "attest.witness.config"
	// CodeRequest: a request is not one of add-checkpoint. 400.
	CodeRequest attest.Code = "attest.witness.request"
	// CodeSize: the old size is above the checkpoint's. 400.
	CodeSize attest.Code = "attest.witness.size"
	// CodeForbidden: no trusted key of the log signed the checkpoint. 403.
	CodeForbidden attest.Code = "attest.witness.forbidden"
	// CodeUnknownLog: the checkpoint is of a log that the witness does not watch.
	// 404.
	CodeUnknownLog attest.Code = "attest.witness.unknown-log"
	// CodeConflict: the old size is not that of the newest checkpoint that the
	// witness cosigned. 409, with that size.
	CodeConflict attest.Code = "attest.witness.conflict"
	// CodeFork: the checkpoint has the size of the newest one and another root.
	// 409: the log signed two trees.
	CodeFork attest.Code = "attest.witness.fork"
	// CodeInconsistent: the proof does not show that the checkpoint extends the
	// newest one. 422.
	CodeInconsistent attest.Code = "attest.witness.inconsistent"
	// CodeState: the witness cannot read or keep its state. 500.
	CodeState attest.Code = "attest.witness.state"
	// CodeResponse: a witness answered what tlog-witness does not give.
	CodeResponse attest.Code = "attest.witness.response"
)

// Codes returns every code that this package itself can give. It also gives codes
// of attest and attest/tlog.
func Codes() []attest.Code {
	return []attest.Code{
		CodeConfig, CodeRequest, CodeSize, CodeForbidden, CodeUnknownLog, CodeConflict,
		CodeFork, CodeInconsistent, CodeState, CodeResponse,
	}
}
