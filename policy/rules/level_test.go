package rules_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/verify"
)

// gitHubLevel demands level 3 of a workflow's build, as a document of package doc asks
// for it.
func gitHubLevel(t testing.TB) policy.Rule {
	t.Helper()
	r, err := rules.Catalogue()["build-level"](json.RawMessage(`{"grants":[{"signer":"platform","builderID":"` + provenancetest.BuilderID + `","level":3}],
		"builderID":"` + provenancetest.BuilderID + `","buildType":"` + buildtype.GitHubWorkflowV1 + `","level":3,
		"sources":[{"uri":"git+https://github.com/acme/app","allowSHA1":true}],"ignore":["workflow"]}`))
	require.NoError(t, err)
	return r
}

const workflowCommit = "4242424242424242424242424242424242424242"

func TestBuildLevelHoldsTheCertificateAgainstTheStatement(t *testing.T) {
	s, err := attest.ParseStatement(build(func(b *provenance.Build) {
		b.BuildType, b.Internal = buildtype.GitHubWorkflowV1, nil
		b.External = json.RawMessage(`{"workflow":{"ref":"refs/heads/main","repository":"https://github.com/acme/app","path":"r.yml"}}`)
		b.Inputs = []provenance.Input{{Role: provenance.RoleSource, Descriptor: attest.Descriptor{URI: "git+https://github.com/acme/app@refs/heads/main", Digest: digest.Set{digest.GitCommit: workflowCommit}}}}
	}), attest.Limits{})
	require.NoError(t, err)
	claims := func(repository string) map[string]string {
		return map[string]string{"12": repository, "13": workflowCommit, "14": "refs/heads/main", "18": repository + "/r.yml@refs/heads/main"}
	}
	for name, c := range map[string]struct {
		claims map[string]string
		code   attest.Code
	}{
		"the certificate vouches for the source": {claims("https://github.com/acme/app"), ""},
		"the certificate is that of a fork":      {claims("https://github.com/fork/app"), verify.CodeClaim},
		"no certificate vouches":                 {nil, verify.CodeLevel},
	} {
		t.Run(name, func(t *testing.T) {
			id := policytest.Identity("platform")
			facts := attest.Facts{Authority: policytest.Authority, Statement: s, Evidence: digest.FromBytes([]byte(name)), Signers: []attest.Identity{id}}
			for field, value := range c.claims {
				facts.Claims = append(facts.Claims, attest.Claim{Principal: id.Principal(), Name: "1.3.6.1.4.1.57264.1." + field, Value: value})
			}
			v, err := attest.Seal(facts)
			require.NoError(t, err)
			d, err := engine(t, gitHubLevel(t)).Evaluate(t.Context(), policy.Request{
				Subject: attest.Descriptor{Digest: provenancetest.Artifact()}, Phase: policy.PhaseDeploy, Now: now, Evidence: []*attest.Verified{v},
			})
			require.NoError(t, err)
			if c.code == "" {
				require.Equal(t, policy.Allow, d.Report().Verdict, "%v", d.Report().Findings)
				return
			}
			require.Equal(t, policy.Deny, d.Report().Verdict)
			found := false
			for _, reason := range d.Report().Findings[0].Reasons {
				found = found || reason.Code == c.code
			}
			require.True(t, found, "%v", d.Report().Findings[0].Reasons)
		})
	}
}
