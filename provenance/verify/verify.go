package verify

import (
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

func (v *verdict) note(check CheckID, status Status, evidence digest.Digest, reason attest.Reason) {
	v.findings = append(v.findings, Finding{Check: check, Status: status, Reason: reason, Evidence: evidence})
}

func (v *verdict) pass(evidence digest.Digest, checks ...CheckID) {
	for _, check := range checks {
		v.note(check, Passed, evidence, attest.Reason{})
	}
}

// check notes that a check passed, or each reason why it did not.
func (v *verdict) check(check CheckID, r record, reasons []attest.Reason) {
	if len(reasons) == 0 {
		v.pass(r.id, check)
	}
	for _, reason := range reasons {
		v.note(check, Failed, r.id, reason)
	}
}

// grouped is check for reasons that fall under several checks, the first being that of
// those with a code of their own.
func (v *verdict) grouped(r record, reasons []attest.Reason, checks ...CheckID) {
	for _, reason := range reasons {
		v.note(groupOf(reason.Code, checks[0]), Failed, r.id, reason)
	}
	for _, check := range checks {
		if !slices.ContainsFunc(reasons, func(reason attest.Reason) bool { return groupOf(reason.Code, checks[0]) == check }) {
			v.pass(r.id, check)
		}
	}
}

func groupOf(code attest.Code, first CheckID) CheckID {
	switch code {
	case CodeSourceRef:
		return CheckSourceRef
	case CodeSourceDigest:
		return CheckSourceDigest
	case CodeParameterExtra:
		return CheckParametersExtra
	}
	return first
}

// judge makes every check on one statement.
func (v *verdict) judge(r record) {
	if r.build == nil {
		return
	}
	b, want := r.build, &v.want
	v.builder(r)
	v.equal(CheckBuildType, r, CodeBuildType, "/predicate/buildDefinition/buildType", want.BuildType, b.BuildType)
	v.grouped(r, v.sources.check(b, r.places), CheckSource, CheckSourceRef, CheckSourceDigest)
	v.grouped(r, v.parameters.check(b.External), CheckParameters, CheckParametersExtra)
	if want.Name != "" {
		v.check(CheckName, r, checkName(b.Outputs, v.artifact, want.Name))
	}
	if !want.Clock.Now.IsZero() {
		v.check(CheckTime, r, want.Clock.check(r.evidence, b))
	}
	s := v.roots.standing(r)
	highest := MaxLevel
	if want.Profiles != nil {
		highest = v.profile(r, s)
	}
	v.grant(r, s, highest)
}

// builder holds the builder's id against the expected one, and its version.
func (v *verdict) builder(r record) {
	const where = "/predicate/runDetails/builder/id"
	id := r.build.Builder.ID
	if slices.Contains(v.want.Rebuilders, id) {
		v.pass(r.id, CheckBuilder)
		return
	}
	ref, ok := v.want.Refs.split(id, v.want.BuilderID)
	if !ok {
		v.note(CheckBuilder, Failed, r.id, attest.Reason{Code: CodeBuilder, Where: where, Want: v.want.BuilderID, Got: excerpt.Quote(id)})
		return
	}
	if !slices.ContainsFunc(r.signers, func(s signer) bool { return v.want.Refs.allow(id, ref, s.claims) }) {
		v.note(CheckBuilder, Failed, r.id, attest.Reason{Code: CodeBuilderRef, Where: where, Want: v.want.Refs.String(), Got: excerpt.Quote(ref)})
		return
	}
	v.pass(r.id, CheckBuilder)
}

// grant finds the level to which the evidence is trusted, at most highest.
func (v *verdict) grant(r record, s standing, highest int) {
	const where = "/predicate/runDetails/builder/id"
	id := r.build.Builder.ID
	switch {
	case s.stray:
		v.note(CheckGrant, Failed, r.id, attest.Reason{Code: CodeBuilderRef, Where: where, Want: "a version that a grant allows", Got: excerpt.Quote(id)})
		return
	case s.impostor:
		v.note(CheckGrant, Failed, r.id, attest.Reason{Code: CodeImpostor, Where: where, Want: "a signer with a grant for " + excerpt.Quote(id), Got: names(r.signers)})
		return
	case s.closed:
		v.note(CheckTime, Failed, r.id, attest.Reason{Code: CodeWindow, Where: where, Want: "a trusted time in the window of a grant for " + excerpt.Quote(id), Got: "none"})
		return
	case !s.granted:
		v.note(CheckGrant, Capped, r.id, attest.Reason{Code: CodeUngranted, Where: where, Want: "a grant for " + excerpt.Quote(id), Got: "none"})
	default:
		v.pass(r.id, CheckGrant)
	}
	if s.runner != "" {
		v.note(CheckRunner, Capped, r.id, attest.Reason{Code: CodeRunner, Want: excerpt.Quote(s.runner), Got: excerpt.Quote(s.ran)})
	}
	v.most = max(v.most, s.most)
	v.level = max(v.level, min(s.level, highest))
	v.runs = append(v.runs, run{id, r.build.InvocationID, s.operators})
}

// checkName demands that the one subject that is the artifact has the name.
func checkName(subjects []attest.Descriptor, artifact digest.Set, name string) []attest.Reason {
	got := "none"
	for _, subject := range subjects {
		if !alike(subject.Digest, artifact) && subject.Digest.Match(artifact) != nil {
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
		v.pass(r.id, check)
		return
	}
	v.note(check, Failed, r.id, attest.Reason{Code: code, Where: where, Want: want, Got: excerpt.Quote(got)})
}

// conclude makes the checks on all statements together, and the verdict.
func (v *verdict) conclude() {
	fail := func(check CheckID, r attest.Reason) { v.note(check, Failed, digest.Digest{}, r) }
	if len(v.accepted) == 0 {
		fail(CheckFormat, attest.Reason{Code: CodeNone, Want: "provenance about the artifact by an accepted authority", Got: "none"})
	}
	original := func(r record) bool { return r.build != nil && v.original(r.build.Builder.ID) }
	first := max(slices.IndexFunc(v.accepted, original), 0) // rebuilders agree with any builder
	for i := range v.accepted {
		if i == first {
			continue
		}
		if difference := v.disagreement(v.accepted[first], v.accepted[i]); difference != "" {
			fail(CheckConflict, attest.Reason{Code: CodeConflict, Where: difference, Want: "what " + v.accepted[first].id.String() + " tells", Got: "what " + v.accepted[i].id.String() + " tells"})
		}
	}
	if len(v.want.Rebuilders) > 0 && len(v.accepted) > 0 && !slices.ContainsFunc(v.accepted, original) {
		fail(CheckBuilder, attest.Reason{Code: CodeBuilder, Where: "/predicate/runDetails/builder/id", Want: v.want.BuilderID, Got: "rebuilders only"})
	}
	if len(v.accepted) > 0 && v.level < v.want.Level {
		fail(CheckLevel, levelReason(v.want.Level, v.level))
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

// original reports whether the builder is the expected one, and no rebuilder.
func (c *Checker) original(id string) bool {
	_, ok := c.want.Refs.split(id, c.want.BuilderID)
	return ok
}

// allowed reports whether the builder is the expected one or a rebuilder.
func (c *Checker) allowed(id string) bool {
	return c.original(id) || slices.Contains(c.want.Rebuilders, id)
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
func (v *verdict) disagreement(a, b record) string {
	if a.build == nil || b.build == nil {
		return "" // refused already
	}
	x, y := a.build.Builder.ID, b.build.Builder.ID
	switch {
	case x != y && (!v.allowed(x) || !v.allowed(y) || v.original(x) && v.original(y)):
		return "/predicate/runDetails/builder/id"
	case a.build.BuildType != b.build.BuildType:
		return "/predicate/buildDefinition/buildType"
	case !slices.Equal(a.found(), b.found()):
		return "/predicate/buildDefinition/resolvedDependencies"
	}
	return ""
}

// found lists the inputs in expected repositories, with ref and digest.
func (r record) found() []string {
	var out []string
	for i, in := range r.build.Inputs {
		if r.places[i].index >= 0 {
			out = append(out, r.places[i].at.String()+" "+in.Descriptor.Digest.String())
		}
	}
	slices.Sort(out)
	return out
}
