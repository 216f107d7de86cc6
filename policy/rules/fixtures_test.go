package rules_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/provenance/verify"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/report"
	"github.com/sealwright/sealwright/tee"
)

const (
	sat  = policy.Satisfied
	vio  = policy.Violated
	und  = policy.Undetermined
	purl = "pkg:golang/example.com/m@v1.2.0"
)

// bad marks fixtures whose fault is that something is there.
var bad = at(`/predicate(/.*)?`)

// lost matches what may not go missing or change its type.
func lost(pattern string) func(provenancetest.Mutation) bool {
	return at(pattern, provenancetest.Delete, provenancetest.Empty, provenancetest.Null, provenancetest.Number,
		provenancetest.Bool, provenancetest.Array, provenancetest.Object, provenancetest.Fold)
}

// gone matches what may not go missing.
func gone(pattern string) func(provenancetest.Mutation) bool {
	return at(pattern, provenancetest.Delete, provenancetest.Null, provenancetest.Number, provenancetest.Bool, provenancetest.String)
}

// telling adds what the first reason must tell.
func telling(f fixture, got string) fixture { f.got = got; return f }

func one(statement []byte) [][]byte { return [][]byte{statement} }

func more() []fixture {
	var out []fixture
	for _, list := range [][]fixture{
		bills(), graphs(), dependencies(), licences(), graphLicences(), levels(), buildLevels(), risks(), vexes(), people(), suites(), attributes(), bases(), ledgers(),
	} {
		out = append(out, list...)
	}
	return out
}

func sbomRule() rules.SBOM {
	return rules.SBOM{Trust: trust(), MinComponents: 1, Complete: true, Identified: true, Hashed: true}
}

func bills() []fixture {
	r, plain := sbomRule(), rules.SBOM{Trust: trust(), MinComponents: 1}
	swap := func(old, new string) []byte { return cyclone(strings.Replace(part, old, new, 1)) }
	claims := func(name, compositions string) fixture {
		return fixture{name: "sbom: claims " + name, rule: r, statements: one(cycloneAbout(`"hashes":[{"alg":"SHA-256","content":"`+artifactHex+`"}]`, part, ","+compositions)), outcome: vio, code: rules.CodeBillPartial, excess: bad}
	}
	early := func(name, assemblies string, outcome policy.Outcome) fixture {
		f := fixture{name: "sbom: claims " + name, rule: r, outcome: outcome, statements: one(raw(predicate.CycloneDXType, `{"compositions":[{"aggregate":"complete","assemblies":`+assemblies+`}],"components":[`+part+
			`],"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"hashes":[{"alg":"SHA-256","content":"`+artifactHex+`"}],"bom-ref":"app"}}}`))}
		if outcome == sat {
			f.matters = lost(`/predicate/(metadata/component/bom-ref|compositions(/0(/aggregate|/assemblies)?)?)`)
		} else {
			f.code, f.excess = rules.CodeBillPartial, bad
		}
		return f
	}
	document := `/predicate/(bomFormat|specVersion|metadata|metadata/component|metadata/component/hashes(/1(/alg|/content)?)?|components|metadata/component/bom-ref|compositions(/0(/aggregate|/assemblies(/1)?)?)?|components/0/(name|version|purl|hashes(/0(/alg|/content)?)?))`
	return []fixture{
		{name: "sbom: bound and whole", rule: r, statements: one(cyclone(part)), outcome: sat, matters: lost(document)},
		{name: "sbom: nested components", rule: rules.SBOM{Trust: trust(), MinComponents: 3}, statements: one(cyclone(strings.Replace(part, `"name"`, `"components":[`+part+`,`+part+`],"name"`, 1))), outcome: sat, matters: gone(`/predicate/components/0/components(/[01])?`)},
		{name: "sbom: parts of the subject", rule: plain, statements: one(cycloneAbout(`"components":[`+part+`],"hashes":[{"alg":"SHA-256","content":"`+artifactHex+`"}]`, "", "")), outcome: sat, matters: gone(`/predicate/metadata/component/components(/0)?`)},
		{name: "sbom: by another digest", rule: r, statements: one(cycloneAbout(`"hashes":[{"alg":"SHA-256","content":"`+otherHex+`"}]`, part, whole)), outcome: vio, code: rules.CodeUnbound},
		{name: "sbom: by the digest under another algorithm", rule: r, statements: one(cycloneAbout(`"hashes":[{"alg":"BLAKE3","content":"`+artifactHex+`"}]`, part, whole)), outcome: vio, code: rules.CodeUnbound},
		{name: "sbom: by two digests of one algorithm", rule: r, statements: one(cycloneAbout(`"hashes":[{"alg":"SHA-256","content":"`+otherHex+`"},{"alg":"SHA-256","content":"`+artifactHex+`"}]`, part, whole)), outcome: vio, code: rules.CodeUnbound, excess: bad},
		{name: "sbom: by the digest in upper case", rule: r, statements: one(cycloneAbout(`"hashes":[{"alg":"SHA-256","content":"`+strings.ToUpper(artifactHex)+`"}]`, part, whole)), outcome: vio, code: rules.CodeUnbound},
		{name: "sbom: by no digest", rule: r, statements: one(cycloneAbout(`"version":"1"`, part, whole)), outcome: vio, code: rules.CodeUnbound},
		{name: "sbom: the digest stands at a component only", rule: plain, statements: one(cycloneAbout(`"version":"1"`, strings.Replace(part, otherHex, artifactHex, 1), "")), outcome: vio, code: rules.CodeUnbound},
		{name: "sbom: empty", rule: r, statements: one(cyclone("")), outcome: vio, code: rules.CodeBillShort},
		{name: "sbom: one component too few", rule: rules.SBOM{Trust: trust(), MinComponents: 2}, statements: one(cyclone(part)), outcome: vio, code: rules.CodeBillShort, excess: at(`/predicate/components/0`, provenancetest.Duplicate)},
		{name: "sbom: claims nothing", rule: r, statements: one(cycloneAbout(`"hashes":[{"alg":"SHA-256","content":"`+artifactHex+`"}]`, part, "")), outcome: vio, code: rules.CodeBillPartial},
		{name: "sbom: partly complete", rule: r, statements: one(cycloneAbout(`"hashes":[{"alg":"SHA-256","content":"`+artifactHex+`"}]`, part, `,"compositions":[{"aggregate":"complete","assemblies":["app"]},{"aggregate":"unknown"}]`)), outcome: vio, code: rules.CodeBillPartial, excess: bad},
		early("early", `["m","app"]`, sat),
		{name: "sbom: claims first of itself, then of another part", rule: r, statements: one(cycloneAbout(`"hashes":[{"alg":"SHA-256","content":"`+artifactHex+`"}]`, part, `,"compositions":[{"aggregate":"complete","assemblies":["app","m"]}]`)), outcome: sat, matters: lost(`/predicate/(metadata/component/bom-ref|compositions(/0(/aggregate|/assemblies(/0)?)?)?)`)},
		early("early of another part", `["m"]`, vio),
		early("early of too many parts", `[`+manyOf(1000, `"%d",`)+`"app"]`, vio),
		claims("something that is about nothing", `"compositions":[{"aggregate":"complete"}]`),
		claims("another part to be complete", `"compositions":[{"aggregate":"complete","assemblies":["m"]}]`),
		claims("dependencies to be complete", `"compositions":[{"aggregate":"complete","dependencies":["app"],"assemblies":[]}]`),
		claims("parts to be complete and itself not", `"compositions":[{"aggregate":"complete","assemblies":["m"]},{"aggregate":"incomplete","assemblies":["app"]}]`),
		claims("itself to be complete and its parts not", `"compositions":[{"aggregate":"incomplete_first_party_only","assemblies":["m"]},{"aggregate":"complete","assemblies":["app"]}]`),
		claims("itself to be complete, with no aggregate", `"compositions":[{"assemblies":["app"]}]`),
		{name: "sbom: claims something about what has no name", rule: r, statements: one([]byte(strings.ReplaceAll(string(cyclone(part)), `"app"`, `""`))), outcome: vio, code: rules.CodeBillPartial, excess: bad},
		{name: "sbom: partial", rule: r, statements: one(cycloneAbout(`"hashes":[{"alg":"SHA-256","content":"`+artifactHex+`"}]`, part, `,"compositions":[{"assemblies":["x"],"aggregate":"incomplete"}]`)), outcome: vio, code: rules.CodeBillPartial, excess: bad},
		{name: "sbom: a component without a name", rule: r, statements: one(swap(`"name":"m",`, ``)), outcome: vio, code: rules.CodeUnidentified, excess: bad},
		{name: "sbom: a component without a version", rule: r, statements: one(swap(`"version":"v1.2.0",`, ``)), outcome: vio, code: rules.CodeUnidentified, excess: bad},
		{name: "sbom: a component without a package URL", rule: r, statements: one(swap(`"purl":"`+purl+`",`, ``)), outcome: vio, code: rules.CodeUnidentified, excess: bad},
		{name: "sbom: a component with a weak hash", rule: r, statements: one(swap("SHA-256", "SHA-1")), outcome: vio, code: rules.CodeUnpinned, excess: bad},
		{name: "sbom: a component with the digit slash", rule: r, statements: one(swap(otherHex, "/"+otherHex[1:])), outcome: vio, code: rules.CodeUnpinned, excess: bad},
		{name: "sbom: a component with the digit colon", rule: r, statements: one(swap(otherHex, ":"+otherHex[1:])), outcome: vio, code: rules.CodeUnpinned, excess: bad},
		{name: "sbom: a component with the digit backquote", rule: r, statements: one(swap(otherHex, "`"+otherHex[1:])), outcome: vio, code: rules.CodeUnpinned, excess: bad},
		{name: "sbom: a component with the digit g", rule: r, statements: one(swap(otherHex, "g"+otherHex[1:])), outcome: vio, code: rules.CodeUnpinned, excess: bad},
		{name: "sbom: a component with a short hash", rule: r, statements: one(swap(otherHex, otherHex[1:])), outcome: vio, code: rules.CodeUnpinned, excess: bad},
		{name: "sbom: a component with two hashes", rule: r, statements: one(swap(`"hashes":[`, `"hashes":[{"alg":"SHA-512","content":"`+strings.Repeat("12", 64)+`"},`)), outcome: sat, matters: lost(`/predicate/(bomFormat|metadata|metadata/component/hashes(/1)?)`)},
		{name: "sbom: a component with two hashes by one algorithm", rule: r, statements: one(swap(`"hashes":[`, `"hashes":[{"alg":"SHA-256","content":"`+artifactHex+`"},`)), outcome: vio, code: rules.CodeUnpinned, excess: bad},
		{name: "sbom: many faults", rule: r, statements: one(cyclone(strings.TrimSuffix(strings.Repeat(`{"name":"x"},`, 40), ","))), outcome: vio, code: rules.CodeUnidentified, got: "x"},
		{name: "sbom: components without identity, which nobody asked for", rule: plain, statements: one(cyclone(`{"name":"x"}`)), outcome: sat, matters: gone(`/predicate/components/0`)},
		{name: "sbom: in SHA-512", rule: plain, statements: one(cycloneAbout(`"hashes":[{"alg":"SHA-512","content":"`+strings.Repeat("12", 64)+`"},{"alg":"SHA-384","content":"`+strings.Repeat("12", 48)+`"},{"alg":"SHA-256","content":"`+artifactHex+`"}]`, part, "")), outcome: sat, matters: lost(`/predicate/metadata/component/hashes(/2)?`)},
		{name: "sbom: in the oldest version", rule: plain, statements: one([]byte(strings.Replace(string(cyclone(part)), `"1.6"`, `"1.2"`, 1))), outcome: sat, matters: lost(`/predicate/(specVersion|bomFormat|metadata)`)},
		{name: "sbom: in the newest version", rule: plain, statements: one([]byte(strings.Replace(string(cyclone(part)), `"1.6"`, `"1.7"`, 1))), outcome: sat, matters: lost(`/predicate/(specVersion|bomFormat|metadata)`)},
		{name: "sbom: a bad one beside a good one", rule: r, statements: [][]byte{cyclone(""), cyclone(part)}, outcome: vio, code: rules.CodeBillShort, excess: bad},

		{name: "sbom: a name with quotes", rule: r, statements: one(swap(`"name":"m"`, `"name":"\"m\\\""`)), outcome: sat, matters: lost(`/predicate/components/0/name`)},
		{name: "sbom: quotes across the edge of what is read at once", rule: r, statements: one(swap(`"name":"m"`, `"x":"`+strings.Repeat(`\"`, 1<<15)+`","name":"m"`)), outcome: sat, matters: lost(`/predicate/components/0/name`)},
		{name: "sbom: quotes across the edge, by one byte later", rule: r, statements: one(swap(`"name":"m"`, `"xy":"`+strings.Repeat(`\"`, 1<<15)+`","name":"m"`)), outcome: sat, matters: lost(`/predicate/components/0/name`)},
		{name: "sbom: SPDX", rule: rules.SBOM{Trust: trust(), MinComponents: 1, Identified: true, Hashed: true}, statements: one(spdx()), outcome: sat,
			matters: lost(`/predicate/(SPDXID|spdxVersion|relationships(/0(/.*)?)?|packages(/0/(SPDXID|checksums.*)|/1(/(name|versionInfo|checksums.*|externalRefs(/0(/referenceType|/referenceLocator)?)?))?)?)`)},
		{name: "sbom: SPDX that describes by a list", rule: plain, statements: one(spdx(`"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-app"}]`, `"documentDescribes":["SPDXRef-app"]`)), outcome: sat, matters: lost(`/predicate/documentDescribes(/0)?`)},
		{name: "sbom: SPDX with the artifact twice", rule: plain, statements: one(spdx(`"packages":[`, `"packages":[{"SPDXID":"SPDXRef-a","checksums":[{"algorithm":"SHA256","checksumValue":"`+artifactHex+`"}]},{"SPDXID":"SPDXRef-b","checksums":[{"algorithm":"SHA256","checksumValue":"`+artifactHex+`"}]},{"SPDXID":"SPDXRef-c","checksums":[{"algorithm":"SHA256","checksumValue":"`+artifactHex+`"}]},`)), outcome: sat, matters: lost(`/predicate/relationships(/0(/.*)?)?`)},
		{name: "sbom: SPDX 2.2", rule: plain, statements: one([]byte(strings.NewReplacer(predicate.SPDX23Type, predicate.SPDXType, "SPDX-2.3", "SPDX-2.2").Replace(string(spdx())))), outcome: sat, matters: lost(`/predicate/spdxVersion`)},
		{name: "sbom: SPDX of another digest", rule: plain, statements: one(spdx(artifactHex, strings.Repeat("c3", 32))), outcome: vio, code: rules.CodeUnbound},
		{name: "sbom: SPDX of the digest and another", rule: plain, statements: one(spdx(`"checksums":[{"algorithm":"SHA256","checksumValue":"`+artifactHex, `"checksums":[{"algorithm":"SHA256","checksumValue":"`+otherHex+`"},{"algorithm":"SHA256","checksumValue":"`+artifactHex)), outcome: vio, code: rules.CodeUnbound, excess: bad},
		{name: "sbom: SPDX of the digest under another algorithm", rule: plain, statements: one(spdx(`"SHA256","checksumValue":"`+artifactHex, `"SHA3-256","checksumValue":"`+artifactHex)), outcome: vio, code: rules.CodeUnbound},
		{name: "sbom: SPDX that describes another package", rule: plain, statements: one(spdx(`"relatedSpdxElement":"SPDXRef-app"`, `"relatedSpdxElement":"SPDXRef-m"`)), outcome: vio, code: rules.CodeUnbound},
		{name: "sbom: SPDX that describes what has no id", rule: plain, statements: one(spdx(`"relatedSpdxElement":"SPDXRef-app"`, `"relatedSpdxElement":""`, `{"SPDXID":"SPDXRef-app"`, `{"SPDXID":""`)), outcome: vio, code: rules.CodeUnbound},
		{name: "sbom: SPDX that only contains the package", rule: plain, statements: one(spdx("DESCRIBES", "CONTAINS")), outcome: vio, code: rules.CodeUnbound},
		{name: "sbom: SPDX in which another element describes", rule: plain, statements: one(spdx(`"spdxElementId":"SPDXRef-DOCUMENT"`, `"spdxElementId":"SPDXRef-m"`)), outcome: vio, code: rules.CodeUnbound},
		{name: "sbom: SPDX cannot be complete", rule: r, statements: one(spdx()), outcome: vio, code: rules.CodeBillPartial},
		{name: "sbom: SPDX with two package URLs", rule: r, statements: one(spdx(`"externalRefs":[`, `"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:golang/example.com/n@v1"},`)), outcome: vio, code: rules.CodeUnidentified, excess: bad},
		{name: "sbom: SPDX with another reference", rule: r, statements: one(spdx(`"referenceType":"purl"`, `"referenceType":"cpe23Type"`)), outcome: vio, code: rules.CodeUnidentified},
	}
}

