package tee_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/provenance/verify"
	"github.com/sealwright/sealwright/tee"
)

// byPlatform seals a statement as a verifier does for one that the platform signed.
func byPlatform(t testing.TB, s *attest.Statement) *attest.Verified {
	t.Helper()
	v, err := attest.Seal(attest.Facts{
		Authority: "test:platform", Statement: s, Evidence: digest.FromBytes(s.Bytes()), Signers: []attest.Identity{{Subject: "platform"}},
	})
	require.NoError(t, err)
	return v
}

// TestAResultTellsTheLevelOfTheBuildEnvironment joins the two rooms: the hardware's
// answer, appraised, lifts the Build Environment level of the run that it is bound to,
// as far as the roots trust the appraiser's policy; no other run, and no other evidence.
func TestAResultTellsTheLevelOfTheBuildEnvironment(t *testing.T) {
	w := newWorld(t)
	appraised := func(edit func(*tee.Expect), forged ...func(*tee.Binding)) (*tee.Evidence, *tee.Result) {
		want := w.expect(t)
		edit(&want)
		ev := quote(t, w.tpm, want, forged...)
		r, _ := w.appraiser(t).Appraise(t.Context(), want, ev)
		return ev, r
	}
	build := provenancetest.Sample()
	build.InvocationID = "job 1"
	same := func(*tee.Expect) {}
	ev, good := appraised(same)
	require.NoError(t, good.Err())
	_, elsewhere := appraised(func(x *tee.Expect) { x.BuildID = "job 2" })
	require.NoError(t, elsewhere.Err())
	_, again := appraised(same)
	_, refused := appraised(same, func(b *tee.Binding) { b.BuildID = "job 2" })
	require.Error(t, refused.Err())
	require.Empty(t, refused.BuildID())
	require.Empty(t, refused.Evidence())
	require.Empty(t, (*tee.Result)(nil).BuildID())
	require.Empty(t, (*tee.Result)(nil).Evidence())

	policy := good.PolicyID()
	for name, c := range map[string]struct {
		appraisal verify.Appraisal
		trusted   string
		level     int
	}{
		"the result of this evidence":          {good, policy, 3},
		"a policy that is not trusted":         {good, policy + "x", 0},
		"the result of another run":            {elsewhere, policy, 0},
		"the result of other evidence of this": {again, policy, 0},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := judge(t, build, ev, c.appraisal, c.trusted)
			require.NoError(t, err)
			require.Equal(t, c.level, v.Track(predicate.TrackBuildEnv).Level)
		})
	}
	for name, bad := range map[string]*tee.Result{"refused": refused, "zero": {}, "nil": nil} {
		_, err := judge(t, build, ev, bad, policy)
		require.ErrorIs(t, err, attest.Is(verify.CodeEvidence), name)
	}
}

// judge verifies the build beside an assertion that cites ev.
func judge(t testing.TB, build *provenance.Build, ev *tee.Evidence, a verify.Appraisal, policy string) (verify.Verdict, error) {
	t.Helper()
	statement, err := slsa.Encode(build)
	require.NoError(t, err)
	assertion, err := tee.Assertion(statement.Subjects(), ev, attest.Descriptor{})
	require.NoError(t, err)
	return verify.Judge(t.Context(), verify.Case{
		Artifact: build.Outputs[0].Digest, Evidence: []*attest.Verified{byPlatform(t, statement), byPlatform(t, assertion)}, Appraisals: []verify.Appraisal{a},
	}, verify.Roots{
		Authorities: []string{"test:platform"}, Testing: true, Environments: []verify.Environment{{PolicyID: policy, Level: 3}},
		Grants: []verify.Grant{{Signer: "platform", BuilderID: build.Builder.ID, Level: 3}},
	}, verify.Expectations{
		BuilderID: build.Builder.ID, BuildType: build.BuildType, Level: 1, Sources: verify.Sources{{URI: provenancetest.SourceURI}},
		Parameters: verify.Parameters{Ignore: []string{"source", "target", "flags", "serial"}},
	})
}
