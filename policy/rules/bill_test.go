package rules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/provenance/predicate"
)

// largeBill is a CycloneDX bill of n components, each with a package URL, a digest and
// a licence: 5 MB for 17,000.
func largeBill(n int) []byte {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"library","bom-ref":"m%d","name":"module-%d","version":"v1.%d.0","purl":"pkg:golang/example.com/group/module-%d@v1.%d.0",`+
			`"hashes":[{"alg":"SHA-256","content":"%064x"}],"licenses":[{"license":{"id":"Apache-2.0"}}]}`, i, i, i, i, i, i)
	}
	return cyclone(b.String())
}

func billRequest(t testing.TB, bill []byte) policy.Request {
	t.Helper()
	s, err := attest.ParseStatement(bill, attest.Limits{})
	require.NoError(t, err)
	v, err := policytest.Synthetic{Signers: []string{"platform"}}.Seal(s)
	require.NoError(t, err)
	return policy.Request{Subject: subject(), Phase: policy.PhaseDeploy, Now: now, Evidence: []*attest.Verified{v}}
}

func largeRules() map[string]policy.Rule {
	return map[string]policy.Rule{
		"sbom":         sbomRule(),
		"dependencies": rules.Dependencies{Trust: trust(), Allow: []string{"pkg:golang/example.com/"}, Deny: []string{"pkg:golang/example.com/evil"}},
		"licences":     rules.Licences{Trust: trust(), Allow: []string{"MIT", "Apache-2.0"}},
	}
}

func TestALargeBillIsReadInLittleMemory(t *testing.T) {
	size := 17_000
	if underRace {
		size = 1_000
	}
	req := billRequest(t, largeBill(size))
	require.Greater(t, len(req.Evidence[0].Statement().Bytes()), size*280)
	for name, r := range largeRules() {
		t.Run(name, func(t *testing.T) {
			e := engine(t, r)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d, err := e.Evaluate(context.Background(), req)
			runtime.ReadMemStats(&after)
			require.NoError(t, err)
			require.True(t, d.Allowed(now), "%v", d.Err())
			require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
		})
	}
}

// processorTime is what the process has used, which a busy machine does not change.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkLargeBill(b *testing.B) {
	req := billRequest(b, largeBill(17_000))
	size := int64(len(req.Evidence[0].Statement().Bytes()))
	for name, r := range largeRules() {
		b.Run(name, func(b *testing.B) {
			e := engine(b, r)
			b.SetBytes(size)
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				if d, err := e.Evaluate(context.Background(), req); err != nil || !d.Allowed(now) {
					b.Fatal(err, d.Err())
				}
			}
			b.ReportMetric(float64(processorTime(b)-before)/1e6/float64(b.N), "cpu-ms/op")
		})
	}
	b.Run("baseline/json-into-map", func(b *testing.B) {
		raw := req.Evidence[0].Statement().Predicate()
		b.SetBytes(size)
		b.ReportAllocs()
		before := processorTime(b)
		for b.Loop() {
			var v map[string]any
			if err := json.Unmarshal(raw, &v); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(processorTime(b)-before)/1e6/float64(b.N), "cpu-ms/op")
	})
}

// Whatever the length of what stands before it, a component is read whole: texts and
// escapes may lie across the edge of the reader's window.
func TestTheWindowHasNoEdge(t *testing.T) {
	strange := strings.Replace(part, `"name":"m"`, `"name":"\u0041\"\\\n\ud83d\ude00"`, 1)
	r := rules.Dependencies{Trust: trust(), Allow: []string{purl}}
	e := engine(t, r)
	for pad := 32<<10 - 600; pad < 32<<10+100; pad += 7 {
		bill := cyclone(`{"description":"` + strings.Repeat("x", pad) + `","serial":` + strings.Repeat("1", 50) + `,` + strange[1:])
		d, ok := evaluate(t, e, bill)
		require.True(t, ok)
		require.True(t, d.Allowed(now), "%d: %v", pad, d.Err())
	}
}

// reference is what encoding/json reads of a CycloneDX bill.
type reference struct {
	Name       string      `json:"name"`
	PURL       string      `json:"purl"`
	Components []reference `json:"components"`
}

func (r reference) allowed() bool {
	for _, c := range r.Components {
		if c.PURL != purl || !c.allowed() {
			return false
		}
	}
	return true
}

// The stream and encoding/json agree about which components there are.
func FuzzBill(f *testing.F) {
	for _, seed := range []string{part, part + "," + part, `{"purl":"x"}`, `{"components":[` + part + `]}`, `{"na\u006de":"\u00e9"}`, `{}`, ``, ` 1 `, `{"purl":"pkg:golang/example.com/m@v1.2.0","x":[[{}],"\\"]}`} {
		f.Add(seed)
	}
	e := engine(f, rules.Dependencies{Trust: trust(), Allow: []string{purl}})
	f.Fuzz(func(t *testing.T, components string) {
		body := `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"hashes":[{"alg":"SHA-256","content":"` + artifactHex + `"}]}},"components":[` + components + `]}`
		s, err := attest.NewStatement("https://cyclonedx.org/bom", json.RawMessage(body), subject())
		if err != nil {
			return
		}
		d, ok := evaluate(t, e, s.Bytes())
		require.True(t, ok)
		var want struct {
			Metadata   struct{ Component reference } `json:"metadata"`
			Components []reference                   `json:"components"`
			Format     string                        `json:"bomFormat"`
		}
		if json.Unmarshal(s.Predicate(), &want) != nil {
			assert.False(t, d.Allowed(now) && want.Components == nil)
			return
		}
		if d.Allowed(now) {
			assert.True(t, reference{Components: want.Components}.allowed(), "%s", body)
		}
	})
}

// The stream and encoding/json agree about which packages a graph has, or the stream
// refuses the graph.
func FuzzGraph(f *testing.F) {
	m := `{"type":"software_Package","spdxId":"m","software_packageUrl":"` + purl + `"}`
	for _, seed := range []string{m, m + "," + m, `{"type":"software_Package"}`, `{"type":"Relationship","to":[` + m + `]}`, `{"type":"Person","x":{"y":[1,{"z":"\u00e9"}]}}`, `{"@type":"software_Package"}`, `{}`, ``, ` 1 `} {
		f.Add(seed)
	}
	e := engine(f, rules.Dependencies{Trust: trust(), Allow: []string{purl}})
	f.Fuzz(func(t *testing.T, elements string) {
		body := `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"SpdxDocument","rootElement":["app"]},{"type":"software_Package","spdxId":"app","verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"` + artifactHex + `"}]},` + elements + `]}`
		s, err := attest.NewStatement(predicate.SPDX3Type, json.RawMessage(body), subject())
		if err != nil {
			return
		}
		d, ok := evaluate(t, e, s.Bytes())
		require.True(t, ok)
		if !d.Allowed(now) {
			return
		}
		var graph map[string]json.RawMessage // whose keys are compared exactly
		var list []map[string]any
		require.NoError(t, json.Unmarshal(s.Predicate(), &graph))
		require.NoError(t, json.Unmarshal(graph["@graph"], &list))
		for _, element := range list[2:] {
			kind, _ := element["type"].(string)
			assert.False(t, strings.HasSuffix(kind, "Package") && element["software_packageUrl"] != purl, "%s", body)
		}
	})
}

