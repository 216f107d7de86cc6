package verify_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/verify"
)

const (
	verifierID = "https://example.com/verifier"
	resource   = "pkg:generic/app@1.2.3"
)

func policyDescriptor() attest.Descriptor {
	return attest.Descriptor{URI: "https://example.com/policy", Digest: digest.Set{digest.SHA256: strings.Repeat("e5", 32)}}
}

func vsa() *predicate.VSA {
	return &predicate.VSA{
		Verifier: predicate.Verifier{ID: verifierID}, TimeVerified: predicate.Timestamp{Time: finished},
		ResourceURI: resource, Policy: policyDescriptor(), VerificationResult: predicate.ResultPassed,
		VerifiedLevels: []string{"SLSA_BUILD_LEVEL_3", "SLSA_SOURCE_LEVEL_2", "ORG_SCANNED"},
	}
}

func summaryRoots() verify.SummaryRoots {
	return verify.SummaryRoots{Authorities: []string{authority}, Testing: true, Grants: []verify.SummaryGrant{
		{Signer: "verifier", VerifierID: verifierID, Levels: map[string]int{predicate.TrackBuild: 2, predicate.TrackSource: 4, predicate.TrackBuildEnv: 1}, Properties: []string{"ORG_SCANNED"}},
		{Signer: "elsewhere", VerifierID: "https://example.com/other", Levels: map[string]int{predicate.TrackBuild: 3}},
	}}
}

func summaryExpectations() verify.SummaryExpectations {
	return verify.SummaryExpectations{
		ResourceURI: resource, Levels: map[string]int{predicate.TrackBuild: 2}, Properties: []string{"ORG_SCANNED"}, Policy: policyDescriptor(),
		Clock: verify.Clock{Now: finished.Add(time.Hour), MaxAge: 2 * time.Hour},
	}
}

func summaryOf(t testing.TB, v *predicate.VSA, subjects ...attest.Descriptor) *attest.Verified {
	t.Helper()
	if len(subjects) == 0 {
		subjects = []attest.Descriptor{{Name: "app", Digest: provenancetest.Artifact()}}
	}
	s, err := predicate.Encode(v, subjects...)
	require.NoError(t, err)
	return sealAt(t, s, "verifier", time.Minute)
}

func TestASummaryIsBelievedAsFarAsItsVerifierIs(t *testing.T) {
	s, err := verify.VerifySummary(t.Context(), provenancetest.Artifact(), summaryOf(t, vsa()), summaryRoots(), summaryExpectations())
	require.NoError(t, err)
	require.True(t, s.Passed())
	require.Equal(t, 2, s.Level(predicate.TrackBuild), "not more than is granted")
	require.Equal(t, 2, s.Level(predicate.TrackSource))
	require.Zero(t, s.Level(predicate.TrackDependency))
	var zero verify.Summary
	require.False(t, zero.Passed())
	require.Zero(t, zero.Level(predicate.TrackBuild))
	require.Nil(t, zero.Findings())
}

