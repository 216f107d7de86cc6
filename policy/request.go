package policy

import (
	"errors"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A Phase is the step in an artifact's life that a request asks leave for. The
// zero Phase is refused.
type Phase string

// The phases.
const (
	PhaseBuild   Phase = "build"   // to build from these inputs
	PhasePublish Phase = "publish" // to offer the artifact to others
	PhasePromote Phase = "promote" // to move it towards production
	PhaseDeploy  Phase = "deploy"  // to run it
)

func (p Phase) known() bool {
	return p == PhaseBuild || p == PhasePublish || p == PhasePromote || p == PhaseDeploy
}

// A Target is where the artifact is to go. Fields that do not apply are empty.
type Target struct {
	Environment string `json:"environment,omitempty"`
	Cluster     string `json:"cluster,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name,omitempty"`
}

// A Request asks whether Subject may enter Phase. It has no place for evidence
// that no Verifier accepted.
type Request struct {
	// Subject is the artifact, pinned by a digest that resists collisions. Names
	// and tags in it are for people; only the digests bind evidence.
	Subject attest.Descriptor
	// Phase is required.
	Phase Phase
	// Target tells where to.
	Target Target
	// Actor is who asks; it is zero when nobody in particular does.
	Actor attest.Identity
	// Evidence holds what verifiers accepted, in any order. Evidence about other
	// subjects is allowed and is not used.
	Evidence []*attest.Verified
	// Waivers holds statements of WaiverPredicateType that verifiers accepted, in any
	// order. The policy's WaiverTerms tell which of them hold.
	Waivers []*attest.Verified
	// Now is the instant at which the request is judged. It is required.
	Now time.Time
}

// Validate reports everything that makes the request unfit to be judged, joined:
// a subject without a collision-resistant digest, an unknown phase, no Now, or
// evidence or a waiver that is nil or zero. Every PolicyEngine calls it first.
func (r Request) Validate() error {
	var errs []error
	for _, err := range [...]error{validateSubject(&r.Subject), validateNow(r.Now)} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	if !r.Phase.known() {
		errs = append(errs, attest.Refuse(CodeRequestPhase, "Phase", "build, publish, promote or deploy", quote(string(r.Phase))))
	}
	for i, v := range r.Evidence {
		if v.IsZero() {
			errs = append(errs, attest.Refuse(CodeRequestEvidence, "Evidence["+strconv.Itoa(i)+"]", "evidence that a verifier accepted", "nil or zero"))
		}
	}
	for i, v := range r.Waivers {
		if v.IsZero() {
			errs = append(errs, attest.Refuse(CodeRequestWaiver, "Waivers["+strconv.Itoa(i)+"]", "a waiver that a verifier accepted", "nil or zero"))
		}
	}
	return errors.Join(errs...)
}

func validateSubject(d *attest.Descriptor) error {
	if value, ok := d.Digest[digest.SHA256]; ok && len(d.Digest) == 1 { // the usual case, without sorting
		if (digest.Digest{Algorithm: digest.SHA256, Hex: value}).Validate() == nil {
			return nil
		}
	}
	if err := d.Digest.Validate(); err != nil {
		return attest.Refuse(CodeRequestSubject, "Subject.Digest", "well-formed digests", "").Because(err)
	}
	if _, ok := d.Digest.Strongest(); !ok {
		return attest.Refuse(CodeRequestSubject, "Subject.Digest", "a collision-resistant digest", d.Digest.String())
	}
	return nil
}

func validateNow(t time.Time) error {
	if t.IsZero() || !written(t) {
		return attest.Refuse(CodeRequestNow, "Now", "an instant in years 1 to 9999", "none")
	}
	return nil
}
