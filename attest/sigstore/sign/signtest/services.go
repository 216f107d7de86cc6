package signtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// body reads a request of the form that all services want.
func body(r *http.Request, path, contentType string) ([]byte, *refusal) {
	if r.Method != http.MethodPost || r.URL.Path != path || r.URL.RawQuery != "" {
		return nil, bad("want POST %s, got %s %s", path, r.Method, r.URL)
	}
	if got := r.Header.Get("Content-Type"); got != contentType {
		return nil, bad("want content type %s, got %s", contentType, got)
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, bad("%v", err)
	}
	return b, nil
}

// document is a bundle of the instance.
type document struct {
	Material struct {
		Certificate struct {
			Raw []byte `json:"rawBytes"`
		} `json:"certificate"`
		Entries []json.RawMessage `json:"tlogEntries"`
	} `json:"verificationMaterial"`
}

func (w *World) document(r virtual.Recipe) document {
	var d document
	if err := json.Unmarshal(w.Instance.Bundle(w.t, r), &d); err != nil {
		w.t.Fatal(err)
	}
	return d
}

// fulcio serves Fulcio's API version 2 with a public key and proof of possession.
func (w *World) fulcio(r *http.Request) ([]byte, *refusal) {
	b, refused := body(r, "/api/v2/signingCert", "application/json")
	if refused != nil {
		return nil, refused
	}
	if r.Header.Get("Authorization") != "Bearer "+w.Token {
		return nil, bad("the token is not valid")
	}
	var q struct {
		Request struct {
			Key struct {
				Algorithm string `json:"algorithm"`
				Content   string `json:"content"`
			} `json:"publicKey"`
			Proof []byte `json:"proofOfPossession"`
		} `json:"publicKeyRequest"`
	}
	if err := strictjson.Unmarshal(b, &q, strictjson.Options{}); err != nil {
		return nil, bad("%v", err)
	}
	block, rest := pem.Decode([]byte(q.Request.Key.Content))
	if block == nil || block.Type != "PUBLIC KEY" || len(rest) > 0 || q.Request.Key.Algorithm != "ECDSA" {
		return nil, bad("want an ECDSA key in PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	public, ok := parsed.(*ecdsa.PublicKey)
	if err != nil || !ok {
		return nil, bad("want an ECDSA key")
	}
	sum := sha256.Sum256([]byte(w.challenge()))
	if !ecdsa.VerifyASN1(public, sum[:], q.Request.Proof) {
		return nil, bad("no proof of possession")
	}
	d := w.document(w.recipe(Fulcio, virtual.Recipe{Message: true, Payload: []byte("x"), Key: theirs{public}, Unlogged: true, Unstamped: true}))
	leaf := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.Material.Certificate.Raw})
	above := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.Instance.CA.Intermediate.Raw})
	return w.json(map[string]any{"signedCertificateEmbeddedSct": map[string]any{
		"chain": map[string]any{"certificates": []string{string(leaf), string(above)}}}}), nil
}

// theirs is a key of which only the public half is known. Nobody looks at what it
// signs.
type theirs struct{ public *ecdsa.PublicKey }

func (k theirs) Public() crypto.PublicKey { return k.public }

func (theirs) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return []byte("no signature"), nil
}

