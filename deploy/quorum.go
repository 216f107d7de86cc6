package deploy

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// maxApprovals bounds the approvals that a quorum looks at.
const maxApprovals = 1000

// A Quorum tells who must approve. The requester never counts, whoever is
// listed. The zero Quorum is refused.
type Quorum struct {
	// Threshold is how many distinct principals must approve: at least 1.
	Threshold int
	// Principals are those who may approve, as attest.Identity.Principal writes
	// them.
	Principals []string
	// Authorities are the verifiers whose approvals count.
	Authorities []string
	// Exclude are principals who may not approve although they are listed: who
	// built the artifact, who wrote the change.
	Exclude []string
}

// Validate refuses a quorum that demands nothing or can never be reached.
func (q Quorum) Validate() error {
	var errs []error
	if q.Threshold < 1 {
		errs = append(errs, attest.Refuse(CodeQuorum, "threshold", "1 or more", strconv.Itoa(q.Threshold)))
	}
	if len(q.Authorities) == 0 || slices.Contains(q.Authorities, "") {
		errs = append(errs, attest.Refuse(CodeQuorum, "authorities", "named authorities", strconv.Itoa(len(q.Authorities))+" names"))
	}
	able := make(map[string]bool)
	for _, p := range q.Principals {
		switch folded := strings.ToLower(p); {
		case p == "":
			errs = append(errs, attest.Refuse(CodeQuorum, "principals", "names", "an empty name"))
		case able[folded]:
			errs = append(errs, attest.Refuse(CodeQuorum, "principals", "each principal once", excerpt.Quote(p)+" again"))
		default:
			able[folded] = true
		}
	}
	for _, p := range q.Exclude {
		delete(able, strings.ToLower(p))
	}
	if len(able) == 0 || len(able) < q.Threshold {
		errs = append(errs, attest.Refuse(CodeQuorum, "principals", "at least "+strconv.Itoa(max(q.Threshold, 1))+" who may approve", strconv.Itoa(len(able))))
	}
	return errors.Join(errs...)
}

// An Endorsement is one principal's approval as it counted.
type Endorsement struct {
	Principal string        `json:"principal"`
	Role      string        `json:"role,omitempty"` // as the approver claims it
	Authority string        `json:"authority"`
	Evidence  digest.Digest `json:"evidence"` // of the attestation
	Expires   time.Time     `json:"expires"`
}

// A Tally is the result of counting approvals. Its zero value is not met.
type Tally struct {
	// Endorsements are the distinct principals who approve, by name.
	Endorsements []Endorsement
	// Refused tells, with reason codes, why each other approval does not count.
	Refused []error
	met     bool
}

// Met reports whether the quorum is reached and nobody denies.
func (t Tally) Met() bool { return t.met }

// Tally counts the approvals of req at the instant now. It looks at all of them,
// in any order, and gives the same result in any order: a principal counts once,
// whatever the number of keys, signatures and attestations; an approval that is
// of another request, expired, of another type, of an unlisted authority or by a
// principal who may not approve is refused with its reason. A denial by a listed
// principal, excluded or not, expired or not, wins over every approval. The error
// tells why the quorum is not met, and then carries every refusal.
func (q Quorum) Tally(req Request, approvals []*attest.Verified, now time.Time) (Tally, error) {
	want, err := req.Digest()
	if err := errors.Join(q.Validate(), err); err != nil {
		return Tally{}, err
	}
	if len(approvals) > maxApprovals {
		return Tally{}, attest.Refuse(CodeApprovalCount, "approvals", "at most "+strconv.Itoa(maxApprovals), strconv.Itoa(len(approvals)))
	}
	c := count{quorum: q, requester: req.Requester, request: want, now: now, by: make(map[string]Endorsement)}
	for i, v := range approvals {
		c.add("approvals/"+strconv.Itoa(i), v)
	}
	return c.result()
}

// count is one tally in the making.
type count struct {
	quorum    Quorum
	requester string
	request   digest.Digest
	now       time.Time
	by        map[string]Endorsement // by lower-case principal
	denied    bool
	refused   []error
}

func (c *count) refuse(code attest.Code, where, want, got string) {
	c.refused = append(c.refused, attest.Refuse(code, where, want, got))
}

func (c *count) add(where string, v *attest.Verified) {
	a, err := ParseApproval(v)
	switch {
	case err != nil:
		c.refused = append(c.refused, err)
	case a.Request != c.request:
		c.refuse(CodeApprovalRequest, where, c.request.String(), a.Request.String())
	case !slices.Contains(c.quorum.Authorities, a.Authority):
		c.refuse(CodeApprovalAuthority, where, "a listed authority", excerpt.Quote(a.Authority))
	default:
		for _, s := range a.Signers {
			c.vote(where, s.Principal(), a)
		}
	}
}

// vote counts a for one of its signers. Names are excluded regardless of case,
// so that no spelling of the requester's name escapes; they are admitted only
// as they are listed.
func (c *count) vote(where, principal string, a *Approval) {
	same := func(other string) bool { return strings.EqualFold(other, principal) }
	e := Endorsement{principal, a.Role, a.Authority, a.Evidence, a.Expires.UTC()}
	prior, repeated := c.by[strings.ToLower(principal)]
	switch {
	case !slices.Contains(c.quorum.Principals, principal):
		c.refuse(CodeApprovalPrincipal, where, "a listed principal", excerpt.Quote(principal))
	case a.Decision == VoteDeny:
		c.denied = true
		c.refuse(CodeApprovalDenied, where, "nobody who denies", excerpt.Quote(principal))
	case same(c.requester) || slices.ContainsFunc(c.quorum.Exclude, same):
		c.refuse(CodeApprovalExcluded, where, "another than the requester and the excluded", excerpt.Quote(principal))
	case !c.now.Before(a.Expires):
		c.refuse(CodeApprovalExpired, where, "an approval that lasts beyond "+instant(c.now), instant(a.Expires))
	case repeated:
		c.refuse(CodeApprovalRepeated, where, "each principal once", excerpt.Quote(principal))
		if outlasts(e, prior) {
			c.by[strings.ToLower(principal)] = e
		}
	default:
		c.by[strings.ToLower(principal)] = e
	}
}

// outlasts orders approvals of one principal, so that which one is cited does
// not depend on the order of arrival.
func outlasts(a, b Endorsement) bool {
	if !a.Expires.Equal(b.Expires) {
		return a.Expires.After(b.Expires)
	}
	return a.Evidence.Hex < b.Evidence.Hex
}

func (c *count) result() (Tally, error) {
	t := Tally{Refused: c.refused, met: !c.denied && len(c.by) >= c.quorum.Threshold}
	for _, e := range c.by {
		t.Endorsements = append(t.Endorsements, e)
	}
	slices.SortFunc(t.Endorsements, func(a, b Endorsement) int { return strings.Compare(a.Principal, b.Principal) })
	if t.met {
		return t, nil
	}
	errs := c.refused
	if len(c.by) < c.quorum.Threshold {
		short := attest.Refuse(CodeQuorumShort, "approvals", strconv.Itoa(c.quorum.Threshold)+" distinct principals", strconv.Itoa(len(c.by)))
		errs = append([]error{short}, errs...)
	}
	return t, errors.Join(errs...)
}
