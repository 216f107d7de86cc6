package vsa_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
	"github.com/sealwright/sealwright/policy/vsa"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func hexOf(s string) string { return strings.Repeat(s, 64) }

var policyDigest = digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat("e", 64)}

const (
	verifierID = "https://example.com/verifier/v1"
	resource   = "https://example.com/app-1.2.tar.gz"
	reviewType = "https://example.com/review/v1"
)

// A reviewed is a rule: the reviewer said good.
type reviewed struct{ id string }

func (r reviewed) Spec() (policy.Spec, error) {
	return policy.Spec{ID: r.id, Needs: []policy.Need{{Name: "review", PredicateTypes: []string{reviewType}, Signers: []string{"alice"}}}}, nil
}

func (r reviewed) Check(_ context.Context, f *policy.Facts) policy.Result {
	return f.Judge("review", func(e policy.Evidence) policy.Result {
		if !strings.Contains(string(e.Statement().Predicate()), r.id) {
			return policy.Result{Reasons: []policy.Reason{{Reason: attest.Reason{Code: "test.review.bad"}}}}
		}
		return policy.Result{Outcome: policy.Satisfied}
	})
}

func engine(t testing.TB) *policy.Engine {
	t.Helper()
	e, err := policy.New(policy.Config{
		Policy:      policy.PolicyRef{URI: "https://example.com/policy", Version: "1", Digest: policyDigest},
		Root:        policy.Rules(reviewed{"built"}, reviewed{"read"}),
		Authorities: []string{policytest.Authority}, Testing: true, Validity: time.Hour,
		Levels: []policy.Level{
			{Name: "SLSA_BUILD_LEVEL_1", Rules: []string{"built"}},
			{Name: "SLSA_BUILD_LEVEL_2", Rules: []string{"built"}},
			{Name: "EXAMPLE_READ", Rules: []string{"read"}},
		},
		Waivers: policy.WaiverTerms{Approvers: []string{"carol"}, MaxLife: time.Hour,
			Emergency: policy.EmergencyTerms{Approvers: []string{"carol"}, Recorders: []string{"ledger"}}},
	})
	require.NoError(t, err)
	return e
}

func sealed(t testing.TB, s *attest.Statement, signers ...string) *attest.Verified {
	t.Helper()
	v, err := policytest.Synthetic{Signers: signers}.Seal(s)
	require.NoError(t, err)
	return v
}

func subject() attest.Descriptor {
	return attest.Descriptor{Name: "app", Digest: digest.Set{digest.SHA256: hexOf("a")}}
}

func request(t testing.TB, good string) policy.Request {
	s, err := attest.NewStatement(reviewType, map[string]string{"good": good}, subject())
	require.NoError(t, err)
	return policy.Request{Subject: subject(), Phase: policy.PhaseDeploy, Evidence: []*attest.Verified{sealed(t, s, "alice")}, Now: now}
}

func decide(t testing.TB, req policy.Request) policy.Decision {
	t.Helper()
	d, err := engine(t).Evaluate(t.Context(), req)
	require.NoError(t, err)
	return d
}

func waive(t testing.TB, rule string, class policy.WaiverClass) *attest.Verified {
	s, err := policy.NewWaiver(policy.Waiver{
		Rule: rule, RuleVersion: 1, Phases: []policy.Phase{policy.PhaseDeploy}, Environments: []string{""},
		NotBefore: now, Expires: now.Add(time.Minute), Author: "zoe", Why: "test", Class: class,
	}, subject())
	require.NoError(t, err)
	return sealed(t, s, "zoe", "carol")
}

func options() vsa.Options {
	return vsa.Options{VerifierID: verifierID, ResourceURI: resource, SLSAVersion: "1.2", Testing: true}
}

func want() vsa.Want {
	return vsa.Want{
		Subject: subject().Digest, Authorities: []string{policytest.Authority}, VerifierID: verifierID, Signers: []string{"verifier"},
		ResourceURI: resource, Policy: policyDigest, Levels: []string{"SLSA_BUILD_LEVEL_1", "EXAMPLE_READ"},
		MaxAge: time.Hour, Now: now.Add(time.Minute), Testing: true,
	}
}

