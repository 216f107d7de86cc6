package rules_test

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/report"
	"github.com/sealwright/sealwright/tee"
)

func subject() attest.Descriptor { return attest.Descriptor{Digest: provenancetest.Artifact()} }

// raw states a predicate that is written out.
func raw(predicateType, body string) []byte {
	return bytesOf(attest.NewStatement(predicateType, json.RawMessage(body), subject()))
}

const (
	artifactHex = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
	otherHex    = "09af09af09af09af09af09af09af09af09af09af09af09af09af09af09af09af"
)

// part is a component of a bill.
const part = `{"name":"m","version":"v1.2.0","purl":"pkg:golang/example.com/m@v1.2.0","hashes":[{"alg":"SHA-256","content":"` + otherHex + `"}],"licenses":[{"license":{"id":"MIT"}}]}`

// whole claims that the bill is complete.
const whole = `,"compositions":[{"aggregate":"complete","assemblies":["m","app"]}]`

// cyclone is a CycloneDX bill about the artifact with the components.
func cyclone(components string) []byte {
	return cycloneAbout(`"hashes":[{"alg":"MD5","content":"00"},{"alg":"SHA-256","content":"`+artifactHex+`"}]`, components, whole)
}

func cycloneAbout(hashes, components, rest string) []byte {
	return raw(predicate.CycloneDXType, `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"tools":[{"name":"t\"\\"}],"component":{"bom-ref":"app","name":"app",`+hashes+`}},"components":[`+components+`]`+rest+`}`)
}

// spdx is an SPDX bill about the artifact.
func spdx(change ...string) []byte {
	body := `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","name":"app","relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-app"}],` +
		`"packages":[{"SPDXID":"SPDXRef-app","name":"app","checksums":[{"algorithm":"SHA256","checksumValue":"` + artifactHex + `"}],"licenseConcluded":"NOASSERTION"},` +
		`{"SPDXID":"SPDXRef-m","name":"m","versionInfo":"v1.2.0","checksums":[{"algorithm":"SHA256","checksumValue":"` + otherHex + `"}],` +
		`"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:golang/example.com/m@v1.2.0"}],"licenseConcluded":"NOASSERTION","licenseDeclared":"MIT"}]}`
	return raw(predicate.SPDX23Type, strings.NewReplacer(change...).Replace(body))
}

// spdx3 is an SPDX 3.0 bill about the artifact.
func spdx3(change ...string) []byte {
	body := `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[` +
		`{"type":"CreationInfo","@id":"_:info","specVersion":"3.0.1","created":"2026-04-30T00:00:00Z","createdBy":["https://example.com/tool"]},` +
		`{"type":"SpdxDocument","spdxId":"https://example.com/document","creationInfo":"_:info","rootElement":["https://example.com/bill"],"import":[]},` +
		`{"type":"software_Sbom","spdxId":"https://example.com/bill","rootElement":["https://example.com/app"],"element":["https://example.com/app","https://example.com/m"]},` +
		`{"type":"software_Package","spdxId":"https://example.com/app","name":"app","verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"` + artifactHex + `"}]},` +
		`{"type":"software_Package","spdxId":"https://example.com/m","name":"m","software_packageVersion":"v1.2.0",` +
		`"verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"` + otherHex + `"}],"externalIdentifier":[{"type":"ExternalIdentifier","externalIdentifierType":"packageUrl","identifier":"pkg:golang/example.com/m@v1.2.0"}]},` +
		`{"type":"Relationship","spdxId":"https://example.com/r","from":"https://example.com/app","relationshipType":"contains","to":["https://example.com/m"],"comment":{"a":[{"b":1},2]}}]}`
	return raw(predicate.SPDX3Type, strings.NewReplacer(change...).Replace(body))
}

func svr(properties ...string) []byte {
	return bytesOf(predicate.Encode(&predicate.SVR{
		Verifier: predicate.SVRVerifier{ID: "https://example.com/people"}, TimeCreated: predicate.Timestamp{Time: now.Add(-time.Hour)}, Properties: properties,
	}, subject()))
}