func TestVerifySummaryRefuses(t *testing.T) {
	third := summaryExpectations()
	third.Levels[predicate.TrackBuild] = 3
	other := summaryExpectations()
	other.Policy.Digest = digest.Set{digest.SHA256: strings.Repeat("0", 64)}
	late := summaryExpectations()
	late.Clock.Now = finished.Add(9 * time.Hour)
	early := summaryExpectations()
	early.Clock.Now = finished
	untold := summaryExpectations()
	untold.Properties = []string{"ORG_OTHER"}
	ref := summaryExpectations()
	ref.SourceRef = "refs/heads/main"
	change := func(f func(*predicate.VSA)) *attest.Verified {
		v := vsa()
		f(v)
		return summaryOf(t, v)
	}
	failed := change(func(v *predicate.VSA) {
		v.VerificationResult, v.VerifiedLevels = predicate.ResultFailed, []string{"FAILED"}
	})
	bySomebody := func(principal string) *attest.Verified {
		s, err := predicate.Encode(vsa(), attest.Descriptor{Digest: provenancetest.Artifact()})
		require.NoError(t, err)
		return sealAt(t, s, principal, time.Minute)
	}
	forged, err := attest.NewStatement(predicate.VSAType, json.RawMessage(`{"verifier":{"id":"`+verifierID+`"},"timeVerified":"2026-03-01T12:05:00Z","resourceUri":"`+resource+`","policy":{"uri":"https://example.com/policy"},"verificationResult":"FAILED","verifiedLevels":["SLSA_BUILD_LEVEL_3"]}`), attest.Descriptor{Digest: provenancetest.Artifact()})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		evidence *attest.Verified
		want     verify.SummaryExpectations
		code     attest.Code
	}{
		"no summary":                            {signed(t, nil), summaryExpectations(), verify.CodeSummary},
		"a summary of something else":           {summaryOf(t, vsa(), attest.Descriptor{Digest: digest.Set{digest.SHA256: strings.Repeat("0", 64)}}), summaryExpectations(), verify.CodeSummary},
		"the value under another algorithm":     {summaryOf(t, vsa(), attest.Descriptor{Digest: digest.Set{digest.BLAKE3: provenancetest.Artifact()[digest.SHA256]}}), summaryExpectations(), verify.CodeSummary},
		"a failure with a level":                {sealAt(t, forged, "verifier", time.Minute), summaryExpectations(), verify.CodeSummary},
		"a failure":                             {failed, summaryExpectations(), verify.CodeResult},
		"another signer for the verifier":       {bySomebody("elsewhere"), summaryExpectations(), verify.CodeVerifier},
		"an unknown signer":                     {bySomebody("mallory"), summaryExpectations(), verify.CodeVerifier},
		"another verifier of the signer":        {change(func(v *predicate.VSA) { v.Verifier.ID = "https://example.com/other" }), summaryExpectations(), verify.CodeVerifier},
		"another resource":                      {change(func(v *predicate.VSA) { v.ResourceURI += "4" }), summaryExpectations(), verify.CodeResource},
		"another policy":                        {change(func(v *predicate.VSA) { v.Policy.URI += "/2" }), summaryExpectations(), verify.CodePolicy},
		"a policy that changed":                 {summaryOf(t, vsa()), other, verify.CodePolicy},
		"a policy without the pinned digest":    {change(func(v *predicate.VSA) { v.Policy.Digest = nil }), summaryExpectations(), verify.CodePolicy},
		"a level below":                         {change(func(v *predicate.VSA) { v.VerifiedLevels = []string{"SLSA_BUILD_LEVEL_1", "ORG_SCANNED"} }), summaryExpectations(), verify.CodeLevels},
		"a level of another track":              {change(func(v *predicate.VSA) { v.VerifiedLevels = []string{"SLSA_SOURCE_LEVEL_3", "ORG_SCANNED"} }), summaryExpectations(), verify.CodeLevels},
		"a level above what is granted":         {summaryOf(t, vsa()), third, verify.CodeLevels},
		"a property that is not there":          {summaryOf(t, vsa()), untold, verify.CodeLevels},
		"a property that is not granted":        {change(func(v *predicate.VSA) { v.VerifiedLevels = append(v.VerifiedLevels, "ORG_OTHER") }), untold, verify.CodeLevels},
		"a stale summary":                       {summaryOf(t, vsa()), late, verify.CodeStale},
		"a stale summary, stamped anew":         {change(func(v *predicate.VSA) { v.TimeVerified.Time = finished.Add(-9 * time.Hour) }), summaryExpectations(), verify.CodeStale},
		"a summary from the future":             {summaryOf(t, vsa()), early, verify.CodeFuture},
		"a summary that says it was made later": {change(func(v *predicate.VSA) { v.TimeVerified.Time = finished.Add(2 * time.Minute) }), summaryExpectations(), verify.CodeOrder},
		"a source without refs":                 {summaryOf(t, vsa()), ref, verify.CodeSourceRefs},
		"a source at another branch":            {summaryOf(t, vsa(), attest.Descriptor{Digest: provenancetest.Artifact(), Annotations: map[string]json.RawMessage{"sourceRefs": json.RawMessage(`["refs/heads/dev"]`)}}), ref, verify.CodeSourceRefs},
		"a source whose refs are a text":        {summaryOf(t, vsa(), attest.Descriptor{Digest: provenancetest.Artifact(), Annotations: map[string]json.RawMessage{"sourceRefs": json.RawMessage(`"refs/heads/main"`)}}), ref, verify.CodeSourceRefs},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := verify.VerifySummary(t.Context(), provenancetest.Artifact(), c.evidence, summaryRoots(), c.want)
			require.ErrorIs(t, err, attest.Is(verify.CodeRefused))
			require.ErrorIs(t, err, attest.Is(c.code))
			require.False(t, s.Passed())
			require.Zero(t, s.Level(predicate.TrackBuild))
		})
	}
	r := summaryRoots()
	r.Authorities = []string{"test:other"}
	_, err = verify.VerifySummary(t.Context(), provenancetest.Artifact(), summaryOf(t, vsa()), r, summaryExpectations())
	require.ErrorIs(t, err, attest.Is(verify.CodeAuthority))
}

