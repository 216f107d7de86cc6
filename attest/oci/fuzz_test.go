package oci

import (
	"encoding/json"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Whatever this package reads as an index, encoding/json reads the same way, and it
// survives being rewritten.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"a","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":1,"x":{}}],"y":1}`))
	f.Add([]byte(`{"schemaVersion":2,"manifests":null}`))
	f.Add([]byte(`{"schemaVersion":2,"Manifests":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := parseIndex(b, "fuzz")
		if err != nil {
			return
		}
		var reference ocispec.Index
		if err := json.Unmarshal(b, &reference); err != nil {
			t.Fatal("accepted what encoding/json refuses:", err)
		}
		if len(reference.Manifests) != len(x.entries) {
			t.Fatalf("%d entries, encoding/json has %d", len(x.entries), len(reference.Manifests))
		}
		limits, _ := Limits{}.withDefaults()
		again, err := x.marshal(limits)
		if err != nil {
			return
		}
		y, err := parseIndex(again, "again")
		if err != nil || len(y.entries) != len(x.entries) {
			t.Fatalf("rewritten as %s: %v", again, err)
		}
	})
}

// Whatever this package reads as a manifest has the same subject and layers for
// encoding/json.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"config":{"mediaType":"a","digest":"b","size":1},"layers":[{"mediaType":"a","digest":"b","size":1,"data":"e30="}],"subject":{"mediaType":"a","digest":"b","size":1}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseManifest(b, "fuzz")
		if err != nil {
			return
		}
		var reference ocispec.Manifest
		if err := json.Unmarshal(b, &reference); err != nil {
			t.Fatal("accepted what encoding/json refuses:", err)
		}
		if len(m.Layers) != len(reference.Layers) || (m.Subject == nil) != (reference.Subject == nil) {
			t.Fatal("read differently")
		}
	})
}
