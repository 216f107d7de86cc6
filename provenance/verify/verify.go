package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/slsa"
)

// maxEvidence bounds the pieces of evidence of one call.
const maxEvidence = 1024

// Verify judges whether the evidence shows that the artifact was built as want says.
// Evidence that is no provenance, that is about other artifacts, or whose authority
// is not accepted, is skipped and told of; every other statement must pass every
// check, at least one must be left, and all must agree.
//
// The error is nil exactly when the verdict passed. Otherwise it carries all reasons
// (attest.Reasons) and the verdict tells all findings, except that arguments which
// cannot be used, and an ended ctx, give the zero Verdict. Verify performs no I/O,
// reads no clock and changes nothing; it is safe for concurrent use.
func Verify(ctx context.Context, artifact digest.Set, evidence []*attest.Verified, roots Roots, want Expectations) (Verdict, error) {
	return Judge(ctx, Case{Artifact: artifact, Evidence: evidence}, roots, want)
}

// Judge is Verify with all that may be known of a case.
func Judge(ctx context.Context, c Case, roots Roots, want Expectations) (Verdict, error) {
	if err := errors.Join(c.validate(), roots.Validate(), want.Validate()); err != nil {
		return Verdict{}, err
	}
	v := &verdict{artifact: c.Artifact.Clone(), testing: roots.Testing}
	ordered := slices.Clone(c.Evidence)
	slices.SortStableFunc(ordered, func(a, b *attest.Verified) int {
		return cmp.Or(cmp.Compare(a.Evidence().String(), b.Evidence().String()), cmp.Compare(a.Authority(), b.Authority()))
	})
	var accepted []record
	for _, e := range ordered {
		if err := ctx.Err(); err != nil {
			return Verdict{}, fmt.Errorf("provenance: verification ended early: %w", err)
		}
		r, ok := v.read(e, c.Artifact, roots, want)
		if !ok {
			continue
		}
		r.claims = c.Claims[e.Evidence()]
		v.judge(r, roots, want)
		accepted = append(accepted, r)
	}
	v.conclude(accepted, want)
	v.join(c.Summaries, accepted, want)
	return Verdict{v}, Verdict{v}.err()
}

func validateArtifact(artifact digest.Set) error {
	if err := artifact.Validate(); err != nil {
		return attest.Refuse(CodeArtifact, "artifact", "well-formed digests", "").Because(err)
	}
	if _, ok := artifact.Strongest(); !ok {
		return attest.Refuse(CodeArtifact, "artifact", "a collision-resistant digest", artifact.String())
	}
	return nil
}

func validateEvidence(evidence []*attest.Verified) error {
	if len(evidence) > maxEvidence {
		return attest.Refuse(CodeEvidence, "evidence", "at most "+strconv.Itoa(maxEvidence)+" pieces", strconv.Itoa(len(evidence)))
	}
	for i, e := range evidence {
		if e.IsZero() {
			return attest.Refuse(CodeEvidence, "evidence["+strconv.Itoa(i)+"]", "evidence that a verifier accepted", "nil or zero")
		}
	}
	return nil
}

// A record is one provenance statement about the artifact.
type record struct {
	evidence *attest.Verified
	build    *provenance.Build // nil if it cannot be read
	claims   buildtype.Claims
}

func (v *verdict) note(check CheckID, status Status, e *attest.Verified, reason attest.Reason) {
	v.findings = append(v.findings, Finding{Check: check, Status: status, Reason: reason, Evidence: e.Evidence()})
}

// read decides whether the evidence is for us to judge.
func (v *verdict) read(e *attest.Verified, artifact digest.Set, roots Roots, want Expectations) (record, bool) {
	s := e.Statement()
	legacy := s.PredicateType() == slsa.PredicateTypeV01 || s.PredicateType() == slsa.PredicateTypeV02
	if s.PredicateType() != slsa.PredicateType && (!legacy || !want.AllowLegacy) {
		v.note(CheckFormat, Skipped, e, attest.Reason{Code: CodeOther, Where: "/predicateType", Want: slsa.PredicateType, Got: excerpt.Quote(s.PredicateType())})
		return record{}, false
	}
	if !slices.Contains(roots.Authorities, e.Authority()) {
		v.note(CheckAuthority, Skipped, e, attest.Reason{Code: CodeAuthority, Want: "an accepted authority", Got: excerpt.Quote(e.Authority())})
		return record{}, false
	}
	if err := (attest.Want{Subjects: []digest.Set{artifact}}).Check(s); err != nil {
		v.note(CheckSubject, Skipped, e, attest.Reason{Code: CodeSubject, Where: "/subject", Want: artifact.String(), Got: "other subjects"})
		return record{}, false
	}
	v.note(CheckAuthority, Passed, e, attest.Reason{})
	v.note(CheckSubject, Passed, e, attest.Reason{})
	b, err := decode(s, legacy)
	if err != nil {
		v.note(CheckFormat, Failed, e, attest.Reason{Code: CodeFormat, Where: "/predicate", Want: "complete SLSA provenance v1", Got: "something else"})
		for _, r := range attest.Reasons(err) {
			v.note(CheckFormat, Failed, e, r)
		}
		return record{evidence: e}, true
	}
	v.note(CheckFormat, Passed, e, attest.Reason{})
	return record{evidence: e, build: b}, true
}

