package rules_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy/rules"
)

// catalogued are, for each rule of the catalogue, parameters that set every field.
func catalogued() map[string]string {
	const trust = `"trust":{"signers":["a","b"],"threshold":2,"maxAge":"36h"}`
	const set = `{"sha256":"` + otherHex + `"}`
	return map[string]string{
		"base-image":   `{` + trust + `,"repositories":["oci://example.com/"],"digests":[` + set + `],"scratch":true}`,
		"build-level":  `{"grants":[{"signer":"a","builderID":"https://example.com/b","level":2}],"builderID":"https://example.com/b","buildType":"https://example.com/t","level":2,"sources":[{"uri":"git+https://example.com/a","digest":{"gitCommit":"` + otherHex + `"}}],"equal":{"x":1},"ignore":["y"],"maxAge":"1h"}`,
		"dependencies": `{` + trust + `,"allow":["pkg:"],"deny":["pkg:npm/"]}`,
		"environment":  `{` + trust + `,"kinds":["tdx"],"purpose":"build","audience":"x"}`,
		"hardening":    `{` + trust + `,"attributes":["PIE"],"cited":true}`,
		"image-config": `{` + trust + `,"nonRoot":true,"labels":{"a":""},"maxPorts":1}`,
		"level":        `{"grants":[{"signer":"a","verifierID":"https://example.com/v","levels":{"SOURCE":3},"properties":["x"]}],"resourceURI":"pkg:x","levels":{"SOURCE":2},"properties":["x"],"policy":{"uri":"https://example.com/p"},"sourceRef":"refs/heads/main","maxAge":"1h"}`,
		"licences":     `{` + trust + `,"allow":["MIT"],"except":["pkg:npm/"]}`,
		"review":       `{` + trust + `,"property":"x","builders":["p"]}`,
		"risk":         `{` + trust + `,"at":"high","epss":0.5,"kev":true,"tolerateUnfixed":true,"maxDatabaseAge":"48h","vex":{"signers":["v"]}}`,
		"sbom":         `{` + trust + `,"minComponents":1,"complete":true,"identified":true,"hashed":true}`,
		"scanned":      `{` + trust + `,"checks":["gomod"],"maxScanAge":"1h"}`,
		"secrets":      `{` + trust + `,"configuration":[` + set + `],"required":["x"]}`,
		"separation":   `{"duties":[{"name":"build","predicateTypes":["https://example.com/x"],` + trust + `}]}`,
		"target":       `{` + trust + `}`,
		"tests":        `{` + trust + `,"configuration":[` + set + `],"required":["x"],"allowWarned":true}`,
	}
}

func TestEveryRuleOfTheCatalogueIsMadeFromItsParameters(t *testing.T) {
	c := rules.Catalogue()
	require.Equal(t, slices.Sorted(maps.Keys(catalogued())), slices.Sorted(maps.Keys(c)))
	for name, with := range catalogued() {
		t.Run(name, func(t *testing.T) {
			r, err := c[name](json.RawMessage(with))
			require.NoError(t, err)
			spec, err := r.Spec()
			require.NoError(t, err)
			require.Equal(t, name, spec.ID, "the usual id is the name")
			engine(t, r)

			_, err = c[name](json.RawMessage(`{"surplus":1,` + with[1:]))
			require.ErrorIs(t, err, attest.Is(rules.CodeConfig))
			_, err = c[name](nil)
			require.ErrorIs(t, err, attest.Is(rules.CodeConfig))
			r, err = c[name](json.RawMessage(`{}`))
			if err == nil {
				_, err = r.Spec()
				if err == nil {
					require.False(t, accepts(r), "a rule that demands nothing")
				}
			}
		})
	}
}

func TestADurationOfTheCatalogueIsWrittenAsGoDoes(t *testing.T) {
	for _, bad := range []string{`"-1h"`, `"1"`, `1`, `null`} {
		_, err := rules.Catalogue()["target"](json.RawMessage(`{"trust":{"signers":["a"],"maxAge":` + bad + `}}`))
		require.Error(t, err, bad)
	}
}
