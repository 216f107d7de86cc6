package graph

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/predicate"
)

func spdx3(t testing.TB, subject, elements string) *attest.Statement {
	t.Helper()
	s, err := attest.NewStatement(predicate.SPDX3Type,
		json.RawMessage(`{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":`+elements+`}`), artifact(subject))
	require.NoError(t, err)
	return s
}

func hash3(name string) string {
	return `"verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"` + sum(name).Hex + `"}]`
}

// published is a bill of the shape of examples/jsonld/package_sbom.json of
// github.com/spdx/spdx-spec, in SPDX 3.0.1, with other names, and with two packages in
// what the bill is about: one with both forms of a package URL, one as lite-example-1 of
// github.com/spdx/spdx-examples has them.
func published(image string) string {
	const at = `http://spdx.example.com/`
	return `[
	{"type":"CreationInfo","@id":"_:creationinfo","createdBy":["` + at + `Agent/A"],"specVersion":"3.0.1","created":"2024-03-06T00:00:00Z"},
	{"type":"Person","spdxId":"` + at + `Agent/A","name":"A","creationInfo":"_:creationinfo","externalIdentifier":[{"type":"ExternalIdentifier","externalIdentifierType":"email","identifier":"a@example.com"}]},
	{"type":"SpdxDocument","spdxId":"` + at + `Document1","creationInfo":"_:creationinfo","rootElement":["` + at + `BOM1"],"element":["` + at + `BOM1","` + at + `Agent/A","` + at + `Package1/myprogram","` + at + `Relationship/1"],"profileConformance":["core","software"]},
	{"type":"software_Sbom","spdxId":"` + at + `BOM1","creationInfo":"_:creationinfo","rootElement":["` + at + `Package1"],"element":["` + at + `Package1/myprogram","` + at + `Package1"],"software_sbomType":["build"]},
	{"type":"software_Package","spdxId":"` + at + `Package1","creationInfo":"_:creationinfo","name":"my-package","software_packageVersion":"1.0.0","software_downloadLocation":"http://dl.example.com/my-package_1.0.0.tar","builtTime":"2024-03-06T00:00:00Z","originatedBy":["` + at + `Agent/A"],` + hash3(image) + `},
	{"type":"software_File","spdxId":"` + at + `Package1/myprogram","creationInfo":"_:creationinfo","name":"myprogram","software_primaryPurpose":"executable","software_additionalPurpose":["application"],"software_copyrightText":"Copyright","builtTime":"2024-03-06T00:00:00Z","originatedBy":["` + at + `Agent/A"],` + hash3("myprogram") + `},
	{"type":"Relationship","spdxId":"` + at + `Relationship/1","creationInfo":"_:creationinfo","from":"` + at + `Package1","relationshipType":"contains","to":["` + at + `Package1/myprogram"],"completeness":"complete"},
	{"type":"software_Package","spdxId":"` + at + `Package2","creationInfo":"_:creationinfo","name":"inner","software_packageUrl":"pkg:npm/inner@1","externalIdentifier":[
		{"type":"ExternalIdentifier","externalIdentifierType":"packageUrl","identifier":"pkg:npm/inner@1"},{"type":"ExternalIdentifier","externalIdentifierType":"packageUrl","identifier":"pkg:generic/inner"},
		{"type":"ExternalIdentifier","externalIdentifierType":"cpe23","identifier":"cpe:2.3:a"}],` + hash3("inner") + `},
	{"type":"ai_AIPackage","spdxId":"` + at + `Package3","creationInfo":"_:creationinfo","name":"model","verifiedUsing":[{"type":"PackageVerificationCode","algorithm":"sha256","hashValue":"` + sum("code").Hex + `"},
		{"type":"Hash","algorithm":"sha3_512","hashValue":"hash value of the package file"},{"type":"Hash","algorithm":"sha512","hashValue":"` + strings.Repeat("ab", 64) + `"}],"externalIdentifier":[{"type":"ExternalIdentifier","externalIdentifierType":"packageUrl","identifier":"pkg:huggingface/model"}]}]`
}

