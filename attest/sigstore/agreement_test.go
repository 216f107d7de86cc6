package sigstore_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// renamed is an edit of a root in which the logs and authorities of a second
// instance bear the names of the first: another key, another window, the same
// authority.
func renamed(t testing.TB, second *virtual.Instance) func(map[string]any) {
	t.Helper()
	return func(root map[string]any) {
		virtual.With(t, second)(root)
		for list, name := range map[string]string{"tlogs": "baseUrl", "ctlogs": "baseUrl", "timestampAuthorities": "uri"} {
			at(root, list, 1).(map[string]any)[name] = at(root, list, 0, name)
		}
	}
}

func TestThresholdsCountDistinctAuthorities(t *testing.T) {
	one, two, three := virtual.New(t), virtual.NewAt(t, "two.example"), virtual.NewAt(t, "three.example")
	three3 := rootOf(t, one, virtual.With(t, two, three))
	stranger := virtual.NewAt(t, "stranger.example")
	also := func(others ...*virtual.Instance) virtual.Recipe { return virtual.Recipe{Also: others} }
	v2 := func(r virtual.Recipe) virtual.Recipe { r.Rekor = 2; return r }
	for name, test := range map[string]struct {
		demand sigstore.Demand
		recipe virtual.Recipe
		code   attest.Code
	}{
		"three logs of three":                 {sigstore.Demand{Logs: 3}, also(two, three), ""},
		"two logs of three":                   {sigstore.Demand{Logs: 2}, also(three), ""},
		"two logs of three, Rekor v2":         {sigstore.Demand{Logs: 2}, v2(also(three)), ""},
		"one log where two must":              {sigstore.Demand{Logs: 2}, also(), sigstore.CodeLogThreshold},
		"one log and a stranger":              {sigstore.Demand{Logs: 2}, also(stranger), sigstore.CodeLogThreshold},
		"one log twice":                       {sigstore.Demand{Logs: 2}, also(one), sigstore.CodeEntryRepeated},
		"one log twice beside enough":         {sigstore.Demand{Logs: 2}, also(two, two), sigstore.CodeEntryRepeated},
		"three timestamp authorities":         {sigstore.Demand{Timestamps: 3}, v2(also(two, three)), ""},
		"two where three must":                {sigstore.Demand{Timestamps: 3}, v2(also(two)), sigstore.CodeTimestampThreshold},
		"one and a stranger":                  {sigstore.Demand{Timestamps: 2}, v2(also(stranger)), sigstore.CodeTimestampThreshold},
		"one twice":                           {sigstore.Demand{Timestamps: 2}, v2(also(one)), sigstore.CodeTimestampRepeated},
		"six times by logs and authorities":   {sigstore.Demand{Times: 6}, also(two, three), ""},
		"four times where six must":           {sigstore.Demand{Times: 6}, also(two), sigstore.CodeTimeThreshold},
		"logs of Rekor v2 vouch for no time":  {sigstore.Demand{Times: 4}, v2(also(two, three)), sigstore.CodeTimeThreshold},
		"one log's unsigned time is no time":  {sigstore.Demand{Times: 2}, virtual.Recipe{Entry: func(e *virtual.Entry) { e.NoPromise = true }}, sigstore.CodeTimeThreshold},
		"a stranger beside what must be":      {sigstore.Demand{Logs: 2, Timestamps: 2}, also(two, stranger), ""},
		"two certificate logs where one is":   {sigstore.Demand{SCTs: 2}, also(), chain.CodeSCTThreshold},
		"one certificate log twice is one":    {sigstore.Demand{SCTs: 2}, virtual.Recipe{SCTs: func(s []*virtual.SCT) []*virtual.SCT { return append(s, s[0]) }}, chain.CodeSCTThreshold},
		"two certificate logs":                {sigstore.Demand{SCTs: 2}, virtual.Recipe{SCTs: secondSCT(t, one, two)}, ""},
		"a certificate log of nobody trusted": {sigstore.Demand{SCTs: 2}, virtual.Recipe{SCTs: secondSCT(t, one, stranger)}, chain.CodeSCTThreshold},
	} {
		t.Run(name, func(t *testing.T) {
			v := verifierOf(t, one, func(x *sigstore.Trust) { x.Root, x.Demand = three3, test.demand })
			got, err := v.Verify(t.Context(), bundle(t, one, test.recipe), anything())
			if test.code != "" {
				require.ErrorIs(t, err, attest.Is(test.code))
				return
			}
			require.NoError(t, err)
			assert.GreaterOrEqual(t, len(got.Inclusions()), test.demand.Logs)
		})
	}
}

// secondSCT adds a timestamp by another instance's certificate log.
func secondSCT(t testing.TB, one, other *virtual.Instance) func([]*virtual.SCT) []*virtual.SCT {
	t.Helper()
	return func(s []*virtual.SCT) []*virtual.SCT {
		second := *s[0]
		second.Key, second.LogID = other.CT, virtual.LogID(t, other.CT)
		return append(s, &second)
	}
}

func TestTwoKeysOfOneAuthorityAreOne(t *testing.T) {
	one, second := virtual.New(t), virtual.New(t)
	root := rootOf(t, one, renamed(t, second))
	r := virtual.Recipe{Also: []*virtual.Instance{second}, SCTs: secondSCT(t, one, second)}
	v := verifierOf(t, one, func(x *sigstore.Trust) { x.Root = root })
	_, err := v.Verify(t.Context(), bundle(t, one, r), anything())
	require.NoError(t, err, "both hold, as one authority")
	for name, demand := range map[string]sigstore.Demand{
		"logs": {Logs: 2}, "timestamp authorities": {Timestamps: 2}, "certificate logs": {SCTs: 2}, "times": {Times: 3},
	} {
		_, err := sigstore.NewVerifier(sigstore.Trust{Authority: "a", Root: root, Identities: identities(), Demand: demand})
		assert.ErrorIs(t, err, attest.Is(sigstore.CodeTrust), "the root has one of the %s, and so cannot give two", name)
	}
}
