package oscal

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeDecision: a decision is zero, twice there, or made in testing; or there is
	// none.
	CodeDecision attest.Code = "policy.oscal.decision"
	// CodeMapping: the mapping names a task that the framework does not have, or
	// demands nothing of one.
	CodeMapping attest.Code = "policy.oscal.mapping"
	// CodeOptions: Options are incomplete.
	CodeOptions attest.Code = "policy.oscal.options"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code { return []attest.Code{CodeDecision, CodeMapping, CodeOptions} }
