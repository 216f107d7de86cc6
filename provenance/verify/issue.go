package verify

import (
	"maps"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
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
	// CountDependencies tells the levels of the dependencies too. The caller vouches that
	// the provenance that was used names all inputs of its builds; inputs of which
	// nothing is known count as level 0. It is refused where inputs were not followed to
	// their ends.
	CountDependencies bool
	// Testing allows a summary of a verdict on synthetic evidence.
	Testing bool
}

// Summarize makes the verification summary of the verdict, to be signed by whoever
// vouches for it. A verdict that did not pass gives a failed summary, without any
// level. The zero Verdict, about nothing, gives none. Unless o says so, nothing is said
// of dependencyLevels: they count transitive dependencies, and no provenance promises
// to name them all.
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
	for _, r := range v.v.accepted {
		vsa.InputAttestations = append(vsa.InputAttestations, attest.Descriptor{Digest: r.id.Set()})
	}
	if v.Passed() {
		vsa.VerificationResult = predicate.ResultPassed
		vsa.VerifiedLevels = []string{predicate.Level{Track: predicate.TrackBuild, Level: v.Level()}.String()}
		for _, track := range []string{predicate.TrackSource, predicate.TrackBuildEnv, predicate.TrackDependency} {
			if level := v.Track(track).Level; level > 0 {
				vsa.VerifiedLevels = append(vsa.VerifiedLevels, predicate.Level{Track: track, Level: level}.String())
			}
		}
		vsa.VerifiedLevels = append(vsa.VerifiedLevels, v.Properties()...)
		if o.CountDependencies {
			var err error
			if vsa.DependencyLevels, err = v.v.countDependencies(); err != nil {
				return nil, err
			}
		}
	}
	s, err := predicate.Encode(vsa, attest.Descriptor{Name: o.Name, Digest: v.Artifact()})
	if err != nil {
		return nil, attest.Refuse(CodeIssue, "options", "a complete summary", strconv.Itoa(len(attest.Reasons(err)))+" faults").Because(err)
	}
	return s, nil
}

// countDependencies returns the dependencies by level; an empty map if there are none.
func (v *verdict) countDependencies() (map[string]uint64, error) {
	d := v.deps
	switch {
	case d.Cut:
		return nil, attest.Refuse(CodeIssue, "dependencies", "all of them followed", "more than the depth allows")
	case len(d.Cycles) > 0:
		return nil, attest.Refuse(CodeIssue, "dependencies", "none that is its own input", excerpt.Quote(d.Cycles[0]))
	case d.hidden != "":
		return nil, attest.Refuse(CodeIssue, "dependencies", "summaries that tell that there are no further dependencies", excerpt.Quote(d.hidden))
	}
	levels := map[string]uint64{}
	maps.Copy(levels, d.Levels)
	if n := len(d.Unknown); n > 0 {
		levels[predicate.Level{Track: predicate.TrackBuild}.String()] += uint64(n)
	}
	return levels, nil
}
