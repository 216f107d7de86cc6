package deploytest

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeSignature: an attestation has no valid signature of the Authority.
	CodeSignature attest.Code = "deploy.deploytest.signature"
	// CodeClause: an implementation breaks a clause of its contract.
	CodeClause attest.Code = "deploy.deploytest.clause"
	// CodeCrash: a process under the crash harness did something else than
	// acknowledge until it was killed.
	CodeCrash attest.Code = "deploy.deploytest.crash"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code { return []attest.Code{CodeSignature, CodeClause, CodeCrash} }
