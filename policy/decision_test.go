package policy_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
)

func TestTheZeroDecisionDenies(t *testing.T) {
	var d policy.Decision
	assert.Equal(t, policy.Deny, d.Verdict())
	assert.False(t, d.Allowed(now))
	assert.False(t, d.Allowed(time.Time{}))
	assert.ErrorIs(t, d.Err(), attest.Is(policy.CodeZero))
	assert.Zero(t, d.Report())
	assert.True(t, d.Digest().IsZero())
	_, err := json.Marshal(d)
	assert.Error(t, err)
	var v policy.Verdict
	assert.Equal(t, policy.Deny, v)
	var o policy.Outcome
	assert.Equal(t, policy.Violated, o)
	assert.Equal(t, policy.Violated, policy.Result{}.Outcome)
}

func TestADecisionCannotBeReadFromADocument(t *testing.T) {
	d := decide(t, engine(t, needing(reviewNeed())), request(review(t, "alice")))
	b, err := json.Marshal(d)
	require.NoError(t, err)
	var forged policy.Decision
	require.ErrorContains(t, json.Unmarshal(b, &forged), string(policy.CodeUnmarshal))
	require.True(t, forged.IsZero())
}

func TestAllowEndsAtValidUntil(t *testing.T) {
	d := decide(t, engine(t, needing(reviewNeed())), request(review(t, "alice")))
	require.NoError(t, d.Err())
	r := d.Report()
	require.Equal(t, now.Add(time.Hour), r.ValidUntil)
	assert.True(t, d.Allowed(now))
	assert.False(t, d.Allowed(now.Add(-time.Nanosecond)), "before it was made")
	assert.True(t, d.Allowed(r.ValidUntil.Add(-time.Nanosecond)))
	assert.False(t, d.Allowed(r.ValidUntil), "the end is exclusive")
	assert.False(t, d.Allowed(time.Time{}))
}

func TestADecisionIsImmutable(t *testing.T) {
	req := request(review(t, "alice"))
	req.Subject.Annotations = map[string]json.RawMessage{"x": json.RawMessage("1")}
	d := decide(t, engine(t, needing(reviewNeed())), req)
	before, err := json.Marshal(d)
	require.NoError(t, err)

	r := d.Report()
	r.Verdict = policy.Deny
	r.Subject.Digest[digest.SHA256] = hexOf("0")
	r.Subject.Annotations["x"][0] = '2'
	r.Findings[0].Outcome = policy.Violated
	r.Findings[0].Evidence[0] = digest.Digest{}
	r.Inputs[0].Signers[0].Subject = "mallory"
	req.Subject.Digest[digest.SHA256] = hexOf("1")
	req.Subject.Annotations["x"][0] = '3'

	after, err := json.Marshal(d)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
	require.NotEqual(t, r.Findings, d.Report().Findings)
	require.Equal(t, artifact(), d.Report().Subject.Digest)
	require.Equal(t, policy.Allow, d.Verdict())
}

func TestTheDigestCoversTheJSON(t *testing.T) {
	e := engine(t, needing(reviewNeed()))
	d := decide(t, e, request(review(t, "alice")))
	same := decide(t, e, request(review(t, "alice")))
	other := decide(t, e, request(review(t, "bob")))
	require.Equal(t, d.Digest(), same.Digest())
	require.NotEqual(t, d.Digest(), other.Digest())
	require.NoError(t, d.Digest().Validate())
}

func TestTheReportTellsWhatItDecided(t *testing.T) {
	used, unused := review(t, "alice"), review(t, "mallory")
	req := request(used, unused)
	r := decide(t, engine(t, needing(reviewNeed())), req).Report()
	assert.Equal(t, policy.EngineName, r.Engine)
	assert.Equal(t, "https://example.com/policies/release", r.Policy.URI)
	assert.True(t, r.Testing)
	assert.Equal(t, req.Subject, r.Subject)
	assert.Equal(t, req.Phase, r.Phase)
	assert.Equal(t, req.Target, r.Target)
	assert.Equal(t, req.Actor, r.Actor)
	assert.Equal(t, now, r.EvaluatedAt)
	require.Len(t, r.Inputs, 2)
	for _, in := range r.Inputs {
		assert.Equal(t, in.Evidence == used.Evidence(), in.Used)
		assert.Equal(t, reviewType, in.PredicateType)
		assert.Len(t, in.Signers, 1)
	}
}

