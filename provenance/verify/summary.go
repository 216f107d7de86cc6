package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance/predicate"
)

// SourceRefsAnnotation is the annotation of a subject that lists the refs at which a
// source was verified (SLSA v1.2, verifying source).
const SourceRefsAnnotation = "sourceRefs"

// A SummaryGrant lets one signer speak for one verifier.
type SummaryGrant struct {
	Signer     string // a principal
	VerifierID string // compared exactly
	// Levels are the highest levels that the pair is trusted to, by track. A track
	// that is not there is not believed.
	Levels map[string]int
	// Properties are other results that the pair is believed.
	Properties []string
}

// SummaryRoots are whose summaries a consumer believes. No grant, no belief.
type SummaryRoots struct {
	Authorities []string
	Grants      []SummaryGrant
	Testing     bool // accepts synthetic evidence
}

// Validate reports every fault of r, joined.
func (r SummaryRoots) Validate() error {
	errs := []error{Roots{Authorities: r.Authorities, Testing: r.Testing}.Validate()}
	for i, g := range r.Grants {
		where := "Grants[" + strconv.Itoa(i) + "]"
		if g.Signer == "" || attest.CheckTypeURI(g.VerifierID) != nil {
			errs = append(errs, attest.Refuse(CodeRoots, where, "a signer and a verifier id that is a URI", strconv.Quote(g.Signer)+" and "+strconv.Quote(g.VerifierID)))
		}
		if slices.ContainsFunc(r.Grants[:i], func(h SummaryGrant) bool { return h.Signer == g.Signer && h.VerifierID == g.VerifierID }) {
			errs = append(errs, attest.Refuse(CodeRoots, where, "each pair once", strconv.Quote(g.Signer)+" and "+strconv.Quote(g.VerifierID)))
		}
		for track, level := range g.Levels {
			if _, ok := predicate.ParseLevel(predicate.Level{Track: track, Level: level}.String()); !ok || level < 1 {
				errs = append(errs, attest.Refuse(CodeRoots, where, "levels of SLSA", strconv.Quote(track)+" "+strconv.Itoa(level)))
			}
		}
	}
	return errors.Join(errs...)
}

// SummaryExpectations are what a summary must say. It must say something: a level or
// a property.
type SummaryExpectations struct {
	// ResourceURI is compared exactly. Required.
	ResourceURI string
	// Levels are the lowest that suffice, by track.
	Levels map[string]int
	// Properties must all be there.
	Properties []string
	// Policy, where its URI or digest is not empty, pins the policy.
	Policy attest.Descriptor
	// SourceRef, if not empty, must be among the subject's SourceRefsAnnotation.
	SourceRef string
	// AllowSHA1 lets a SHA-1 gitCommit or gitTree name the artifact.
	AllowSHA1 bool
	// Clock bounds when the summary was made, by its trusted times, and when it says
	// that it was.
	Clock Clock
}

// Validate reports every fault of x, joined.
func (x SummaryExpectations) Validate() error {
	errs := []error{x.Clock.validate()}
	if attest.CheckTypeURI(x.ResourceURI) != nil {
		errs = append(errs, attest.Refuse(CodeExpectations, "ResourceURI", "an absolute URI", strconv.Quote(x.ResourceURI)))
	}
	if len(x.Levels)+len(x.Properties) == 0 {
		errs = append(errs, attest.Refuse(CodeExpectations, "Levels, Properties", "at least one", "none"))
	}
	for track, level := range x.Levels {
		if _, ok := predicate.ParseLevel(predicate.Level{Track: track, Level: level}.String()); !ok || level < 1 {
			errs = append(errs, attest.Refuse(CodeExpectations, "Levels", "levels of SLSA", strconv.Quote(track)+" "+strconv.Itoa(level)))
		}
	}
	return errors.Join(errs...)
}

// A Summary is a verification summary that was verified. The zero Summary refuses. It
// is immutable.
type Summary struct {
	s *summary
}

type summary struct {
	artifact digest.Set // of the subject
	resource string
	refs     []string // at which a source was verified
	passed   bool
	sha1     bool
	levels   map[string]int // at most what is granted
	caps     map[string]int
	inputs   map[string]uint64 // dependencyLevels; nil if it tells none
	findings []Finding
}

// Passed reports whether the summary says what was expected.
func (s Summary) Passed() bool { return s.s != nil && s.s.passed }

// Level returns the level of a track, never more than is granted; 0 unless Passed.
func (s Summary) Level(track string) int {
	if !s.Passed() {
		return 0
	}
	return s.s.levels[track]
}

// Findings returns a copy of all findings.
func (s Summary) Findings() []Finding {
	if s.s == nil {
		return nil
	}
	return slices.Clone(s.s.findings)
}

