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
	i := slices.IndexFunc(appraisals, func(x Appraisal) bool { return x.Evidence == cited && x.BuildID == conditions.BuildID })
	if i < 0 {
		return no("/predicate/attributes/0/evidence", "evidence that was appraised, of this run", excerpt.Quote(cited.String()))
	}
	signers := signersOf(e)
	for _, r := range v.accepted {
		if r.build.InvocationID == conditions.BuildID && v.roots.standing(record{evidence: e, signers: signers, build: r.build}).granted {
			return appraisals[i].Level, attest.Reason{}
		}
	}
	return no("/predicate/attributes/0", "a run that the provenance tells of, and a signer with a grant for its builder", excerpt.Quote(conditions.BuildID)+" by "+names(signers))
}