func encode(t testing.TB, d policy.Decision) *attest.Statement {
	t.Helper()
	s, err := vsa.Encode(d, options())
	require.NoError(t, err)
	return s
}

func TestAnAllowIsASummaryThatPasses(t *testing.T) {
	s := encode(t, decide(t, request(t, "built read")))
	got, err := vsa.Verify(sealed(t, s, "verifier"), want())
	require.NoError(t, err)
	require.Equal(t, []string{"EXAMPLE_READ", "SLSA_BUILD_LEVEL_2"}, got.VerifiedLevels, "one level per track")
	require.Len(t, got.InputAttestations, 1)
	require.Equal(t, now, got.TimeVerified)
}

func TestARefusalFailsWithoutALevel(t *testing.T) {
	for name, good := range map[string]string{"deny": "built", "deny all": ""} {
		t.Run(name, func(t *testing.T) {
			s := encode(t, decide(t, request(t, good)))
			var p vsa.Summary
			require.NoError(t, s.DecodePredicate(&p, false))
			require.Equal(t, vsa.Failed, p.VerificationResult)
			require.Equal(t, []string{vsa.Failed}, p.VerifiedLevels)
			_, err := vsa.Verify(sealed(t, s, "verifier"), want())
			require.ErrorIs(t, err, attest.Is(vsa.CodeResult))
			require.ErrorIs(t, err, attest.Is(vsa.CodeLevel))
		})
	}
	indeterminate := request(t, "")
	indeterminate.Evidence = nil
	require.Contains(t, string(encode(t, decide(t, indeterminate)).Bytes()), `"FAILED"`)
}

func TestAWaivedRuleIsNoLevelInASummary(t *testing.T) { // negative case 44
	req := request(t, "read")
	req.Waivers = []*attest.Verified{waive(t, "built", policy.ClassStandard)}
	s := encode(t, decide(t, req))
	var p vsa.Summary
	require.NoError(t, s.DecodePredicate(&p, false))
	require.Equal(t, vsa.Passed, p.VerificationResult)
	require.Equal(t, []string{"EXAMPLE_READ"}, p.VerifiedLevels)
	require.Equal(t, []string{"built"}, p.Decision.Waived)
	require.Len(t, p.InputAttestations, 2, "the waiver is an input")

	w := want()
	w.Levels, w.Now = []string{"EXAMPLE_READ"}, now
	_, err := vsa.Verify(sealed(t, s, "verifier"), w)
	require.ErrorIs(t, err, attest.Is(vsa.CodeWaived))
	w.Waived = true
	_, err = vsa.Verify(sealed(t, s, "verifier"), w)
	require.NoError(t, err)
	w.Now = now.Add(time.Minute)
	_, err = vsa.Verify(sealed(t, s, "verifier"), w)
	require.ErrorIs(t, err, attest.Is(vsa.CodeTime), "it ends with the waiver")
}

func TestADecisionThatOwesARecordIsNoSummary(t *testing.T) {
	req := request(t, "read")
	req.Waivers = []*attest.Verified{waive(t, "built", policy.ClassEmergency)}
	d := decide(t, req)
	_, err := vsa.Encode(d, options())
	require.ErrorIs(t, err, attest.Is(vsa.CodeDecision))
	o := d.Report().Obligations[0]
	record, err := policy.NewRecord(o, subject())
	require.NoError(t, err)
	d, err = d.Discharge(o.ID, sealed(t, record, "ledger"))
	require.NoError(t, err)
	var p vsa.Summary
	require.NoError(t, encode(t, d).DecodePredicate(&p, false))
	require.Len(t, p.InputAttestations, 3)
}