func vsa(change func(*predicate.VSA)) []byte {
	v := &predicate.VSA{
		Verifier: predicate.Verifier{ID: "https://example.com/verifier"}, TimeVerified: predicate.Timestamp{Time: now.Add(-2 * time.Hour)},
		ResourceURI: "pkg:golang/example.com/app", Policy: attest.Descriptor{URI: "https://example.com/policy"},
		VerificationResult: predicate.ResultPassed, VerifiedLevels: []string{"SLSA_SOURCE_LEVEL_3", predicate.PropertyTwoPartyReviewed},
	}
	if change != nil {
		change(v)
	}
	return bytesOf(predicate.Encode(v, subject()))
}

var suite = digest.Set{digest.SHA256: strings.Repeat("5e", 32)}

func tested(change func(*predicate.TestResult)) []byte {
	r := &predicate.TestResult{Result: predicate.ResultPassed, Configuration: []attest.Descriptor{{Digest: suite}}, PassedTests: []string{"unit", "end to end"}}
	if change != nil {
		change(r)
	}
	return bytesOf(predicate.Encode(r, subject()))
}

func attributed(attributes ...predicate.Attribute) []byte {
	return bytesOf(predicate.Encode(&predicate.SCAI{Attributes: attributes}, subject()))
}

func cited(name string) predicate.Attribute {
	return predicate.Attribute{Attribute: name, Evidence: &attest.Descriptor{Digest: digest.Set{digest.SHA256: otherHex}}}
}

func image(config string) []byte {
	return attributed(predicate.Attribute{Attribute: rules.ImageConfigAttribute, Conditions: json.RawMessage(config)})
}

func assertion(change func(*tee.Evidence)) []byte {
	e := &tee.Evidence{
		Kind: "sev-snp", MediaType: "application/octet-stream", Raw: []byte("quote"),
		Binding: tee.Binding{Purpose: "build", Nonce: []byte("0123456789abcdef"), Audience: "example.com"},
	}
	if change != nil {
		change(e)
	}
	return bytesOf(tee.Assertion([]attest.Descriptor{subject()}, e, attest.Descriptor{}))
}

func covered(change func(*report.Ledger)) []byte {
	l := &report.Ledger{
		Receipt: scan.Receipt{Subject: subject(), Entries: 3, Bytes: 10},
		Checks:  []scan.Descriptor{{Name: "gomod", Version: "1"}, {Name: "osv", Version: "1"}},
		Coverage: scan.Coverage{
			Seen: scan.Counts{Entries: 3, Bytes: 10}, Claimed: scan.Counts{Entries: 1, Bytes: 4}, Skipped: scan.Counts{Entries: 2, Bytes: 6},
			Gaps: []scan.Gap{}, Ended: true,
		},
		Metadata: report.Metadata{ScanStartedOn: now.Add(-2 * time.Hour), ScanFinishedOn: now.Add(-time.Hour)},
	}
	if change != nil {
		change(l)
	}
	return bytesOf(attest.NewStatement(report.CoverageType, l, subject()))
}

// onBase is provenance of an image on a base image.
func onBase(uri string, set digest.Set) []byte {
	return build(func(b *provenance.Build) {
		b.Inputs = append(b.Inputs, provenance.Input{Role: provenance.RoleBase, Descriptor: attest.Descriptor{URI: uri, Digest: set}})
	})
}

// risky is a scan with one grave vulnerability.
func risky(severity, epss, kev, fix string) []byte {
	return vulns(func(v *report.Vulns) {
		r := &v.Scanner.Result[0]
		r.Severity = []report.Severity{{Method: "rating", Score: severity}}
		if epss != "" {
			r.Severity = append(r.Severity, report.Severity{Method: "EPSS", Score: epss})
		}
		if kev != "" {
			r.Severity = append(r.Severity, report.Severity{Method: "KEV", Score: kev})
		}
		r.Annotations = []map[string]any{{"purl": "pkg:golang/example.com/m@v1.2.0"}}
		if fix != "" {
			r.Annotations[0]["fixState"] = fix
		}
	})
}

// vex is an OpenVEX document with statements.
func vex(change ...string) []byte {
	body := `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex/1","author":"vendor","timestamp":"2026-04-30T00:00:00Z","last_updated":"2026-04-30T00:00:00Z","version":1,"statements":[` +
		`{"vulnerability":{"name":"CVE-2026-1"},"timestamp":"2026-04-30T00:00:00Z","products":[{"@id":"pkg:oci/app","hashes":{"sha-256":"` + artifactHex + `"}}],"status":"not_affected","justification":"component_not_present"}]}`
	return raw(rules.OpenVEXType, strings.NewReplacer(change...).Replace(body))
}
