package report

import (
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
)

// CoverageType is the predicate type of a coverage ledger.
const CoverageType = "https://github.com/sealwright/sealwright/scan/coverage/v1"

// A Ledger tells what a scan looked at and what it did not.
type Ledger struct {
	Receipt  scan.Receipt      `json:"receipt"`
	Checks   []scan.Descriptor `json:"checks"`
	Coverage scan.Coverage     `json:"coverage"`
	Metadata Metadata          `json:"metadata"`
}

// CoverageStatement makes the ledger statement about the report's subject, of a
// complete or an incomplete scan alike.
func CoverageStatement(r *scan.Report, started, finished time.Time) (*attest.Statement, error) {
	if r == nil {
		return nil, attest.Refuse(CodeNil, "report", "a report", "nil")
	}
	l := Ledger{r.Receipt, r.Checks, r.Coverage, Metadata{started.UTC(), finished.UTC()}}
	if err := l.validate(); err != nil {
		return nil, err
	}
	return attest.NewStatement(CoverageType, l, r.Subject)
}

// ParseCoverage reads a ledger statement strictly. The ledger's receipt must be
// about the statement's one subject.
func ParseCoverage(s *attest.Statement) (*Ledger, error) {
	if s == nil {
		return nil, attest.Refuse(CodeNil, "statement", "a statement", "nil")
	}
	if s.PredicateType() != CoverageType {
		return nil, attest.Refuse(CodePredicateType, "/predicateType", CoverageType, scan.Quote(s.PredicateType()))
	}
	var l Ledger
	if err := s.DecodePredicate(&l, false); err != nil {
		return nil, attest.Refuse(CodePredicate, "/predicate", "a coverage ledger", "").Because(err)
	}
	if err := l.validate(); err != nil {
		return nil, err
	}
	subjects := s.Subjects()
	if len(subjects) != 1 {
		return nil, attest.Refuse(CodePredicate, "/subject", "one subject", "several")
	}
	if err := subjects[0].Digest.Match(l.Receipt.Subject.Digest); err != nil {
		return nil, attest.Refuse(CodePredicate, "/predicate/receipt/subject", subjects[0].Digest.String(), l.Receipt.Subject.Digest.String()).Because(err)
	}
	return &l, nil
}

func (l *Ledger) validate() error {
	c := l.Coverage
	if c.Gaps == nil || c.Omitted < 0 || len(l.Checks) == 0 {
		return attest.Refuse(CodePredicate, "/coverage", "checks and a list of gaps", "none")
	}
	if c.Seen.Entries != l.Receipt.Entries || c.Seen.Bytes != l.Receipt.Bytes ||
		c.Claimed.Entries+c.Skipped.Entries > c.Seen.Entries || c.Claimed.Bytes+c.Skipped.Bytes > c.Seen.Bytes {
		return attest.Refuse(CodePredicate, "/coverage", "counts that add up", "others")
	}
	if c.Complete() && c.Claimed.Entries+c.Skipped.Entries != c.Seen.Entries {
		return attest.Refuse(CodePredicate, "/coverage", "gaps for what was neither claimed nor skipped", "none")
	}
	if l.Metadata.ScanStartedOn.IsZero() || l.Metadata.ScanFinishedOn.Before(l.Metadata.ScanStartedOn) {
		return attest.Refuse(CodeTime, "/metadata", "a start, then an end", "others")
	}
	return nil
}
