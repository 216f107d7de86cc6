package slsa

import "github.com/sealwright/sealwright/attest"

// The codes of this package. What makes a build incomplete, and not its encoding
// wrong, carries the codes of package provenance.
const (
	// CodeStatement: the statement is nil, or no legacy statement where one is asked
	// for.
	CodeStatement attest.Code = "provenance.slsa.statement"
	// CodePredicateType: the statement is not SLSA provenance of the version asked for.
	CodePredicateType attest.Code = "provenance.slsa.predicate-type"
	// CodePredicate: the predicate is not strict JSON of its version.
	CodePredicate attest.Code = "provenance.slsa.predicate"
	// CodeAlias: a field has the snake_case name that only some readers know.
	CodeAlias attest.Code = "provenance.slsa.alias"
	// CodeTimestamp: a timestamp is not RFC 3339 in UTC.
	CodeTimestamp attest.Code = "provenance.slsa.timestamp"
	// CodeRole: an input's role cannot be written or read.
	CodeRole attest.Code = "provenance.slsa.role"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{CodeStatement, CodePredicateType, CodePredicate, CodeAlias, CodeTimestamp, CodeRole}
}
