package sign

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// made is what was signed, before and while services vouch for it.
type made struct {
	bundle    bundle
	leaf      []byte // DER
	signature []byte
	sum       []byte // SHA-256 digest of what is signed
}

func (m *made) leafPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.leaf})
}

// log has a log include the signature.
func (s *Signer) log(ctx context.Context, l Log, m *made) (*entry, error) {
	if l.Version == 2 {
		return s.logV2(ctx, l.URL, m)
	}
	return s.logV1(ctx, l.URL, m)
}

// proposal returns what Rekor v1 is asked to include: dsse or hashedrekord 0.0.1.
func (m *made) proposal() ([]byte, error) {
	if e := m.bundle.Envelope; e != nil {
		text, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]any{"apiVersion": "0.0.1", "kind": "dsse", "spec": map[string]any{
			"proposedContent": map[string]any{"envelope": string(text), "verifiers": [][]byte{m.leafPEM()}},
		}})
	}
	return json.Marshal(map[string]any{"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": map[string]any{
		"data":      map[string]any{"hash": map[string]any{"algorithm": "sha256", "value": hex.EncodeToString(m.sum)}},
		"signature": map[string]any{"content": m.signature, "publicKey": map[string]any{"content": m.leafPEM()}},
	}})
}

var entryID = regexp.MustCompile(`^([0-9a-f]{16})?[0-9a-f]{64}$`)

// logV1 uploads to Rekor v1. A log that has the entry already answers with a
// conflict that tells where; only its number is taken from there.
func (s *Signer) logV1(ctx context.Context, base string, m *made) (*entry, error) {
	body, err := m.proposal()
	if err != nil {
		return nil, attest.Refuse(CodeConfig, "entry", "JSON", "").Because(err)
	}
	where := under(base, "/api/v1/log/entries")
	a, err := s.caller.do(ctx, request{method: http.MethodPost, url: where, header: media(), body: body,
		status: []int{http.StatusCreated, http.StatusConflict}, repeatable: true})
	if err != nil {
		return nil, err
	}
	if a.status == http.StatusConflict {
		location, err := url.Parse(a.header.Get("Location"))
		if err != nil || !entryID.MatchString(path.Base(location.Path)) {
			return nil, attest.Refuse(CodeResponse, where, "the location of the entry that the log has", "").Because(err)
		}
		where = under(where, "/"+path.Base(location.Path))
		a, err = s.caller.do(ctx, request{method: http.MethodGet, url: where, header: media(), status: []int{http.StatusOK}, repeatable: true})
		if err != nil {
			return nil, err
		}
	}
	return readEntryV1(where, a.body)
}

// entryV1 is LogEntryAnon of Rekor v1's API (openapi.yaml).
type entryV1 struct {
	Body         []byte  `json:"body"`
	Time         integer `json:"integratedTime"`
	LogID        string  `json:"logID"`
	LogIndex     integer `json:"logIndex"`
	Verification *struct {
		Promise []byte `json:"signedEntryTimestamp"`
		Proof   *struct {
			Checkpoint string   `json:"checkpoint"`
			Hashes     []string `json:"hashes"`
			LogIndex   integer  `json:"logIndex"`
			RootHash   string   `json:"rootHash"`
			TreeSize   integer  `json:"treeSize"`
		} `json:"inclusionProof"`
	} `json:"verification"`
}

// readEntryV1 translates the one entry of an answer into a bundle's form.
func readEntryV1(where string, body []byte) (*entry, error) {
	var answer map[string]entryV1
	if err := decodeAnswer(where, body, &answer); err != nil {
		return nil, err
	}
	if len(answer) != 1 {
		return nil, attest.Refuse(CodeEntry, where, "one entry", strconv.Itoa(len(answer)))
	}
	for _, w := range answer {
		return w.translate(where)
	}
	return nil, nil
}

func (w entryV1) translate(where string) (*entry, error) {
	v := w.Verification
	if v == nil || v.Proof == nil || len(v.Promise) == 0 || w.Time == 0 {
		return nil, attest.Refuse(CodeEntry, where, "an entry with timestamp and inclusion proof", "")
	}
	var head struct {
		Version string `json:"apiVersion"`
		Kind    string `json:"kind"`
	}
	if err := decodeAnswer(where, w.Body, &head); err != nil {
		return nil, err
	}
	var bad bool
	unhex := func(text string) []byte {
		b, err := hex.DecodeString(text)
		bad = bad || err != nil
		return b
	}
	e := &entry{
		LogIndex: w.LogIndex, LogID: &logID{unhex(w.LogID)}, Kind: &kind{head.Kind, head.Version}, Time: w.Time, Body: w.Body,
		Promise: &promise{v.Promise},
		Proof: &proof{LogIndex: v.Proof.LogIndex, RootHash: unhex(v.Proof.RootHash), TreeSize: v.Proof.TreeSize, Hashes: [][]byte{},
			Checkpoint: checkpoint{v.Proof.Checkpoint}},
	}
	for _, h := range v.Proof.Hashes {
		e.Proof.Hashes = append(e.Proof.Hashes, unhex(h))
	}
	if bad {
		return nil, attest.Refuse(CodeEntry, where, "hashes in hexadecimal", "")
	}
	return e, nil
}

// logV2 uploads to Rekor v2, which knows only hashedrekord: of an envelope, what
// its signature signs. A log that has the entry already refuses it; a new
// signature is a new entry, so nothing is lost but this one.
func (s *Signer) logV2(ctx context.Context, base string, m *made) (*entry, error) {
	body, err := json.Marshal(map[string]any{"hashedRekordRequestV002": map[string]any{
		"digest": m.sum,
		"signature": map[string]any{"content": m.signature, "verifier": map[string]any{
			"x509Certificate": certificate{m.leaf}, "keyDetails": "PKIX_ECDSA_P256_SHA_256",
		}},
	}})
	if err != nil {
		return nil, attest.Refuse(CodeConfig, "entry", "JSON", "").Because(err)
	}
	where := under(base, "/api/v2/log/entries")
	a, err := s.caller.do(ctx, request{method: http.MethodPost, url: where, header: media(), body: body, status: []int{http.StatusCreated, http.StatusOK}})
	if err != nil {
		return nil, err
	}
	var e entry
	if err := decodeAnswer(where, a.body, &e); err != nil {
		return nil, err
	}
	if e.LogID == nil || e.Kind == nil || e.Proof == nil || len(e.Body) == 0 {
		return nil, attest.Refuse(CodeEntry, where, "an entry with inclusion proof", "")
	}
	return &e, nil
}