func dependencies() []fixture {
	allow := func(patterns ...string) rules.Dependencies {
		return rules.Dependencies{Trust: trust(), Allow: patterns, Deny: []string{"pkg:golang/example.com/evil", "pkg:golang/example.org/"}}
	}
	of := func(purl string) [][]byte {
		return one(cyclone(strings.Replace(part, "pkg:golang/example.com/m@v1.2.0", purl, 1)))
	}
	every, spelled := allow("pkg:"), allow("pkg:")
	spelled.Deny = []string{"pkg:deb/debian/libevil++", "pkg:maven/evil:x", "pkg:pypi/evil-pkg-x", "pkg:pypi/Other.Pkg", "pkg:npm/evil-pkg-x", "pkg:pypi/fine@1-0", "pkg:pypi/fine@1.1"}
	node := lost(`/predicate/components/0/purl`)
	body := lost(`/predicate/(bomFormat|components/0/purl|metadata|metadata/component/hashes/1)`)
	yes := func(name string, r rules.Dependencies, statements [][]byte) fixture {
		return fixture{name: "dependencies: " + name, rule: r, statements: statements, outcome: sat, matters: body}
	}
	no := func(name string, r rules.Dependencies, statements [][]byte, code attest.Code) fixture {
		return fixture{name: "dependencies: " + name, rule: r, statements: statements, outcome: vio, code: code, excess: bad}
	}
	return []fixture{
		{name: "dependencies: listed in full", rule: allow(purl), statements: of(purl), outcome: sat, matters: body},
		{name: "dependencies: SPDX", rule: allow(purl), statements: one(spdx()), outcome: sat, matters: lost(`/predicate/packages/1/externalRefs(/0(/.*r|/.*ype)?)?`)},
		yes("any version", allow("pkg:golang/example.com/m"), of(purl)),
		yes("a namespace", allow("pkg:golang/example.com/"), of(purl)),
		yes("a type", allow("pkg:golang/"), of(purl)),
		yes("every package", every, of(purl)),
		yes("qualifiers are not looked at", allow(purl), of(purl+"?goos=linux#sub")),
		yes("a scope that is escaped", allow("pkg:npm/%40acme/"), of("pkg:npm/%40acme/app@1.0.0%2B1%3Ax")),
		yes("a version in upper case", every, of("pkg:golang/example.com/M@V1")),
		yes("a type from the beginning of the alphabet", every, of("pkg:a/x")),
		yes("a type from its end", every, of("pkg:z/x")),
		yes("an escape at the end", every, of("pkg:npm/x%40")),
		yes("a text with escapes", every, of(`pkg:golang\/example.com\/\u006d`)),
		no("another version", allow(purl), of("pkg:golang/example.com/m@v1.2.1"), rules.CodeDependency),
		no("a similar name", allow("pkg:golang/example.com/m"), of("pkg:golang/example.com/m2@v1.2.0"), rules.CodeDependency),
		no("below a name", allow("pkg:golang/example.com/m"), of("pkg:golang/example.com/m/sub@v1.2.0"), rules.CodeDependency),
		no("a similar namespace", allow("pkg:golang/example.com/"), of("pkg:golang/example.com.evil/m@v1.2.0"), rules.CodeDependency),
		no("another type", allow("pkg:golang/"), of("pkg:npm/m@1"), rules.CodeDependency),
		no("the namespace itself", allow("pkg:golang/example.com/"), of("pkg:golang/example.com"), rules.CodeDependency),
		no("denied", every, of("pkg:golang/example.com/evil@v1"), rules.CodeDenied),
		no("denied though listed", allow("pkg:golang/example.com/evil@v1"), of("pkg:golang/example.com/evil@v1"), rules.CodeDenied),
		no("in a denied namespace", every, of("pkg:golang/example.org/x@v1"), rules.CodeDenied),
		no("denied, written in other case", every, of("pkg:golang/example.com/Evil@v1"), rules.CodeDenied),
		no("denied in a namespace in other case", every, of("pkg:golang/Example.ORG/x@v1"), rules.CodeDenied),
		no("denied with a plus that is escaped", spelled, of("pkg:deb/debian/libevil%2B%2B@1"), rules.CodeDenied),
		no("denied with a colon that is escaped", spelled, of("pkg:maven/evil%3Ax@1"), rules.CodeDenied),
		no("denied with an underscore of PyPI", spelled, of("pkg:pypi/Evil_pkg.x@1"), rules.CodeDenied),
		no("denied by a pattern in other spelling", spelled, of("pkg:pypi/other-pkg@1"), rules.CodeDenied),
		yes("a similar name outside of PyPI", spelled, of("pkg:npm/evil_pkg-x@1")),
		yes("a version of PyPI", spelled, of("pkg:pypi/fine@1.0")),
		no("a denied version of PyPI", spelled, of("pkg:pypi/fine@1.1"), rules.CodeDenied),
		no("denied in other spelling", every, of("pkg:golang/example.com/%65vil@v1"), rules.CodeUnidentified),
		no("denied in a type in other case", every, of("pkg:Golang/example.com/evil@v1"), rules.CodeUnidentified),
		no("denied through a relative segment", every, of("pkg:golang/example.com/x/../evil@v1"), rules.CodeUnidentified),
		no("denied through a dot", every, of("pkg:golang/./example.com/evil@v1"), rules.CodeUnidentified),
		no("denied through an empty segment", every, of("pkg:golang//example.com/evil@v1"), rules.CodeUnidentified),
		no("a slash too many", every, of("pkg:golang/example.com/evil/"), rules.CodeUnidentified),
		no("a space", every, of("pkg:golang/example.com/ evil@v1"), rules.CodeUnidentified),
		no("an at sign inside", every, of("pkg:golang/example.com@x/evil@v1"), rules.CodeUnidentified),
		no("a version without a name", every, of("pkg:golang/@v1"), rules.CodeUnidentified),
		no("a cut escape", every, of("pkg:npm/%4"), rules.CodeUnidentified),
		no("an escape cut after a whole one", every, one(cyclone(`{"purl":"pkg:npm/%40"},{"purl":"pkg:npm/%4"}`)), rules.CodeUnidentified),
		no("a type alone", every, of("pkg:golang"), rules.CodeUnidentified),
		no("nothing but a scheme", every, of("pkg:"), rules.CodeUnidentified),
		no("a type that begins with a slash", every, of("pkg:/golang/x"), rules.CodeUnidentified),
		no("a type that begins after z", every, of("pkg:{golang/x"), rules.CodeUnidentified),
		no("an escaped type", every, of("pkg:gol%61ng/x"), rules.CodeUnidentified),
		no("another scheme", every, of("swid:golang/example.com/m"), rules.CodeUnidentified),
		no("without a package URL", every, one(cyclone(`{"name":"x"}`)), rules.CodeUnidentified),
		no("a bad one after a good one", allow(purl), one(cyclone(part+`,`+strings.Replace(part, "/m@", "/n@", 1))), rules.CodeDependency),
		no("a bad one inside a good one", allow(purl), one(cyclone(strings.Replace(part, `"name"`, `"components":[`+strings.Replace(part, "/m@", "/n@", 1)+`],"name"`, 1))), rules.CodeDependency),
		{name: "dependencies: of something else", rule: every, statements: one(cycloneAbout(`"hashes":[{"alg":"SHA-256","content":"`+otherHex+`"}]`, part, "")), outcome: vio, code: rules.CodeUnbound, excess: node},
	}
}