func TestVerifySummaryRefusesArgumentsThatCannotBeUsed(t *testing.T) {
	e := summaryOf(t, vsa())
	_, err := verify.VerifySummary(t.Context(), nil, e, summaryRoots(), summaryExpectations())
	require.Error(t, err)
	_, err = verify.VerifySummary(t.Context(), digest.Set{digest.GitCommit: gitCommit}, e, summaryRoots(), summaryExpectations())
	require.ErrorIs(t, err, attest.Is(verify.CodeArtifact), "SHA-1 needs opt-in")
	_, err = verify.VerifySummary(t.Context(), provenancetest.Artifact(), nil, summaryRoots(), summaryExpectations())
	require.ErrorIs(t, err, attest.Is(verify.CodeEvidence))
	_, err = verify.VerifySummary(t.Context(), provenancetest.Artifact(), e, verify.SummaryRoots{}, summaryExpectations())
	require.ErrorIs(t, err, attest.Is(verify.CodeRoots))
	_, err = verify.VerifySummary(t.Context(), provenancetest.Artifact(), e, summaryRoots(), verify.SummaryExpectations{ResourceURI: resource})
	require.ErrorIs(t, err, attest.Is(verify.CodeExpectations), "a summary must say something")
	for track, level := range map[string]int{predicate.TrackBuild: 4, "X": 1, predicate.TrackSource: 0} {
		want, r := summaryExpectations(), summaryRoots()
		want.Levels = map[string]int{track: level}
		r.Grants[0].Levels = want.Levels
		require.ErrorIs(t, want.Validate(), attest.Is(verify.CodeExpectations))
		require.ErrorIs(t, r.Validate(), attest.Is(verify.CodeRoots))
	}
}

// source is a summary of the sample's source.
func sourceSummary(t testing.TB, level string) verify.Summary {
	t.Helper()
	v := vsa()
	v.ResourceURI, v.VerifiedLevels = provenancetest.SourceURI, []string{level}
	e := summaryOf(t, v, attest.Descriptor{Digest: digest.Set{digest.GitCommit: provenancetest.Commit}, Annotations: map[string]json.RawMessage{"sourceRefs": json.RawMessage(`["refs/tags/v1.2.3"]`)}})
	s, err := verify.VerifySummary(t.Context(), digest.Set{digest.GitCommit: provenancetest.Commit}, e, summaryRoots(),
		verify.SummaryExpectations{ResourceURI: provenancetest.SourceURI, SourceRef: provenancetest.SourceRef, Levels: map[string]int{predicate.TrackSource: 1}})
	require.NoError(t, err)
	return s
}