func TestEncodeRefuses(t *testing.T) {
	good := decide(t, request(t, "built read"))
	change := func(f func(*vsa.Options)) vsa.Options {
		o := options()
		f(&o)
		return o
	}
	for _, tt := range []struct {
		name string
		d    policy.Decision
		o    vsa.Options
		code attest.Code
	}{
		{"the zero decision", policy.Decision{}, options(), vsa.CodeDecision},
		{"a decision made in testing", good, change(func(o *vsa.Options) { o.Testing = false }), vsa.CodeDecision},
		{"no verifier", good, change(func(o *vsa.Options) { o.VerifierID = "me" }), vsa.CodeOptions},
		{"no resource", good, change(func(o *vsa.Options) { o.ResourceURI = "" }), vsa.CodeOptions},
		{"a version to come", good, change(func(o *vsa.Options) { o.SLSAVersion = "2.0" }), vsa.CodeOptions},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := vsa.Encode(tt.d, tt.o)
			require.ErrorIs(t, err, attest.Is(tt.code))
			require.Nil(t, s)
		})
	}
	d, err := policytest.AllowAll().Evaluate(t.Context(), request(t, ""))
	require.NoError(t, err)
	_, err = vsa.Encode(d, options())
	require.ErrorIs(t, err, attest.Is(vsa.CodeDecision), "a policy without a digest")
}

// edited is a good summary with one text replaced.
func edited(t testing.TB, predicateType, old, replacement string) *attest.Statement {
	t.Helper()
	p := string(encode(t, decide(t, request(t, "built read"))).Predicate())
	require.Contains(t, p, old)
	s, err := attest.NewStatement(predicateType, json.RawMessage(strings.Replace(p, old, replacement, 1)), subject())
	require.NoError(t, err)
	return s
}

func TestASummaryIsHeldToTheSpecificationAndBeyond(t *testing.T) { // negative case 47
	for _, tt := range []struct {
		name, old, replacement string
		code                   attest.Code
	}{
		{"another verifier", verifierID, verifierID + "/", vsa.CodeVerifier},
		{"no verifier", `"verifier":{"id":"` + verifierID + `"},`, "", vsa.CodeVerifier},
		{"another resource", resource, resource + "?", vsa.CodeResource},
		{"no resource", `"resourceUri":"` + resource + `",`, "", vsa.CodeResource},
		{"a result that failed", `"PASSED"`, `"FAILED"`, vsa.CodeResult},
		{"a result in lower case", `"PASSED"`, `"passed"`, vsa.CodeResult},
		{"an empty result", `"PASSED"`, `""`, vsa.CodeResult},
		{"no result", `"verificationResult":"PASSED",`, ``, vsa.CodeResult},
		{"a soft failure", `"PASSED"`, `"SOFTFAIL"`, vsa.CodeResult},
		{"a result of another type", `"PASSED"`, `true`, vsa.CodeFormat},
		{"no level", `["EXAMPLE_READ","SLSA_BUILD_LEVEL_2"]`, `[]`, vsa.CodeLevel},
		{"a level too low", `LEVEL_2`, `LEVEL_0`, vsa.CodeLevel},
		{"a level of another track", `SLSA_BUILD`, `SLSA_SOURCE`, vsa.CodeLevel},
		{"a level in lower case", `SLSA_BUILD_LEVEL_2`, `slsa_build_level_2`, vsa.CodeLevel},
		{"a level that does not exist", `LEVEL_2`, `LEVEL_9`, vsa.CodeLevel},
		{"two levels of a track", `"EXAMPLE_READ"`, `"EXAMPLE_READ","SLSA_BUILD_LEVEL_3"`, vsa.CodeLevel},
		{"a level beside FAILED", `"EXAMPLE_READ"`, `"EXAMPLE_READ","FAILED"`, vsa.CodeLevel},
		{"another property", `EXAMPLE_READ`, `EXAMPLE_READ_2`, vsa.CodeLevel},
		{"another policy", hexOf("e"), hexOf("f"), vsa.CodePolicy},
		{"no policy digest", `,"digest":{"sha256":"` + hexOf("e") + `"}`, ``, vsa.CodePolicy},
		{"a policy under another algorithm", `"sha256":"` + hexOf("e"), `"gitCommit":"` + strings.Repeat("e", 40), vsa.CodePolicy},
		{"no policy URI", `"uri":"https://example.com/policy",`, ``, vsa.CodeFormat},
		{"no time", `"timeVerified":"2026-05-01T12:00:00Z",`, ``, vsa.CodeTime},
		{"a null time", `"2026-05-01T12:00:00Z"`, `null`, vsa.CodeTime},
		{"an old time", `2026-05-01T12:00:00Z`, `2026-05-01T11:01:00Z`, vsa.CodeTime},
		{"a time to come", `2026-05-01T12:00:00Z`, `2026-05-01T12:01:01Z`, vsa.CodeTime},
		{"no time at all", `2026-05-01T12:00:00Z`, `yesterday`, vsa.CodeFormat},
		{"an end in the past", `"validUntil":"2026-05-01T13:00:00Z"`, `"validUntil":"2026-05-01T12:01:00Z"`, vsa.CodeTime},
		{"a version to come", `"1.2"`, `"2.0"`, vsa.CodeFormat},
		{"an input without digest", `"inputAttestations":[`, `"inputAttestations":[{"uri":"https://example.com/x"},`, vsa.CodeFormat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := vsa.Verify(sealed(t, edited(t, vsa.PredicateType, tt.old, tt.replacement), "verifier"), want())
			require.ErrorIs(t, err, attest.Is(tt.code))
			require.Nil(t, s)
		})
	}
	for _, other := range []string{vsa.PredicateType + "/", "https://slsa.dev/verification_summary/v0.2", "https://slsa.dev/verification_summary/V1", vsa.SVRPredicateType} {
		_, err := vsa.Verify(sealed(t, edited(t, other, "PASSED", "PASSED"), "verifier"), want())
		require.ErrorIs(t, err, attest.Is(vsa.CodeType), other)
	}
}