// graphs are bills in SPDX 3.
func graphs() []fixture {
	r, plain := rules.SBOM{Trust: trust(), MinComponents: 1, Identified: true, Hashed: true}, rules.SBOM{Trust: trust(), MinComponents: 1}
	yes := func(name string, rule policy.Rule, matters string, change ...string) fixture {
		return fixture{name: "graph: " + name, rule: rule, statements: one(spdx3(change...)), outcome: sat, matters: lost(matters)}
	}
	no := func(name string, code attest.Code, change ...string) fixture {
		f := fixture{name: "graph: " + name, rule: r, statements: one(spdx3(change...)), outcome: vio, code: code, excess: bad}
		if code == rules.CodeUnbound {
			f.rule = plain
		}
		return f
	}
	const (
		app   = `{"type":"software_Package","spdxId":"https://example.com/app"`
		m     = `{"type":"software_Package","spdxId":"https://example.com/m"`
		ident = `"externalIdentifier":[{"type":"ExternalIdentifier","externalIdentifierType":"packageUrl","identifier":"` + purl + `"}]`
		hash  = `{"type":"Hash","algorithm":"sha256","hashValue":"` + artifactHex + `"}`
	)
	return []fixture{
		yes("bound and whole", r, `/predicate/(@context|@graph|@graph/1(/(type|rootElement(/0)?))?|@graph/2/(type|spdxId|rootElement(/0)?)|@graph/3/(type|spdxId|verifiedUsing(/0(/.*)?)?)|@graph/4(/(type|name|software_packageVersion|verifiedUsing(/0(/.*)?)?|externalIdentifier(/0(/externalIdentifierType|/identifier)?)?))?)`),
		yes("of version 3.0.0", plain, `/predicate/@context`, "/3.0.1/", "/3.0.0/"),
		yes("of version 3.0.9", plain, `/predicate/@context`, "/3.0.1/", "/3.0.9/"),
		yes("rooted in the bill and another", plain, `/predicate/@graph/1/rootElement(/0)?`, `"rootElement":["https://example.com/bill"]`, `"rootElement":["https://example.com/bill","https://example.com/other"]`),
		yes("rooted in the package", plain, `/predicate/@graph/1/rootElement(/0)?`, `"rootElement":["https://example.com/bill"]`, `"rootElement":["https://example.com/app"]`),
		yes("rooted in a bill of another kind", plain, `/predicate/@graph/2/rootElement(/0)?`, "software_Sbom", "Bom"),
		yes("a package URL of its own", r, `/predicate/@graph/4/software_packageUrl`, ident, `"software_packageUrl":"`+purl+`"`),
		yes("one package URL twice", r, `/predicate/@graph/4/verifiedUsing/0/hashValue`, ident, ident+`,"software_packageUrl":"`+purl+`"`),
		yes("of a model", r, `/predicate/@graph/4/type`, m, `{"type":"ai_AIPackage","spdxId":"https://example.com/m"`),
		yes("of data", r, `/predicate/@graph/4/type`, m, `{"type":"dataset_DatasetPackage","spdxId":"https://example.com/m"`),
		yes("with files, licences and builds", r, `/predicate/@graph/11/name`, `"@graph":[`, `"@graph":[{"type":"software_File"},{"type":"software_Snippet"},{"type":"Person"},{"type":"simplelicensing_LicenseExpression"},{"type":"expandedlicensing_ListedLicense"},{"type":"security_Vulnerability"},{"type":"build_Build"},`),
		yes("with another hash", r, `/predicate/@graph/4/verifiedUsing/1/hashValue`, `"verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"`+otherHex, `"verifiedUsing":[{"type":"PackageVerificationCode","algorithm":"sha256","hashValue":"`+artifactHex+`"},{"type":"Hash","algorithm":"sha256","hashValue":"`+otherHex),
		yes("with the artifact twice", plain, `/predicate/@graph/2/rootElement(/0)?`, app, `{"type":"software_Package","verifiedUsing":[`+hash+`]},{"type":"software_Package","spdxId":"x","verifiedUsing":[`+hash+`]},`+app),
		{name: "graph: an allowed dependency", rule: rules.Dependencies{Trust: trust(), Allow: []string{purl}}, statements: one(spdx3()), outcome: sat, matters: lost(`/predicate/@graph/4/externalIdentifier(/0(/externalIdentifierType|/identifier)?)?`)},
		{name: "graph: a dependency that is not", rule: rules.Dependencies{Trust: trust(), Allow: []string{"pkg:npm/"}}, statements: one(spdx3()), outcome: vio, code: rules.CodeDependency, excess: bad, got: purl},
		no("of another digest", rules.CodeUnbound, artifactHex, strings.Repeat("c3", 32)),
		no("of the digest under another algorithm", rules.CodeUnbound, `"sha256","hashValue":"`+artifactHex, `"sha3_256","hashValue":"`+artifactHex),
		no("of the digest as something else", rules.CodeUnbound, `{"type":"Hash","algorithm":"sha256","hashValue":"`+artifactHex, `{"type":"PackageVerificationCode","algorithm":"sha256","hashValue":"`+artifactHex),
		no("that is about another package", rules.CodeUnbound, `"rootElement":["https://example.com/app"]`, `"rootElement":["https://example.com/m"]`),
		no("that is about nothing", rules.CodeUnbound, `"rootElement":["https://example.com/bill"],`, ``),
		no("that only has the bill", rules.CodeUnbound, `"rootElement":["https://example.com/bill"]`, `"rootElement":["https://example.com/other"]`),
		no("that is about what has no id", rules.CodeUnbound, `"https://example.com/app"`, `""`),
		no("of a bill within a bill", rules.CodeUnbound, `{"type":"software_Sbom","spdxId":"https://example.com/bill","rootElement":["https://example.com/app"]`, `{"type":"software_Sbom","spdxId":"https://example.com/bill","rootElement":["https://example.com/b"]},{"type":"software_Sbom","spdxId":"https://example.com/b","rootElement":["https://example.com/app"]`),
		no("of a package that holds itself for a bill", rules.CodeUnbound, `"software_Sbom"`, `"Bundle"`),
		no("without components", rules.CodeBillShort, m, `{"type":"software_File","spdxId":"https://example.com/m"`),
		no("with two package URLs", rules.CodeUnidentified, ident, ident+`,"software_packageUrl":"pkg:golang/example.com/n@v1"`),
		no("with another identifier", rules.CodeUnidentified, `"packageUrl"`, `"cpe23"`),
		no("with a component in MD5", rules.CodeUnpinned, `"sha256","hashValue":"`+otherHex, `"md5","hashValue":"`+otherHex),
		{name: "graph: cannot be complete", rule: sbomRule(), statements: one(spdx3()), outcome: vio, code: rules.CodeBillPartial, excess: bad},
	}
}

func licences() []fixture {
	r := rules.Licences{Trust: trust(), Allow: []string{"MIT", "Apache-2.0", "GPL-2.0-only WITH Classpath-exception-2.0", "(BSD-3-Clause)", "LicenseRef-acme", "EPL-1.0+", "X11 or later"}, Except: []string{"pkg:golang/example.org/"}}
	of := func(licenses string) [][]byte {
		return one(cyclone(strings.Replace(part, `[{"license":{"id":"MIT"}}]`, licenses, 1)))
	}
	under := func(expression string) [][]byte { return of(`[{"expression":"` + expression + `"}]`) }
	yes := func(name string, statements [][]byte) fixture {
		return fixture{name: "licences: " + name, rule: r, statements: statements, outcome: sat, matters: lost(`/predicate/(bomFormat|metadata/component/hashes/1|components/0/licenses(/0(/.*)?)?)`)}
	}
	no := func(name string, statements [][]byte) fixture {
		return fixture{name: "licences: " + name, rule: r, statements: statements, outcome: vio, code: rules.CodeLicence, excess: bad}
	}
	barred := func(name string, statements [][]byte, outcome policy.Outcome) fixture {
		f := no(name, statements)
		f.rule = rules.Licences{Trust: trust(), Allow: []string{"MIT", "GPL-3.0-only", "GPL-3.0-only WITH x", "MIT AND AGPL-3.0-only", "MIT OR AGPL-3.0-only"}, Deny: []string{"GPL-3.0-only", "AGPL-3.0-only"}}
		if f.outcome = outcome; outcome == sat {
			f.code, f.excess, f.matters = "", nil, yes("", nil).matters
		}
		return f
	}
	return []fixture{
		yes("an id", of(`[{"license":{"id":"MIT"}}]`)),
		yes("a choice", under("GPL-3.0-only OR MIT")),
		yes("a conjunction", under("Apache-2.0 AND MIT")),
		yes("a choice of conjunctions", under("GPL-3.0-only AND MIT OR Apache-2.0 AND MIT")),
		yes("an exception", under("GPL-2.0-only WITH Classpath-exception-2.0 AND MIT")),
		yes("an expression that is listed", under("(BSD-3-Clause)")),
		yes("a choice within a conjunction", under("MIT AND (MIT OR GPL-3.0-only)")),
		yes("parentheses without spaces", under("(GPL-3.0-only OR(MIT)AND((Apache-2.0)))")),
		yes("parentheses as deep as may be", under(strings.Repeat("(", 32)+"MIT"+strings.Repeat(")", 32))),
		yes("many parentheses side by side", under(strings.Repeat("(MIT) AND ", 40)+"MIT")),
		yes("a whole that is no expression", under("X11 or later")),
		yes("a later version that is listed", under("EPL-1.0+ AND MIT")),
		no("the version of which later ones are listed", under("EPL-1.0")),
		yes("two spaces", under("  MIT  OR  x  ")),
		yes("this version or later", under("Apache-2.0+ AND GPL-2.0-only+ WITH Classpath-exception-2.0")),
		yes("many choices", under(strings.Repeat("(MIT OR x) AND ", 2000)+"MIT")),
		yes("licences of the document", under("LicenseRef-acme OR DocumentRef-x:LicenseRef-y AND MIT")),
		barred("a denied one that nobody needs", under("GPL-3.0-only OR MIT"), sat),
		barred("a listed whole with a denied one that nobody needs", under("MIT OR AGPL-3.0-only"), sat),
		barred("a denied one", under("GPL-3.0-only"), vio),
		barred("a denied one in other case", under("MIT AND gpl-3.0-ONLY"), vio),
		barred("a denied one or later", under("GPL-3.0-only+"), vio),
		barred("a denied one with an exception", under("GPL-3.0-only WITH x"), vio),
		barred("a listed whole that needs a denied one", under("MIT AND AGPL-3.0-only"), vio),
		{name: "licences: SPDX", rule: r, statements: one(spdx()), outcome: sat, matters: lost(`/predicate/packages/1/licenseDeclared`)},
		{name: "licences: an excepted package", rule: r, statements: one(cyclone(`{"purl":"pkg:golang/example.org/m@v1"}`)), outcome: sat, matters: lost(`/predicate/components/0/purl`)},
		no("an excepted package in other spelling", one(cyclone(`{"purl":"pkg:golang/example.org/%6d@v1"}`))),
		no("an unlisted id", of(`[{"license":{"id":"GPL-3.0-only"}}]`)),
		no("half a conjunction", under("MIT AND GPL-3.0-only")),
		no("the other half of a conjunction", under("GPL-3.0-only AND MIT")),
		no("a choice of none", under("GPL-3.0-only OR AGPL-3.0-only")),
		no("a choice of none within a conjunction", under("MIT AND (GPL-3.0-only OR x)")),
		no("a conjunction within a choice", under("(MIT AND GPL-3.0-only) OR x")),
		no("a conjunction that binds closer", under("GPL-3.0-only AND MIT OR MIT AND x")),
		no("a choice that does not", under("(GPL-3.0-only OR MIT) AND x")),
		no("parentheses too deep", under(strings.Repeat("(", 33)+"MIT"+strings.Repeat(")", 33))),
		no("parentheses that stay open", under("(MIT")),
		no("parentheses that stay open within a choice", under("MIT OR (MIT")),
		no("parentheses that were not opened", under("MIT)")),
		no("parentheses around nothing", under("MIT OR ()")),
		no("parentheses around an exception", under("(GPL-2.0-only) WITH Classpath-exception-2.0")),
		no("two licences without an operator", under("MIT MIT")),
		no("an operator at the end", under("MIT OR")),
		no("an operator at the beginning", under("OR MIT")),
		no("an operator twice", under("MIT OR OR MIT")),
		no("an operator for a licence", under("MIT OR AND")),
		no("an operator for an exception", under("MIT OR GPL-2.0-only WITH OR")),
		no("a parenthesis for an exception", under("MIT OR GPL-2.0-only WITH (")),
		no("nothing for an exception", under("MIT OR GPL-2.0-only WITH")),
		no("two exceptions", under("MIT OR GPL-2.0-only WITH Classpath-exception-2.0 WITH Classpath-exception-2.0")),
		no("an operator in parentheses", under("MIT OR (OR)")),
		no("an operator in small letters", under("MIT or x")),
		no("an exception for a later version of a licence that is not listed", under("GPL-3.0-only+ WITH Classpath-exception-2.0")),
		no("an exception left out", under("GPL-2.0-only")),
		no("a later version of none", under("+")),
		no("no id where nobody needs it", under("MIT OR LicenseRef-a+b")),
		no("a later exception", under("MIT OR GPL-2.0-only WITH Classpath-exception-2.0+")),
		no("later twice", under("MIT OR Apache-2.0++")),
		no("another document's licence", under("DocumentRef-x:LicenseRef-acme")),
		no("a tab for a space", under(`MIT\tOR\tMIT`)),
		no("another exception", under("MIT WITH x")),
		no("in other case", under("mit")),
		no("nothing", under("")),
		telling(no("only named", of(`[{"license":{"name":"MIT"}}]`)), `under "MIT"`),
		no("named, with an address", of(`[{"license":{"url":"x","name":"y"}}]`)),
		no("an address that looks like an id", of(`[{"license":{"url":"MIT"}}]`)),
		no("two, one of them unlisted", of(`[{"license":{"id":"MIT"}},{"license":{"id":"GPL-3.0-only"}}]`)),
		no("two, one of them unreadable", of(`[{"license":{"id":"MIT"}},{"licence":{"id":"MIT"}}]`)),
		no("two, one of them without an id", of(`[{"license":{"id":"MIT"}},{"license":{"url":"https://example.com/"}}]`)),
		no("none", of(`[]`)),
		{name: "licences: SPDX without any", rule: r, statements: one(spdx(`"licenseDeclared":"MIT"`, `"licenseDeclared":"NOASSERTION"`)), outcome: vio, code: rules.CodeLicence, excess: bad, got: purl + "\" without"},
		{name: "licences: SPDX concluded otherwise", rule: r, statements: one(spdx(`"licenseConcluded":"NOASSERTION","licenseDeclared"`, `"licenseConcluded":"GPL-3.0-only","licenseDeclared"`)), outcome: vio, code: rules.CodeLicence, excess: bad},
		{name: "licences: SPDX none", rule: r, statements: one(spdx(`"licenseDeclared":"MIT"`, `"licenseDeclared":"NONE"`)), outcome: vio, code: rules.CodeLicence, excess: bad},
	}
}

