package tee

import (
	"errors"
	"slices"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A Status is a tier of trust as in the EAT Attestation Result (EAR,
// draft-ietf-rats-ear section 3.2). The zero value makes no claim and refuses.
type Status int8

// The tiers, each with the lowest trustworthiness claim that belongs to it.
const (
	StatusNone            Status = 0
	StatusAffirming       Status = 2
	StatusWarning         Status = 32
	StatusContraindicated Status = 96
)

// String returns the tier's name in EAR.
func (s Status) String() string {
	switch s {
	case StatusAffirming:
		return "affirming"
	case StatusWarning:
		return "warning"
	case StatusContraindicated:
		return "contraindicated"
	}
	return "none"
}

// worse orders tiers for merging: silence gives way to approval, approval to
// doubt, doubt to refusal.
func (s Status) worse(t Status) bool { return s > t }

// A TrustClaim is one value of an AR4SI trustworthiness vector
// (draft-ietf-rats-ar4si section 2.3).
type TrustClaim int8

// The values that the core itself gives.
const (
	ClaimNone            TrustClaim = 0
	ClaimAffirmed        TrustClaim = 2  // recognised and approved
	ClaimApprovedBoot    TrustClaim = 3  // approved executables were loaded at boot
	ClaimUnsafe          TrustClaim = 32 // genuine, with known weaknesses
	ClaimUnrecognized    TrustClaim = 33 // not in any reference value
	ClaimContraindicated TrustClaim = 96 // known bad
	ClaimUntrusted       TrustClaim = 97 // the hardware is not recognised
	ClaimCryptoFailed    TrustClaim = 99 // a signature or its content failed
)

// Tier returns the tier that c belongs to. Negative values and 1 mean that a
// verifier failed to judge, hence StatusNone.
func (c TrustClaim) Tier() Status {
	switch {
	case c >= 96:
		return StatusContraindicated
	case c >= 32:
		return StatusWarning
	case c >= 2:
		return StatusAffirming
	}
	return StatusNone
}

// An Aspect is a place in the trustworthiness vector.
type Aspect uint8

// The aspects, in the order of AR4SI.
const (
	InstanceIdentity Aspect = iota
	Configuration
	Executables
	FileSystem
	Hardware
	RuntimeOpaque
	StorageOpaque
	SourcedData
	aspects
)

// String returns the aspect's name in EAR.
func (a Aspect) String() string {
	names := []string{
		"instance-identity", "configuration", "executables", "file-system",
		"hardware", "runtime-opaque", "storage-opaque", "sourced-data",
	}
	if a < aspects {
		return names[a]
	}
	return "unknown"
}

// A Vector is an AR4SI trustworthiness vector, indexed by Aspect.
type Vector [aspects]TrustClaim

// merge lets c replace the claim in place only when its tier is worse.
func (v *Vector) merge(a Aspect, c TrustClaim) {
	if c.Tier().worse(v[a].Tier()) {
		v[a] = c
	}
}

// Status returns the worst tier in v. It is affirming only when hardware,
// configuration and executables are all affirmed: silence about one of them is
// StatusNone.
func (v Vector) Status() Status {
	worst := StatusNone
	for _, c := range v {
		if c.Tier().worse(worst) {
			worst = c.Tier()
		}
	}
	if worst == StatusAffirming {
		for _, a := range []Aspect{Hardware, Configuration, Executables} {
			if v[a].Tier() != StatusAffirming {
				return StatusNone
			}
		}
	}
	return worst
}

// A Submod is the appraisal of one piece of evidence, as an EAR submodule.
type Submod struct {
	Kind     Kind
	Status   Status
	Vector   Vector
	Evidence digest.Digest // of Evidence.Encode; zero when it has no encoding
	Claims   *Claims       // nil unless the evidence is authentic and bound
	Reasons  []attest.Reason
}

// A Result is an appraisal (RFC 9334 section 8.4). Only an Appraiser makes one
// that affirms; the zero Result, and a nil one, affirm nothing. It is immutable
// and safe for concurrent use.
type Result struct {
	status  Status
	at      time.Time
	policy  string
	binding Binding
	submods []Submod
	err     error
}

// Status returns the worst status of all submodules, StatusNone for the zero
// Result.
func (r *Result) Status() Status {
	if r == nil {
		return StatusNone
	}
	return r.status
}

// Err returns nil only when the status is affirming; otherwise every reason why
// it is not.
func (r *Result) Err() error {
	switch {
	case r == nil:
		return attest.Refuse(CodeResultZero, "Result", "an appraisal", "nil")
	case r.status == StatusAffirming && r.err == nil:
		return nil
	case r.err == nil:
		return attest.Refuse(CodeResultZero, "Result", StatusAffirming.String(), r.status.String())
	}
	return r.err
}

// At returns the time that the appraisal holds for, the zero time for the zero
// Result.
func (r *Result) At() time.Time {
	if r == nil {
		return time.Time{}
	}
	return r.at
}

// PolicyID returns the id of the policy that was applied.
func (r *Result) PolicyID() string {
	if r == nil {
		return ""
	}
	return r.policy
}

// Binding returns a copy of what was expected and, if Status is affirming, what
// the hardware signed.
func (r *Result) Binding() Binding {
	if r == nil {
		return Binding{}
	}
	b := r.binding
	b.Nonce, b.SPKI = slices.Clone(b.Nonce), slices.Clone(b.SPKI)
	return b
}

// BuildID returns the job that the hardware signed, "" unless Status is affirming.
func (r *Result) BuildID() string {
	if r.Status() != StatusAffirming {
		return ""
	}
	return r.binding.BuildID
}

// Evidence returns the SHA-256 digests of the pieces of evidence that were affirmed,
// in the order given, as statements cite them (Assertion); none unless Status is
// affirming.
func (r *Result) Evidence() []digest.Digest {
	if r.Status() != StatusAffirming {
		return nil
	}
	var out []digest.Digest
	for _, s := range r.submods {
		out = append(out, s.Evidence)
	}
	return out
}

// Submods returns a copy of the appraisal of each piece of evidence, in the
// order given.
func (r *Result) Submods() []Submod {
	if r == nil {
		return nil
	}
	out := slices.Clone(r.submods)
	for i := range out {
		out[i].Claims = out[i].Claims.Clone()
		out[i].Reasons = slices.Clone(out[i].Reasons)
	}
	return out
}

// conclude sets the status to the worst of all submodules. A refusal that
// concerns the appraisal as a whole contraindicates it.
func (r *Result) conclude(whole []error, each []error) {
	r.status = StatusAffirming
	for _, s := range r.submods {
		if s.Status == StatusNone && r.status == StatusAffirming || s.Status.worse(r.status) {
			r.status = s.Status
		}
	}
	if len(whole) > 0 || len(r.submods) == 0 {
		r.status = StatusContraindicated
	}
	r.err = errors.Join(append(whole, each...)...)
}
