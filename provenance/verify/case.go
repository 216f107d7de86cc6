package verify

import (
	"errors"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// maxEvidence bounds the pieces of evidence about the artifact.
const maxEvidence = 1024

// A Case is what Judge decides about.
type Case struct {
	Artifact digest.Set
	// Evidence is about the artifact: provenance, and assertions of its build
	// environment.
	Evidence []*attest.Verified
	// Summaries are verified summaries of other artifacts and tracks (VerifySummary).
	// Those about an expected source, whose resourceUri is its repository, and at its
	// ref if one is expected, tell the Source level, those about the artifact
	// the Build Environment and Dependency levels, those about other inputs the
	// dependencies'.
	Summaries []Summary
	// Dependencies is evidence about the inputs of the build that are no sources, and
	// about theirs.
	Dependencies []*attest.Verified
	// Appraisals are of the hardware evidence that assertions in Evidence cite. Without
	// one such an assertion counts for nothing.
	Appraisals []Appraisal
}

func (c Case) validate() error {
	errs := []error{validateArtifact(c.Artifact), validateEvidence("evidence", c.Evidence, maxEvidence), validateEvidence("Dependencies", c.Dependencies, MaxDependencies)}
	if len(c.Summaries) > MaxDependencies {
		errs = append(errs, attest.Refuse(CodeEvidence, "Summaries", "at most "+strconv.Itoa(MaxDependencies)+" pieces", strconv.Itoa(len(c.Summaries))))
	}
	for i, s := range c.Summaries {
		if !s.Passed() {
			errs = append(errs, attest.Refuse(CodeEvidence, "Summaries["+strconv.Itoa(i)+"]", "a summary that passed", "another"))
		}
	}
	if len(c.Appraisals) > maxEvidence {
		errs = append(errs, attest.Refuse(CodeEvidence, "Appraisals", "at most "+strconv.Itoa(maxEvidence), strconv.Itoa(len(c.Appraisals))))
	}
	for i, a := range c.Appraisals {
		errs = append(errs, validateAppraisal("Appraisals["+strconv.Itoa(i)+"]", a))
	}
	return errors.Join(errs...)
}

func validateArtifact(artifact digest.Set) error {
	if alike(artifact, artifact) {
		return nil
	}
	if err := artifact.Validate(); err != nil {
		return attest.Refuse(CodeArtifact, "artifact", "well-formed digests", "").Because(err)
	}
	if _, ok := artifact.Strongest(); !ok {
		return attest.Refuse(CodeArtifact, "artifact", "a collision-resistant digest", artifact.String())
	}
	return nil
}

func validateEvidence(where string, evidence []*attest.Verified, most int) error {
	if len(evidence) > most {
		return attest.Refuse(CodeEvidence, where, "at most "+strconv.Itoa(most)+" pieces", strconv.Itoa(len(evidence)))
	}
	for i, e := range evidence {
		if e.IsZero() {
			return attest.Refuse(CodeEvidence, where+"["+strconv.Itoa(i)+"]", "evidence that a verifier accepted", "nil or zero")
		}
	}
	return nil
}