// VerifySummary decides whether the evidence is a summary of the artifact that says
// what is wanted (SLSA v1.2, verification summary, how to verify): the type, the
// subject, the pair of signer and verifier, the resource, the result and the levels;
// and beyond, the age and the policy. The error is nil exactly when the summary
// passed. It performs no I/O and reads no clock.
func VerifySummary(ctx context.Context, artifact digest.Set, evidence *attest.Verified, roots SummaryRoots, want SummaryExpectations) (Summary, error) {
	err := errors.Join(artifact.Validate(), validateEvidence("evidence", []*attest.Verified{evidence}, 1), roots.Validate(), want.Validate())
	if err == nil && !want.AllowSHA1 {
		err = validateArtifact(artifact)
	}
	if err != nil {
		return Summary{}, err
	}
	if err := ctx.Err(); err != nil {
		return Summary{}, fmt.Errorf("provenance: verification ended early: %w", err)
	}
	s := &summary{sha1: want.AllowSHA1, levels: map[string]int{}, caps: map[string]int{}}
	s.judge(artifact, evidence, roots, want)
	var causes []error
	for _, f := range s.findings {
		if f.Status == Failed {
			causes = append(causes, &attest.Error{Reason: f.Reason})
		}
	}
	s.passed = len(causes) == 0
	if !s.passed {
		err = attest.Refuse(CodeRefused, artifact.String(), "a summary as expected", strconv.Itoa(len(causes))+" failed checks").Because(errors.Join(causes...))
	}
	return Summary{s}, err
}

func (s *summary) judge(artifact digest.Set, e *attest.Verified, roots SummaryRoots, want SummaryExpectations) {
	check := func(id CheckID, ok bool, reason attest.Reason) {
		status := Failed
		if ok {
			status, reason = Passed, attest.Reason{}
		}
		s.findings = append(s.findings, Finding{Check: id, Status: status, Reason: reason, Evidence: e.Evidence()})
	}
	check(CheckAuthority, slices.Contains(roots.Authorities, e.Authority()), attest.Reason{Code: CodeAuthority, Want: "an accepted authority", Got: excerpt.Quote(e.Authority())})
	v, err := predicate.Decode[predicate.VSA](e.Statement(), predicate.Reading{AllowUnknown: true})
	if err != nil {
		check(CheckSummary, false, attest.Reason{Code: CodeSummary, Where: "/predicate", Want: predicate.VSAType, Got: "something else"})
		for _, reason := range attest.Reasons(err) {
			check(CheckSummary, false, reason)
		}
		return
	}
	subject, ok := subjectOf(e.Statement(), artifact, want)
	check(CheckSummary, ok, attest.Reason{Code: CodeSummary, Where: "/subject", Want: artifact.String(), Got: "other subjects"})
	s.artifact, s.resource, s.refs = subject.Digest.Clone(), v.ResourceURI, refsOf(subject)
	grant, granted := roots.grant(e, v.Verifier.ID)
	check(CheckVerifier, granted, attest.Reason{Code: CodeVerifier, Where: "/predicate/verifier/id", Want: "a signer with a grant for " + excerpt.Quote(v.Verifier.ID), Got: names(signersOf(e))})
	check(CheckResource, v.ResourceURI == want.ResourceURI, attest.Reason{Code: CodeResource, Where: "/predicate/resourceUri", Want: excerpt.Quote(want.ResourceURI), Got: excerpt.Quote(v.ResourceURI)})
	check(CheckOwnPolicy, len(want.Policy.Digest) > 0 || !ownPolicy(v, e.Statement()), attest.Reason{Code: CodeOwnPolicy, Where: "/predicate/policy", Want: "a policy that is not the verifier's own, or one that is pinned by its digest", Got: excerpt.Quote(v.Policy.URI)})
	check(CheckResult, v.VerificationResult == predicate.ResultPassed, attest.Reason{Code: CodeResult, Where: "/predicate/verificationResult", Want: predicate.ResultPassed, Got: v.VerificationResult})
	check(CheckPolicy, pinned(want.Policy, v.Policy), attest.Reason{Code: CodePolicy, Where: "/predicate/policy", Want: excerpt.Quote(want.Policy.URI + " " + want.Policy.Digest.String()), Got: excerpt.Quote(v.Policy.URI + " " + v.Policy.Digest.String())})
	if want.SourceRef != "" {
		check(CheckSourceRefs, atRef(subject, want.SourceRef), attest.Reason{Code: CodeSourceRefs, Where: "/subject", Want: excerpt.Quote(want.SourceRef), Got: excerpt.Quote(string(subject.Annotations[SourceRefsAnnotation]))})
	}
	for _, reason := range want.Clock.checkSummary(e, v) {
		check(CheckTime, false, reason)
	}
	s.inputs = v.DependencyLevels
	s.believe(v, grant)
	for _, reason := range s.lacks(v, grant, want) {
		check(CheckLevels, false, reason)
	}
}

