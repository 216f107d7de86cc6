package deploy

import (
	"slices"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A DecisionRef cites the policy decision about one subject.
type DecisionRef struct {
	Subject  digest.Digest `json:"subject"`  // SHA-256 of the artifact
	Decision digest.Digest `json:"decision"` // policy.Decision.Digest
	Engine   string        `json:"engine"`
	Policy   digest.Digest `json:"policy"`
	Testing  bool          `json:"testing,omitempty"` // the engine accepts synthetic evidence
}

// A Grant tells why a request was authorized and for how long.
type Grant struct {
	// At is when the gate opened, Until when it closes again, exclusive: the first
	// end of the request, a decision or an approval that was needed.
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
	// Decisions cite one decision for each subject at least, Approvals one
	// endorsement for each principal.
	Decisions []DecisionRef `json:"decisions"`
	Approvals []Endorsement `json:"approvals"`
}

func (g Grant) clone() Grant {
	g.Decisions = slices.Clone(g.Decisions)
	g.Approvals = slices.Clone(g.Approvals)
	return g
}

// An Authorization is the leave to carry out one request. Only Gate.Authorize
// makes one; the zero Authorization allows nothing. It is immutable and safe for
// concurrent use.
type Authorization struct {
	granted *granted
}

type granted struct {
	request Request
	digest  digest.Digest
	grant   Grant
}

// IsZero reports whether a allows nothing.
func (a Authorization) IsZero() bool { return a.granted == nil }

// Request returns a copy of the authorized request; the zero Request for the
// zero Authorization.
func (a Authorization) Request() Request {
	if a.IsZero() {
		return Request{}
	}
	return a.granted.request.clone()
}

// RequestDigest returns the digest of the request; the zero Digest for the zero
// Authorization.
func (a Authorization) RequestDigest() digest.Digest {
	if a.IsZero() {
		return digest.Digest{}
	}
	return a.granted.digest
}

// Grant returns a copy of why and how long; the zero Grant for the zero
// Authorization.
func (a Authorization) Grant() Grant {
	if a.IsZero() {
		return Grant{}
	}
	return a.granted.grant.clone()
}

// Check reports, by a nil error, that the change may start at that instant. A
// deployer asks immediately before it touches the target.
func (a Authorization) Check(at time.Time) error {
	if a.IsZero() {
		return attest.Refuse(CodeUnauthorized, "authorization", "one that a gate made", "the zero Authorization")
	}
	g := a.granted.grant
	if at.Before(g.At) || !at.Before(g.Until) {
		return attest.Refuse(CodeAuthorizationWindow, "authorization", instant(g.At)+" to "+instant(g.Until), instant(at))
	}
	return nil
}
