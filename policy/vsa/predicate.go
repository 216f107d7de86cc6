package vsa

import (
	"time"

	"github.com/sealwright/sealwright/attest"
)

// PredicateType is the predicate type of a SLSA VSA v1.
const PredicateType = "https://slsa.dev/verification_summary/v1"

// SVRPredicateType is the predicate type of an in-toto SVR v0.1.
const SVRPredicateType = "https://in-toto.io/attestation/svr/v0.1"

// The values of verificationResult.
const (
	Passed = "PASSED"
	Failed = "FAILED"
)

// Satisfied is the property that an SVR has if nothing was waived.
const Satisfied = "SEALWRIGHT_POLICY_SATISFIED"

// A Summary is the predicate of a VSA.
type Summary struct {
	Verifier           Verifier            `json:"verifier"`
	TimeVerified       time.Time           `json:"timeVerified,omitzero"`
	ResourceURI        string              `json:"resourceUri"`
	Policy             attest.Descriptor   `json:"policy"`
	InputAttestations  []attest.Descriptor `json:"inputAttestations,omitempty"`
	VerificationResult string              `json:"verificationResult"`
	VerifiedLevels     []string            `json:"verifiedLevels"`
	DependencyLevels   map[string]uint64   `json:"dependencyLevels,omitempty"`
	SLSAVersion        string              `json:"slsaVersion,omitempty"`
	Decision           Decision            `json:"https://github.com/sealwright/sealwright/policy/vsa/v1,omitzero"`
}

// A Result is the predicate of an SVR. The verifier may tell its policy.
type Result struct {
	Verifier    Verifier  `json:"verifier"`
	TimeCreated time.Time `json:"timeCreated"`
	Properties  []string  `json:"properties"`
	Decision    Decision  `json:"https://github.com/sealwright/sealwright/policy/vsa/v1,omitzero"`
}

// A Verifier names who verified. Policy is an extension that only an SVR has.
type Verifier struct {
	ID      string             `json:"id"`
	Version map[string]string  `json:"version,omitempty"`
	Policy  *attest.Descriptor `json:"policy,omitempty"`
}

// A Decision is an extension: what the specified fields do not tell of a
// policy.Decision.
type Decision struct {
	Digest     string    `json:"digest"` // of the decision's canonical JSON
	ValidUntil time.Time `json:"validUntil,omitzero"`
	Waived     []string  `json:"waived,omitempty"` // ids of rules
	Testing    bool      `json:"testing,omitempty"`
}
