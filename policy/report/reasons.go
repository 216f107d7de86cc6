package report

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeDecision: the decision is zero.
	CodeDecision attest.Code = "policy.report.decision"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code { return []attest.Code{CodeDecision} }