func TestASummaryComesFromItsVerifierAndIsAboutTheArtifact(t *testing.T) {
	s := encode(t, decide(t, request(t, "built read")))
	for _, tt := range []struct {
		name string
		v    *attest.Verified
		w    func(*vsa.Want)
		code attest.Code
	}{
		{"nothing", nil, func(*vsa.Want) {}, vsa.CodeAuthority},
		{"another authority", attesttest.Seal(t, s, "verifier"), func(*vsa.Want) {}, vsa.CodeAuthority},
		{"another signer", sealed(t, s, "mallory"), func(*vsa.Want) {}, vsa.CodeVerifier},
		{"another artifact", sealed(t, s, "verifier"), func(w *vsa.Want) { w.Subject = digest.Set{digest.SHA256: hexOf("b")} }, vsa.CodeSubject},
		{"another algorithm", sealed(t, s, "verifier"), func(w *vsa.Want) { w.Subject = digest.Set{digest.SHA512: hexOf("a") + hexOf("a")} }, vsa.CodeSubject},
		{"made in testing", sealed(t, s, "verifier"), func(w *vsa.Want) { w.Testing = false }, vsa.CodeTesting},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := want()
			tt.w(&w)
			_, err := vsa.Verify(tt.v, w)
			require.ErrorIs(t, err, attest.Is(tt.code))
		})
	}
}

func TestAWantThatDemandsTooLittleIsRefused(t *testing.T) {
	v := sealed(t, encode(t, decide(t, request(t, "built read"))), "verifier")
	for name, change := range map[string]func(*vsa.Want){
		"subject":     func(w *vsa.Want) { w.Subject = nil },
		"authorities": func(w *vsa.Want) { w.Authorities = nil },
		"signers":     func(w *vsa.Want) { w.Signers = nil },
		"verifier":    func(w *vsa.Want) { w.VerifierID = "" },
		"resource":    func(w *vsa.Want) { w.ResourceURI = "" },
		"policy":      func(w *vsa.Want) { w.Policy = digest.Digest{} },
		"levels":      func(w *vsa.Want) { w.Levels = nil },
		"FAILED":      func(w *vsa.Want) { w.Levels = []string{vsa.Failed} },
		"age":         func(w *vsa.Want) { w.MaxAge = 0 },
		"now":         func(w *vsa.Want) { w.Now = time.Time{} },
	} {
		t.Run("no "+name, func(t *testing.T) {
			w := want()
			change(&w)
			_, err := vsa.Verify(v, w)
			require.ErrorIs(t, err, attest.Is(vsa.CodeWant))
		})
	}
	_, err := vsa.Verify(v, vsa.Want{})
	require.ErrorIs(t, err, attest.Is(vsa.CodeWant))
}