func TestTracksComeFromSummariesOfTheRightArtifact(t *testing.T) {
	e := []*attest.Verified{signed(t, nil)}
	v, err := decide(t, verify.Case{Evidence: e}, roots(), expectations())
	require.NoError(t, err)
	require.Equal(t, 3, v.Track(predicate.TrackBuild).Level)
	require.Zero(t, v.Track(predicate.TrackSource).Level)
	require.Equal(t, verify.CodeTrack, v.Track(predicate.TrackSource).MissingForNext[0].Code)
	require.Equal(t, verify.CodeTrack, v.Track(predicate.TrackBuildEnv).MissingForNext[0].Code)
	require.Len(t, v.Dependencies().Unknown, 2, "an unknown frontier is told")
	require.Empty(t, v.Dependencies().Levels)

	tool := provenancetest.Sample().Inputs[1].Descriptor
	dependency := vsa()
	dependency.VerifiedLevels = []string{"SLSA_BUILD_LEVEL_3"}
	d, err := verify.VerifySummary(t.Context(), tool.Digest, summaryOf(t, dependency, tool), summaryRoots(), verify.SummaryExpectations{ResourceURI: resource, Levels: map[string]int{predicate.TrackBuild: 1}})
	require.NoError(t, err)
	environment := vsa()
	environment.VerifiedLevels = []string{"SLSA_BUILD_ENV_LEVEL_2"}
	env, err := verify.VerifySummary(t.Context(), provenancetest.Artifact(), summaryOf(t, environment), summaryRoots(), verify.SummaryExpectations{ResourceURI: resource, Levels: map[string]int{predicate.TrackBuildEnv: 1}})
	require.NoError(t, err)

	v, err = decide(t, verify.Case{Evidence: e, Summaries: []verify.Summary{sourceSummary(t, "SLSA_SOURCE_LEVEL_4"), d, env}}, roots(), expectations())
	require.NoError(t, err)
	require.Equal(t, 4, v.Track(predicate.TrackSource).Level)
	require.Empty(t, v.Track(predicate.TrackSource).MissingForNext)
	require.Equal(t, 1, v.Track(predicate.TrackBuildEnv).Level, "not more than is granted")
	require.Equal(t, map[string]uint64{"SLSA_BUILD_LEVEL_2": 1}, v.Dependencies().Levels)
	require.Len(t, v.Dependencies().Unknown, 1)

	// A source without a digest must not be covered by a summary of something else.
	v, err = decide(t, verify.Case{Evidence: e, Summaries: []verify.Summary{env}}, roots(), expectations())
	require.NoError(t, err)
	require.Zero(t, v.Track(predicate.TrackSource).Level)
	require.Len(t, v.Dependencies().Unknown, 2)

	_, err = decide(t, verify.Case{Evidence: e, Summaries: []verify.Summary{{}}}, roots(), expectations())
	require.ErrorIs(t, err, attest.Is(verify.CodeEvidence))
	v, err = decide(t, verify.Case{Evidence: []*attest.Verified{signed(t, func(b *provenance.Build) { b.BuildType += "x" })}, Summaries: []verify.Summary{env}}, roots(), expectations())
	require.Error(t, err)
	require.Zero(t, v.Track(predicate.TrackBuildEnv), "nothing of what did not pass")
	require.Zero(t, v.Dependencies())
}

// A SHA-1 commit joins a summary to an input only where the summary's reader and the
// build's reader both allow it, and never to a dependency.
func TestASHA1CommitJoinsASummaryOnlyWhereBothAllowIt(t *testing.T) {
	sha1 := strings.Repeat("c0", 20)
	both := digest.Set{digest.GitCommit: sha1, digest.SHA256: strings.Repeat("5", 64)}
	summary := func(v *predicate.VSA, allow bool) verify.Summary {
		e := summaryOf(t, v, attest.Descriptor{Digest: both, Annotations: map[string]json.RawMessage{"sourceRefs": json.RawMessage(`["refs/tags/v1.2.3"]`)}})
		track := predicate.TrackSource
		if v.ResourceURI == resource {
			track = predicate.TrackBuild
		}
		s, err := verify.VerifySummary(t.Context(), both, e, summaryRoots(), verify.SummaryExpectations{ResourceURI: v.ResourceURI, Levels: map[string]int{track: 1}, AllowSHA1: allow})
		require.NoError(t, err)
		return s
	}
	source := vsa()
	source.ResourceURI, source.VerifiedLevels = provenancetest.SourceURI, []string{"SLSA_SOURCE_LEVEL_4"}
	want := expectations()
	want.Sources[0].AllowSHA1, want.Sources[0].Digest = true, digest.Set{digest.GitCommit: sha1}
	built := signed(t, func(b *provenance.Build) {
		b.Inputs[0].Descriptor.Digest = digest.Set{digest.GitCommit: sha1}
		b.Inputs[1].Descriptor.Digest = digest.Set{digest.GitCommit: sha1}
	})
	for allow, level := range map[bool]int{true: 4, false: 0} {
		v, err := decide(t, verify.Case{Evidence: []*attest.Verified{built}, Summaries: []verify.Summary{summary(source, allow)}}, roots(), want)
		require.NoError(t, err)
		require.Equal(t, level, v.Track(predicate.TrackSource).Level, "the summary's reader allows it: %v", allow)
		require.Empty(t, v.Dependencies().Summarized)
	}
	tool := vsa()
	tool.VerifiedLevels = []string{"SLSA_BUILD_LEVEL_2"}
	v, err := decide(t, verify.Case{Evidence: []*attest.Verified{built}, Summaries: []verify.Summary{summary(tool, true)}}, roots(), want)
	require.NoError(t, err)
	require.Empty(t, v.Dependencies().Summarized, "an input that is no source needs more than SHA-1")
}

