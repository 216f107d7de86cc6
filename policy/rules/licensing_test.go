package rules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/provenance/predicate"
)

// licensed is a bill in SPDX 3 with more elements, and changes of the others.
func licensed(elements string, change ...string) []byte {
	return spdx3(append([]string{`"comment":{"a":[{"b":1},2]}}`, `"comment":{"a":[{"b":1},2]}}` + elements}, change...)...)
}

// expression is a licence expression of a graph.
func expression(id, text string) string {
	return `,{"type":"simplelicensing_LicenseExpression","spdxId":"https://example.com/` + id + `","simplelicensing_licenseExpression":"` + text + `"}`
}

// gives is a relationship by which the component has licences.
func gives(id, kind string, to ...string) string {
	for i := range to {
		if !strings.Contains(to[i], ":") && !strings.Contains(to[i], "_") {
			to[i] = "https://example.com/" + to[i]
		}
	}
	list, _ := json.Marshal(append([]string{}, to...))
	return `,{"type":"Relationship","spdxId":"https://example.com/` + id + `","from":"https://example.com/m","relationshipType":"` + kind + `","to":` + string(list) + `}`
}

const (
	declared  = "hasDeclaredLicense"
	concluded = "hasConcludedLicense"
)

// graphLicences are bills in SPDX 3 for the rule about licences.
func graphLicences() []fixture {
	r := rules.Licences{Trust: trust(), Allow: []string{"MIT", "Apache-2.0"}, Except: []string{"pkg:golang/example.org/"}}
	mit, gpl := expression("mit", "MIT"), expression("gpl", "GPL-3.0-only")
	yes := func(name, matters, elements string, change ...string) fixture {
		return fixture{name: "graph licences: " + name, rule: r, statements: one(licensed(elements, change...)), outcome: sat, matters: lost(matters)}
	}
	no := func(name, elements string, change ...string) fixture {
		return fixture{name: "graph licences: " + name, rule: r, statements: one(licensed(elements, change...)), outcome: vio, code: rules.CodeLicence, excess: bad}
	}
	return []fixture{
		yes("declared", `/predicate/@graph/(4/spdxId|6(/(type|spdxId|simplelicensing_licenseExpression))?|7(/(type|from|relationshipType|to(/0)?))?)`, mit+gives("d", declared, "mit")),
		yes("concluded", `/predicate/@graph/7(/(type|from|relationshipType|to(/0)?))?`, mit+gives("c", concluded, "mit")),
		yes("by a choice", `/predicate/@graph/6/simplelicensing_licenseExpression`, expression("x", "GPL-3.0-only OR MIT")+gives("d", declared, "x")),
		yes("declared, and not concluded", `/predicate/@graph/7/to/0`, mit+gives("d", declared, "mit")+gives("c", concluded, "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense")),
		yes("declared, and not concluded in short", `/predicate/@graph/7/to/0`, mit+gives("d", declared, "mit")+gives("c", concluded, "expandedlicensing_NoAssertionLicense")),
		yes("declared, and not concluded in words", `/predicate/@graph/8/to/0`, mit+expression("n", "NOASSERTION")+gives("d", declared, "mit")+gives("c", concluded, "n")),
		yes("declared and concluded", `/predicate/@graph/(8|9)/to`, mit+expression("a", "Apache-2.0")+gives("d", declared, "mit")+gives("c", concluded, "a")),
		yes("in a phase", `/predicate/@graph/7/to`, mit+strings.Replace(gives("d", declared, "mit"), `"Relationship"`, `"LifecycleScopedRelationship"`, 1)),
		yes("of an element that is told later", `/predicate/@graph/(0/from|1/spdxId)`, ``, `"@graph":[`, `"@graph":[`+strings.TrimPrefix(gives("d", declared, "mit"), ",")+mit+","),
		yes("of a file beside it", `/predicate/@graph/7/to`, mit+gives("d", declared, "mit")+gpl+`,{"type":"software_File","spdxId":"https://example.com/f"}`+strings.Replace(gives("g", declared, "gpl"), "example.com/m", "example.com/f", 1)),
		yes("beside relationships of other shapes", `/predicate/@graph/7/to`, mit+gives("d", declared, "mit")+`,{"type":"Relationship","spdxId":"https://example.com/o1","from":{"x":[1]},"relationshipType":"other","to":"https://example.com/m"},{"type":"Relationship","spdxId":"https://example.com/o2","from":[[]],"relationshipType":"other","to":[{"x":[{}]},[1],2,"https://example.com/m"]}`),
		yes("of an excepted component", `/predicate/@graph/4/externalIdentifier`, ``, "pkg:golang/example.com/m@v1.2.0", "pkg:golang/example.org/m@v1.2.0"),
		telling(no("none told", ``), "without any"),
		no("unlisted", gpl+gives("d", declared, "gpl")),
		no("declared well and concluded otherwise", mit+gpl+gives("d", declared, "mit")+gives("c", concluded, "gpl")),
		no("two, one of them unlisted", mit+gpl+gives("d", declared, "mit", "gpl")),
		no("of another element", mit+strings.Replace(gives("d", declared, "mit"), "example.com/m", "example.com/app", 1)),
		no("by another relationship", mit+gives("d", "contains", "mit")),
		telling(no("that the bill does not have", mit+gives("d", declared, "mit", "x")), "no licence expression"),
		telling(no("that is only an address", gives("d", declared, "https://spdx.org/licenses/MIT")), "no licence expression"),
		no("that is another element", mit+gives("d", declared, "app")),
		no("of texts", `,{"type":"simplelicensing_SimpleLicensingText","spdxId":"https://example.com/t","simplelicensing_licenseText":"MIT","simplelicensing_licenseExpression":"MIT"}`+gives("d", declared, "t")),
		no("that refer to each other", `,{"type":"expandedlicensing_ConjunctiveLicenseSet","spdxId":"https://example.com/a","expandedlicensing_member":["https://example.com/b"]},{"type":"expandedlicensing_ConjunctiveLicenseSet","spdxId":"https://example.com/b","expandedlicensing_member":["https://example.com/a"]}`+gives("d", declared, "a")),
		no("that are their own", expression("mit", "MIT")+gives("d", declared, "d")),
		no("none at all", gives("d", declared, "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoneLicense")),
		no("none at all in short", mit+gives("d", declared, "mit")+gives("c", concluded, "expandedlicensing_NoneLicense")),
		no("not concluded alone", gives("c", concluded, "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense")),
		no("that are no ids", mit+strings.Replace(gives("d", declared, "mit"), `["https://example.com/mit"]`, `["https://example.com/mit",{"x":1}]`, 1)),
		no("declared, and not concluded in somebody's words", mit+gives("d", declared, "mit")+gives("c", concluded, "https://example.com/terms/ExpandedLicensing/NoAssertionLicense")),
		no("an expression without words", `,{"type":"simplelicensing_LicenseExpression","spdxId":"https://example.com/mit"}`+gives("d", declared, "mit")),
		no("an empty expression", expression("mit", "")+gives("d", declared, "mit")),
		no("of a component without an id", mit, `{"type":"software_Package","spdxId":"https://example.com/m"`, `{"type":"software_Package"`),
		no("a later one", mit+gives("d", declared, "mit")+`,{"type":"software_Package","spdxId":"https://example.com/z","software_packageUrl":"pkg:golang/example.com/z@v1"}`),
	}
}

