package verify

import (
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/predicate"
)

// SLSAVersion is the version of the specification by which summaries are issued.
const SLSAVersion = "1.2"

// SummaryOptions say what a verdict does not know about itself. All are required but
// Name and Testing.
type SummaryOptions struct {
	Verifier    predicate.Verifier
	ResourceURI string
	// Policy has a URI; a digest pins what the expectations were.
	Policy attest.Descriptor
	At     time.Time
	Name   string // of the subject
	// Testing allows a summary of a verdict on synthetic evidence.
	Testing bool
}

// Summarize makes the verification summary of the verdict, to be signed by whoever
// vouches for it. A verdict that did not pass gives a failed summary, without any
// level. The zero Verdict, about nothing, gives none. Nothing is said of
// dependencyLevels: they count transitive dependencies, and no provenance promises to
// name them all.
func (v Verdict) Summarize(o SummaryOptions) (*attest.Statement, error) {
	if v.v == nil {
		return nil, attest.Refuse(CodeIssue, "verdict", "a verdict by Verify", "the zero one")
	}
	if v.Testing() && !o.Testing {
		return nil, attest.Refuse(CodeIssue, "verdict", "a verdict on real evidence", "synthetic evidence")
	}
	vsa := &predicate.VSA{
		Verifier: o.Verifier, TimeVerified: predicate.Timestamp{Time: o.At}, ResourceURI: o.ResourceURI, Policy: o.Policy,
		VerificationResult: predicate.ResultFailed, VerifiedLevels: []string{predicate.ResultFailed}, SLSAVersion: SLSAVersion,
	}
	for _, d := range v.v.used {
		vsa.InputAttestations = append(vsa.InputAttestations, attest.Descriptor{Digest: d.Set()})
	}
	if v.Passed() {
		vsa.VerificationResult = predicate.ResultPassed
		vsa.VerifiedLevels = []string{predicate.Level{Track: predicate.TrackBuild, Level: v.Level()}.String()}
		for _, track := range []string{predicate.TrackSource, predicate.TrackBuildEnv} {
			if level := v.Track(track).Level; level > 0 {
				vsa.VerifiedLevels = append(vsa.VerifiedLevels, predicate.Level{Track: track, Level: level}.String())
			}
		}
		vsa.VerifiedLevels = append(vsa.VerifiedLevels, v.Properties()...)
	}
	s, err := predicate.Encode(vsa, attest.Descriptor{Name: o.Name, Digest: v.Artifact()})
	if err != nil {
		return nil, attest.Refuse(CodeIssue, "options", "a complete summary", strconv.Itoa(len(attest.Reasons(err)))+" faults").Because(err)
	}
	return s, nil
}
