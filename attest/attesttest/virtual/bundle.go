package virtual

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"testing"
	"time"
)

// MediaType returns the media type of bundles of a version: 1, 2 or 3.
func MediaType(version int) string {
	if version == 3 {
		return "application/vnd.dev.sigstore.bundle.v0.3+json"
	}
	return fmt.Sprintf("application/vnd.dev.sigstore.bundle+json;version=0.%d", version)
}

// A Recipe tells what a bundle holds. Its zero value with a Payload is a bundle
// of version 0.3 with an in-toto envelope under a certificate, logged in Rekor
// v1 and stamped. Functions that are not nil change what they are given before
// it is signed.
type Recipe struct {
	Version     int    // 1, 2 or 3; 0 means 3
	Rekor       int    // 1 or 2; 0 means 1
	Kind        string // of the entry: "dsse", "intoto" or "hashedrekord"; "" is what fits
	Payload     []byte
	PayloadType string // "" means in-toto
	Message     bool   // sign Payload itself instead of an envelope
	LongLived   bool   // by the key without a certificate
	Unstamped   bool
	Unlogged    bool

	Key       crypto.Signer // that signs the artifact, in place of the instance's
	Hash      crypto.Hash   // with which it signs; 0 means that of the key
	PSS       bool          // RSA signs by RSASSA-PSS
	Also      []*Instance   // whose logs and timestamp authorities vouch as well
	Witnesses []*Witness    // who cosign the checkpoints

	CA          *Authority // that issues the certificate in place of the instance's
	Certificate func(template *x509.Certificate)
	SCTs        func([]*SCT) []*SCT
	Sign        func(message []byte) []byte   // what is signed
	Signature   func(signature []byte) []byte // the finished signature
	Body        func(body map[string]any)     // of the entry
	Entry       func(*Entry)
	Stamp       func(*Stamp)
	Document    func(bundle map[string]any) // the finished bundle
}

// made holds what the parts of a bundle have in common.
type made struct {
	recipe    *Recipe
	key       crypto.Signer
	hash      crypto.Hash
	leaf      *x509.Certificate
	message   []byte // what is signed
	signature []byte
}

// Bundle returns the bundle of a recipe.
func (i *Instance) Bundle(t testing.TB, r Recipe) []byte {
	t.Helper()
	if r.Version == 0 {
		r.Version = 3
	}
	if r.Rekor == 0 {
		r.Rekor = 1
	}
	if r.PayloadType == "" {
		r.PayloadType = "application/vnd.in-toto+json"
	}
	m := &made{recipe: &r, key: i.keyOf(&r), hash: r.Hash, message: r.Payload}
	if m.hash == 0 {
		m.hash = hashOf(m.key)
	}
	if !r.Message {
		m.message = fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(r.PayloadType), r.PayloadType, len(r.Payload), r.Payload)
	}
	signed := m.message
	if r.Sign != nil {
		signed = r.Sign(signed)
	}
	m.signature = m.signArtifact(t, signed)
	if r.Signature != nil {
		m.signature = r.Signature(m.signature)
	}
	material := i.signerMaterial(t, m)
	i.vouch(t, m, material)
	doc := map[string]any{"mediaType": MediaType(r.Version), "verificationMaterial": material}
	if r.Message {
		doc["messageSignature"] = map[string]any{
			"messageDigest": m.messageDigest(r.Payload), "signature": m.signature,
		}
	} else {
		doc["dsseEnvelope"] = map[string]any{
			"payload": r.Payload, "payloadType": r.PayloadType, "signatures": []any{map[string]any{"sig": m.signature}},
		}
	}
	if r.Document != nil {
		r.Document(doc)
	}
	out, err := json.Marshal(doc)
	check(t, err)
	return out
}

// vouch adds what the logs and timestamp authorities say.
func (i *Instance) vouch(t testing.TB, m *made, material map[string]any) {
	t.Helper()
	var entries, stamps []any
	for _, one := range append([]*Instance{i}, m.recipe.Also...) {
		entries = append(entries, one.entry(t, m).document(t))
		s := one.stamp(m.signature)
		if m.recipe.Stamp != nil {
			m.recipe.Stamp(s)
		}
		stamps = append(stamps, map[string]any{"signedTimestamp": s.bytes(t)})
	}
	if !m.recipe.Unlogged {
		material["tlogEntries"] = entries
	}
	if !m.recipe.Unstamped {
		material["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": stamps}
	}
}

// messageDigest is a digest as Sigstore's protocol buffers have it.
func (m *made) messageDigest(b []byte) map[string]any {
	_, name := nameOf(m.hash)
	return map[string]any{"algorithm": name, "digest": sumBy(m.hash, b)}
}