// unreadableGraphLicences are bills in SPDX 3 whose licences cannot be told.
func unreadableGraphLicences() []fixture {
	mit := expression("mit", "MIT")
	given := mit + gives("d", declared, "mit")
	bill := func(name, elements string, change ...string) fixture {
		return fixture{name: "graph licences: " + name, rule: rules.Licences{Trust: trust(), Allow: []string{"MIT"}}, statements: one(licensed(elements, change...))}
	}
	swap := func(old, replacement string) string { return strings.Replace(given, old, replacement, 1) }
	return []fixture{
		bill("a component twice", given+`,{"type":"software_Package","spdxId":"https://example.com/m"}`),
		bill("a component that is a file too", given+`,{"type":"software_File","spdxId":"https://example.com/m"}`),
		bill("an expression twice", given+expression("mit", "GPL-3.0-only")),
		bill("a relationship twice", given+gives("d", concluded, "mit")),
		bill("an element of two types", strings.Replace(given, `"type":"Relationship"`, `"type":["Relationship","software_Package"]`, 1)),
		bill("an expression that relates", mit+swap(`"type":"Relationship"`, `"type":"simplelicensing_LicenseExpression"`)[len(mit):]),
		bill("a package that relates", mit+swap(`"type":"Relationship"`, `"type":"software_Package"`)[len(mit):]),
		bill("a licence of nobody", swap(`"from":"https://example.com/m",`, ``)),
		bill("a licence of what is not there", swap(`"from":"https://example.com/m"`, `"from":"https://example.com/n"`)),
		bill("a licence of what comes last of all", swap(`"from":"https://example.com/m"`, `"from":""`)),
		bill("a licence of a list", swap(`"from":"https://example.com/m"`, `"from":["https://example.com/m"]`)),
		bill("a licence that is no list", swap(`["https://example.com/mit"]`, `"https://example.com/mit"`)),
		bill("an empty list", mit+gives("d", declared)),
		bill("more licences than one can have", mit+gives("d", declared, slices.Repeat([]string{"mit"}, 1025)...)),
		bill("no list", swap(`"to":["https://example.com/mit"]`, `"x":1`)),
		bill("a relationship of two types", swap(`"hasDeclaredLicense"`, `["hasDeclaredLicense"]`)),
		bill("an expression that is no text", swap(`"simplelicensing_licenseExpression":"MIT"`, `"simplelicensing_licenseExpression":["MIT"]`)),
		bill("an element that takes the place of none", given+`,{"type":"Person","spdxId":"NONE"}`),
		bill("an element that takes the place of no answer", given+`,{"type":"Person","spdxId":"NOASSERTION"}`),
		bill("an element that is no answer to SPDX", given+strings.Replace(expression("x", "GPL-3.0-only"), "https://example.com/x", "https://spdx.org/rdf/3.0.0/terms/ExpandedLicensing/NoAssertionLicense", 1)),
		bill("an element that is no answer in short", given+strings.Replace(expression("x", "GPL-3.0-only"), "https://example.com/x", "expandedlicensing_NoAssertionLicense", 1)),
		bill("an element with a graph", given+`,{"type":"Person","@graph":[]}`),
	}
}