func sound() policy.Report {
	return policy.Report{
		Policy:      policy.PolicyRef{URI: "test:p", Version: "1"},
		Verdict:     policy.Allow,
		Subject:     attest.Descriptor{Digest: artifact()},
		Phase:       policy.PhaseDeploy,
		EvaluatedAt: now,
		ValidUntil:  now.Add(time.Minute),
		Findings:    []policy.Finding{{Rule: "r", Outcome: policy.Satisfied}},
	}
}

func TestSealRefusesAReportThatContradictsItself(t *testing.T) {
	_, err := policy.Seal("e", sound())
	require.NoError(t, err)
	why := []policy.Reason{{Reason: attest.Reason{Code: "test.some.reason"}}}
	for name, c := range map[string]struct {
		spoil func(*policy.Report)
		code  attest.Code
	}{
		"no policy":                        {func(r *policy.Report) { r.Policy.URI = "" }, policy.CodeReportSource},
		"no subject":                       {func(r *policy.Report) { r.Subject.Digest = nil }, policy.CodeRequestSubject},
		"an unknown phase":                 {func(r *policy.Report) { r.Phase = "later" }, policy.CodeRequestPhase},
		"no time":                          {func(r *policy.Report) { r.EvaluatedAt = time.Time{} }, policy.CodeRequestNow},
		"an unknown verdict":               {func(r *policy.Report) { r.Verdict = 3 }, policy.CodeReportVerdict},
		"allow without an end":             {func(r *policy.Report) { r.ValidUntil = time.Time{} }, policy.CodeReportValidity},
		"allow that ends as it begins":     {func(r *policy.Report) { r.ValidUntil = now }, policy.CodeReportValidity},
		"allow without findings":           {func(r *policy.Report) { r.Findings = nil }, policy.CodeReportVerdict},
		"allow by rules that do not apply": {func(r *policy.Report) { r.Findings[0].Outcome = policy.NotApplicable }, policy.CodeReportVerdict},
		"allow with a reason against it":   {func(r *policy.Report) { r.Reasons = why }, policy.CodeReportVerdict},
		"deny without a reason":            {func(r *policy.Report) { r.Verdict = policy.Deny }, policy.CodeReportVerdict},
		"a violation without a reason":     {func(r *policy.Report) { r.Findings = append(r.Findings, policy.Finding{Rule: "s"}) }, policy.CodeReportFinding},
		"a satisfied rule with a reason":   {func(r *policy.Report) { r.Findings[0].Reasons = why }, policy.CodeReportFinding},
		"a reason without a code": {func(r *policy.Report) {
			r.Findings = append(r.Findings, policy.Finding{Rule: "s", Reasons: []policy.Reason{{}}})
		}, policy.CodeReportFinding},
		"a rule without an id": {func(r *policy.Report) { r.Findings[0].Rule = "" }, policy.CodeReportFinding},
		"a rule twice":         {func(r *policy.Report) { r.Findings = append(r.Findings, r.Findings[0]) }, policy.CodeReportFinding},
		"an unknown outcome":   {func(r *policy.Report) { r.Findings = append(r.Findings, policy.Finding{Rule: "s", Outcome: 4}) }, policy.CodeReportFinding},
		"synthetic evidence in secret": {func(r *policy.Report) {
			r.Inputs = []policy.EvidenceRef{{Evidence: digest.Digest{Algorithm: digest.SHA256, Hex: hexOf("1")}, Authority: "test:x", Used: true}}
		}, policy.CodeReportTesting},
	} {
		t.Run(name, func(t *testing.T) {
			r := sound()
			c.spoil(&r)
			d, err := policy.Seal("e", r)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.True(t, d.IsZero())
		})
	}
	_, err = policy.Seal("", sound())
	require.ErrorIs(t, err, attest.Is(policy.CodeReportSource))
}

// An Allow that cannot be written down is none.
func TestAReportThatCannotBeEncodedIsNoDecision(t *testing.T) {
	r := sound()
	r.Subject.Annotations = map[string]json.RawMessage{"x": json.RawMessage(`{"broken`)}
	d, err := policy.Seal("e", r)
	require.ErrorIs(t, err, attest.Is(policy.CodeReportEncoding))
	require.True(t, d.IsZero())

	req := request(review(t, "alice"))
	req.Subject.Annotations = r.Subject.Annotations
	d, err = engine(t, needing(reviewNeed())).Evaluate(t.Context(), req)
	require.ErrorIs(t, err, attest.Is(policy.CodeReportEncoding))
	require.False(t, d.Allowed(now))
}

func TestEveryCodeIsListedOnceAndWellFormed(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range policy.Codes() {
		assert.Regexp(t, `^policy\.[a-z0-9-]+\.[a-z0-9-]+$`, string(c))
		assert.False(t, seen[c], c)
		seen[c] = true
	}
}