// challenge is what the proof of possession signs.
func (w *World) challenge() string {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(w.Token, ".")[1])
	var claims struct {
		Subject string `json:"sub"`
		Email   string `json:"email"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		w.t.Fatal("the world's token is none")
	}
	if claims.Email != "" {
		return claims.Email
	}
	return claims.Subject
}

func (w *World) json(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// signer reads a certificate in PEM or DER.
func signer(der []byte) (*x509.Certificate, *ecdsa.PublicKey, error) {
	if block, _ := pem.Decode(der); block != nil {
		der = block.Bytes
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	public, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return nil, nil, fmt.Errorf("a key of type %T", c.PublicKey)
	}
	return c, public, nil
}

// rekor1 serves uploads and single entries of Rekor's API version 1.
func (w *World) rekor1(r *http.Request) ([]byte, *refusal) {
	if r.Method == http.MethodGet {
		w.mu.Lock()
		defer w.mu.Unlock()
		if e := w.entries[path.Base(r.URL.Path)]; e != nil && path.Dir(r.URL.Path) == "/api/v1/log/entries" {
			return e, nil
		}
		return nil, &refusal{status: http.StatusNotFound, why: "no such entry"}
	}
	b, refused := body(r, "/api/v1/log/entries", "application/json")
	if refused != nil {
		return nil, refused
	}
	kind, entry, err := proposed(b)
	if err != nil {
		return nil, bad("%v", err)
	}
	d := w.document(w.recipe(Rekor1, virtual.Recipe{Message: true, Payload: []byte("x"), Kind: kind, Unstamped: true, Body: func(body map[string]any) {
		for name := range body {
			delete(body, name)
		}
		for name, value := range entry {
			body[name] = value
		}
	}}))
	id, answer := w.translate(d.Material.Entries[0])
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entries[id] = answer
	if w.Known {
		return nil, &refusal{http.StatusConflict, `{"code":409,"message":"an equivalent entry already exists"}`, "/api/v1/log/entries/" + id}
	}
	return answer, nil
}

// proposed reads a proposed entry of Rekor version 1, verifies its signature, and
// returns the body that the log includes.
func proposed(b []byte) (kind string, body map[string]any, err error) {
	var head struct {
		Version string          `json:"apiVersion"`
		Kind    string          `json:"kind"`
		Spec    json.RawMessage `json:"spec"`
	}
	if err := strictjson.Unmarshal(b, &head, strictjson.Options{}); err != nil {
		return "", nil, err
	}
	body = map[string]any{"apiVersion": head.Version, "kind": head.Kind}
	switch head.Kind + " " + head.Version {
	case "dsse 0.0.1":
		body["spec"], err = proposedEnvelope(head.Spec)
	case "hashedrekord 0.0.1":
		body["spec"], err = proposedDigest(head.Spec)
	default:
		err = fmt.Errorf("an entry of kind %q", head.Kind)
	}
	return head.Kind, body, err
}

func proposedEnvelope(spec []byte) (map[string]any, error) {
	var s struct {
		Content struct {
			Envelope  string   `json:"envelope"`
			Verifiers [][]byte `json:"verifiers"`
		} `json:"proposedContent"`
		// Signatures are the log's to fill in. Rekor's own client writes null.
		Signatures []struct{} `json:"signatures"`
	}
	var e struct {
		Payload     []byte `json:"payload"`
		PayloadType string `json:"payloadType"`
		Signatures  []struct {
			Signature []byte `json:"sig"`
		} `json:"signatures"`
	}
	if err := strictjson.Unmarshal(spec, &s, strictjson.Options{}); err != nil {
		return nil, err
	}
	if err := strictjson.Unmarshal([]byte(s.Content.Envelope), &e, strictjson.Options{}); err != nil {
		return nil, err
	}
	if len(s.Content.Verifiers) != 1 || len(e.Signatures) != 1 || len(s.Signatures) != 0 {
		return nil, fmt.Errorf("want one signature and its verifier")
	}
	_, public, err := signer(s.Content.Verifiers[0])
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(e.PayloadType), e.PayloadType, len(e.Payload), e.Payload))
	if !ecdsa.VerifyASN1(public, sum[:], e.Signatures[0].Signature) {
		return nil, fmt.Errorf("the envelope is not signed by its verifier")
	}
	return map[string]any{
		"envelopeHash": hash([]byte(s.Content.Envelope)), "payloadHash": hash(e.Payload),
		"signatures": []any{map[string]any{"signature": e.Signatures[0].Signature, "verifier": s.Content.Verifiers[0]}},
	}, nil
}

func hash(b []byte) map[string]any {
	sum := sha256.Sum256(b)
	return map[string]any{"algorithm": "sha256", "value": hex.EncodeToString(sum[:])}
}

func proposedDigest(spec []byte) (map[string]any, error) {
	var s struct {
		Data struct {
			Hash struct {
				Algorithm string `json:"algorithm"`
				Value     string `json:"value"`
			} `json:"hash"`
		} `json:"data"`
		Signature struct {
			Content []byte `json:"content"`
			Key     struct {
				Content []byte `json:"content"`
			} `json:"publicKey"`
		} `json:"signature"`
	}
	if err := strictjson.Unmarshal(spec, &s, strictjson.Options{}); err != nil {
		return nil, err
	}
	_, public, err := signer(s.Signature.Key.Content)
	if err != nil {
		return nil, err
	}
	sum, err := hex.DecodeString(s.Data.Hash.Value)
	if err != nil || s.Data.Hash.Algorithm != "sha256" || !ecdsa.VerifyASN1(public, sum, s.Signature.Content) {
		return nil, fmt.Errorf("the digest is not signed by the key")
	}
	return map[string]any{
		"data":      map[string]any{"hash": s.Data.Hash},
		"signature": map[string]any{"content": s.Signature.Content, "publicKey": map[string]any{"content": s.Signature.Key.Content}},
	}, nil
}

// translate returns an entry of a bundle as Rekor version 1 tells it, and its
// number.
func (w *World) translate(raw json.RawMessage) (id string, answer []byte) {
	var e struct {
		LogIndex int64 `json:"logIndex,string"`
		LogID    struct {
			ID []byte `json:"keyId"`
		} `json:"logId"`
		Time    int64 `json:"integratedTime,string"`
		Promise struct {
			Timestamp []byte `json:"signedEntryTimestamp"`
		} `json:"inclusionPromise"`
		Proof struct {
			LogIndex   int64    `json:"logIndex,string"`
			RootHash   []byte   `json:"rootHash"`
			TreeSize   int64    `json:"treeSize,string"`
			Hashes     [][]byte `json:"hashes"`
			Checkpoint struct {
				Envelope string `json:"envelope"`
			} `json:"checkpoint"`
		} `json:"inclusionProof"`
		Body []byte `json:"canonicalizedBody"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		w.t.Fatal(err)
	}
	hashes := []string{}
	for _, h := range e.Proof.Hashes {
		hashes = append(hashes, hex.EncodeToString(h))
	}
	leaf := sha256.Sum256(append([]byte{0}, e.Body...))
	id = "00000000075bcd15" + hex.EncodeToString(leaf[:])
	return id, w.json(map[string]any{id: map[string]any{
		"body": e.Body, "integratedTime": e.Time, "logID": hex.EncodeToString(e.LogID.ID), "logIndex": e.LogIndex,
		"verification": map[string]any{"signedEntryTimestamp": e.Promise.Timestamp, "inclusionProof": map[string]any{
			"checkpoint": e.Proof.Checkpoint.Envelope, "hashes": hashes, "logIndex": e.Proof.LogIndex,
			"rootHash": hex.EncodeToString(e.Proof.RootHash), "treeSize": e.Proof.TreeSize,
		}},
	}})
}