func levelRule() rules.Level {
	return rules.Level{
		Grants: []verify.SummaryGrant{{Signer: "platform", VerifierID: "https://example.com/verifier", Levels: map[string]int{predicate.TrackSource: 3}, Properties: []string{predicate.PropertyTwoPartyReviewed}}},
		Want: verify.SummaryExpectations{
			ResourceURI: "pkg:golang/example.com/app", Levels: map[string]int{predicate.TrackSource: 3}, Properties: []string{predicate.PropertyTwoPartyReviewed},
			Policy: attest.Descriptor{URI: "https://example.com/policy"}, Clock: verify.Clock{MaxAge: 24 * time.Hour},
		},
	}
}

func levels() []fixture {
	r := levelRule()
	no := func(name string, code attest.Code, change func(*predicate.VSA)) fixture {
		return fixture{name: "level: " + name, rule: r, statements: one(vsa(change)), outcome: vio, code: code}
	}
	return []fixture{
		{name: "level: verified", rule: r, statements: one(vsa(nil)), outcome: sat, until: now.Add(23 * time.Hour),
			matters: lost(`/predicate/(verifier(/id)?|timeVerified|resourceUri|policy(/uri)?|verificationResult|verifiedLevels(/\d)?)`)},
		no("too low", verify.CodeRefused, func(v *predicate.VSA) { v.VerifiedLevels[0] = "SLSA_SOURCE_LEVEL_2" }),
		no("without the property", verify.CodeRefused, func(v *predicate.VSA) { v.VerifiedLevels = v.VerifiedLevels[:1] }),
		no("of another track", verify.CodeRefused, func(v *predicate.VSA) { v.VerifiedLevels[0] = "SLSA_BUILD_LEVEL_3" }),
		no("failed", verify.CodeRefused, func(v *predicate.VSA) {
			v.VerificationResult, v.VerifiedLevels = predicate.ResultFailed, []string{predicate.ResultFailed}
		}),
		no("of another resource", verify.CodeRefused, func(v *predicate.VSA) { v.ResourceURI += "2" }),
		no("by another verifier", verify.CodeRefused, func(v *predicate.VSA) { v.Verifier.ID += "2" }),
		no("by another policy", verify.CodeRefused, func(v *predicate.VSA) { v.Policy.URI += "2" }),
		no("too old", verify.CodeRefused, func(v *predicate.VSA) { v.TimeVerified.Time = now.Add(-25 * time.Hour) }),
		no("from the future", verify.CodeRefused, func(v *predicate.VSA) { v.TimeVerified.Time = now.Add(time.Hour) }),
		{name: "level: a failure beside a pass", rule: r, statements: [][]byte{vsa(func(v *predicate.VSA) { v.ResourceURI += "2" }), vsa(nil)}, outcome: vio, code: verify.CodeRefused},
		{name: "level: by another signer", rule: r, statements: one(vsa(nil)), by: []string{"mallory"}, outcome: und, code: policy.CodeNeedSigner},
	}
}

func buildLevelRule() rules.BuildLevel {
	p, s := parametersRule(), sourceRule()
	return rules.BuildLevel{
		Grants: []verify.Grant{{Signer: "platform", BuilderID: provenancetest.BuilderID, Level: 2}},
		Want: verify.Expectations{
			BuilderID: provenancetest.BuilderID, BuildType: provenancetest.BuildType, Level: 2, Sources: s.Sources, Parameters: p.Parameters,
			Clock: verify.Clock{MaxAge: 24 * time.Hour},
		},
	}
}

func buildLevels() []fixture {
	r := buildLevelRule()
	higher := r
	higher.Want.Level = 3
	return []fixture{
		{name: "build level: shown", rule: r, statements: one(build(nil)), outcome: sat, until: now.Add(23 * time.Hour), matters: lost(definition + `/(buildType|externalParameters(/.*)?)|` + details + `/builder(/id)?`)},
		{name: "build level: not granted", rule: higher, statements: one(build(nil)), outcome: vio, code: verify.CodeRefused},
		{name: "build level: another builder", rule: r, statements: one(build(func(b *provenance.Build) { b.Builder.ID += "2" })), outcome: vio, code: verify.CodeRefused},
		{name: "build level: finished after it was attested", rule: r, statements: one(build(func(b *provenance.Build) { b.Finished = now.Add(-time.Minute) })), outcome: vio, code: verify.CodeRefused, excess: at(details + `/metadata.*`)},
		{name: "build level: another source", rule: r, statements: one(build(func(b *provenance.Build) { b.Inputs[0].Descriptor.URI += "2" })), outcome: vio, code: verify.CodeRefused},
		{name: "build level: by another signer", rule: r, statements: one(build(nil)), by: []string{"mallory"}, outcome: und, code: policy.CodeNeedSigner},
	}
}

func riskRule() rules.Risk {
	return rules.Risk{Trust: trust(), At: scan.High, EPSS: 0.5, KEV: true, TolerateUnfixed: true, MaxDatabaseAge: 48 * time.Hour}
}

func risks() []fixture {
	r := riskRule()
	severity := r
	severity.EPSS, severity.KEV = 0, false
	strict, certain := r, r
	strict.TolerateUnfixed = false
	certain.EPSS, certain.KEV = 1, false
	ratings := `/predicate/scanner/result/0/severity(/[12](/(method|score))?)?`
	yes := func(name string, r rules.Risk, statement []byte, matters string) fixture {
		return fixture{name: "risk: " + name, rule: r, statements: one(statement), outcome: sat, matters: lost(matters), until: now.Add(24 * time.Hour)}
	}
	no := func(name string, r rules.Risk, statement []byte) fixture {
		return fixture{name: "risk: " + name, rule: r, statements: one(statement), outcome: vio, code: rules.CodeVulnerable, excess: at(`/predicate/scanner/result.*`)}
	}
	rate := func(list ...report.Severity) []byte { return vulns(rated(list...)) }
	low, epss, kev := report.Severity{Method: "rating", Score: "low"}, report.Severity{Method: "epss", Score: "0.1"}, report.Severity{Method: "kev", Score: "false"}
	return []fixture{
		yes("low, improbable and not listed", r, risky("low", "0.49", "false", ""), ratings),
		yes("a probability of nothing", r, risky("low", "0", "false", ""), ratings),
		yes("severity alone", severity, risky("medium", "", "", ""), `/predicate/scanner/(db/lastUpdate|result/0/severity(/0(/score)?)?)`),
		yes("nobody fixed it", r, risky("critical", "0.49", "false", "not-fixed"), `/predicate/scanner/result/0/annotations(/0(/fixState)?)?`),
		yes("nobody will fix it", r, risky("critical", "0.49", "false", "wont-fix"), `/predicate/scanner/result/0/annotations(/0(/fixState)?)?`),
		telling(no("grave", r, risky("high", "0.1", "false", "")), "of severity high"),
		no("grave and fixed", r, risky("high", "0.1", "false", "fixed")),
		no("grave, and nobody knows of a fix", r, risky("high", "0.1", "false", "unknown")),
		no("grave and unfixed, for a strict rule", strict, risky("high", "0.1", "false", "not-fixed")),
		telling(no("probable", r, risky("low", "0.5", "false", "")), "with the probability 0.5"),
		no("probable and unfixed", r, risky("low", "0.9", "false", "not-fixed")),
		no("certain", r, risky("low", "1", "false", "")),
		no("of unknown probability", r, risky("low", "", "false", "")),
		no("of a probability that nobody can read", r, risky("low", "0.1 percent", "false", "")),
		no("of a probability above one", r, risky("low", "1.1", "false", "")),
		no("of a probability below zero", r, risky("low", "-0.1", "false", "")),
		no("exploited", r, risky("low", "0.1", "true", "")),
		no("exploited and unfixed", r, risky("low", "0.1", "true", "not-fixed")),
		no("exploited for all that is known", r, risky("low", "0.1", "", "")),
		no("exploited by one of two lists", r, rate(low, epss, kev, report.Severity{Method: "KEV", Score: "true"})),
		{name: "risk: tolerated up to certainty", rule: certain, statements: one(risky("low", "0.99", "", "")), outcome: sat, matters: lost(ratings), id: "risk"},
		{name: "risk: certain, which alone is not tolerated", rule: certain, statements: one(risky("low", "1", "", "")), outcome: vio, code: rules.CodeVulnerable, excess: at(`/predicate/scanner/result.*`)},
		no("probable by one of two models", r, rate(low, epss, kev, report.Severity{Method: "EPSS", Score: "0.9"})),
		no("probable by the first of two models", r, rate(low, kev, report.Severity{Method: "EPSS", Score: "0.9"}, epss)),
		{name: "risk: fixed in one way and not in another", rule: r, statements: one(vulns(func(v *report.Vulns) {
			v.Scanner.Result[0].Severity = []report.Severity{{Method: "rating", Score: "high"}, epss, kev}
			v.Scanner.Result[0].Annotations = []map[string]any{{"fixState": "not-fixed"}, {"fixState": "fixed"}}
		})), outcome: vio, code: rules.CodeVulnerable, excess: at(`/predicate/scanner/result.*`)},
		{name: "risk: an old database", rule: r, statements: one(vulns(func(v *report.Vulns) {
			v.Scanner.DB.LastUpdate, v.Scanner.Result = now.Add(-48*time.Hour), []report.Result{}
		})), outcome: und, code: rules.CodeDatabaseAge},
	}
}

