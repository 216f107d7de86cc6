package rules_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance/predicate"
)

// A bill of a million components is not read, and one of as many as are read ends soon,
// in little memory and in no Allow: of what it finds, a rule tells the first few.
func TestABillOfAMillionPartsIsDefused(t *testing.T) { // negative case 51
	bill := func(n int) []byte {
		return []byte(strings.Replace(string(cyclone(`"MANY"`)), `"MANY"`, manyOf(n-1, `{},`)+`{}`, 1))
	}
	_, err := attest.ParseStatement(bill(1_000_000), attest.Limits{})
	require.ErrorIs(t, err, attest.Is(attest.CodeLimit))
	n := 300_000
	if underRace {
		n = 20_000
	}
	many := func(part string) string { return strings.TrimSuffix(strings.Repeat(part+",", n), ",") }
	for name, document := range map[string][]byte{
		"components of nothing":   cyclone(many(`{}`)),
		"components without name": cyclone(many(`{"name":""}`)),
		"hashes of the subject":   cycloneAbout(`"hashes":[`+many(`{"alg":"SHA-1"}`)+`]`, part, ""),
		"hashes":                  cyclone(strings.Replace(part, `"hashes":[`, `"hashes":[`+many(`{}`)+`,`, 1)),
		"licences":                cyclone(strings.Replace(part, `[{"license":{"id":"MIT"}}]`, `[`+many(`{}`)+`]`, 1)),
		"packages":                raw(predicate.SPDX23Type, `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","packages":[`+many(`{}`)+`]}`),
		"checksums":               raw(predicate.SPDX23Type, `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-a","checksums":[`+many(`{}`)+`]}]}`),
		"references":              raw(predicate.SPDX23Type, `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-a","externalRefs":[`+many(`{"referenceType":"purl"}`)+`]}]}`),
		"hashes of an element":    raw(predicate.SPDX3Type, `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"software_Package","spdxId":"a","verifiedUsing":[`+many(`{"type":"Hash"}`)+`]}]}`),
		"names of an element":     raw(predicate.SPDX3Type, `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"software_Package","spdxId":"a","externalIdentifier":[`+many(`{"externalIdentifierType":"packageUrl"}`)+`]}]}`),
	} {
		for rule, r := range largeRules() {
			t.Run(name+" for "+rule, func(t *testing.T) {
				req := billRequest(t, document)
				e := engine(t, r)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				start := time.Now()
				d, err := e.Evaluate(t.Context(), req)
				took := time.Since(start)
				runtime.ReadMemStats(&after)
				require.NoError(t, err)
				require.NotEqual(t, policy.Allow, d.Verdict())
				require.Less(t, took, 20*250*time.Millisecond)
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
				t.Logf("%v, %d KiB", took.Round(time.Millisecond/10), (after.TotalAlloc-before.TotalAlloc)>>10)
			})
		}
	}
}
