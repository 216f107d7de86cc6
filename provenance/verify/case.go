package verify

import (
	"errors"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/predicate"
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
	// Appraisals are of the hardware evidence that assertions in Evidence cite.
	Appraisals []Appraisal
}

// An Appraisal is hardware evidence that the caller appraised and found good, for
// example with package tee. Without it an assertion that cites the evidence counts for
// nothing.
type Appraisal struct {
	// Evidence is the SHA-256 digest of the evidence's encoding.
	Evidence digest.Digest
	// BuildID is the run to which the evidence is bound (provenance.Build.InvocationID).
	BuildID string
	// Level is the Build Environment level of what was appraised, 1 to 3.
	Level int
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
	for i, a := range c.Appraisals {
		level := predicate.Level{Track: predicate.TrackBuildEnv, Level: a.Level}
		if _, ok := predicate.ParseLevel(level.String()); !ok || a.Level < 1 || a.BuildID == "" || a.Evidence.Algorithm != digest.SHA256 || a.Evidence.Validate() != nil {
			errs = append(errs, attest.Refuse(CodeEvidence, "Appraisals["+strconv.Itoa(i)+"]", "a SHA-256 digest, a run and a level", "less"))
		}
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