// lite is a bill of the shape of "lite/example1/spdx3.0/lite-example-1.spdx.json" of
// github.com/spdx/spdx-examples, which is in SPDX 3.0.1, with other names and with hashes
// where that has words: a document, a bill, a package whose licence is declared and
// concluded, and who made it. Members and their order are as there.
func lite(licence string) []byte {
	const at = "https://example.com/spdxdocs/1"
	return raw(predicate.SPDX3Type, `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[
		{"type":"SpdxDocument","spdxId":"`+at+`/Document/1","name":"Lite-SpdxDocument","comment":"if any","creationInfo":"_:creationinfo",
			"verifiedUsing":[{"type":"Hash","algorithm":"sha3_512","hashValue":"`+strings.Repeat("0", 128)+`"}],"rootElement":["`+at+`/Sbom/1"],"element":["`+at+`/Sbom/1"],"dataLicense":"CC0-1.0"},
		{"type":"software_Sbom","spdxId":"`+at+`/Sbom/1","creationInfo":"_:creationinfo","rootElement":["`+at+`/Package/1"],
			"element":["`+at+`/Package/1","`+at+`/LicenseExpression/1","`+at+`/Relationship/1","`+at+`/Relationship/2","`+at+`/Relationship/3"],"software_sbomType":["build"]},
		{"type":"CreationInfo","@id":"_:creationinfo","specVersion":"3.0.0","comment":"if any","created":"2024-05-06T00:00:00Z","createdBy":["`+at+`/Agent/A"]},
		{"type":"Person","spdxId":"`+at+`/Agent/A","name":"A","creationInfo":"_:creationinfo","externalIdentifier":[{"type":"ExternalIdentifier","externalIdentifierType":"email","identifier":"a@example.com"}]},
		{"type":"software_Package","spdxId":"`+at+`/Package/1","name":"my-package","comment":"if any","creationInfo":"_:creationinfo",
			"verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"`+artifactHex+`"}],"originatedBy":["`+at+`/Agent/A"],"suppliedBy":"`+at+`/Agent/A",
			"builtTime":"2024-05-06T00:00:00Z","releaseTime":"2024-05-06T00:00:00Z","validUntilTime":"2034-05-06T00:00:00Z","supportLevel":"limitedSupport",
			"software_copyrightText":"copyright text","software_attributionText":["other attribution text"],"software_packageVersion":"v1.0",
			"software_downloadLocation":"http://dl.example.com/my-package_v1.0.tar","software_packageUrl":"pkg:github/example/my-package/releases/tag/v1.0","software_homePage":"website for the Package/1"},
		{"type":"software_Package","spdxId":"`+at+`/Package/2","name":"inner","creationInfo":"_:creationinfo","software_packageUrl":"pkg:github/example/inner@v1"},
		{"type":"simplelicensing_LicenseExpression","spdxId":"`+at+`/LicenseExpression/1","creationInfo":"_:creationinfo","simplelicensing_licenseExpression":"`+licence+`","simplelicensing_licenseListVersion":"3.23.0"},
		{"type":"Relationship","spdxId":"`+at+`/Relationship/1","creationInfo":"_:creationinfo","from":"`+at+`/Sbom/1","to":["`+at+`/Package/1"],"relationshipType":"contains"},
		{"type":"Relationship","spdxId":"`+at+`/Relationship/2","creationInfo":"_:creationinfo","from":"`+at+`/Package/2","to":["`+at+`/LicenseExpression/1"],"relationshipType":"hasDeclaredLicense"},
		{"type":"Relationship","spdxId":"`+at+`/Relationship/3","creationInfo":"_:creationinfo","from":"`+at+`/Package/2","to":["`+at+`/LicenseExpression/1"],"relationshipType":"hasConcludedLicense"}]}`)
}

