package deploy

import (
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// The types of this package's documents. Their meaning never changes.
const (
	// RequestType is the first netstring under a request's digest.
	RequestType = "https://github.com/sealwright/sealwright/deploy/request/v1"
	// ApprovalPredicateType is the predicate type of approvals.
	ApprovalPredicateType = "https://github.com/sealwright/sealwright/deploy/approval/v1"
	// RecordPredicateType is the predicate type of records.
	RecordPredicateType = "https://github.com/sealwright/sealwright/deploy/record/v1"
)

// A Vote is what an approver says. The zero Vote is refused.
type Vote string

// The votes.
const (
	VoteApprove Vote = "approve"
	VoteDeny    Vote = "deny" // wins over every approval, and does not expire
)

// A Ballot is what an approver signs about a request: the predicate of an
// approval.
type Ballot struct {
	// Role is the capacity in which the approver signs. It may be empty, and
	// means nothing until somebody who knows the approver's roles checks it.
	Role string `json:"role,omitempty"`
	// Decision is the vote.
	Decision Vote `json:"decision"`
	// Expires is when an approval stops counting, exclusive.
	Expires time.Time `json:"expires"`
}

func (b Ballot) validate() error {
	switch {
	case b.Decision != VoteApprove && b.Decision != VoteDeny:
		return attest.Refuse(CodeApproval, "/predicate/decision", "approve or deny", excerpt.Quote(string(b.Decision)))
	case b.Expires.IsZero() || b.Expires.UTC().Year() < 1 || b.Expires.UTC().Year() > 9999:
		return attest.Refuse(CodeApproval, "/predicate/expires", "an instant", "none")
	}
	if err := validateText("/predicate/role", b.Role, 0); err != nil {
		return attest.Refuse(CodeApproval, "/predicate/role", "plain text", "").Because(err)
	}
	return nil
}

// NewApproval makes the statement that an approver signs to approve or deny req:
// an in-toto Statement v1 whose only subject is the request, by its digest, and
// whose predicate is the ballot. It refuses an invalid request or ballot.
func NewApproval(req Request, b Ballot) (*attest.Statement, error) {
	d, err := req.Digest()
	if err != nil {
		return nil, err
	}
	if err := b.validate(); err != nil {
		return nil, err
	}
	b.Expires = b.Expires.UTC().Round(0)
	return attest.NewStatement(ApprovalPredicateType, b, attest.Descriptor{Name: "request", Digest: d.Set()})
}

// An Approval is a verified ballot. It counts only in a Quorum.
type Approval struct {
	Ballot
	Request   digest.Digest     // names the request
	Authority string            // of the verifier
	Signers   []attest.Identity // who signed, each for themselves
	Evidence  digest.Digest     // of the attestation
}

// ParseApproval reads a verified approval strictly: a predicate without unknown
// fields, and exactly one subject with a SHA-256 digest and no other.
func ParseApproval(v *attest.Verified) (*Approval, error) {
	if v.IsZero() {
		return nil, attest.Refuse(CodeNil, "approval", "verified evidence", "none")
	}
	s := v.Statement()
	if s.PredicateType() != ApprovalPredicateType {
		return nil, attest.Refuse(CodeApprovalType, "/predicateType", ApprovalPredicateType, excerpt.Quote(s.PredicateType()))
	}
	a := &Approval{Authority: v.Authority(), Signers: v.Signers(), Evidence: v.Evidence()}
	if err := s.DecodePredicate(&a.Ballot, false); err != nil {
		return nil, attest.Refuse(CodeApproval, "/predicate", "a ballot", "").Because(err)
	}
	if err := a.validate(); err != nil {
		return nil, err
	}
	subjects := s.Subjects()
	if len(subjects) != 1 || len(subjects[0].Digest) != 1 || subjects[0].Digest[digest.SHA256] == "" {
		return nil, attest.Refuse(CodeApproval, "/subject", "one subject with a sha256 digest alone", strconv.Itoa(len(subjects))+" subjects")
	}
	a.Request = digest.Digest{Algorithm: digest.SHA256, Hex: subjects[0].Digest[digest.SHA256]}
	return a, nil
}