// Of compositions that come before what they are about, so many parts are remembered.
func TestACompositionIsReadWhereverItStands(t *testing.T) {
	e := engine(t, sbomRule())
	composition := func(parts int) string {
		return `"compositions":[{"aggregate":"complete","assemblies":[` + manyOf(parts, `"%d",`) + `"app"]}]`
	}
	about := `"hashes":[{"alg":"SHA-256","content":"` + artifactHex + `"}]`
	for bill, want := range map[string]policy.Verdict{
		composition(999): policy.Allow, composition(1000): policy.Deny,
	} {
		early := raw(predicate.CycloneDXType, `{`+bill+`,"components":[`+part+`],"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{`+about+`,"bom-ref":"app"}}}`)
		d, ok := evaluate(t, e, early)
		require.True(t, ok)
		require.Equal(t, want, d.Verdict(), "%v", d.Err())
		d, ok = evaluate(t, e, cycloneAbout(about, part, ","+bill))
		require.True(t, ok)
		require.Equal(t, policy.Allow, d.Verdict(), "%v", d.Err())
	}
}

func TestABillCostsWhatItHasOfComponents(t *testing.T) {
	for cost, want := range map[int64]policy.Verdict{20: policy.Allow, 19: policy.Indeterminate} {
		for name, r := range largeRules() {
			e, err := policy.New(policy.Config{
				Policy: policy.PolicyRef{URI: "https://example.com/policy", Version: "1"}, Root: policy.Rules(r),
				Authorities: []string{policytest.Authority}, Testing: true, Validity: now.Sub(now.AddDate(0, 0, -1)),
				Budget: policy.Budget{Cost: cost},
			})
			require.NoError(t, err)
			d, err := e.Evaluate(context.Background(), billRequest(t, largeBill(20)))
			require.NoError(t, err)
			require.Equal(t, want, d.Verdict(), name)
			if want != policy.Allow {
				require.ErrorIs(t, d.Err(), attest.Is(policy.CodeRuleCost))
			}
		}
	}
}
