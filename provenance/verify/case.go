package verify

import (
	"errors"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/buildtype"
)

// A Case is what Judge decides about.
type Case struct {
	Artifact digest.Set
	Evidence []*attest.Verified
	// Claims are what the platform signed beside the provenance, by the digest of the
	// evidence, such as the extensions of the signing certificate. Who fills them in
	// vouches that they belong to the verified signature.
	Claims map[digest.Digest]buildtype.Claims
	// Summaries are verified summaries of other artifacts and tracks (VerifySummary).
	// Those about an expected source tell the Source level, those about the artifact
	// the Build Environment level, those about other inputs the dependencies'.
	Summaries []Summary
}

func (c Case) validate() error {
	errs := []error{validateArtifact(c.Artifact), validateEvidence(c.Evidence)}
	if len(c.Summaries) > maxEvidence {
		errs = append(errs, attest.Refuse(CodeEvidence, "Summaries", "at most "+strconv.Itoa(maxEvidence)+" pieces", strconv.Itoa(len(c.Summaries))))
	}
	for i, s := range c.Summaries {
		if !s.Passed() {
			errs = append(errs, attest.Refuse(CodeEvidence, "Summaries["+strconv.Itoa(i)+"]", "a summary that passed", "another"))
		}
	}
	return errors.Join(errs...)
}