func TestABillOfTheShapeOfAPublishedOneIsJudged(t *testing.T) {
	e := engine(t, rules.Licences{Trust: trust(), Allow: []string{"MIT"}})
	for licence, want := range map[string]policy.Verdict{"MIT": policy.Allow, "MIT AND GPL-3.0-only": policy.Deny, "NOASSERTION": policy.Deny} {
		d, ok := evaluate(t, e, lite(licence))
		require.True(t, ok)
		require.Equal(t, want, d.Verdict(), "%s: %v", licence, d.Err())
	}
}

// largeGraph is a bill in SPDX 3 of n components, each with a package URL, a digest, and
// a licence that is declared and concluded: 5 MB for 6,500.
func largeGraph(n int) []byte {
	var b strings.Builder
	for i := range 20 {
		b.WriteString(expression(fmt.Sprintf("licence-%d", i), "Apache-2.0"))
	}
	for i := range n {
		fmt.Fprintf(&b, `,{"type":"software_Package","spdxId":"https://example.com/package-%d","creationInfo":"_:info","name":"module-%d","software_packageVersion":"v1.%d.0","software_packageUrl":"pkg:golang/example.com/group/module-%d@v1.%d.0",`+
			`"verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"%064x"}]}`, i, i, i, i, i, i)
		for _, kind := range []string{declared, concluded} {
			fmt.Fprintf(&b, `,{"type":"Relationship","spdxId":"https://example.com/%s-%d","creationInfo":"_:info","from":"https://example.com/package-%d","relationshipType":"%s","to":["https://example.com/licence-%d"]}`, kind, i, i, kind, i%20)
		}
	}
	b.WriteString(expression("mit", "MIT") + gives("rel-m", declared, "mit"))
	return licensed(b.String())
}

