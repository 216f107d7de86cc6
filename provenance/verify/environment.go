package verify

import (
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance/predicate"
)

// EnvironmentAttribute is the attribute of a SCAI report by which a platform asserts
// that hardware attested to the environment of a build. Its evidence is cited by
// SHA-256 digest, and its condition "buildID" names the run.
const EnvironmentAttribute = "HARDWARE_ATTESTED_BUILD_ENVIRONMENT"

// An Appraisal is what an appraiser of hardware evidence decided (RFC 9334, section
// 8.4). *tee.Result is one; whoever implements another vouches for it as an
// attest.Verifier does for what it verifies. Its answers must not change.
type Appraisal interface {
	// Err is nil only if the appraiser affirms every piece of the evidence.
	Err() error
	// PolicyID names the policy by which the evidence was appraised. The roots say
	// what that is worth (Environment).
	PolicyID() string
	// BuildID is the run that the hardware signed (provenance.Build.InvocationID).
	BuildID() string
	// Evidence are the SHA-256 digests of the encoded pieces of evidence.
	Evidence() []digest.Digest
}

// An Environment says how far an appraisal policy is trusted.
type Environment struct {
	// PolicyID is compared exactly with that of an Appraisal.
	PolicyID string
	// Level is the Build Environment level of what the policy affirms, 1 to 3.
	Level int
}

func (e Environment) valid() bool {
	level := predicate.Level{Track: predicate.TrackBuildEnv, Level: e.Level}
	_, known := predicate.ParseLevel(level.String())
	return known && e.Level >= 1 && e.PolicyID != ""
}

func validateAppraisal(where string, a Appraisal) error {
	if a == nil {
		return attest.Refuse(CodeEvidence, where, "an appraisal", "nil")
	}
	if err := a.Err(); err != nil {
		return attest.Refuse(CodeEvidence, where, "evidence that was affirmed", "").Because(err)
	}
	unfit := func(d digest.Digest) bool { return d.Algorithm != digest.SHA256 || d.Validate() != nil }
	if a.PolicyID() == "" || a.BuildID() == "" || len(a.Evidence()) == 0 || slices.ContainsFunc(a.Evidence(), unfit) {
		return attest.Refuse(CodeEvidence, where, "a policy, a run and SHA-256 digests", "less")
	}
	return nil
}

// worth is the level of an appraisal of the evidence for the run, 0 if there is none.
func (r Roots) worth(appraisals []Appraisal, evidence digest.Digest, run string) int {
	level := 0
	for _, a := range appraisals {
		if a.BuildID() != run || !slices.Contains(a.Evidence(), evidence) {
			continue
		}
		for _, e := range r.Environments {
			if e.PolicyID == a.PolicyID() {
				level = max(level, e.Level)
			}
		}
	}
	return level
}

// environment finds the Build Environment level: that of the appraised evidence which
// an assertion about the artifact cites, for the very run that an accepted statement
// tells of, signed by somebody with a grant for the builder of that run.
func (v *verdict) environment(k Case) {
	for _, e := range inOrder(k.Evidence) {
		if e.Statement().PredicateType() != predicate.SCAIType || !slices.Contains(v.roots.Authorities, e.Authority()) || !v.about(e.Statement(), nil) {
			continue
		}
		level, reason := v.assertion(e, k.Appraisals)
		if level == 0 {
			v.note(CheckEnvironment, Skipped, e.Evidence(), reason)
			continue
		}
		v.pass(e.Evidence(), CheckEnvironment)
		v.hardware.Level = max(v.hardware.Level, level)
	}
	v.hardware.Cap = v.hardware.Level
}

// assertion returns the level that one assertion shows, or why it shows none.
func (v *verdict) assertion(e *attest.Verified, appraisals []Appraisal) (int, attest.Reason) {
	no := func(where, want, got string) (int, attest.Reason) {
		return 0, attest.Reason{Code: CodeEnvironment, Where: where, Want: want, Got: got}
	}
	report, err := predicate.Decode[predicate.SCAI](e.Statement(), predicate.Reading{})
	if err != nil || len(report.Attributes) != 1 || report.Attributes[0].Attribute != EnvironmentAttribute || report.Attributes[0].Evidence == nil {
		return no("/predicate/attributes", "one attribute "+EnvironmentAttribute+", with evidence", "something else")
	}
	a := report.Attributes[0]
	var conditions struct {
		BuildID string `json:"buildID"`
	}
	if strictjson.Unmarshal(a.Conditions, &conditions, strictjson.Options{AllowUnknown: true}) != nil || conditions.BuildID == "" {
		return no("/predicate/attributes/0/conditions", "the run as buildID", "none")
	}
	cited := digest.Digest{Algorithm: digest.SHA256, Hex: a.Evidence.Digest[digest.SHA256]}
	level := v.roots.worth(appraisals, cited, conditions.BuildID)
	if level == 0 {
		return no("/predicate/attributes/0/evidence", "evidence of this run that was appraised by a granted policy", excerpt.Quote(cited.String()))
	}
	signers := signersOf(e)
	for _, r := range v.accepted {
		if r.build.InvocationID == conditions.BuildID && v.roots.standing(record{evidence: e, signers: signers, build: r.build}).granted {
			return level, attest.Reason{}
		}
	}
	return no("/predicate/attributes/0", "a run that the provenance tells of, and a signer with a grant for its builder", excerpt.Quote(conditions.BuildID)+" by "+names(signers))
}