func vexes() []fixture {
	r := riskRule()
	r.VEX = rules.Trust{Signers: []string{"vendor"}, MaxAge: 2 * time.Hour}
	r.TolerateUnfixed = false
	grave := risky("critical", "0.9", "true", "")
	by := []string{"vendor", "platform"}
	yes := func(name string, change ...string) fixture {
		return fixture{name: "vex: " + name, rule: r, statements: [][]byte{vex(change...), grave}, by: by, outcome: sat, until: now.Add(time.Hour),
			matters: lost(`/predicate/(statements(/0(/(vulnerability(/name)?|products(/0)?|status))?)?|@context|author|version|timestamp)`)}
	}
	no := func(name string, change ...string) fixture {
		return fixture{name: "vex: " + name, rule: r, statements: [][]byte{vex(change...), grave}, by: by, outcome: vio, code: rules.CodeVulnerable}
	}
	unreadable := func(name string, change ...string) fixture {
		return fixture{name: "vex: " + name, rule: r, statements: [][]byte{vex(change...), grave}, by: by, outcome: und, code: rules.CodeUnreadable}
	}
	hashes := `{"@id":"pkg:oci/app","hashes":{"sha-256":"` + artifactHex + `"}}`
	just := `"status":"not_affected","justification":"component_not_present"`
	second := func(status string) []string {
		return []string{`,"statements":[`, `,"statements":[{"vulnerability":{"name":"CVE-2026-1"},"products":[` + hashes + `],"status":"` + status + `"},`}
	}
	excess := func(f fixture) fixture { f.excess = bad; return f }
	_, rest, _ := strings.Cut(string(vex()), `"statements":`)
	s0 := `"statements":` + rest[:len(rest)-1]
	sub := []string{hashes, `{"hashes":{"sha-256":"` + artifactHex + `"},"subcomponents":[{"@id":"` + purl + `"}]}`}
	annotated := func(annotations ...map[string]any) []byte {
		return vulns(func(v *report.Vulns) {
			v.Scanner.Result[0].Severity, v.Scanner.Result[0].Annotations = []report.Severity{{Method: "rating", Score: "high"}}, annotations
		})
	}
	objection := func(part, scanned string) [][]byte {
		statement := `{"vulnerability":{"name":"CVE-2026-1"},"products":[{"hashes":{"sha-256":"` + artifactHex + `"},"subcomponents":[` + part + `]}],"status":"affected"},`
		return [][]byte{vex(`,"statements":[`, `,"statements":[`+statement), annotated(map[string]any{"purl": scanned})}
	}
	objected := func(name, part, scanned string) fixture {
		return fixture{name: "vex: affected in " + name, rule: r, statements: objection(part, scanned), by: by, outcome: vio, code: rules.CodeVulnerable, excess: bad}
	}
	good := yes("a justification")
	good.matters = lost(`/predicate/(statements(/0(/(vulnerability(/name)?|products(/0(/hashes(/.*)?)?)?|status|justification))?)?|@context|@id|author|version|timestamp)`)
	future := no("a scan without a clearance")
	future.statements, future.by = [][]byte{vex("CVE-2026-1", "CVE-2026-2"), grave}, by
	return []fixture{
		good,
		yes("another justification", "component_not_present", "vulnerable_code_not_present"),
		yes("code that does not run", "component_not_present", "vulnerable_code_not_in_execute_path"),
		yes("code out of reach", "component_not_present", "vulnerable_code_cannot_be_controlled_by_adversary"),
		yes("a mitigation", "component_not_present", "inline_mitigations_already_exist"),
		yes("fixed", just, `"status":"fixed"`),
		yes("an alias", `{"name":"CVE-2026-1"}`, `{"name":"GHSA-1","aliases":["CVE-2026-1"]}`),
		yes("a product by its id", hashes, `{"@id":"pkg:oci/app@sha256:`+artifactHex+`?tag=1"}`),
		yes("a product by its escaped id", hashes, `{"@id":"pkg:oci/app@sha256%3A`+artifactHex+`"}`),
		yes("a subcomponent", hashes, `{"hashes":{"sha-256":"`+artifactHex+`"},"subcomponents":[{"@id":"x"},{"@id":"`+purl+`"}]}`),
		yes("a subcomponent by its package URL", hashes, `{"hashes":{"sha-256":"`+artifactHex+`"},"subcomponents":[{"identifiers":{"purl":"`+purl+`"}}]}`),
		future,
		no("another vulnerability", "CVE-2026-1", "CVE-2026-10"),
		no("affected", just, `"status":"affected"`),
		no("under investigation", just, `"status":"under_investigation"`),
		excess(no("affected by another statement", second("affected")...)),
		excess(no("under investigation by another statement", second("under_investigation")...)),
		no("another product", artifactHex, otherHex),
		no("another product by its id", hashes, `{"@id":"pkg:oci/app@sha256:`+otherHex+`"}`),
		excess(no("a product by its id and another's hash", hashes, `{"@id":"pkg:oci/app@sha256:`+artifactHex+`","hashes":{"sha-256":"`+otherHex+`"}}`)),
		no("a product by a qualifier", hashes, `{"@id":"pkg:oci/app?x=@sha256:`+artifactHex+`"}`),
		no("a product without a digest", hashes, `{"@id":"pkg:oci/app"}`),
		no("no product", hashes, ``),
		excess(no("another subcomponent", hashes, `{"hashes":{"sha-256":"`+artifactHex+`"},"subcomponents":[{"@id":"pkg:golang/example.com/n@v1"}]}`)),
		unreadable("no justification", `,"justification":"component_not_present"`, ``),
		unreadable("an impact statement alone", `"justification":"component_not_present"`, `"impact_statement":"we do not use it"`),
		unreadable("a justification of its own", "component_not_present", "trust_us"),
		unreadable("a status of its own", just, `"status":"fine"`),
		unreadable("no vulnerability", `"CVE-2026-1"`, `""`),
		unreadable("from the future", "2026-04-30T00:00:00Z\",\"last_updated", "2026-05-30T00:00:00Z\",\"last_updated"),
		excess(unreadable("updated in the future", "last_updated\":\"2026-04-30", "last_updated\":\"2026-05-30")),
		excess(unreadable("a statement from the future", `"},"timestamp":"2026-04-30`, `"},"timestamp":"2026-05-30`)),
		excess(unreadable("a statement updated in the future", `"},"timestamp":"2026-04-30`, `"},"last_updated":"2026-05-30`)),
		unreadable("another version of the format", `"@context":"https://openvex.dev/ns/v0.2.0"`, `"@context":"https://openvex.dev/ns/v0.2.1"`),
		unreadable("no id", `"https://example.com/vex/1"`, `""`),
		unreadable("no author", `"vendor"`, `""`),
		unreadable("no version", `"version":1`, `"version":0`),
		unreadable("no statements", s0, `"statements":[]}`),
		unreadable("no time", `"timestamp":"2026-04-30T00:00:00Z","last_updated":"2026-04-30T00:00:00Z",`, ``),
		{name: "vex: by another", rule: r, statements: [][]byte{vex(), grave}, by: []string{"platform", "platform"}, outcome: und, code: policy.CodeNeedSigner},
		{name: "vex: a subcomponent that two annotations agree on", rule: r, statements: [][]byte{vex(sub...), annotated(map[string]any{"purl": purl}, map[string]any{"purl": purl}, map[string]any{"x": 1})}, by: by, outcome: sat, matters: lost(`/predicate/statements(/0)?`)},
		{name: "vex: a subcomponent that two annotations differ on", rule: r, statements: [][]byte{vex(sub...), annotated(map[string]any{"purl": purl}, map[string]any{"purl": purl + "0"})}, by: by, outcome: vio, code: rules.CodeVulnerable, excess: bad},
		{name: "vex: a subcomponent that two annotations differ on otherwise", rule: r, statements: [][]byte{vex(sub...), annotated(map[string]any{"purl": purl + "0"}, map[string]any{"purl": purl})}, by: by, outcome: vio, code: rules.CodeVulnerable, excess: bad},
		{name: "vex: a subcomponent that an annotation gives as a number", rule: r, statements: [][]byte{vex(sub...), annotated(map[string]any{"purl": purl}, map[string]any{"purl": 1})}, by: by, outcome: vio, code: rules.CodeVulnerable, excess: bad},
		{name: "vex: a nameless subcomponent of a nameless part", rule: r, statements: [][]byte{vex(hashes, `{"hashes":{"sha-256":"`+artifactHex+`"},"subcomponents":[{"supplier":"x"}]}`), annotated(map[string]any{"x": 1})}, by: by, outcome: vio, code: rules.CodeVulnerable, excess: bad},
		objected("a nameless part", `{"supplier":"x"}`, purl),
		objected("a part by another naming scheme", `{"@id":"urn:x"}`, purl),
		objected("the part with other qualifiers", `{"@id":"`+purl+`?arch=amd64"}`, purl),
		objected("the part by its package URL, in other case", `{"@id":"urn:x","identifiers":{"purl":"`+strings.Replace(purl, "/m@", "/M@", 1)+`"}}`, purl),
		objected("some part, where the scan names none", `{"@id":"`+purl+`"}`, ""),
		{name: "vex: affected in another part", rule: r, statements: objection(`{"@id":"pkg:golang/example.com/n@v1"}`, purl), by: by, outcome: sat, matters: lost(`/predicate/statements(/1)?`)},
		{name: "vex: a subcomponent that an annotation leaves empty", rule: r, statements: [][]byte{vex(sub...), annotated(map[string]any{"purl": ""}, map[string]any{"purl": purl})}, by: by, outcome: vio, code: rules.CodeVulnerable, excess: bad},
		{name: "vex: a product by a broken digest", rule: r, statements: [][]byte{vex(artifactHex, artifactHex+"x"), grave}, by: by, outcome: vio, code: rules.CodeVulnerable},
		{name: "vex: missing", rule: r, statements: one(grave), outcome: und, code: policy.CodeNeedMissing},
	}
}

func people() []fixture {
	review := rules.Review{Trust: rules.Trust{Signers: []string{"alice", "bob", "carol", "platform"}}, Builders: []string{"platform"}}
	simple := rules.Review{Trust: rules.Trust{Signers: []string{"alice", "bob", "carol"}}, Property: "READ"}
	separate := rules.Separation{Duties: []rules.Duty{
		{Name: "build", PredicateTypes: []string{slsa.PredicateType}, Trust: rules.Trust{Signers: []string{"platform", "alice"}}},
		{Name: "review", PredicateTypes: []string{predicate.SVRType}, Trust: rules.Trust{Signers: []string{"platform", "alice", "bob"}}},
	}}
	target := rules.Target{Trust: trust()}
	production := policy.Target{Environment: "production", Cluster: "eu/1", Namespace: "shop", Name: "web"}
	approved := svr(rules.Reviewed)
	released := func(name, property string, t policy.Target, outcome policy.Outcome) fixture {
		f := fixture{name: "target: " + name, rule: target, statements: one(svr("x", property)), target: t, outcome: outcome, matters: lost(`/predicate/(properties(/1)?|verifier(/id)?)`)}
		if outcome == vio {
			f.code = rules.CodeTarget
		}
		return f
	}
	return []fixture{
		{name: "review: two persons", rule: review, statements: [][]byte{approved, svr("x", rules.Reviewed), build(nil)}, by: []string{"alice", "bob", "platform"}, actor: "carol", outcome: sat, matters: lost(`/predicate/(verifier(/id)?|timeCreated|properties(/0)?)`)},
		{name: "review: two persons on one paper", rule: simple, statements: one(svr("READ")), by: []string{"alice,bob"}, outcome: sat, matters: lost(`/predicate/properties(/0)?|/predicate/verifier/id`)},
		{name: "review: one person twice", rule: review, statements: [][]byte{approved, svr("x", rules.Reviewed), build(nil)}, by: []string{"alice", "alice", "platform"}, outcome: und, code: policy.CodeNeedThreshold},
		{name: "review: one of two", rule: simple, statements: [][]byte{approved, svr("READ")}, by: []string{"alice", "bob"}, outcome: vio, code: rules.CodeNotReviewed},
		{name: "review: by the builder", rule: review, statements: [][]byte{approved, svr("x", rules.Reviewed), build(nil)}, by: []string{"alice", "platform", "platform"}, outcome: und, code: policy.CodeNeedSame},
		{name: "review: without provenance", rule: review, statements: [][]byte{approved, svr("x", rules.Reviewed)}, by: []string{"alice", "bob"}, outcome: und, code: policy.CodeNeedMissing},
		{name: "review: by who asks", rule: simple, statements: [][]byte{svr("READ"), svr("READ", "x")}, by: []string{"alice", "bob"}, actor: "bob", outcome: vio, code: rules.CodeReviewSelf},
		{name: "review: by the key of who asks", rule: simple, statements: [][]byte{svr("READ"), svr("READ", "x")}, by: []string{"alice", "bob~carol"}, actor: "carol", outcome: vio, code: rules.CodeReviewSelf},
		{name: "review: by the name of who asks", rule: simple, statements: [][]byte{svr("READ"), svr("READ", "x")}, by: []string{"alice", "bob~x"}, actor: "bob", outcome: vio, code: rules.CodeReviewSelf},
		{name: "review: by two names without keys", rule: simple, statements: [][]byte{svr("READ"), svr("READ", "x")}, by: []string{"alice~-", "bob~-"}, outcome: sat, matters: lost(`/predicate/properties(/0)?`)},
		{name: "review: by one key under two names", rule: simple, statements: [][]byte{svr("READ"), svr("READ", "x")}, by: []string{"alice", "bob~alice"}, outcome: und, code: policy.CodeNeedThreshold},
		{name: "review: with another paper by who asks", rule: simple, statements: [][]byte{svr("READ"), svr("READ", "x"), svr("other")}, by: []string{"alice", "bob", "carol"}, actor: "carol", outcome: sat, matters: lost(`/predicate/properties(/0)?`)},
		{name: "review: by a stranger", rule: simple, statements: [][]byte{svr("READ"), svr("READ", "x")}, by: []string{"alice", "mallory"}, outcome: und, code: policy.CodeNeedThreshold},

		{name: "separation: three", rule: separate, statements: [][]byte{build(nil), approved}, by: []string{"platform", "alice"}, actor: "carol", outcome: sat, matters: lost(`/predicateType|/subject|/subject/0/digest(/.*)?|/_type|/subject/0`)},
		{name: "separation: builder and reviewer", rule: separate, statements: [][]byte{build(nil), approved}, by: []string{"alice", "alice"}, actor: "carol", outcome: und, code: policy.CodeNeedSame},
		{name: "separation: builder and deployer", rule: separate, statements: [][]byte{build(nil), approved}, by: []string{"alice", "bob"}, actor: "alice", outcome: vio, code: rules.CodeTwoDuties},
		{name: "separation: reviewer and deployer", rule: separate, statements: [][]byte{build(nil), approved}, by: []string{"platform", "alice"}, actor: "alice", outcome: vio, code: rules.CodeTwoDuties},
		{name: "separation: nobody asks", rule: separate, statements: [][]byte{build(nil), approved}, by: []string{"platform", "alice"}, outcome: und, code: rules.CodeActorUnknown},
		{name: "separation: deployer by the builder's key", rule: separate, statements: [][]byte{build(nil), approved}, by: []string{"platform~carol", "alice"}, actor: "carol", outcome: vio, code: rules.CodeTwoDuties},
		{name: "separation: a duty by two, one of whom deploys", rule: separate, statements: [][]byte{build(nil), approved}, by: []string{"platform", "alice,bob"}, actor: "bob", outcome: vio, code: rules.CodeTwoDuties},

		released("an environment", "deploy:production", production, sat),
		released("a cluster", "deploy:production/eu%2F1", production, sat),
		released("a namespace", "deploy:production/eu%2F1/shop", production, sat),
		released("the very target", "deploy:production/eu%2F1/shop/web", production, sat),
		released("another environment", "deploy:staging", production, vio),
		released("another cluster", "deploy:production/us", production, vio),
		released("another namespace", "deploy:production/eu%2F1/bank", production, vio),
		released("another name", "deploy:production/eu%2F1/shop/db", production, vio),
		released("a part, for the whole", "deploy:production/eu%2F1", policy.Target{Environment: "production"}, vio),
		released("a cluster that looks like a namespace", "deploy:production/eu/1", production, vio),
		{name: "target: another release beside it", rule: target, statements: [][]byte{svr("deploy:production"), svr("deploy:staging")}, target: production, outcome: sat, matters: lost(`/predicate/properties(/0)?`)},
		{name: "target: an unreadable release beside it", rule: target, statements: [][]byte{svr("deploy:production"), raw(predicate.SVRType, `{}`)}, target: production, outcome: sat, matters: lost(`/predicate/properties(/0)?`)},
		{name: "target: unknown", rule: target, statements: one(svr("deploy:")), outcome: und, code: rules.CodeTargetUnknown},
	}
}

