package slsa_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/slsa"
)

func Example() {
	statement, err := slsa.Encode(&provenance.Build{
		BuildType: "https://example.com/build/v1",
		External:  json.RawMessage(`{"target":"linux/amd64"}`),
		Builder:   provenance.Builder{ID: "https://example.com/builders/1"},
		Outputs:   []attest.Descriptor{{Name: "app", Digest: digest.Set{digest.SHA256: strings.Repeat("a", 64)}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(statement.Predicate()))
	build, err := slsa.Decode(statement)
	fmt.Println(build.Builder.ID, err)
	// Output:
	// {"buildDefinition":{"buildType":"https://example.com/build/v1","externalParameters":{"target":"linux/amd64"}},"runDetails":{"builder":{"id":"https://example.com/builders/1"}}}
	// https://example.com/builders/1 <nil>
}

func ExampleDecodeLegacy() {
	predicate := json.RawMessage(`{
		"builder": {"id": "https://example.com/builder"},
		"buildType": "https://example.com/make@v1",
		"invocation": {"parameters": {"jobs": 9007199254740993}},
		"metadata": {"reproducible": true}
	}`)
	subject := attest.Descriptor{Name: "app", Digest: digest.Set{digest.SHA256: strings.Repeat("a1", 32)}}
	s, err := attest.NewStatement(slsa.PredicateTypeV02, predicate, subject)
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err := slsa.DecodeLegacy(s)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(l.Build.Builder.ID)
	fmt.Println(string(l.Build.External))
	fmt.Println("reproducible:", string(l.Rest["/metadata/reproducible"]))
	// Output:
	// https://example.com/builder
	// {"parameters":{"jobs":9007199254740993}}
	// reproducible: true
}
