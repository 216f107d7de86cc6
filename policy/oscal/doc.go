// Package oscal tells auditors what decisions show about the tasks of NIST SP 800-218
// (Secure Software Development Framework 1.1), as OSCAL 1.1.3 assessment results.
//
// Every one of the 42 tasks is listed for every decision: satisfied, not satisfied, or
// not assessable, which OSCAL has no state for: it is told as not satisfied, for the
// reason "other", with a property that says so. Which rules bear on which task is a
// Mapping that the caller chooses; Default is a starting point, and whoever uses it
// makes its judgements their own. A rule that is waived, undetermined or missing never
// satisfies a task. Many tasks are about people, and no attestation about an artifact
// shows them; Default leaves them not assessable.
//
// Identifiers are those of NIST's own catalogue (usnistgov/oscal-content, SP 800-218
// version 1, Catalog): tasks "PO.1.1", their statements "statement_PO.1.1". UUIDs are
// derived from the decisions (RFC 9562, version 5), so that an export of the same
// decisions has the same bytes.
package oscal