func suites() []fixture {
	tests := rules.Tests{Trust: trust(), Configuration: []digest.Set{suite}, Required: []string{"unit"}}
	lenient := tests
	lenient.AllowWarned = true
	secrets := rules.Secrets{Trust: trust(), Configuration: []digest.Set{suite}}
	both := tests
	both.Configuration = []digest.Set{suite, {digest.SHA256: otherHex}}
	another := func(r *predicate.TestResult) {
		r.Configuration[0].Digest = digest.Set{digest.SHA256: otherHex}
	}
	failed := func(r *predicate.TestResult) { r.Result, r.FailedTests = predicate.ResultFailed, []string{"x"} }
	warned := func(r *predicate.TestResult) { r.Result, r.WarnedTests = predicate.ResultWarned, []string{"x"} }
	body := lost(`/predicate/(result|configuration(/0(/digest(/.*)?)?)?|passedTests(/0)?)`)
	return []fixture{
		{name: "tests: passed", rule: tests, statements: one(tested(nil)), outcome: sat, matters: body},
		{name: "tests: passed, beside another suite that failed", rule: tests, statements: [][]byte{tested(nil), tested(func(r *predicate.TestResult) { another(r); failed(r) })}, outcome: sat, matters: body},
		{name: "tests: passed with warnings", rule: lenient, statements: one(tested(warned)), outcome: sat, matters: body},
		{name: "tests: failed", rule: tests, statements: one(tested(failed)), outcome: vio, code: rules.CodeTestFailed},
		{name: "tests: failed without saying which", rule: tests, statements: one(tested(func(r *predicate.TestResult) { r.Result = predicate.ResultFailed })), outcome: vio, code: rules.CodeTestFailed},
		{name: "tests: failed for the lenient", rule: lenient, statements: one(tested(failed)), outcome: vio, code: rules.CodeTestFailed},
		{name: "tests: failed for the lenient, without saying which", rule: lenient, statements: one(tested(func(r *predicate.TestResult) { r.Result = predicate.ResultFailed })), outcome: vio, code: rules.CodeTestFailed},
		{name: "tests: warned", rule: tests, statements: one(tested(warned)), outcome: vio, code: rules.CodeTestFailed},
		{name: "tests: warned without saying of what", rule: tests, statements: one(tested(func(r *predicate.TestResult) { r.Result = predicate.ResultWarned })), outcome: vio, code: rules.CodeTestFailed},
		{name: "tests: passed with warnings, for the strict", rule: tests, statements: one(tested(func(r *predicate.TestResult) { r.WarnedTests = []string{"x"} })), outcome: vio, code: rules.CodeTestFailed, excess: bad},
		{name: "tests: another suite", rule: tests, statements: one(tested(another)), outcome: vio, code: rules.CodeTestSuite},
		{name: "tests: half a suite", rule: both, statements: one(tested(nil)), outcome: vio, code: rules.CodeTestSuite},
		{name: "tests: a whole suite", rule: both, statements: one(tested(func(r *predicate.TestResult) {
			r.Configuration = append(r.Configuration, attest.Descriptor{Digest: digest.Set{digest.SHA256: otherHex}})
		})), outcome: sat, matters: body},
		{name: "tests: without a required one", rule: tests, statements: one(tested(func(r *predicate.TestResult) { r.PassedTests = []string{"Unit"} })), outcome: vio, code: rules.CodeTestMissing},
		{name: "tests: a failure beside a pass", rule: tests, statements: [][]byte{tested(failed), tested(nil)}, outcome: vio, code: rules.CodeTestFailed, excess: bad},
		{name: "tests: a pass beside a failure", rule: tests, statements: [][]byte{tested(nil), tested(failed)}, outcome: vio, code: rules.CodeTestFailed},

		{name: "secrets: none", rule: secrets, statements: one(tested(nil)), outcome: sat, matters: lost(`/predicate/(result|configuration(/0(/digest(/.*)?)?)?)`)},
		{name: "secrets: found", rule: secrets, statements: one(tested(failed)), outcome: vio, code: rules.CodeTestFailed},
		{name: "secrets: perhaps", rule: secrets, statements: one(tested(warned)), outcome: vio, code: rules.CodeTestFailed},
		{name: "secrets: by other rules", rule: secrets, statements: one(tested(another)), outcome: vio, code: rules.CodeTestSuite},
		{name: "secrets: a rule was not tried", rule: rules.Secrets{Trust: trust(), Configuration: []digest.Set{suite}, Required: []string{"aws"}}, statements: one(tested(nil)), outcome: vio, code: rules.CodeTestMissing},
	}
}

func attributes() []fixture {
	hard := rules.Hardening{Trust: trust(), Attributes: []string{"PIE", "RELRO"}}
	evident := hard
	evident.Cited = true
	weak := cited("RELRO")
	weak.Evidence = &attest.Descriptor{Digest: digest.Set{digest.SHA1: strings.Repeat("a", 40)}}
	uncited := predicate.Attribute{Attribute: "RELRO"}
	env := rules.Environment{Trust: trust(), Kinds: []tee.Kind{"sev-snp", "tdx"}, Purpose: "build", Audience: "example.com"}
	config := rules.ImageConfig{Trust: trust(), NonRoot: true, Labels: map[string]string{"source": "", "licence": "MIT"}, MaxPorts: 1}
	body := `{"User":"10001:0","ExposedPorts":{"8080/tcp":{}},"Env":["A=b"],"Labels":{"source":"x","licence":"MIT"}}`
	ports := at(`.*ExposedPorts.*|.*/(attribute|conditions)`)
	ran := func(name, old, new string, outcome policy.Outcome) fixture {
		f := fixture{name: "image: " + name, rule: config, statements: one(image(strings.Replace(body, old, new, 1))), outcome: outcome, excess: func(m provenancetest.Mutation) bool {
			// A number in place of what is no text may be that of a user.
			return ports(m) || m.Op == provenancetest.String && strings.HasSuffix(m.Pointer, "/User")
		}}
		if outcome == vio {
			f.code = rules.CodeImageConfig
		}
		f.matters = lost(`/predicate/attributes(/0(/(attribute|conditions(/(User|Labels(/.*)?))?))?)?`)
		return f
	}
	wrong := func(name string, change func(*tee.Evidence)) fixture {
		return fixture{name: "environment: " + name, rule: env, statements: one(assertion(change)), outcome: vio, code: rules.CodeEnvironment}
	}
	loose := rules.ImageConfig{Trust: trust(), MaxPorts: -1, Labels: map[string]string{"licence": "MIT"}}
	return []fixture{
		{name: "hardening: stated", rule: hard, statements: one(attributed(cited("PIE"), uncited)), outcome: sat, matters: lost(`/predicate/attributes(/[01](/attribute)?)?`)},
		{name: "hardening: stated with evidence", rule: evident, statements: one(attributed(cited("PIE"), cited("RELRO"))), outcome: sat, matters: lost(`/predicate/attributes(/[01](/(attribute|evidence(/digest(/.*)?)?))?)?`)},
		{name: "hardening: half", rule: hard, statements: one(attributed(cited("PIE"))), outcome: vio, code: rules.CodeAttribute},
		{name: "hardening: half, and something else", rule: hard, statements: one(attributed(cited("PIE"), cited("CFI"))), outcome: vio, code: rules.CodeAttribute},
		{name: "hardening: without evidence", rule: evident, statements: one(attributed(cited("PIE"), uncited)), outcome: vio, code: rules.CodeAttribute},
		{name: "hardening: with weak evidence", rule: evident, statements: one(attributed(cited("PIE"), weak)), outcome: vio, code: rules.CodeAttribute},
		{name: "hardening: half here and half there", rule: hard, statements: [][]byte{attributed(cited("PIE")), attributed(uncited)}, outcome: vio, code: rules.CodeAttribute},
		{name: "hardening: a lesser report beside a whole one", rule: hard, statements: [][]byte{attributed(cited("PIE"), uncited), attributed(uncited)}, outcome: sat, matters: lost(`/predicate/attributes(/[01](/attribute)?)?`)},
		{name: "hardening: an unreadable report beside a whole one", rule: hard, statements: [][]byte{attributed(cited("PIE"), uncited), raw(predicate.SCAIType, `{}`)}, outcome: sat, matters: lost(`/predicate/attributes(/[01](/attribute)?)?`)},

		{name: "environment: attested", rule: env, statements: one(assertion(nil)), outcome: sat, matters: lost(`/predicate/attributes(/0(/.*)?)?`)},
		{name: "environment: attested, beside another attribute", rule: env, statements: [][]byte{assertion(nil), attributed(uncited)}, outcome: sat, matters: lost(`/predicate/attributes(/0(/.*)?)?`)},
		wrong("another technology", func(e *tee.Evidence) { e.Kind = "tpm2" }),
		wrong("another purpose", func(e *tee.Evidence) { e.Binding.Purpose = "deploy" }),
		wrong("another audience", func(e *tee.Evidence) { e.Binding.Audience = "example.org" }),
		{name: "environment: another attribute", rule: env, statements: one(attributed(uncited)), outcome: vio, code: rules.CodeEnvironment},
		{name: "environment: a bad one beside a good one", rule: env, statements: [][]byte{assertion(func(e *tee.Evidence) { e.Kind = "tpm2" }), assertion(nil)}, outcome: vio, code: rules.CodeEnvironment, excess: bad},
		{name: "environment: an unreadable one beside a good one", rule: env, statements: [][]byte{attributed(predicate.Attribute{Attribute: tee.AssertionAttribute}), assertion(nil)}, outcome: und, code: rules.CodeUnreadable, excess: bad},

		ran("as it may", "", "", sat),
		ran("by the first user that is not root", "10001:0", "1", sat),
		ran("without ports", `"ExposedPorts":{"8080/tcp":{}},`, ``, sat),
		ran("by root", "10001:0", "0", vio),
		ran("by root with a group", "10001:0", "0:10001", vio),
		ran("by root under a longer number", "10001:0", "00", vio),
		ran("by a name", "10001:0", "app", vio),
		ran("by nobody", `"User":"10001:0",`, ``, vio),
		ran("by a negative number", "10001:0", "-1", vio),
		ran("by a number that wraps around", "10001:0", "4294967296", vio),
		ran("without a label", `"source":"x",`, ``, vio),
		ran("with an empty label", `"source":"x"`, `"source":""`, vio),
		ran("with another label", `"licence":"MIT"`, `"licence":"GPL"`, vio),
		ran("with a port too many", `{"8080/tcp":{}}`, `{"8080/tcp":{},"22/tcp":{}}`, vio),
		{name: "image: with a port where none may be", rule: rules.ImageConfig{Trust: trust(), NonRoot: false, MaxPorts: 0}, statements: one(image(`{"ExposedPorts":{"1":{}}}`)), outcome: vio, code: rules.CodeImageConfig, excess: bad},
		{name: "image: as root with any port, which nobody minds", rule: loose, statements: one(image(`{"ExposedPorts":{"1":{},"2":{}},"Labels":{"licence":"MIT"}}`)), outcome: sat, matters: lost(`/predicate/attributes(/0(/(attribute|conditions(/Labels(/.*)?)?))?)?`)},
		{name: "image: without a configuration", rule: config, statements: one(attributed(uncited)), outcome: vio, code: rules.CodeImageConfig},
		{name: "image: with an empty configuration", rule: config, statements: one(attributed(predicate.Attribute{Attribute: rules.ImageConfigAttribute})), outcome: vio, code: rules.CodeImageConfig},
		{name: "image: with two configurations", rule: config, statements: one(attributed(
			predicate.Attribute{Attribute: rules.ImageConfigAttribute, Conditions: json.RawMessage(body)},
			predicate.Attribute{Attribute: rules.ImageConfigAttribute, Conditions: json.RawMessage(body)},
		)), outcome: vio, code: rules.CodeImageConfig, excess: bad},
		{name: "image: a bad one beside a good one", rule: config, statements: [][]byte{image(strings.Replace(body, "10001", "0", 1)), image(body)}, outcome: vio, code: rules.CodeImageConfig, excess: bad},
		{name: "image: two in one beside a good one", rule: config, statements: [][]byte{attributed(
			predicate.Attribute{Attribute: rules.ImageConfigAttribute, Conditions: json.RawMessage(body)},
			predicate.Attribute{Attribute: rules.ImageConfigAttribute, Conditions: json.RawMessage(body)},
		), image(body)}, outcome: vio, code: rules.CodeImageConfig, excess: bad},
		{name: "image: another report beside a good one", rule: config, statements: [][]byte{image(body), attributed(uncited)}, outcome: sat, matters: lost(`/predicate/attributes(/0(/(attribute|conditions(/(User|Labels(/.*)?))?))?)?`)},
	}
}

