package deploy

import (
	"errors"
	"slices"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// An Outcome is how a change ended. The zero Outcome is refused: an unknown one
// is never coerced to success.
type Outcome string

// The outcomes.
const (
	OutcomeSucceeded Outcome = "succeeded"
	OutcomeFailed    Outcome = "failed" // the target holds what it held before
)

// maxAttestations bounds what one record cites.
const maxAttestations = 10_000

// A Record is what a deployer reports when a change has ended.
type Record struct {
	// Authorization is the leave under which it was done.
	Authorization Authorization
	// Outcome tells how it ended.
	Outcome Outcome
	// Started, within the authorization's window, and Finished bound the change.
	Started, Finished time.Time
	// Previous is the digest of the request that the place's last record is of,
	// whatever its outcome; zero for the place's first record.
	Previous digest.Digest
	// Attestations are the digests of the evidence about the artifacts:
	// provenance, scans, comparisons, quotes.
	Attestations []digest.Digest
}

// A Deployment is what a record says, after its authorization was checked or
// its attestation verified. As a predicate its request's subjects are those of
// the statement.
type Deployment struct {
	Request       Request         `json:"request"`
	RequestDigest digest.Digest   `json:"requestDigest"`
	Grant         Grant           `json:"authorization"`
	Outcome       Outcome         `json:"outcome"`
	Started       time.Time       `json:"started"`
	Finished      time.Time       `json:"finished"`
	Previous      digest.Digest   `json:"previous,omitzero"`
	Attestations  []digest.Digest `json:"attestations,omitempty"`
}

// Deployment returns what r says, or every reason why it may not be recorded.
func (r *Record) Deployment() (*Deployment, error) {
	if r == nil {
		return nil, attest.Refuse(CodeNil, "record", "a record", "nil")
	}
	if err := r.Authorization.Check(r.Started); err != nil {
		return nil, err
	}
	d := &Deployment{
		Request:       r.Authorization.Request(),
		RequestDigest: r.Authorization.RequestDigest(),
		Grant:         r.Authorization.Grant(),
		Outcome:       r.Outcome,
		Started:       r.Started.UTC().Round(0),
		Finished:      r.Finished.UTC().Round(0),
		Previous:      r.Previous,
		Attestations:  slices.Clone(r.Attestations),
	}
	return d, d.validate()
}

// Statement returns the in-toto Statement v1 that a recorder signs: its subjects
// are the request's, its predicate of type RecordPredicateType the deployment.
// Equal records give equal bytes.
func (r *Record) Statement() (*attest.Statement, error) {
	d, err := r.Deployment()
	if err != nil {
		return nil, err
	}
	return attest.NewStatement(RecordPredicateType, d, d.Request.Subjects...)
}

// ParseRecord reads a verified record strictly: no unknown fields, a request
// whose digest is the one given, a grant that covers the start and cites a
// decision for each subject, times in order.
func ParseRecord(v *attest.Verified) (*Deployment, error) {
	if v.IsZero() {
		return nil, attest.Refuse(CodeNil, "record", "verified evidence", "none")
	}
	s := v.Statement()
	if s.PredicateType() != RecordPredicateType {
		return nil, attest.Refuse(CodeRecordType, "/predicateType", RecordPredicateType, excerpt.Quote(s.PredicateType()))
	}
	var d Deployment
	if err := s.DecodePredicate(&d, false); err != nil {
		return nil, attest.Refuse(CodeRecord, "/predicate", "a deployment", "").Because(err)
	}
	d.Request.Subjects = s.Subjects()
	d.Request = d.Request.clone()
	name, err := d.Request.Digest()
	if err != nil {
		return nil, attest.Refuse(CodeRecord, "/predicate/request", "a valid request", "").Because(err)
	}
	if name != d.RequestDigest {
		return nil, attest.Refuse(CodeRecordRequest, "/predicate/requestDigest", name.String(), d.RequestDigest.String())
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	return &d, nil
}

// Place returns where the deployment is.
func (d *Deployment) Place() Place { return d.Request.Place() }

// State returns the state in which the record left its request, by Next.
func (d *Deployment) State() State {
	if d.Outcome == OutcomeFailed {
		return follow(Proposed, EventAuthorize, EventStart, EventFail)
	}
	if d.Request.Action == ActionRemove {
		return follow(Proposed, EventAuthorize, EventStart, EventRemove)
	}
	return follow(Proposed, EventAuthorize, EventStart, EventSucceed)
}

// follow returns the state after events, or the zero State, which is none.
func follow(s State, events ...Event) State {
	for _, e := range events {
		next, err := Next(s, e)
		if err != nil {
			return ""
		}
		s = next
	}
	return s
}

func (d *Deployment) validate() error {
	var errs []error
	if d.Outcome != OutcomeSucceeded && d.Outcome != OutcomeFailed {
		errs = append(errs, attest.Refuse(CodeRecordOutcome, "outcome", "succeeded or failed", excerpt.Quote(string(d.Outcome))))
	}
	if d.Started.IsZero() || d.Finished.Before(d.Started) || d.Finished.Year() > 9999 {
		errs = append(errs, attest.Refuse(CodeRecordTimes, "started, finished", "a start before an end", instant(d.Started)+" to "+instant(d.Finished)))
	}
	if !d.Previous.IsZero() && (d.Previous.Algorithm != digest.SHA256 || d.Previous.Validate() != nil) {
		errs = append(errs, attest.Refuse(CodeRecord, "previous", "a sha256 digest", excerpt.Quote(d.Previous.String())))
	}
	if len(d.Attestations) > maxAttestations {
		errs = append(errs, attest.Refuse(CodeRecord, "attestations", "at most 10000", "more"))
	}
	for _, a := range d.Attestations {
		if err := a.Validate(); err != nil {
			errs = append(errs, attest.Refuse(CodeRecord, "attestations", "well-formed digests", "").Because(err))
		}
	}
	return errors.Join(append(errs, d.validateGrant())...)
}

// validateGrant demands that the grant covers the start, lies in the request's
// window, and cites what a gate would have demanded.
func (d *Deployment) validateGrant() error {
	var errs []error
	g, r := d.Grant, d.Request
	if g.At.Before(r.NotBefore) || g.Until.After(r.NotAfter) || d.Started.Before(g.At) || !d.Started.Before(g.Until) {
		errs = append(errs, attest.Refuse(CodeRecordTimes, "authorization", "a window that covers the start", instant(g.At)+" to "+instant(g.Until)))
	}
	decided := make(map[string]bool)
	for _, ref := range g.Decisions {
		if ref.Policy != r.Policy || ref.Decision.Validate() != nil || ref.Engine == "" {
			errs = append(errs, attest.Refuse(CodeRecord, "authorization/decisions", "decisions by the request's policy", excerpt.Quote(ref.Policy.String())))
		}
		decided[ref.Subject.Hex] = true
	}
	for _, s := range r.Subjects {
		if !decided[s.Digest[digest.SHA256]] {
			errs = append(errs, attest.Refuse(CodeRecord, "authorization/decisions", "one for each subject", "none for "+excerpt.Quote(s.Digest.String())))
		}
	}
	if len(g.Approvals) == 0 {
		errs = append(errs, attest.Refuse(CodeRecord, "authorization/approvals", "at least one", "none"))
	}
	for _, e := range g.Approvals {
		if e.Principal == "" || e.Evidence.Validate() != nil {
			errs = append(errs, attest.Refuse(CodeRecord, "authorization/approvals", "named principals with evidence", excerpt.Quote(e.Principal)))
		}
	}
	return errors.Join(errs...)
}
