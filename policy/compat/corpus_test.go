package compat_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy/compat"
)

// The policies that policy-controller tests itself with. What it refuses is refused
// here; what it accepts is loaded, or refused by a clause.
func TestThePoliciesOfPolicyControllerAreLoadedOrRefusedByAClause(t *testing.T) {
	services := compat.Options{Fulcio: []string{"http://fulcio.fulcio-system.svc"}, Rekor: []string{"http://rekor.rekor-system.svc"}}
	files, err := filepath.Glob("testdata/policy-controller/*/*.yaml")
	require.NoError(t, err)
	require.Len(t, files, 82)
	var loaded []string
	for _, name := range files {
		document, err := os.ReadFile(name)
		require.NoError(t, err)
		// The older version of the format is refused as such; its clauses are the same.
		document = []byte(strings.Replace(string(document), "policy.sigstore.dev/v1alpha1", "policy.sigstore.dev/v1beta1", 1))
		p, err := compat.ClusterImagePolicy(document, services)
		if err == nil {
			decide(t, p.Root)
			loaded = append(loaded, strings.TrimPrefix(name, "testdata/policy-controller/"))
			continue
		}
		require.NotEmpty(t, attest.Reasons(err), name)
		for _, r := range attest.Reasons(err) {
			assert.Contains(t, []attest.Code{compat.CodeUnsupported, compat.CodeFormat}, r.Code, name)
			assert.True(t, r.Code == compat.CodeFormat || r.Where != "", name)
		}
	}
	// Of the others most have expressions without an end, CUE, or keys that are elsewhere.
	require.Equal(t, []string{"e2e/cip-key-no-rekor.yaml", "e2e/cip-key.yaml"}, loaded)
}
