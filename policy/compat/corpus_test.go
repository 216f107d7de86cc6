package compat_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/compat"
)

// The policies that policy-controller tests itself with. What it refuses is refused
// here; what it accepts is loaded, or refused by a clause.
func TestThePoliciesOfPolicyControllerAreLoadedOrRefusedByAClause(t *testing.T) {
	pem, _ := pair(t, 0)
	services := compat.Options{
		Fulcio: []string{"http://fulcio.fulcio-system.svc", "http://fulcio.sigstore.dev"}, Rekor: []string{"http://rekor.rekor-system.svc"},
		TrustRoots: []string{"my-sigstore-keys"}, Anchored: true,
		Keys: map[string]string{"k8s://cosign-system/cip-secret": pem, "k8s://cosign-system/secret-name": pem, "hashivault://key/path": pem},
		Rego: func(string, []byte) (compat.Deny, error) {
			return func(context.Context, json.RawMessage) ([]string, error) { return []string{"denied"}, nil }, nil
		},
	}
	for _, arn := range []string{"alias/ExampleAlias", "key/1234abcd-12ab-34cd-56ef-1234567890ab"} {
		for _, host := range []string{"", "localhost:4566"} {
			services.Keys["awskms://"+host+"/arn:aws:kms:us-east-2:111122223333:"+arn] = pem
		}
	}
	files, err := filepath.Glob("testdata/policy-controller/*/*.yaml")
	require.NoError(t, err)
	require.Len(t, files, 82)
	var loaded, plain []string
	for _, name := range files {
		document, err := os.ReadFile(name)
		require.NoError(t, err)
		short := strings.TrimPrefix(name, "testdata/policy-controller/")
		if _, err := compat.ClusterImagePolicy(document, compat.Options{Rekor: services.Rekor}); err == nil {
			plain = append(plain, short)
		}
		p, err := compat.ClusterImagePolicy(document, services)
		if err == nil {
			require.NotEqual(t, policy.Allow, decide(t, p.Root).Verdict(), name)
			loaded = append(loaded, short)
			continue
		}
		require.NotEmpty(t, attest.Reasons(err), name)
		for _, r := range attest.Reasons(err) {
			assert.Contains(t, []attest.Code{compat.CodeUnsupported, compat.CodeFormat}, r.Code, name)
			assert.True(t, r.Code == compat.CodeFormat || r.Where != "", name)
		}
	}
	// Of the others 33 are refused by policy-controller, too, and the rest have CUE,
	// certificates in the policy, another digest, or an authority that always passes.
	require.Equal(t, []string{
		"e2e/cip-key-and-keyless-ignore-sct.yaml", "e2e/cip-key-and-keyless.yaml", "e2e/cip-key-no-rekor.yaml", "e2e/cip-key-secret.yaml", "e2e/cip-key-tsa.yaml",
		"e2e/cip-key.yaml", "e2e/cip-keyless-warn.yaml", "e2e/cip-keyless-with-attestations-rego.yaml", "e2e/cip-keyless-with-identities-mismatch.yaml", "e2e/cip-keyless-with-identities.yaml",
		"e2e/cip-keyless-with-source.yaml", "e2e/cip-keyless.yaml", "e2e/cip-match-resource-label.yaml", "e2e/cip-static-fail.yaml",
		"valid/v1beta1-valid-keyref-awskms.yaml", "valid/valid-keyref-awskms.yaml",
	}, loaded)
	require.Equal(t, []string{"e2e/cip-key-no-rekor.yaml", "e2e/cip-key.yaml", "e2e/cip-match-resource-label.yaml", "e2e/cip-static-fail.yaml"}, plain, "without options")
}