// judge makes every check on one statement.
func (v *verdict) judge(r record, roots Roots, want Expectations) {
	if r.build == nil {
		return
	}
	b := r.build
	v.builder(r, want)
	v.equal(CheckBuildType, r, CodeBuildType, "/predicate/buildDefinition/buildType", want.BuildType, b.BuildType)
	v.check(CheckSource, r, want.Sources.Check(b))
	v.check(CheckParameters, r, want.Parameters.Check(b))
	if want.Name != "" {
		v.check(CheckName, r, checkName(r.evidence.Statement(), v.artifact, want.Name))
	}
	if !want.Clock.Now.IsZero() {
		v.check(CheckTime, r, want.Clock.check(r.evidence, b))
	}
	highest := MaxLevel
	if want.Profiles != nil {
		highest = v.profile(r, want)
	}
	v.grant(r, roots, highest)
}

// decode reads provenance. Where v0.1 and v0.2 call a commit sha1, it is given the
// name that the algorithm has since.
func decode(s *attest.Statement, legacy bool) (*provenance.Build, error) {
	if !legacy {
		return slsa.Decode(s)
	}
	l, err := slsa.DecodeLegacy(s)
	if err != nil {
		return nil, err
	}
	for i, in := range l.Build.Inputs {
		set := in.Descriptor.Digest
		hex, told := set[digest.SHA1]
		if _, also := set[digest.GitCommit]; told && !also && strings.HasPrefix(in.Descriptor.URI, "git+") {
			delete(set, digest.SHA1)
			set[digest.GitCommit] = hex
			l.Build.Inputs[i].Descriptor.Digest = set
		}
	}
	return l.Build, nil
}

func (v *verdict) builder(r record, want Expectations) {
	if slices.Contains(want.Rebuilders, r.build.Builder.ID) {
		v.note(CheckBuilder, Passed, r.evidence, attest.Reason{})
		return
	}
	v.equal(CheckBuilder, r, CodeBuilder, "/predicate/runDetails/builder/id", want.BuilderID, r.build.Builder.ID)
}

// grant finds the level to which the evidence is trusted, at most highest.
func (v *verdict) grant(r record, roots Roots, highest int) {
	const where = "/predicate/runDetails/builder/id"
	id := r.build.Builder.ID
	s := roots.standing(r.evidence, id, r.claims.Runner)
	switch {
	case s.impostor:
		v.note(CheckGrant, Failed, r.evidence, attest.Reason{Code: CodeImpostor, Where: where, Want: "a signer with a grant for " + excerpt.Quote(id), Got: principals(r.evidence)})
		return
	case s.closed:
		v.note(CheckTime, Failed, r.evidence, attest.Reason{Code: CodeWindow, Where: where, Want: "a trusted time in the window of a grant for " + excerpt.Quote(id), Got: "none"})
		return
	case !s.granted:
		v.note(CheckGrant, Capped, r.evidence, attest.Reason{Code: CodeUngranted, Where: where, Want: "a grant for " + excerpt.Quote(id), Got: "none"})
	default:
		v.note(CheckGrant, Passed, r.evidence, attest.Reason{})
	}
	if s.runner != "" {
		v.note(CheckRunner, Capped, r.evidence, attest.Reason{Code: CodeRunner, Want: excerpt.Quote(s.runner), Got: excerpt.Quote(r.claims.Runner)})
	}
	v.most = max(v.most, s.most)
	v.level = max(v.level, min(s.level, highest))
	v.runs = append(v.runs, run{id, r.build.InvocationID, s.operators})
}

// checkName demands that the one subject that is the artifact has the name.
func checkName(s *attest.Statement, artifact digest.Set, name string) []attest.Reason {
	got := "none"
	for _, subject := range s.Subjects() {
		if subject.Digest.Match(artifact) != nil {
			continue
		}
		if subject.Name == name {
			return nil
		}
		got = excerpt.Quote(subject.Name)
	}
	return []attest.Reason{{Code: CodeName, Where: "/subject", Want: excerpt.Quote(name), Got: got}}
}