// rekor2 serves uploads of Rekor's API version 2.
func (w *World) rekor2(r *http.Request) ([]byte, *refusal) {
	b, refused := body(r, "/api/v2/log/entries", "application/json")
	if refused != nil {
		return nil, refused
	}
	var q struct {
		Request struct {
			Digest    []byte `json:"digest"`
			Signature struct {
				Content  []byte `json:"content"`
				Verifier struct {
					Certificate struct {
						Raw []byte `json:"rawBytes"`
					} `json:"x509Certificate"`
					Details string `json:"keyDetails"`
				} `json:"verifier"`
			} `json:"signature"`
		} `json:"hashedRekordRequestV002"`
	}
	if err := strictjson.Unmarshal(b, &q, strictjson.Options{}); err != nil {
		return nil, bad("%v", err)
	}
	s := q.Request.Signature
	_, public, err := signer(s.Verifier.Certificate.Raw)
	if err != nil || s.Verifier.Details != "PKIX_ECDSA_P256_SHA_256" {
		return nil, bad("want a P-256 certificate: %v", err)
	}
	if len(q.Request.Digest) != sha256.Size || !ecdsa.VerifyASN1(public, q.Request.Digest, s.Content) {
		return nil, bad("the digest is not signed by the certificate")
	}
	d := w.document(w.recipe(Rekor2, virtual.Recipe{Rekor: 2, Message: true, Payload: []byte("x"), Unstamped: true, Body: func(body map[string]any) {
		body["spec"] = map[string]any{"hashedRekordV002": map[string]any{
			"data":      map[string]any{"algorithm": "SHA2_256", "digest": q.Request.Digest},
			"signature": s,
		}}
	}}))
	return d.Material.Entries[0], nil
}