func bases() []fixture {
	strong := digest.Set{digest.SHA256: otherHex}
	r := rules.BaseImage{Trust: trust(), Repositories: []string{"oci://example.com/base", "oci://example.com/team/"}}
	pinned, scratch := r, r
	pinned.Digests, scratch.Scratch = []digest.Set{strong}, true
	inputs := lost(definition + `/resolvedDependencies/3(/(uri|digest(/.*)?|annotations(/.*)?))?`)
	yes := func(name string, r rules.BaseImage, uri string) fixture {
		return fixture{name: "base image: " + name, rule: r, statements: one(onBase(uri, strong)), outcome: sat, matters: inputs}
	}
	no := func(name string, r rules.BaseImage, uri string, set digest.Set, code attest.Code) fixture {
		return fixture{name: "base image: " + name, rule: r, statements: one(onBase(uri, set)), outcome: vio, code: code}
	}
	return []fixture{
		yes("allowed", r, "oci://example.com/base"),
		yes("with a tag", r, "oci://example.com/base:12"),
		yes("with a digest", r, "oci://example.com/base:12@sha256:"+otherHex),
		yes("with a qualifier", r, "oci://example.com/base?arch=amd64"),
		yes("below", r, "oci://example.com/team/x"),
		yes("pinned by the policy", pinned, "oci://example.com/base"),
		{name: "base image: from scratch", rule: scratch, statements: one(build(nil)), outcome: sat, matters: lost(`/predicate|` + definition + `/buildType|` + details + `/builder(/id)?`)},
		no("another repository", r, "oci://example.com/other", strong, rules.CodeBaseImage),
		no("a similar repository", r, "oci://example.com/base2", strong, rules.CodeBaseImage),
		no("below one repository", r, "oci://example.com/base/x", strong, rules.CodeBaseImage),
		no("the namespace itself", r, "oci://example.com/team/", strong, rules.CodeBaseImage),
		no("a similar namespace", r, "oci://example.com/team-evil/x", strong, rules.CodeBaseImage),
		no("a similar host", r, "oci://example.com.evil/base", strong, rules.CodeBaseImage),
		no("a way around", r, "oci://example.com/team/../evil", strong, rules.CodeBaseImage),
		no("a way around by a dot", r, "oci://example.com/team/./x", strong, rules.CodeBaseImage),
		no("an escape", r, "oci://example.com/team/%2e%2e/evil", strong, rules.CodeBaseImage),
		no("without a digest", r, "oci://example.com/base", nil, rules.CodeUnpinned),
		no("with a weak digest", r, "oci://example.com/base", digest.Set{digest.SHA1: strings.Repeat("a", 40)}, rules.CodeUnpinned),
		no("another image than the policy pins", pinned, "oci://example.com/base", digest.Set{digest.SHA256: artifactHex}, rules.CodeBaseImage),
		{name: "base image: none", rule: r, statements: one(build(nil)), outcome: vio, code: rules.CodeBaseImage},
		{name: "base image: from scratch, but not", rule: scratch, statements: one(onBase("oci://example.com/other", strong)), outcome: vio, code: rules.CodeBaseImage, excess: bad},
	}
}

func ledgers() []fixture {
	r := rules.Scanned{Trust: trust(), Checks: []string{"gomod", "osv"}, MaxScanAge: 2 * time.Hour}
	no := func(name string, outcome policy.Outcome, code attest.Code, change func(*report.Ledger)) fixture {
		return fixture{name: "scanned: " + name, rule: r, statements: one(covered(change)), outcome: outcome, code: code}
	}
	gap := func(l *report.Ledger) {
		l.Coverage.Gaps = []scan.Gap{{Reason: attest.Reason{Code: scan.CodeNotEnded, Want: "w", Got: "g"}, Path: "x"}}
	}
	excess := func(f fixture) fixture { f.excess = bad; return f }
	return []fixture{
		{name: "scanned: completely", rule: r, statements: one(covered(nil)), outcome: sat, until: now.Add(time.Hour),
			matters: lost(`/predicate/(checks(/[01](/name)?)?|coverage(/(gaps|ended))?|metadata(/.*)?)`)},
		no("without a check", vio, rules.CodeScanCheck, func(l *report.Ledger) { l.Checks = l.Checks[:1] }),
		no("with another check instead", vio, rules.CodeScanCheck, func(l *report.Ledger) { l.Checks[1].Name = "secrets" }),
		excess(no("with a gap", vio, rules.CodeScanGaps, gap)),
		excess(no("with gaps that nobody counted", vio, rules.CodeScanGaps, func(l *report.Ledger) { l.Coverage.Omitted = 3 })),
		no("not to the end", vio, rules.CodeScanGaps, func(l *report.Ledger) { l.Coverage.Ended = false }),
		no("too long ago", und, rules.CodeScanAge, func(l *report.Ledger) {
			l.Metadata.ScanStartedOn, l.Metadata.ScanFinishedOn = now.Add(-3*time.Hour), now.Add(-2*time.Hour)
		}),
		no("in the future", und, rules.CodeScanAge, func(l *report.Ledger) { l.Metadata.ScanFinishedOn = now.Add(1) }),
		{name: "scanned: at this very instant", rule: r, statements: one(covered(func(l *report.Ledger) { l.Metadata.ScanFinishedOn = now })), outcome: sat, until: now.Add(2 * time.Hour), matters: lost(`/predicate/(coverage(/(gaps|ended))?|metadata(/.*)?)`)},
	}
}