func TestThePackagesOfAGraphAreComponents(t *testing.T) {
	s := newStore(t)
	add(t, s, "alice", spdx3(t, "image", published("image")))
	add(t, s, "alice", spdx3(t, "appliance", `[{"type":"software_Package","name":"kit",`+hash3("image")+`}]`))
	assert.Equal(t, []string{"inner -contained in-> image", "image -contained in-> appliance", "appliance: no statement tells"}, lines(impact(t, s, sum("inner"), trusting("alice"))))
	for purl, from := range map[string]string{"pkg:npm/inner@1": "inner", "pkg:generic/inner": "inner", "pkg:huggingface/model": "model"} {
		a, err := s.ImpactNaming(context.Background(), purl, trusting("alice"))
		require.NoError(t, err)
		assert.Equal(t, "image", a.Node(1).Label, from)
		assert.Equal(t, ContainedIn, a.Hop(0).Relation)
	}
	a := lineage(t, s, sum("image"), trusting("alice"))
	names := labels(a)
	slices.Sort(names)
	assert.Equal(t, []string{"image", "inner", "model"}, names, "files, people and the image itself are no components")
	for _, h := range a.Hops {
		assert.Contains(t, []string{"/predicate/@graph/7", "/predicate/@graph/8"}, h.Pointer)
	}
	p, err := s.Statements(context.Background(), sum("code"), trusting("alice"), "", 10)
	require.NoError(t, err)
	assert.Empty(t, p.Mentions, "what verifies a package otherwise is not its digest")
	p, err = s.Statements(context.Background(), digest.Digest{Algorithm: digest.SHA512, Hex: strings.Repeat("ab", 64)}, trusting("alice"), "", 10)
	require.NoError(t, err)
	assert.Equal(t, "component", p.Mentions[0].As)
}

