package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/slsa"
)

const builderID = "https://example.com/builder"

// sum returns a digest that belongs to a name.
func sum(name string) digest.Digest {
	s := sha256.Sum256([]byte(name))
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(s[:])}
}

// artifact returns a descriptor by SHA-256.
func artifact(name string) attest.Descriptor {
	return attest.Descriptor{Name: name, Digest: sum(name).Set()}
}

// buildOf returns provenance of one output.
func buildOf(output string, inputs ...attest.Descriptor) *provenance.Build {
	b := &provenance.Build{
		BuildType: "https://example.com/type", External: json.RawMessage(`{}`),
		Builder: provenance.Builder{ID: builderID},
		Outputs: []attest.Descriptor{artifact(output)},
	}
	for _, d := range inputs {
		b.Inputs = append(b.Inputs, provenance.Input{Role: provenance.RoleSource, Descriptor: d})
	}
	return b
}

func encode(t testing.TB, b *provenance.Build) *attest.Statement {
	t.Helper()
	s, err := slsa.Encode(b)
	require.NoError(t, err)
	return s
}

// builds returns a statement that output was made from the inputs.
func builds(t testing.TB, output string, inputs ...string) *attest.Statement {
	t.Helper()
	var list []attest.Descriptor
	for _, name := range inputs {
		list = append(list, artifact(name))
	}
	return encode(t, buildOf(output, list...))
}

// signed returns the statement as somebody signed it.
func signed(t testing.TB, s *attest.Statement, who string) *attest.Verified {
	t.Helper()
	v, err := attest.Seal(attest.Facts{
		Authority: "test:keys", Statement: s, Evidence: digest.FromBytes([]byte(who + string(s.Bytes()))),
		Signers: []attest.Identity{{Subject: who}},
	})
	require.NoError(t, err)
	return v
}

// unsigned returns the statement as nobody signed it.
func unsigned(s *attest.Statement) attest.Attestation {
	return attest.Attestation{MediaType: attest.MediaTypeInToto, Body: s.Bytes()}
}

// by selects what one of the principals signed.
func by(names ...string) Believe {
	return func(authority string, signers []attest.Identity) bool {
		for _, s := range signers {
			for _, name := range names {
				if authority == "test:keys" && s.Subject == name {
					return true
				}
			}
		}
		return false
	}
}

func trusting(names ...string) Query { return Query{Select: by(names...)} }

func rootOf(t testing.TB, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return root
}

// openAt opens a store for writing, until the test ends.
func openAt(t testing.TB, dir string, c Config) *Store {
	t.Helper()
	s, err := Open(context.Background(), rootOf(t, dir), c)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func newStore(t testing.TB) *Store { return openAt(t, t.TempDir(), Config{}) }

func add(t testing.TB, s *Store, who string, statements ...*attest.Statement) {
	t.Helper()
	var list []*attest.Verified
	for _, st := range statements {
		list = append(list, signed(t, st, who))
	}
	_, err := s.Add(context.Background(), list...)
	require.NoError(t, err)
}

// A drawn is an answer with its parts as slices.
type drawn struct {
	*Answer
	Nodes      []Node
	Hops       []Hop
	Statements []Statement
}

func draw(a *Answer) *drawn {
	d := a.Document()
	return &drawn{a, d.Nodes, d.Hops, d.Statements}
}

func lineage(t testing.TB, s *Store, of digest.Digest, q Query) *drawn {
	t.Helper()
	a, err := s.Lineage(context.Background(), of, q)
	require.NoError(t, err)
	return draw(a)
}

func impact(t testing.TB, s *Store, of digest.Digest, q Query) *drawn {
	t.Helper()
	a, err := s.Impact(context.Background(), of, q)
	require.NoError(t, err)
	return draw(a)
}

// lines tells an answer's hops and frontier by labels, for comparing.
func lines(a *drawn) []string {
	name := func(i int) string {
		n := a.Nodes[i]
		switch {
		case n.Label != "":
			return n.Label
		case n.Name != "":
			return n.Name
		}
		return n.Digests.List()[0].String()
	}
	var out []string
	for _, h := range a.Hops {
		out = append(out, fmt.Sprintf("%s -%s-> %s", name(h.From), h.Relation, name(h.To)))
	}
	for _, f := range a.Frontier {
		out = append(out, fmt.Sprintf("%s: %s", name(f.Node), f.Cause))
	}
	return out
}

// labels returns the labels of nodes.
func labels(a *drawn) []string {
	var out []string
	for _, n := range a.Nodes {
		out = append(out, n.Label)
	}
	return out
}