func issueOptions() verify.SummaryOptions {
	return verify.SummaryOptions{Verifier: predicate.Verifier{ID: verifierID}, ResourceURI: resource, Policy: policyDescriptor(), At: finished, Name: "app", Testing: true}
}

func TestAnIssuedSummaryVerifies(t *testing.T) {
	v, err := decide(t, verify.Case{Evidence: []*attest.Verified{signed(t, nil)}, Summaries: []verify.Summary{sourceSummary(t, "SLSA_SOURCE_LEVEL_3")}}, roots(), expectations())
	require.NoError(t, err)
	s, err := v.Summarize(issueOptions())
	require.NoError(t, err)
	again, err := v.Summarize(issueOptions())
	require.NoError(t, err)
	require.Equal(t, s.Bytes(), again.Bytes())
	got, err := predicate.Decode[predicate.VSA](s, predicate.Reading{})
	require.NoError(t, err)
	require.Equal(t, []string{"SLSA_BUILD_LEVEL_3", "SLSA_SOURCE_LEVEL_3"}, got.VerifiedLevels)
	require.Nil(t, got.DependencyLevels, "unknown, and not none")
	require.Equal(t, []attest.Descriptor{{Digest: signed(t, nil).Evidence().Set()}}, got.InputAttestations)
	want := summaryExpectations()
	want.Properties = nil
	_, err = verify.VerifySummary(t.Context(), provenancetest.Artifact(), sealAt(t, s, "verifier", time.Minute), summaryRoots(), want)
	require.NoError(t, err)
}

func TestAFailedVerdictGivesASummaryWithoutLevels(t *testing.T) {
	v, err := decide(t, verify.Case{Evidence: []*attest.Verified{seal(t, provenanceOf(t, nil), "mallory")}}, roots(), expectations())
	require.Error(t, err)
	s, err := v.Summarize(issueOptions())
	require.NoError(t, err)
	got, err := predicate.Decode[predicate.VSA](s, predicate.Reading{})
	require.NoError(t, err)
	require.Equal(t, predicate.ResultFailed, got.VerificationResult)
	require.Equal(t, []string{predicate.ResultFailed}, got.VerifiedLevels)
	_, err = verify.VerifySummary(t.Context(), provenancetest.Artifact(), sealAt(t, s, "verifier", time.Minute), summaryRoots(), summaryExpectations())
	require.ErrorIs(t, err, attest.Is(verify.CodeResult))
}

func TestSummarizeRefuses(t *testing.T) {
	_, err := verify.Verdict{}.Summarize(issueOptions())
	require.ErrorIs(t, err, attest.Is(verify.CodeIssue))
	v, err := decide(t, verify.Case{Evidence: []*attest.Verified{signed(t, nil)}}, roots(), expectations())
	require.NoError(t, err)
	for name, change := range map[string]func(*verify.SummaryOptions){
		"synthetic evidence": func(o *verify.SummaryOptions) { o.Testing = false },
		"no verifier":        func(o *verify.SummaryOptions) { o.Verifier.ID = "witness" },
		"no resource":        func(o *verify.SummaryOptions) { o.ResourceURI = "" },
		"no policy":          func(o *verify.SummaryOptions) { o.Policy.URI = "" },
		"no time":            func(o *verify.SummaryOptions) { o.At = time.Time{} },
	} {
		o := issueOptions()
		change(&o)
		_, err := v.Summarize(o)
		require.ErrorIs(t, err, attest.Is(verify.CodeIssue), name)
	}
}