func (i *Instance) signerMaterial(t testing.TB, m *made) map[string]any {
	t.Helper()
	if m.recipe.LongLived {
		return map[string]any{"publicKey": map[string]any{"hint": base64.StdEncoding.EncodeToString(id(t, m.key))}}
	}
	m.leaf = i.certificate(t, m.recipe)
	one := map[string]any{"rawBytes": m.leaf.Raw}
	if m.recipe.Version == 3 {
		return map[string]any{"certificate": one}
	}
	return map[string]any{"x509CertificateChain": map[string]any{"certificates": []any{one, map[string]any{"rawBytes": i.CA.Intermediate.Raw}}}}
}

// entry makes the log entry of a bundle.
func (i *Instance) entry(t testing.TB, m *made) *Entry {
	t.Helper()
	r := m.recipe
	kind := r.Kind
	if kind == "" {
		kind = "hashedrekord"
		if r.Rekor == 1 && !r.Message {
			kind = "dsse"
		}
	}
	e := &Entry{Kind: kind, Index: 1234, Time: i.Now, LogID: id(t, i.Log), Key: i.Log,
		Tree: Tree{Size: 11, Index: 6, Origin: i.Host + " - 987654321", Name: i.Host, Witnesses: r.Witnesses}}
	var body map[string]any
	if r.Rekor == 2 {
		body = i.bodyV2(t, m, kind)
		e.Index, e.NoPromise, e.Tree.Origin = e.Tree.Index, true, i.Host
		e.Time = time.Time{} // only a timestamp authority tells time
	} else {
		body = i.bodyV1(t, m, kind)
		if r.Version == 1 {
			e.NoProof = true
		}
	}
	if r.Body != nil {
		r.Body(body)
	}
	e.Version = fmt.Sprint(body["apiVersion"])
	var err error
	e.Body, err = json.Marshal(body)
	check(t, err)
	if r.Entry != nil {
		r.Entry(e)
	}
	return e
}

// signerPEM is the certificate or key as Rekor v1 holds it.
func (i *Instance) signerPEM(t testing.TB, m *made) []byte {
	t.Helper()
	if m.leaf == nil {
		return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki(t, m.key)})
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.leaf.Raw})
}

func (i *Instance) bodyV1(t testing.TB, m *made, kind string) map[string]any {
	t.Helper()
	hash := func(b []byte) map[string]any {
		return map[string]any{"algorithm": "sha256", "value": hex.EncodeToString(sum(b))}
	}
	signer, payload := i.signerPEM(t, m), m.recipe.Payload
	switch kind {
	case "dsse":
		return map[string]any{"apiVersion": "0.0.1", "kind": kind, "spec": map[string]any{
			"envelopeHash": hash([]byte("as it was uploaded")), "payloadHash": hash(payload),
			"signatures": []any{map[string]any{"signature": m.signature, "verifier": signer}},
		}}
	case "intoto":
		inner := []byte(base64.StdEncoding.EncodeToString(m.signature))
		return map[string]any{"apiVersion": "0.0.2", "kind": kind, "spec": map[string]any{"content": map[string]any{
			"envelope": map[string]any{"payloadType": m.recipe.PayloadType, "signatures": []any{map[string]any{"publicKey": signer, "sig": inner}}},
			"hash":     hash([]byte("as it was uploaded")), "payloadHash": hash(payload),
		}}}
	}
	algorithm, _ := nameOf(m.hash)
	return map[string]any{"apiVersion": "0.0.1", "kind": kind, "spec": map[string]any{
		"data":      map[string]any{"hash": map[string]any{"algorithm": algorithm, "value": hex.EncodeToString(sumBy(m.hash, m.message))}},
		"signature": map[string]any{"content": m.signature, "publicKey": map[string]any{"content": signer}},
	}}
}

func (i *Instance) bodyV2(t testing.TB, m *made, kind string) map[string]any {
	t.Helper()
	verifier := map[string]any{"keyDetails": details(m.key, m.recipe.PSS)}
	if m.leaf == nil {
		verifier["publicKey"] = map[string]any{"rawBytes": spki(t, m.key)}
	} else {
		verifier["x509Certificate"] = map[string]any{"rawBytes": m.leaf.Raw}
	}
	signature := map[string]any{"content": m.signature, "verifier": verifier}
	hash := func(b []byte) map[string]any { return map[string]any{"algorithm": "SHA2_256", "digest": sum(b)} }
	spec := map[string]any{"hashedRekordV002": map[string]any{"data": m.messageDigest(m.message), "signature": signature}}
	if kind == "dsse" {
		spec = map[string]any{"dsseV002": map[string]any{"payloadHash": hash(m.recipe.Payload), "signatures": []any{signature}}}
	}
	return map[string]any{"apiVersion": "0.0.2", "kind": kind, "spec": spec}
}