func (v *verdict) equal(check CheckID, r record, code attest.Code, where, want, got string) {
	if want == got {
		v.note(check, Passed, r.evidence, attest.Reason{})
		return
	}
	v.note(check, Failed, r.evidence, attest.Reason{Code: code, Where: where, Want: want, Got: excerpt.Quote(got)})
}

func (v *verdict) check(check CheckID, r record, reasons []attest.Reason) {
	if len(reasons) == 0 {
		v.note(check, Passed, r.evidence, attest.Reason{})
	}
	for _, reason := range reasons {
		v.note(check, Failed, r.evidence, reason)
	}
}

// conclude makes the checks on all statements together, and the verdict.
func (v *verdict) conclude(accepted []record, want Expectations) {
	fail := func(check CheckID, r attest.Reason) {
		v.findings = append(v.findings, Finding{Check: check, Status: Failed, Reason: r})
	}
	if len(accepted) == 0 {
		fail(CheckFormat, attest.Reason{Code: CodeNone, Want: "provenance about the artifact by an accepted authority", Got: "none"})
	}
	for i := 1; i < len(accepted); i++ {
		if difference := disagreement(accepted[0], accepted[i], want); difference != "" {
			fail(CheckConflict, attest.Reason{Code: CodeConflict, Where: difference, Want: "what " + accepted[0].evidence.Evidence().String() + " tells", Got: "what " + accepted[i].evidence.Evidence().String() + " tells"})
		}
	}
	original := func(r record) bool { return r.build != nil && r.build.Builder.ID == want.BuilderID }
	if len(want.Rebuilders) > 0 && len(accepted) > 0 && !slices.ContainsFunc(accepted, original) {
		fail(CheckBuilder, attest.Reason{Code: CodeBuilder, Where: "/predicate/runDetails/builder/id", Want: want.BuilderID, Got: "rebuilders only"})
	}
	if len(accepted) > 0 && v.level < want.Level {
		fail(CheckLevel, levelReason(want.Level, v.level))
	}
	v.passed = true
	for _, f := range v.findings {
		if f.Status == Failed {
			v.passed = false
			v.missing = append(v.missing, f.Reason)
		}
	}
	if v.passed && v.level < MaxLevel {
		v.missing = v.nextReasons()
	}
}

// nextReasons tells what keeps a verdict that passed from the next level: what capped
// it, and the grant that is missing.
func (v *verdict) nextReasons() []attest.Reason {
	var reasons []attest.Reason
	if v.most <= v.level {
		reasons = append(reasons, levelReason(v.level+1, v.level))
	}
	for _, f := range v.findings {
		if f.Status == Capped && f.Check != CheckGrant {
			reasons = append(reasons, f.Reason)
		}
	}
	if len(reasons) == 0 {
		reasons = append(reasons, levelReason(v.level+1, v.level))
	}
	return reasons
}

func levelReason(want, got int) attest.Reason {
	return attest.Reason{Code: CodeLevel, Want: "a grant of SLSA Build level " + strconv.Itoa(want), Got: "level " + strconv.Itoa(got)}
}

// disagreement names the first part in which two statements about one artifact
// differ, among those that cannot both be true: who built it, how, and from what.
func disagreement(a, b record, want Expectations) string {
	allowed := func(id string) bool { return id == want.BuilderID || slices.Contains(want.Rebuilders, id) }
	switch {
	case a.build == nil || b.build == nil:
		return "" // refused already
	case a.build.Builder.ID != b.build.Builder.ID && !(allowed(a.build.Builder.ID) && allowed(b.build.Builder.ID)):
		return "/predicate/runDetails/builder/id"
	case a.build.BuildType != b.build.BuildType:
		return "/predicate/buildDefinition/buildType"
	case !slices.Equal(want.Sources.found(a.build), want.Sources.found(b.build)):
		return "/predicate/buildDefinition/resolvedDependencies"
	}
	return ""
}

// found lists the inputs of b in expected repositories, with ref and digest.
func (s Sources) found(b *provenance.Build) []string {
	var out []string
	for _, in := range b.Inputs {
		if at, err := provenance.ParseSource(in.Descriptor.URI); err == nil && s.index(at.Repository) >= 0 {
			out = append(out, at.String()+" "+in.Descriptor.Digest.String())
		}
	}
	slices.Sort(out)
	return out
}

func principals(e *attest.Verified) string {
	text := ""
	for i, id := range e.Signers() {
		if i > 0 {
			text += ", "
		}
		text += strconv.Quote(id.Principal())
	}
	return text
}