// believe takes the levels, each at most as high as is granted.
func (s *summary) believe(v *predicate.VSA, grant SummaryGrant) {
	for _, text := range v.VerifiedLevels {
		if l, ok := predicate.ParseLevel(text); ok && grant.Levels[l.Track] > 0 {
			s.levels[l.Track], s.caps[l.Track] = min(l.Level, grant.Levels[l.Track]), grant.Levels[l.Track]
		}
	}
}

func (s *summary) lacks(v *predicate.VSA, grant SummaryGrant, want SummaryExpectations) []attest.Reason {
	var reasons []attest.Reason
	for _, track := range slices.Sorted(maps.Keys(want.Levels)) {
		if s.levels[track] < want.Levels[track] {
			level := predicate.Level{Track: track, Level: want.Levels[track]}
			reasons = append(reasons, attest.Reason{Code: CodeLevels, Where: "/predicate/verifiedLevels", Want: level.String(), Got: "level " + strconv.Itoa(s.levels[track])})
		}
	}
	for _, p := range want.Properties {
		if !slices.Contains(v.VerifiedLevels, p) || !slices.Contains(grant.Properties, p) {
			reasons = append(reasons, attest.Reason{Code: CodeLevels, Where: "/predicate/verifiedLevels", Want: excerpt.Quote(p), Got: excerpt.Quote(strings.Join(v.VerifiedLevels, ","))})
		}
	}
	return reasons
}

func (r SummaryRoots) grant(e *attest.Verified, verifierID string) (SummaryGrant, bool) {
	for _, g := range r.Grants {
		if g.VerifierID == verifierID && slices.ContainsFunc(e.Signers(), func(id attest.Identity) bool { return id.Principal() == g.Signer }) {
			return g, true
		}
	}
	return SummaryGrant{}, false
}

// subjectOf returns the one subject that has all digests of the artifact that both
// tell.
func subjectOf(s *attest.Statement, artifact digest.Set, want SummaryExpectations) (attest.Descriptor, bool) {
	for _, d := range s.Subjects() {
		if (Source{Digest: artifact, AllowSHA1: want.AllowSHA1}).match(d.Digest) == nil && (want.SourceRef == "" || atRef(d, want.SourceRef)) {
			return d, true
		}
	}
	return attest.Descriptor{}, false
}

// ownPolicy reports whether the policy is part of the verifier, as its id tells, or is
// what was verified: whoever chooses the rules proves nothing by keeping them.
func ownPolicy(v *predicate.VSA, s *attest.Statement) bool {
	rest, below := strings.CutPrefix(v.Policy.URI, v.Verifier.ID)
	if below && (rest == "" || strings.ContainsRune("/?#@:", rune(rest[0])) || strings.HasSuffix(v.Verifier.ID, "/")) || v.Policy.URI == v.ResourceURI {
		return true
	}
	return slices.ContainsFunc(s.Subjects(), func(d attest.Descriptor) bool { return d.Digest.Match(v.Policy.Digest) == nil })
}

func pinned(want, got attest.Descriptor) bool {
	return (want.URI == "" || want.URI == got.URI) && (len(want.Digest) == 0 || got.Digest.Match(want.Digest) == nil)
}

func atRef(d attest.Descriptor, ref string) bool { return slices.Contains(refsOf(d), ref) }

func refsOf(d attest.Descriptor) []string {
	var refs []string
	if json.Unmarshal(d.Annotations[SourceRefsAnnotation], &refs) != nil {
		return nil
	}
	return refs
}

// checkSummary adds to check that the summary is not older, nor from later, than it
// says itself.
func (c Clock) checkSummary(e *attest.Verified, v *predicate.VSA) []attest.Reason {
	reasons := c.check(e, nil)
	if c.Now.IsZero() {
		return reasons
	}
	told := v.TimeVerified.Time
	first, timed := earliest(e)
	if told.After(c.Now.Add(c.Skew)) || timed && told.After(first.Add(c.Skew)) {
		reasons = append(reasons, attest.Reason{Code: CodeOrder, Where: "/predicate/timeVerified", Want: "before the evidence and " + stamp(c.Now), Got: stamp(told)})
	}
	if c.MaxAge > 0 && told.Before(c.Now.Add(-c.MaxAge)) {
		reasons = append(reasons, attest.Reason{Code: CodeStale, Where: "/predicate/timeVerified", Want: "not before " + stamp(c.Now.Add(-c.MaxAge)), Got: stamp(told)})
	}
	return reasons
}