func TestASimpleResultTellsWhatPassed(t *testing.T) {
	o := vsa.Options{VerifierID: verifierID, Testing: true}
	s, err := vsa.EncodeSVR(decide(t, request(t, "built read")), o)
	require.NoError(t, err)
	w := want()
	w.ResourceURI, w.Levels = "", []string{"SLSA_BUILD_LEVEL_2", vsa.Satisfied}
	got, err := vsa.VerifySVR(sealed(t, s, "verifier"), w)
	require.NoError(t, err)
	require.Equal(t, []string{"EXAMPLE_READ", "SLSA_BUILD_LEVEL_2", vsa.Satisfied}, got.Properties)

	w.Levels = []string{"EXAMPLE_OTHER"}
	_, err = vsa.VerifySVR(sealed(t, s, "verifier"), w)
	require.ErrorIs(t, err, attest.Is(vsa.CodeLevel))
	w.Levels, w.Policy.Hex = []string{vsa.Satisfied}, hexOf("f")
	_, err = vsa.VerifySVR(sealed(t, s, "verifier"), w)
	require.ErrorIs(t, err, attest.Is(vsa.CodePolicy))
	w.Policy = policyDigest
	_, err = vsa.VerifySVR(sealed(t, encode(t, decide(t, request(t, "built read"))), "verifier"), w)
	require.ErrorIs(t, err, attest.Is(vsa.CodeType))
	bare, err := attest.NewStatement(vsa.SVRPredicateType, map[string]any{"properties": []string{vsa.Satisfied}}, subject())
	require.NoError(t, err)
	_, err = vsa.VerifySVR(sealed(t, bare, "verifier"), w)
	for _, code := range []attest.Code{vsa.CodeVerifier, vsa.CodePolicy, vsa.CodeTime} {
		assert.ErrorIs(t, err, attest.Is(code))
	}

	_, err = vsa.EncodeSVR(decide(t, request(t, "built")), o)
	require.ErrorIs(t, err, attest.Is(vsa.CodeDecision), "a refusal has no properties")
	req := request(t, "read")
	req.Waivers = []*attest.Verified{waive(t, "built", policy.ClassStandard)}
	s, err = vsa.EncodeSVR(decide(t, req), o)
	require.NoError(t, err)
	require.NotContains(t, string(s.Bytes()), vsa.Satisfied)
}

// A simulation is no decision: a program that tells one does not compile.
func TestASimulationCannotBecomeASummary(t *testing.T) {
	build := func(dir string) (string, error) {
		out, err := exec.Command("go", "build", "-o", os.DevNull, "./testdata/"+dir).CombinedOutput()
		return string(out), err
	}
	out, err := build("decided")
	require.NoError(t, err, "the control must compile: %s", out)
	out, err = build("simulated")
	require.Error(t, err)
	require.Regexp(t, `cannot use s .*policy\.Simulation.* as policy\.Decision`, out)
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte(encode(f, decideF(f)).Predicate()))
	f.Add([]byte(`{"verificationResult":"PASSED","verifiedLevels":["SLSA_BUILD_LEVEL_3"]}`))
	f.Fuzz(func(t *testing.T, predicate []byte) {
		s, err := attest.NewStatement(vsa.PredicateType, json.RawMessage(predicate), subject())
		if err != nil {
			return
		}
		got, err := vsa.Verify(sealed(t, s, "verifier"), want())
		if (err == nil) != (got != nil) {
			t.Fatal("a summary beside an error, or neither")
		}
		if err == nil && (got.VerificationResult != vsa.Passed || got.Verifier.ID != verifierID || got.ResourceURI != resource) {
			t.Fatalf("accepted %s", predicate)
		}
	})
}

func decideF(f *testing.F) policy.Decision {
	d, err := engine(f).Evaluate(context.Background(), request(f, "built read"))
	require.NoError(f, err)
	return d
}
