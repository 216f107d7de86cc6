package report

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeNil: a required argument is nil.
	CodeNil attest.Code = "scan.report.argument-nil"
	// CodeIncomplete: the scan did not look at everything, so it cannot say that
	// there is nothing.
	CodeIncomplete attest.Code = "scan.report.incomplete"
	// CodeNotMatched: no advisory database judged the report.
	CodeNotMatched attest.Code = "scan.report.not-matched"
	// CodeUndated: the advisory database does not tell when it was updated.
	CodeUndated attest.Code = "scan.report.database-undated"
	// CodeTime: the times are missing or contradict each other.
	CodeTime attest.Code = "scan.report.time"
	// CodeScanner: the scanner has no URI.
	CodeScanner attest.Code = "scan.report.scanner"
	// CodeResult: a result has no id, no severity, or an incomplete one; or there
	// is no list of results, which is not the same as an empty list.
	CodeResult attest.Code = "scan.report.result"
	// CodeKnown: what is told of a finding is impossible, or contradicts its advisory.
	CodeKnown attest.Code = "scan.report.known"
	// CodePredicateType: the statement has another predicate type.
	CodePredicateType attest.Code = "scan.report.predicate-type"
	// CodePredicate: the predicate is not what its type demands.
	CodePredicate attest.Code = "scan.report.predicate"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeNil, CodeIncomplete, CodeNotMatched, CodeUndated, CodeTime, CodeScanner,
		CodeResult, CodeKnown, CodePredicateType, CodePredicate,
	}
}