func TestTheLicencesOfALargeGraphAreReadInLittleMemory(t *testing.T) {
	size := 6_500
	if underRace {
		size = 500
	}
	req := billRequest(t, largeGraph(size))
	require.Greater(t, len(req.Evidence[0].Statement().Bytes()), size*700)
	e := engine(t, largeRules()["licences"])
	require.LessOrEqual(t, allocated(func() {
		d, err := e.Evaluate(context.Background(), req)
		require.NoError(t, err)
		require.True(t, d.Allowed(now), "%v", d.Err())
	}), uint64(1<<20))
}

func BenchmarkLargeGraph(b *testing.B) {
	req := billRequest(b, largeGraph(6_500))
	e := engine(b, largeRules()["licences"])
	b.SetBytes(int64(len(req.Evidence[0].Statement().Bytes())))
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		if d, err := e.Evaluate(context.Background(), req); err != nil || !d.Allowed(now) {
			b.Fatal(err, d.Err())
		}
	}
	b.ReportMetric(float64(processorTime(b)-before)/1e6/float64(b.N), "cpu-ms/op")
}

// allocated is how many bytes f allocates, with what else runs.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// The stream and encoding/json agree about who has which licences, or the stream
// refuses the graph.
func FuzzLicensing(f *testing.F) {
	mit, gpl := expression("mit", "MIT"), expression("gpl", "GPL-3.0-only")
	for _, seed := range []string{mit + gives("d", declared, "mit"), mit + gpl + gives("d", declared, "mit", "gpl"), mit + gpl + gives("d", declared, "gpl") + gives("c", concluded, "mit"), `,{"type":"Relationship","to":1}`, ``} {
		f.Add(seed)
	}
	e := engine(f, rules.Licences{Trust: trust(), Allow: []string{"MIT"}})
	whole, err := attest.ParseStatement(licensed(""), attest.Limits{})
	require.NoError(f, err)
	body := strings.TrimSuffix(string(whole.Predicate()), "]}")
	f.Fuzz(func(t *testing.T, elements string) {
		s, err := attest.NewStatement(predicate.SPDX3Type, json.RawMessage(body+elements+"]}"), subject())
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
		texts, given := map[any]any{}, map[any][]any{}
		for _, element := range list {
			if element["type"] == "simplelicensing_LicenseExpression" {
				texts[element["spdxId"]] = element["simplelicensing_licenseExpression"]
			}
			if slices.Contains([]any{declared, concluded}, element["relationshipType"]) {
				to, _ := element["to"].([]any)
				given[element["from"]] = append(given[element["from"]], to...)
			}
		}
		for _, element := range list {
			if kind, _ := element["type"].(string); !strings.HasSuffix(kind, "Package") || element["spdxId"] == "https://example.com/app" {
				continue
			}
			assert.NotEmpty(t, given[element["spdxId"]], "%s", elements)
			for _, to := range given[element["spdxId"]] {
				text, _ := texts[to].(string)
				name, _ := to.(string)
				assert.True(t, strings.Contains(text, "MIT") || text == "NOASSERTION" || strings.HasSuffix(name, "NoAssertionLicense") && strings.HasPrefix(name, "https://spdx.org/") || name == "expandedlicensing_NoAssertionLicense" || name == "NOASSERTION", "%s", elements)
			}
		}
	})
}