func TestAGraphThatHidesAPackageIsRefused(t *testing.T) {
	const (
		pkg  = `{"type":"software_Package","spdxId":"p"}`
		bill = `{"type":"SpdxDocument","spdxId":"d","rootElement":["p"]}`
	)
	var deep, cycle []string
	for i := range maxNesting + 2 {
		deep = append(deep, `{"type":"Bom","spdxId":"`+strings.Repeat("b", i+1)+`","rootElement":["`+strings.Repeat("b", i+2)+`"]}`)
	}
	deep = append(deep, `{"type":"software_Package","spdxId":"`+strings.Repeat("b", maxNesting+3)+`"}`)
	cycle = append(cycle, `{"type":"Bom","spdxId":"a","rootElement":["b"]}`, `{"type":"Bom","spdxId":"b","rootElement":["a"]}`)
	s := newStore(t)
	for name, elements := range map[string]string{
		"no list":                          `{}`,
		"no object":                        `["p"]`,
		"an element without a type":        `[{"spdxId":"p"}]`,
		"an element of two types":          `[{"type":["software_File","software_Package"],"spdxId":"p"}]`,
		"an element of two types apart":    `[{"type":"software_File","spdxId":"p"},` + pkg + `]`,
		"a package twice":                  `[` + pkg + `,` + pkg + `]`,
		"a package twice under other keys": `[` + pkg + `,{"type":"software_Package","@id":"p"}]`,
		"an element with two ids":          `[{"type":"software_File","spdxId":"f","@id":"p"}]`,
		"an element without an id":         `[{"type":"software_File","spdxId":""}]`,
		"an id that is no text":            `[{"type":"software_File","spdxId":1}]`,
		"a type by another word":           `[{"type":"software_File","spdxId":"f","@type":"software_Package"}]`,
		"a type in other case":             `[{"Type":"software_Package","spdxId":"f"}]`,
		"elements that are included":       `[{"type":"software_File","spdxId":"f","@included":[` + pkg + `]}]`,
		"elements within a member":         `[{"type":"Relationship","spdxId":"r","to":[` + pkg + `]}]`,
		"elements deep within":             `[{"type":"Relationship","spdxId":"r","x":[1,{"y":[{"@graph":[]}]}]}]`,
		"a package within, without an id":  `[{"type":"Relationship","spdxId":"r","to":[{"type":"software_Package","@id":"x"}]}]`,
		"types within that are no text":    `[{"type":"Relationship","spdxId":"r","to":[{"type":["software_Package"]}]}]`,
		"a root that is not there":         `[` + bill + `]`,
		"a root that is no text":           `[{"type":"SpdxDocument","spdxId":"d","rootElement":[` + pkg + `]}]`,
		"a root of what has no id":         `[{"type":"SpdxDocument","rootElement":["p"]},` + pkg + `]`,
		"roots that are no list":           `[{"type":"SpdxDocument","spdxId":"d","rootElement":"p"},` + pkg + `]`,
		"a bill in itself":                 `[{"type":"Bom","spdxId":"a","rootElement":["a"]}]`,
		"bills in each other":              `[` + strings.Join(cycle, ",") + `]`,
		"bills too deep in each other":     `[` + strings.Join(deep, ",") + `]`,
		"a digest of another length":       `[{"type":"software_Package","spdxId":"p","verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"ab"}]}]`,
		"two digests by one algorithm":     `[{"type":"software_Package","spdxId":"p","verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"` + sum("a").Hex + `"},{"type":"Hash","algorithm":"sha256","hashValue":"` + sum("b").Hex + `"}]}]`,
		"a hash that is no object":         `[{"type":"software_Package","spdxId":"p","verifiedUsing":["x"]}]`,
		"a package URL that is no text":    `[{"type":"software_Package","spdxId":"p","software_packageUrl":["pkg:a/b"]}]`,
		"an identifier that is no object":  `[{"type":"software_Package","spdxId":"p","externalIdentifier":"pkg:a/b"}]`,
		"too many packages":                `[` + strings.Repeat(`{"type":"software_Package"},`, maxComponents) + `{"type":"software_Package"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Add(context.Background(), signed(t, spdx3(t, "image", elements), "alice"))
			assert.ErrorIs(t, err, attest.Is(CodeStatement))
		})
	}
	_, err := s.Add(context.Background(), signed(t, spdx3(t, "image", `[`+bill+`,`+pkg+`,{"type":"Bom","spdxId":"b","rootElement":["d","p"]},{"type":"Tool","name":null,"rootElement":null}]`), "alice"))
	assert.NoError(t, err)
}

// FuzzGraph reads graphs of every content: there is a refusal, or every package that
// stands in the graph is mentioned.
func FuzzGraph(f *testing.F) {
	f.Add(published("image"))
	f.Add(`[{"type":"software_Package","spdxId":"p","software_packageUrl":"pkg:a/b"}]`)
	f.Add(`[{"type":"software_File","x":[{"y":{}}]},{"type":"Bom","spdxId":"a","rootElement":["a"]}]`)
	f.Fuzz(func(t *testing.T, elements string) {
		s, err := attest.NewStatement(predicate.SPDX3Type, json.RawMessage(`{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":`+elements+`}`), artifact("image"))
		if err != nil {
			return
		}
		got, err := newReading(1).newFact(s, digest.FromBytes(s.Bytes()), unsealed)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		var document map[string]json.RawMessage // whose keys are compared exactly
		var list []map[string]any
		require.NoError(t, json.Unmarshal(s.Predicate(), &document))
		require.NoError(t, json.Unmarshal(document["@graph"], &list))
		for i, element := range list {
			kind, _ := element["type"].(string)
			if !strings.HasSuffix(kind, "Package") || element["verifiedUsing"] != nil {
				continue // a package may be the image itself
			}
			require.True(t, slices.ContainsFunc(got.mentions, func(m factMention) bool { return m.role == roleComponent && m.index == uint32(i) }), "%s", elements)
		}
	})
}
