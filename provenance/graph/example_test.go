package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/graph"
	"github.com/sealwright/sealwright/provenance/slsa"
)

// A store takes statements in once, and each query says whom it believes.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "graph")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	defer root.Close()

	app := digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat("a", 64)}
	source := digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat("b", 64)}
	statement, err := slsa.Encode(&provenance.Build{
		BuildType: "https://example.com/make", External: json.RawMessage(`{}`),
		Builder: provenance.Builder{ID: "https://example.com/builder"},
		Inputs:  []provenance.Input{{Role: provenance.RoleSource, Descriptor: attest.Descriptor{Name: "source", Digest: source.Set()}}},
		Outputs: []attest.Descriptor{{Name: "app", Digest: app.Set()}},
	})
	if err != nil {
		panic(err)
	}
	s, err := graph.Open(ctx, root, graph.Config{})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	// Nobody has verified this one: usually, a Verifier's results go to Add.
	if _, err := s.AddUnverified(ctx, attest.Attestation{MediaType: attest.MediaTypeInToto, Body: statement.Bytes()}); err != nil {
		panic(err)
	}

	everyone := graph.Believe(func(string, []attest.Identity) bool { return true })
	for _, selection := range []graph.Selection{everyone, graph.IncludeUnverified{}} {
		answer, err := s.Lineage(ctx, app, graph.Query{Select: selection})
		if err != nil {
			panic(err)
		}
		for _, h := range answer.Hops() {
			fmt.Println(answer.Node(h.From).Label, "<-", answer.Node(h.To).Label, h.Pointer, answer.HopText(h))
		}
		for _, f := range answer.Frontier {
			fmt.Println("node", f.Node, "-", f.Cause)
		}
	}
	// Output:
	// node 0 - only statements that are not believed tell
	// app <- source /predicate/buildDefinition/resolvedDependencies/0 input (source) by https://example.com/builder, UNVERIFIED
	// node 1 - no statement tells
}