// unreadable are fixtures that no rule can read.
func unreadable() []fixture {
	replace := func(b []byte, old, new string) []byte { return []byte(strings.Replace(string(b), old, new, 1)) }
	review := rules.Review{Trust: rules.Trust{Signers: []string{"alice", "bob"}}}
	hard := rules.Hardening{Trust: trust(), Attributes: []string{"PIE"}}
	config := rules.ImageConfig{Trust: trust(), NonRoot: true, MaxPorts: -1}
	env := rules.Environment{Trust: trust(), Kinds: []tee.Kind{"tdx"}, Purpose: "build"}
	scai := replace(attributed(cited("PIE")), `"attributes"`, `"attribute"`)
	tests := rules.Tests{Trust: trust(), Configuration: []digest.Set{suite}}
	deep := strings.Repeat(`{"components":[`, 28) + strings.Repeat(`]}`, 28)
	bill := func(name string, statement []byte) fixture {
		return fixture{name: "bill: " + name, rule: rules.SBOM{Trust: trust()}, statements: one(statement)}
	}
	list := []fixture{
		{name: "provenance", rule: builderRule(), statements: one(replace(build(nil), `"buildDefinition":`, `"buildDefinitions":`))},
		{name: "comparison", rule: reproducedRule(), statements: one(replace(comparison(nil), `"identical"`, `"different"`))},
		{name: "scan", rule: vulnerabilitiesRule(), statements: one(replace(vulns(nil), `"result":`, `"results":`))},
		{name: "scan of who", rule: vulnerabilitiesRule(), statements: one(replace(vulns(nil), `"uri":"https://example.com/scanner",`, ``))},
		{name: "provenance of a level", rule: buildLevelRule(), statements: one(replace(build(nil), `"buildDefinition":`, `"buildDefinitions":`))},
		{name: "provenance of an image", rule: rules.BaseImage{Trust: trust(), Repositories: []string{"oci://x"}}, statements: one(replace(build(nil), `"buildDefinition":`, `"buildDefinitions":`))},
		{name: "summary", rule: levelRule(), statements: one(replace(vsa(nil), `"PASSED"`, `"passed"`))},
		{name: "review", rule: review, statements: one(replace(svr(rules.Reviewed), `"properties"`, `"property"`)), by: []string{"alice,bob"}},
		{name: "release", rule: rules.Target{Trust: trust()}, statements: one(replace(svr("deploy:production"), `"properties"`, `"property"`)), target: policy.Target{Environment: "production"}},
		{name: "hardening", rule: hard, statements: one(scai)},
		{name: "image", rule: config, statements: one(scai)},
		{name: "image with a list of labels", rule: config, statements: one(image(`{"User":"1","Labels":["x"]}`))},
		{name: "image beside a good one", rule: config, statements: [][]byte{image(`{"User":1}`), image(`{"User":"1"}`)}},
		{name: "report beside a good image", rule: config, statements: [][]byte{scai, image(`{"User":"1"}`)}},
		{name: "environment", rule: env, statements: one(scai)},
		{name: "environment without evidence", rule: env, statements: one(attributed(predicate.Attribute{Attribute: tee.AssertionAttribute}))},
		{name: "report beside a good environment", rule: rules.Environment{Trust: trust(), Kinds: []tee.Kind{"sev-snp"}, Purpose: "build", Audience: "example.com"}, statements: [][]byte{scai, assertion(nil)}},
		{name: "tests", rule: tests, statements: one(replace(tested(nil), `"PASSED"`, `"passed"`))},
		{name: "tests beside good ones", rule: tests, statements: [][]byte{replace(tested(nil), `"PASSED"`, `"passed"`), tested(nil)}},
		{name: "ledger", rule: rules.Scanned{Trust: trust(), Checks: []string{"gomod"}, MaxScanAge: time.Hour}, statements: one(replace(covered(nil), `"ended"`, `"end"`))},
		bill("a composition of parts that are no texts", []byte(strings.Replace(string(cyclone(part)), `"assemblies":["m"`, `"assemblies":[{}`, 1))),
		bill("a graph of another version", spdx3("/3.0.1/", "/3.1.0/")),
		bill("a graph in a context without its host", spdx3("https://spdx.org/rdf/3.0.1/", "1/")),
		bill("a graph in a context without its file", spdx3("/spdx-context.jsonld", "")),
		bill("a graph of a long version", spdx3("/3.0.1/", "/3.0.11/")),
		bill("a graph of no version", spdx3("/3.0.1/", "/3.0./")),
		bill("a graph of a version in words", spdx3("/3.0.1/", "/3.0.x/")),
		bill("a graph of a version before the figures", spdx3("/3.0.1/", "/3.0.-/")),
		bill("a graph in a context elsewhere", spdx3("https://spdx.org", "https://spdx.example")),
		bill("a graph in a context that goes on", spdx3("context.jsonld", "context.jsonld?x")),
		bill("a graph in two contexts", spdx3(`"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"`, `["https://spdx.org/rdf/3.0.1/spdx-context.jsonld"]`)),
		bill("a graph without a context", spdx3(`"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld",`, ``)),
		bill("a graph with a name", spdx3(`"@graph"`, `"@id":"x","@graph"`)),
		bill("a graph beside an element", spdx3(`"@graph"`, `"type":"software_Package","@graph"`)),
		bill("a graph without a document", spdx3(`"SpdxDocument"`, `"Bundle"`)),
		bill("a graph with two documents", spdx3(`"@graph":[`, `"@graph":[{"type":"SpdxDocument","rootElement":["https://example.com/app"]},`)),
		bill("a graph with two bills of one id", spdx3(`"@graph":[`, `"@graph":[{"type":"Bom","spdxId":"https://example.com/bill","rootElement":["https://example.com/app"]},`)),
		bill("a graph of texts", spdx3(`"@graph":[`, `"@graph":["x",`)),
		bill("an element of an unknown type", spdx3(`"type":"Relationship"`, `"type":"software_Container"`)),
		bill("an element of an unknown profile", spdx3(`"type":"Relationship"`, `"type":"x_Package"`)),
		bill("an element of an unknown core type", spdx3(`"type":"Relationship"`, `"type":"Package"`)),
		bill("an element of a type in full", spdx3(`"type":"Relationship"`, `"type":"https://spdx.org/rdf/3.0.1/terms/Software/Package"`)),
		bill("an element of two types", spdx3(`"type":"Relationship"`, `"type":["Relationship","software_Package"]`)),
		bill("an element without a type", spdx3(`"type":"Relationship",`, ``)),
		bill("an element whose type is told otherwise", spdx3(`"type":"Relationship"`, `"type":"Relationship","@type":"software_Package"`)),
		bill("an element with a graph", spdx3(`"type":"Relationship"`, `"type":"Relationship","@graph":[]`)),
		bill("an element within a relationship", spdx3(`"to":["https://example.com/m"]`, `"to":[{"type":"software_Package","spdxId":"x"}]`)),
		bill("an element deep within another", spdx3(`"to":["https://example.com/m"]`, `"to":["x",[],{"y":[{"z":{"spdxId":"x"}}]}]`)),
		bill("a type deep within another", spdx3(`"to":["https://example.com/m"]`, `"to":[{"@type":"software_Package"}]`)),
		bill("a graph deep within another", spdx3(`"to":["https://example.com/m"]`, `"to":{"@graph":[]}`)),
		bill("an element within a hash", spdx3(`{"type":"Hash"`, `{"x":{"spdxId":"x"},"type":"Hash"`)),
		bill("an element within an identifier", spdx3(`{"type":"ExternalIdentifier"`, `{"x":{"spdxId":"x"},"type":"ExternalIdentifier"`)),
		bill("a root that is an element", spdx3(`"rootElement":["https://example.com/app"]`, `"rootElement":[{"spdxId":"https://example.com/app"}]`)),
		bill("a root that is no list", spdx3(`"rootElement":["https://example.com/app"]`, `"rootElement":"https://example.com/app"`)),
		bill("too many roots", spdx3(`"rootElement":["https://example.com/app"]`, `"rootElement":["https://example.com/app"`+strings.Repeat(`,"x"`, 1000)+`]`)),
		bill("too many bills", spdx3(`"@graph":[`, `"@graph":[`+manyOf(1001, `{"type":"Bom","spdxId":"%d"},`))),
		bill("the artifact too often", spdx3(`"@graph":[`, `"@graph":[`+manyOf(1001, `{"type":"software_Package","spdxId":"%d","verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"`+artifactHex+`"}]},`))),
		bill("a hash that is no object", spdx3(`"verifiedUsing":[`, `"verifiedUsing":["x",`)),
		bill("an identifier that is no object", spdx3(`"externalIdentifier":[`, `"externalIdentifier":["x",`)),
		bill("another format", replace(cyclone(part), `"CycloneDX"`, `"Cyclone"`)),
		bill("no format", replace(cyclone(part), `"bomFormat"`, `"format"`)),
		bill("no version", replace(cyclone(part), `"specVersion"`, `"version2"`)),
		bill("an old version", replace(cyclone(part), `"1.6"`, `"1.1"`)),
		bill("a future version", replace(cyclone(part), `"1.6"`, `"1.8"`)),
		bill("another major version", replace(cyclone(part), `"1.6"`, `"2.6"`)),
		bill("a long version", replace(cyclone(part), `"1.6"`, `"1.60"`)),
		bill("components that are no list", replace(cyclone(part), `"components":[`, `"components":{"a":[`+`]},"x":[`)),
		bill("a component that is no object", cyclone(`["x"]`)),
		bill("a name that is no text", cyclone(`{"name":["x"]}`)),
		bill("hashes that are no objects", cyclone(`{"hashes":["x"]}`)),
		bill("a licence that is no object", cyclone(`{"licenses":[{"license":"MIT"}]}`)),
		bill("a subject that is no object", raw(predicate.CycloneDXType, `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":"x"}}`)),
		bill("metadata that are no object", raw(predicate.CycloneDXType, `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":"x"}`)),
		bill("a text that is too long", cyclone(`{"name":"`+strings.Repeat("x", 70_000)+`"}`)),
		bill("too many hashes", cyclone(strings.Replace(part, `"hashes":[`, `"hashes":[`+strings.Repeat(`{},`, 1024), 1))),
		bill("too many licences", cyclone(strings.Replace(part, `"licenses":[`, `"licenses":[`+strings.Repeat(`{},`, 1024), 1))),
		bill("components nested too deeply", raw(predicate.CycloneDXType, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[`+deep+`],"metadata":{"component":{"components":[`+deep+`]}}}`)),
		bill("SPDX of another version", spdx("SPDX-2.3", "SPDX-2.2")),
		bill("SPDX of a future version", []byte(strings.NewReplacer(predicate.SPDX23Type, predicate.SPDXType, "SPDX-2.3", "SPDX-2.4").Replace(string(spdx())))),
		bill("SPDX without its id", spdx(`{"SPDXID":"SPDXRef-DOCUMENT"`, `{"SPDXID":"SPDXRef-X"`)),
		bill("SPDX without a version", spdx(`"spdxVersion"`, `"spdxVersions"`)),
		bill("SPDX that describes numbers", spdx(`"relationships"`, `"documentDescribes":[1],"relationships"`)),
		bill("SPDX that describes too much", spdx(`"relationships"`, `"documentDescribes":[`+strings.TrimSuffix(strings.Repeat(`"x","y",`, 10), ",")+`,`+numbered(1001)+`],"relationships"`)),
		bill("SPDX with a package that is no object", spdx(`"packages":[`, `"packages":["x",`)),
		bill("SPDX with checksums that are no objects", spdx(`"checksums":[`, `"checksums":["x",`)),
		bill("SPDX with references that are no objects", spdx(`"externalRefs":[`, `"externalRefs":["x",`)),
		bill("SPDX with relationships that are no objects", spdx(`"relationships":[`, `"relationships":["x",`)),
	}
	return append(list, unreadableGraphLicences()...)
}

// numbered returns n different texts.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		text, _ := json.Marshal(strings.Repeat("i", i+1))
		b.Write(text)
	}
	return b.String()
}

// refused are rules that cannot be used.
func refused() map[string]policy.Rule {
	weak := digest.Set{digest.SHA1: strings.Repeat("a", 40)}
	broken := digest.Set{digest.SHA256: "xyz"}
	level, buildLevel := levelRule(), buildLevelRule()
	changed := func(change func(*rules.Level)) rules.Level { l := level; change(&l); return l }
	changedBuild := func(change func(*rules.BuildLevel)) rules.BuildLevel { l := buildLevel; change(&l); return l }
	risk := func(change func(*rules.Risk)) rules.Risk { r := riskRule(); change(&r); return r }
	dependencies := func(patterns ...string) rules.Dependencies {
		return rules.Dependencies{Trust: trust(), Allow: patterns}
	}
	base := func(uri string) rules.BaseImage { return rules.BaseImage{Trust: trust(), Repositories: []string{uri}} }
	return map[string]policy.Rule{
		"the zero Signer":                             rules.Signer{},
		"a Signer without types":                      rules.Signer{Trust: trust()},
		"a Signer without signers":                    rules.Signer{PredicateTypes: []string{"https://example.com/x"}},
		"the zero Builder":                            rules.Builder{},
		"a Builder without principals":                rules.Builder{Builders: map[string][]string{provenancetest.BuilderID: nil}},
		"a Builder that lists one without principals": rules.Builder{Builders: map[string][]string{provenancetest.BuilderID: {"platform"}, "https://example.com/2": nil}},
		"a Builder that is no URI":                    rules.Builder{Builders: map[string][]string{"*": {"platform"}}},
		"the zero Source":                             rules.Source{},
		"a Source without signers":                    rules.Source{Sources: sourceRule().Sources},
		"a Source without sources":                    rules.Source{Trust: trust()},
		"a Source that is no location":                rules.Source{Trust: trust(), Sources: verify.Sources{{URI: "example.com/*"}}},
		"the zero Parameters":                         rules.Parameters{},
		"Parameters of no build type":                 rules.Parameters{Trust: trust()},
		"Parameters that are no JSON":                 rules.Parameters{Trust: trust(), BuildType: provenancetest.BuildType, Parameters: verify.Parameters{Equal: map[string]json.RawMessage{"x": nil}}},
		"the zero Reproduced":                         rules.Reproduced{},
		"Reproduced by one build":                     rules.Reproduced{Trust: trust(), Builds: 1},
		"Reproduced with an unknown bit":              rules.Reproduced{Trust: trust(), Builds: 2, Require: reproducible.AllGuarantees + 1},
		"the zero NoVulnerabilities":                  rules.NoVulnerabilities{},
		"NoVulnerabilities at unknown":                rules.NoVulnerabilities{Trust: trust(), MaxDatabaseAge: time.Hour},
		"NoVulnerabilities at 6":                      rules.NoVulnerabilities{Trust: trust(), MaxDatabaseAge: time.Hour, At: scan.Critical + 1},
		"NoVulnerabilities of an old day":             rules.NoVulnerabilities{Trust: trust(), At: scan.Low},

		"an SBOM without signers":             rules.SBOM{},
		"an SBOM of less than nothing":        rules.SBOM{Trust: trust(), MinComponents: -1},
		"Dependencies without patterns":       rules.Dependencies{Trust: trust()},
		"Dependencies without signers":        rules.Dependencies{Allow: []string{"pkg:"}},
		"Dependencies by a name":              dependencies("example.com/m"),
		"Dependencies by a type":              dependencies("pkg:golang"),
		"Dependencies by nothing":             dependencies(""),
		"Dependencies by a slash":             dependencies("pkg:/"),
		"Dependencies by a qualifier":         dependencies("pkg:golang/m?x=y"),
		"Dependencies by a subpath":           dependencies("pkg:golang/m#y"),
		"Dependencies that deny by a name":    rules.Dependencies{Trust: trust(), Allow: []string{"pkg:"}, Deny: []string{"m"}},
		"Licences without licences":           rules.Licences{Trust: trust()},
		"Licences without signers":            rules.Licences{Allow: []string{"MIT"}},
		"Licences with an empty one":          rules.Licences{Trust: trust(), Allow: []string{""}},
		"Licences with a space":               rules.Licences{Trust: trust(), Allow: []string{"MIT "}},
		"Licences that allow none":            rules.Licences{Trust: trust(), Allow: []string{"NONE"}},
		"Licences that allow the unknown":     rules.Licences{Trust: trust(), Allow: []string{"NOASSERTION"}},
		"Licences that deny nothing in words": rules.Licences{Trust: trust(), Allow: []string{"MIT"}, Deny: []string{""}},
		"Licences that deny an expression":    rules.Licences{Trust: trust(), Allow: []string{"MIT"}, Deny: []string{"MIT OR x"}},
		"Licences that except a name":         rules.Licences{Trust: trust(), Allow: []string{"MIT"}, Except: []string{"m"}},
		"Licences that except by a qualifier": rules.Licences{Trust: trust(), Allow: []string{"MIT"}, Except: []string{"pkg:golang/m?x=y"}},
		"a Level without grants":              changed(func(l *rules.Level) { l.Grants = nil }),
		"a Level with a grant to nobody":      changed(func(l *rules.Level) { l.Grants = []verify.SummaryGrant{{VerifierID: "https://example.com/"}} }),
		"a Level of no verifier":              changed(func(l *rules.Level) { l.Grants = []verify.SummaryGrant{{Signer: "platform"}} }),
		"a Level of nothing":                  changed(func(l *rules.Level) { l.Want = verify.SummaryExpectations{ResourceURI: "pkg:x"} }),
		"a BuildLevel without grants":         changedBuild(func(l *rules.BuildLevel) { l.Grants = nil }),
		"a BuildLevel with a grant of no level": changedBuild(func(l *rules.BuildLevel) {
			l.Grants = []verify.Grant{{Signer: "platform", BuilderID: "https://example.com/"}}
		}),
		"a BuildLevel of nothing":                  changedBuild(func(l *rules.BuildLevel) { l.Want.Level = 0 }),
		"a Risk at unknown":                        risk(func(r *rules.Risk) { r.At = scan.Unknown }),
		"a Risk above certainty":                   risk(func(r *rules.Risk) { r.EPSS = 1.01 }),
		"a Risk below zero":                        risk(func(r *rules.Risk) { r.EPSS = -0.01 }),
		"a Risk of an old day":                     risk(func(r *rules.Risk) { r.MaxDatabaseAge = 0 }),
		"a Risk with a threshold of no signers":    risk(func(r *rules.Risk) { r.VEX.Threshold = 1 }),
		"a Risk with an age of no signers":         risk(func(r *rules.Risk) { r.VEX.MaxAge = 1 }),
		"a Review without signers":                 rules.Review{},
		"a Review by one":                          rules.Review{Trust: rules.Trust{Signers: []string{"alice", "bob"}, Threshold: 1}},
		"a Review by two of one":                   rules.Review{Trust: rules.Trust{Signers: []string{"alice"}}},
		"a Separation of nothing":                  rules.Separation{},
		"a Separation of a nameless duty":          rules.Separation{Duties: []rules.Duty{{PredicateTypes: []string{"https://example.com/x"}, Trust: trust()}}},
		"a Separation of a duty without signers":   rules.Separation{Duties: []rules.Duty{{Name: "x", PredicateTypes: []string{"https://example.com/x"}}}},
		"a Target without signers":                 rules.Target{},
		"Tests of no suite":                        rules.Tests{Trust: trust()},
		"Tests of a weak suite":                    rules.Tests{Trust: trust(), Configuration: []digest.Set{weak}},
		"Tests of a broken suite":                  rules.Tests{Trust: trust(), Configuration: []digest.Set{broken}},
		"Tests of a suite without digest":          rules.Tests{Trust: trust(), Configuration: []digest.Set{suite, {}}},
		"Secrets of no suite":                      rules.Secrets{Trust: trust()},
		"Secrets without signers":                  rules.Secrets{Configuration: []digest.Set{suite}},
		"a Hardening of nothing":                   rules.Hardening{Trust: trust()},
		"a Hardening of a nameless attribute":      rules.Hardening{Trust: trust(), Attributes: []string{"PIE", ""}},
		"an Environment of no kind":                rules.Environment{Trust: trust(), Purpose: "x"},
		"an Environment of a broken kind":          rules.Environment{Trust: trust(), Purpose: "x", Kinds: []tee.Kind{"TPM"}},
		"an Environment for no purpose":            rules.Environment{Trust: trust(), Kinds: []tee.Kind{"tdx"}},
		"an ImageConfig of nothing":                rules.ImageConfig{Trust: trust(), MaxPorts: -1},
		"an ImageConfig that demands nothing else": rules.ImageConfig{Trust: trust(), MaxPorts: -1, Labels: map[string]string{}},
		"an ImageConfig of less than no port":      rules.ImageConfig{Trust: trust(), NonRoot: true, MaxPorts: -2},
		"a BaseImage of no repository":             rules.BaseImage{Trust: trust()},
		"a BaseImage of a name":                    base("base"),
		"a BaseImage with an escape":               base("oci://example.com/%2e"),
		"a BaseImage with a digest":                base("oci://example.com/base@sha256:" + otherHex),
		"a BaseImage with a weak digest":           rules.BaseImage{Trust: trust(), Repositories: []string{"oci://x"}, Digests: []digest.Set{weak}},
		"a BaseImage with a broken digest":         rules.BaseImage{Trust: trust(), Repositories: []string{"oci://x"}, Digests: []digest.Set{broken}},
		"a Scanned by nothing":                     rules.Scanned{Trust: trust(), MaxScanAge: time.Hour},
		"a Scanned by a nameless check":            rules.Scanned{Trust: trust(), MaxScanAge: time.Hour, Checks: []string{""}},
		"a Scanned at any time":                    rules.Scanned{Trust: trust(), Checks: []string{"x"}},
	}
}

// manyOf writes a text with the numbers below n.
func manyOf(n int, text string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, text, i)
	}
	return b.String()
}
