package report

import (
	"encoding/json"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/cyclonedx"
)

// CycloneDXType is the predicate type of a CycloneDX bill (in-toto attestation,
// predicates/cyclonedx.md).
const CycloneDXType = "https://cyclonedx.org/bom"

// CycloneDXStatement makes the statement that holds the report's bill of
// materials. It may be made of an incomplete scan, and then says that it is
// incomplete. at is the bill's timestamp, if it is not zero.
func CycloneDXStatement(r *scan.Report, at time.Time) (*attest.Statement, error) {
	if r == nil {
		return nil, attest.Refuse(CodeNil, "report", "a report", "nil")
	}
	bill := cyclonedx.Of(r)
	bill.Timestamp = at
	body, err := cyclonedx.Encode(bill)
	if err != nil {
		return nil, err
	}
	return attest.NewStatement(CycloneDXType, json.RawMessage(body), r.Subject)
}

// ParseCycloneDX reads the bill in a statement, which must be about the subject
// with the digests want, and so must the bill itself.
func ParseCycloneDX(s *attest.Statement, want digest.Set, limits cyclonedx.Limits) (*cyclonedx.Bill, error) {
	if s == nil {
		return nil, attest.Refuse(CodeNil, "statement", "a statement", "nil")
	}
	about := attest.Want{Subjects: []digest.Set{want}, PredicateTypes: []string{CycloneDXType}}
	if err := about.Check(s); err != nil {
		return nil, err
	}
	return cyclonedx.Parse(s.Predicate(), want, limits)
}
