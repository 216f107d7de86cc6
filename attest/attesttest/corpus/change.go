package corpus

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"

	"github.com/sealwright/sealwright/attest/attesttest/virtual"
)

// at walks a document by keys and indexes.
func at(doc any, path ...any) any {
	for _, p := range path {
		switch k := p.(type) {
		case string:
			doc = doc.(map[string]any)[k]
		case int:
			doc = doc.([]any)[k]
		}
	}
	return doc
}

func material(doc map[string]any) map[string]any {
	return at(doc, "verificationMaterial").(map[string]any)
}
func entryOf(doc map[string]any) map[string]any {
	return at(doc, "verificationMaterial", "tlogEntries", 0).(map[string]any)
}
func proofOf(doc map[string]any) map[string]any {
	return entryOf(doc)["inclusionProof"].(map[string]any)
}

func flip(b []byte) []byte {
	out := append([]byte{}, b...)
	out[len(out)-1] ^= 1
	return out
}

// The functions below make recipes that differ from a valid one in what their
// name says.

func document(change func(doc map[string]any)) virtual.Recipe {
	return virtual.Recipe{Document: change}
}
func message(change func(content map[string]any)) virtual.Recipe {
	return virtual.Recipe{Message: true, Document: func(d map[string]any) { change(d["messageSignature"].(map[string]any)) }}
}
func entry(change func(*virtual.Entry)) virtual.Recipe { return virtual.Recipe{Entry: change} }
func stamp(change func(*virtual.Stamp)) virtual.Recipe { return virtual.Recipe{Stamp: change} }
func certificate(change func(*x509.Certificate)) virtual.Recipe {
	return virtual.Recipe{Certificate: change}
}
func body(change func(spec map[string]any)) virtual.Recipe {
	return virtual.Recipe{Body: func(b map[string]any) { change(b["spec"].(map[string]any)) }}
}
func sct(change func(*virtual.SCT)) virtual.Recipe {
	return virtual.Recipe{SCTs: func(s []*virtual.SCT) []*virtual.SCT { change(s[0]); return s }}
}
func v2(r virtual.Recipe) virtual.Recipe { r.Rekor = 2; return r }

func hexOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
