// Package oscal_test holds the documents of package policy/oscal to the JSON schema of
// OSCAL 1.1.3, as go-oscal ships and applies it.
package oscal_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/defenseunicorns/go-oscal/src/pkg/validation"
	types "github.com/defenseunicorns/go-oscal/src/types/oscal-1-1-3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/oscal"
)

// decision has a rule of each outcome, with texts that somebody hostile chose.
func decision(t *testing.T, version string) policy.Decision {
	t.Helper()
	now := time.Date(2026, 5, 1, 12, 0, 0, 123, time.FixedZone("x", 3600))
	evidence := digest.FromBytes([]byte("evidence"))
	reason := []policy.Reason{{Reason: attest.Reason{Code: "policy.test.reason", Where: "/a", Want: "w", Got: " \x1b[31m\n<script>\u202e "}}}
	d, err := policy.Seal("test", policy.Report{
		Policy: policy.PolicyRef{URI: "https://example.com/policy", Version: version}, Verdict: policy.Deny, Phase: policy.PhaseDeploy,
		Subject: attest.Descriptor{Digest: evidence.Set()}, EvaluatedAt: now,
		Findings: []policy.Finding{
			{Rule: "builder", Title: " the\nbuilder ", Outcome: policy.Satisfied, Evidence: []digest.Digest{evidence}},
			{Rule: "hardening", Outcome: policy.Undetermined, Reasons: reason},
			{Rule: "risk", Outcome: policy.NotYetEffective},
			{Rule: "sbom", Outcome: policy.Waived, Reasons: reason},
			{Rule: "tests", Outcome: policy.Violated, Reasons: reason},
		},
		Inputs:  []policy.EvidenceRef{{Evidence: evidence, PredicateType: "https://example.com/x", Authority: "a", Signers: []attest.Identity{{Subject: "s"}}, Used: true}},
		Waivers: []policy.WaiverRef{{Evidence: evidence, Authority: "a", Rule: "sbom", Class: policy.ClassStandard, Author: "ann\n", Approvers: []string{"bob"}, Expires: now.Add(time.Hour), Used: true}},
	})
	require.NoError(t, err)
	return d
}

func document(t *testing.T) []byte {
	t.Helper()
	b, err := oscal.AssessmentResults([]policy.Decision{decision(t, "1"), decision(t, "2")}, oscal.Default(), oscal.Options{Title: "Release 1", Version: "1.0"})
	require.NoError(t, err)
	return b
}

func TestADocumentIsValid(t *testing.T) {
	v, err := validation.NewValidatorDesiredVersion(document(t), oscal.Version)
	require.NoError(t, err)
	require.Equal(t, "assessment-results", v.GetModelType())
	require.NoError(t, v.Validate())
}

// The schema does refuse: without each of the members that it requires.
func TestTheOracleRefuses(t *testing.T) {
	for _, member := range []string{`"uuid"`, `"import-ap"`, `"results"`, `"reviewed-controls"`, `"findings"`, `"state"`, `"oscal-version"`, `"collected"`, `"target-id"`} {
		spoilt := bytes.ReplaceAll(document(t), []byte(member+":"), []byte(`"x":`))
		v, err := validation.NewValidatorDesiredVersion(spoilt, oscal.Version)
		if err == nil {
			err = v.Validate()
		}
		assert.Error(t, err, member)
	}
}

// The reference types read the same, and nothing is left over.
func TestTheReferenceTypesReadTheSame(t *testing.T) {
	var m types.OscalCompleteSchema
	d := json.NewDecoder(bytes.NewReader(document(t)))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&m))
	require.Len(t, m.AssessmentResults.Results, 2)
	for _, r := range m.AssessmentResults.Results {
		require.Len(t, *r.Findings, 42)
		states := map[string]int{}
		for _, f := range *r.Findings {
			states[(*f.Props)[0].Value]++
			if (*f.Props)[0].Value != "satisfied" {
				require.Equal(t, "not-satisfied", f.Target.Status.State)
			}
		}
		require.Positive(t, states["not-satisfied"])
		require.Positive(t, states["not-assessable"])
		require.Len(t, *r.Risks, 1)
	}
}
