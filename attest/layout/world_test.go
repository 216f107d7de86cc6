package layout_test

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/layout"
)

// A person has a key that follows from the name.
type person struct {
	name    string
	private ed25519.PrivateKey
}

func named(name string) person {
	sum := digest.FromBytes([]byte(name))
	seed, _ := hex.DecodeString(sum.Hex)
	return person{name, ed25519.NewKeyFromSeed(seed)}
}

func (p person) public() crypto.PublicKey { return p.private.Public() }

func (p person) id() string { return digest.FromBytes(p.private.Public().(ed25519.PublicKey)).Hex }

func (p person) key() in_toto.Key {
	return in_toto.Key{KeyID: p.id(), KeyType: "ed25519", Scheme: "ed25519", KeyIDHashAlgorithms: []string{"sha256"},
		KeyVal: in_toto.KeyVal{Public: hex.EncodeToString(p.private.Public().(ed25519.PublicKey))}}
}

// metablock signs a layout or link the old way.
func metablock(t testing.TB, signed any, by ...person) []byte {
	m := in_toto.Metablock{Signed: signed}
	message, err := m.GetSignableRepresentation()
	require.NoError(t, err)
	for _, p := range by {
		m.Signatures = append(m.Signatures, in_toto.Signature{KeyID: p.id(), Sig: hex.EncodeToString(ed25519.Sign(p.private, message))})
	}
	b, err := json.Marshal(m)
	require.NoError(t, err)
	return b
}

// envelope signs a layout or link by DSSE.
func envelope(t testing.TB, signed any, by ...person) []byte {
	payload, err := json.Marshal(signed)
	require.NoError(t, err)
	message := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(in_toto.PayloadType), in_toto.PayloadType, len(payload), payload)
	var signatures []map[string]string
	for _, p := range by {
		signatures = append(signatures, map[string]string{"keyid": p.id(), "sig": base64.StdEncoding.EncodeToString(ed25519.Sign(p.private, message))})
	}
	b, err := json.Marshal(map[string]any{"payloadType": in_toto.PayloadType, "payload": payload, "signatures": signatures})
	require.NoError(t, err)
	return b
}

var (
	owner, owner2      = named("owner"), named("owner 2")
	coder, coder2, pkg = named("coder"), named("coder 2"), named("packager")
	stranger           = named("stranger")
)

func now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func file(content string) in_toto.HashObj {
	return in_toto.HashObj{"sha256": digest.FromBytes([]byte(content)).Hex}
}

func link(name string, materials, products map[string]in_toto.HashObj) in_toto.Link {
	return in_toto.Link{Type: "link", Name: name, Materials: materials, Products: products,
		ByProducts: map[string]any{}, Command: []string{}, Environment: map[string]any{}}
}

func step(name string, threshold int, materials, products [][]string, by ...person) in_toto.Step {
	s := in_toto.Step{Type: "step", Threshold: threshold, ExpectedCommand: []string{},
		SupplyChainItem: in_toto.SupplyChainItem{Name: name, ExpectedMaterials: materials, ExpectedProducts: products}}
	for _, p := range by {
		s.PubKeys = append(s.PubKeys, p.id())
	}
	return s
}

// A world is a supply chain that is in order, for tests to break.
type world struct {
	layout      in_toto.Layout
	links       map[string]in_toto.Link // by step
	signers     map[string][]person     // by step
	owners      []person
	trust       layout.Trust
	inspections map[string]layout.Link
	files       fstest.MapFS // replaces what follows from links
	seal        func(t testing.TB, signed any, by ...person) []byte
}

func newWorld() *world {
	w := &world{
		layout: in_toto.Layout{Type: "layout", Expires: "2027-01-01T00:00:00Z", Keys: map[string]in_toto.Key{}, Inspect: []in_toto.Inspection{},
			Steps: []in_toto.Step{
				step("write", 2, [][]string{}, [][]string{{"CREATE", "src/*"}, {"DISALLOW", "*"}}, coder, coder2),
				step("pack", 1, [][]string{{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"}, {"DISALLOW", "*"}},
					[][]string{{"CREATE", "out/app.tar"}, {"REQUIRE", "src/main.go"}, {"ALLOW", "src/*"}, {"DISALLOW", "*"}}, pkg),
			}},
		links: map[string]in_toto.Link{
			"write": link("write", map[string]in_toto.HashObj{}, map[string]in_toto.HashObj{"src/main.go": file("main"), "src/sub/a.go": file("a")}),
			"pack": link("pack", map[string]in_toto.HashObj{"src/main.go": file("main"), "src/sub/a.go": file("a")},
				map[string]in_toto.HashObj{"src/main.go": file("main"), "out/app.tar": file("tar")}),
		},
		signers: map[string][]person{"write": {coder, coder2}, "pack": {pkg}},
		owners:  []person{owner},
		trust:   layout.Trust{Owners: []layout.Owner{{"owner", owner.public()}}, Threshold: 1},
		files:   fstest.MapFS{},
		seal:    metablock,
	}
	for _, p := range []person{coder, coder2, pkg} {
		w.layout.Keys[p.id()] = p.key()
	}
	return w
}

func linkName(step string, p person) string { return step + "." + p.id()[:8] + ".link" }

// evidence signs the world.
func (w *world) evidence(t testing.TB) layout.Evidence {
	files := fstest.MapFS{}
	for name, l := range w.links {
		for _, p := range w.signers[name] {
			files[linkName(name, p)] = &fstest.MapFile{Data: w.seal(t, l, p)}
		}
	}
	for name, f := range w.files {
		files[name] = f
		if f == nil {
			delete(files, name)
		}
	}
	return layout.Evidence{Layout: w.seal(t, w.layout, w.owners...), Links: files, Inspections: w.inspections}
}

func (w *world) verify(t testing.TB) (*layout.Result, error) {
	v, err := layout.NewVerifier(w.trust)
	require.NoError(t, err)
	return v.Verify(t.Context(), w.evidence(t), now())
}
