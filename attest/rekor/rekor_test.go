package rekor_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/rekor"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/sigstore/sign/signtest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// logURL is where the fake is.
const logURL = "https://rekor1." + virtual.Host

// server is a Rekor log of version 1: uploads go to signtest's, which checks them;
// fetches and searches are answered here.
type server struct {
	t        *testing.T
	world    *signtest.World
	mu       sync.Mutex
	entries  map[string][]byte // answers by number
	indexes  map[string]string // numbers by index
	found    []string          // what a search finds
	searched map[string]any    // what it was asked
	change   func(r *http.Request, status int, body []byte) (int, []byte)
}

func newServer(t *testing.T) *server {
	return &server{t: t, world: signtest.New(t), entries: map[string][]byte{}, indexes: map[string]string{}}
}

// RoundTrip implements http.RoundTripper.
func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status, body := s.serve(r)
	if status == 0 {
		return s.world.Client().Transport.RoundTrip(r)
	}
	if s.change != nil {
		status, body = s.change(r, status, body)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

func (s *server) serve(r *http.Request) (int, []byte) {
	if r.URL.Host != "rekor1."+virtual.Host || r.Context().Err() != nil {
		return http.StatusBadGateway, []byte("nobody there")
	}
	if r.Method == http.MethodPost && r.URL.Path == "/api/v1/index/retrieve" {
		b, err := io.ReadAll(r.Body)
		require.NoError(s.t, err)
		s.searched = nil
		require.NoError(s.t, strictjson.Unmarshal(b, &s.searched, strictjson.Options{}))
		out, err := json.Marshal(s.found)
		require.NoError(s.t, err)
		return http.StatusOK, out
	}
	if r.Method != http.MethodGet {
		return 0, nil
	}
	id := strings.TrimPrefix(r.URL.Path, "/api/v1/log/entries/")
	if r.URL.Path == "/api/v1/log/entries" {
		id = s.indexes[r.URL.Query().Get("logIndex")]
	}
	if answer := s.entries[id]; answer != nil {
		return http.StatusOK, answer
	}
	return http.StatusNotFound, []byte(`{"code":404,"message":"no such entry"}`)
}

// parts are those of a bundle of the instance.
type parts struct {
	certificate, signature []byte
	envelope               []byte
	entry                  map[string]any
}

func (p parts) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.certificate})
}

func (s *server) parts(r virtual.Recipe) parts {
	s.t.Helper()
	var doc struct {
		Material struct {
			Certificate struct {
				Raw []byte `json:"rawBytes"`
			} `json:"certificate"`
			Entries []map[string]any `json:"tlogEntries"`
		} `json:"verificationMaterial"`
		Message struct {
			Signature []byte `json:"signature"`
		} `json:"messageSignature"`
		Envelope json.RawMessage `json:"dsseEnvelope"`
	}
	require.NoError(s.t, json.Unmarshal(s.world.Instance.Bundle(s.t, r), &doc))
	return parts{doc.Material.Certificate.Raw, doc.Message.Signature, doc.Envelope, doc.Material.Entries[0]}
}

// store keeps the entry of a bundle as Rekor tells it, and returns its number.
func (s *server) store(entry map[string]any, edit func(answer map[string]any)) rekor.ID {
	s.t.Helper()
	raw := func(v any) []byte {
		b, err := base64.StdEncoding.DecodeString(v.(string))
		require.NoError(s.t, err)
		return b
	}
	in := func(v any, name string) any { return v.(map[string]any)[name] }
	proof := entry["inclusionProof"]
	var hashes []string
	for _, h := range in(proof, "hashes").([]any) {
		hashes = append(hashes, hex.EncodeToString(raw(h)))
	}
	number := func(v any) json.Number { return json.Number(v.(string)) }
	leaf := tlog.LeafHash(raw(entry["canonicalizedBody"]))
	id := "00000000075bcd15" + hex.EncodeToString(leaf[:])
	answer := map[string]any{
		"body": entry["canonicalizedBody"], "integratedTime": number(entry["integratedTime"]), "logIndex": number(entry["logIndex"]),
		"logID": hex.EncodeToString(raw(in(entry["logId"], "keyId"))),
		"verification": map[string]any{"signedEntryTimestamp": in(entry["inclusionPromise"], "signedEntryTimestamp"), "inclusionProof": map[string]any{
			"checkpoint": in(in(proof, "checkpoint"), "envelope"), "hashes": hashes, "logIndex": number(in(proof, "logIndex")),
			"rootHash": hex.EncodeToString(raw(in(proof, "rootHash"))), "treeSize": number(in(proof, "treeSize")),
		}},
	}
	if edit != nil {
		edit(answer)
	}
	body, err := json.Marshal(map[string]any{id: answer})
	require.NoError(s.t, err)
	s.entries[id] = body
	s.indexes[entry["logIndex"].(string)] = id
	return rekor.ID(id)
}

func (s *server) log() *rekor.Log {
	s.t.Helper()
	l, err := rekor.New(rekor.Config{URL: logURL, Client: &http.Client{Transport: s}})
	require.NoError(s.t, err)
	return l
}

func (s *server) verifier() *sigstore.Verifier {
	s.t.Helper()
	root, err := sigstore.ParseTrustedRoot(s.world.Instance.TrustedRoot(s.t, nil))
	require.NoError(s.t, err)
	v, err := sigstore.NewVerifier(sigstore.Trust{Authority: "test:rekor", Root: root,
		Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(virtual.Issuer), Subject: sigstore.Exactly(virtual.Subject)}}})
	require.NoError(s.t, err)
	return v
}

var artifact = []byte("an artifact")

func message() virtual.Recipe { return virtual.Recipe{Message: true, Payload: artifact} }

func statement(t testing.TB) []byte {
	t.Helper()
	st, err := attest.NewStatement("https://example.com/p", map[string]int{"n": 1},
		attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()})
	require.NoError(t, err)
	return st.Bytes()
}

func TestAnEntryIsFetchedAndBecomesEvidenceThatVerifies(t *testing.T) {
	s := newServer(t)
	l, v := s.log(), s.verifier()
	id := s.store(s.parts(message()).entry, nil)
	for name, fetch := range map[string]func() (*rekor.Entry, error){
		"by number": func() (*rekor.Entry, error) { return l.ByID(t.Context(), id) },
		"by index":  func() (*rekor.Entry, error) { return l.ByIndex(t.Context(), 1234) },
	} {
		e, err := fetch()
		require.NoError(t, err, name)
		assert.Equal(t, id, e.ID)
		assert.Equal(t, int64(1234), e.Index)
		assert.Equal(t, "hashedrekord", e.Kind)
		assert.True(t, s.world.Instance.Now.Equal(e.Time))
		a, err := e.MessageBundle()
		require.NoError(t, err)
		got, err := v.VerifyArtifact(t.Context(), a, digest.FromBytes(artifact))
		require.NoError(t, err)
		assert.Len(t, got.Inclusions(), 1)
		_, err = e.EnvelopeBundle(attest.MediaTypeInToto, artifact)
		assert.ErrorIs(t, err, attest.Is(rekor.CodeKind))
	}
}

func TestAnEnvelopesEntryNeedsItsPayload(t *testing.T) {
	for _, kind := range []string{"dsse", "intoto"} {
		s := newServer(t)
		l, v := s.log(), s.verifier()
		payload := statement(t)
		id := s.store(s.parts(virtual.Recipe{Payload: payload, Kind: kind}).entry, func(answer map[string]any) {
			answer["attestation"] = map[string]any{"data": payload}
		})
		e, err := l.ByID(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, payload, e.Attestation)
		a, err := e.EnvelopeBundle(attest.MediaTypeInToto, e.Attestation)
		require.NoError(t, err)
		got, err := v.Verify(t.Context(), a, attest.Want{AnySubject: true})
		require.NoError(t, err)
		assert.Equal(t, payload, got.Statement().Bytes())

		_, err = e.EnvelopeBundle(attest.MediaTypeInToto, append(payload, ' '))
		assert.ErrorIs(t, err, attest.Is(rekor.CodeOther), "another payload")
		_, err = e.MessageBundle()
		assert.ErrorIs(t, err, attest.Is(rekor.CodeKind))
		a, err = e.EnvelopeBundle("text/plain", payload)
		if kind == "intoto" {
			assert.ErrorIs(t, err, attest.Is(rekor.CodeOther), "another type")
			continue
		}
		require.NoError(t, err)
		_, err = v.VerifyEnvelope(t.Context(), a, "text/plain")
		assert.ErrorIs(t, err, attest.Is(sigstore.CodeSignature), "the entry does not tell the type, the signature does")
	}
}

func TestALongLivedKeysEntryBecomesEvidence(t *testing.T) {
	s := newServer(t)
	r := message()
	r.LongLived = true
	e, err := s.log().ByID(t.Context(), s.store(s.parts(r).entry, nil))
	require.NoError(t, err)
	a, err := e.MessageBundle()
	require.NoError(t, err)
	root, err := sigstore.ParseTrustedRoot(s.world.Instance.TrustedRoot(t, nil))
	require.NoError(t, err)
	v, err := sigstore.NewKeyVerifier(sigstore.KeyTrust{Authority: "test:rekor", Root: root, Keys: []sigstore.Key{{Principal: "k", Public: s.world.Instance.Signer.Public()}}})
	require.NoError(t, err)
	_, err = v.VerifyArtifact(t.Context(), a, digest.FromBytes(artifact))
	require.NoError(t, err)
}

// lies are entries that are fetched without complaint, because only a verifier
// with the log's key can tell.
func TestWhatTheLogOnlySaysIsRefusedByTheVerifier(t *testing.T) {
	other := virtual.New(t)
	for name, c := range map[string]struct {
		entry  func(*virtual.Entry)
		edit   func(answer map[string]any)
		reason attest.Code
	}{
		"an entry by another log":    {func(e *virtual.Entry) { e.Key = other.Log }, nil, sigstore.CodeCheckpointSignature},
		"a promise for another body": {func(e *virtual.Entry) { e.Promise = func(b []byte) []byte { return append(b, 0) } }, nil, sigstore.CodePromise},
		"another time":               {nil, func(a map[string]any) { a["integratedTime"] = 1773480414 }, sigstore.CodePromise},
		"a proof that is too short": {nil, func(a map[string]any) {
			a["verification"].(map[string]any)["inclusionProof"].(map[string]any)["hashes"] = []string{}
		}, sigstore.CodeInclusion},
		"a checkpoint of another tree": {func(e *virtual.Entry) {
			e.Tree.Checkpoint = func(text string) string { return strings.Replace(text, "\n11\n", "\n12\n", 1) }
		}, nil, sigstore.CodeCheckpoint},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			r := message()
			r.Entry = c.entry
			e, err := s.log().ByID(t.Context(), s.store(s.parts(r).entry, c.edit))
			require.NoError(t, err)
			a, err := e.MessageBundle()
			require.NoError(t, err)
			_, err = s.verifier().VerifyArtifact(t.Context(), a, digest.FromBytes(artifact))
			assert.ErrorIs(t, err, attest.Is(c.reason))
		})
	}
}

func TestAnAnswerThatIsNotWhatWasAskedForIsRefused(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(a map[string]any) { a[name] = value }
	}
	proof := func(name string, value any) func(map[string]any) {
		return func(a map[string]any) {
			a["verification"].(map[string]any)["inclusionProof"].(map[string]any)[name] = value
		}
	}
	for name, c := range map[string]struct {
		code attest.Code
		edit func(map[string]any)
	}{
		"another body":             {rekor.CodeOther, set("body", base64.StdEncoding.EncodeToString([]byte(`{"kind":"x"}`)))},
		"a body of no text":        {rekor.CodeEntry, set("body", 7)},
		"a body of no base64":      {rekor.CodeEntry, set("body", "!")},
		"no body":                  {rekor.CodeEntry, set("body", nil)},
		"no index":                 {rekor.CodeEntry, set("logIndex", nil)},
		"an index below zero":      {rekor.CodeEntry, set("logIndex", -1)},
		"another index":            {rekor.CodeOther, set("logIndex", 1235)},
		"no time":                  {rekor.CodeEntry, set("integratedTime", nil)},
		"an id of no digits":       {rekor.CodeEntry, set("logID", "x")},
		"a root of no digits":      {rekor.CodeEntry, proof("rootHash", "x")},
		"no root":                  {rekor.CodeEntry, proof("rootHash", nil)},
		"no checkpoint":            {rekor.CodeEntry, proof("checkpoint", nil)},
		"a proof that is too long": {rekor.CodeEntry, proof("hashes", strings.Split(strings.Repeat("00,", 63)+"00", ","))},
		"a time that is a text":    {rekor.CodeResponse, set("integratedTime", "x")},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.store(s.parts(message()).entry, c.edit)
			e, err := s.log().ByIndex(t.Context(), 1234)
			assert.ErrorIs(t, err, attest.Is(c.code))
			assert.Nil(t, e)
		})
	}
}

func TestTheEntryOfAnotherNumberIsRefused(t *testing.T) {
	s := newServer(t)
	id := s.store(s.parts(message()).entry, nil)
	for _, asked := range []rekor.ID{rekor.ID(strings.Repeat("0", 64)), rekor.ID("1111111111111111" + string(id[16:]))} {
		s.entries[string(asked)] = s.entries[string(id)]
		_, err := s.log().ByID(t.Context(), asked)
		assert.ErrorIs(t, err, attest.Is(rekor.CodeOther))
	}
	s.entries[string(id[16:])] = s.entries[string(id)]
	e, err := s.log().ByID(t.Context(), id[16:])
	require.NoError(t, err, "the log may add the tree's number")
	assert.Equal(t, id, e.ID)

	s.entries[string(id)] = []byte(`{}`)
	_, err = s.log().ByID(t.Context(), id)
	assert.ErrorIs(t, err, attest.Is(rekor.CodeResponse))
}

func TestHostileAnswersAreRefusedBeforeTheClientLibraryReadsThem(t *testing.T) {
	s := newServer(t)
	id := s.store(s.parts(message()).entry, nil)
	for name, c := range map[string]struct {
		code   attest.Code
		change func(status int, body []byte) (int, []byte)
	}{
		"a repeated key": {rekor.CodeResponse, func(_ int, b []byte) (int, []byte) {
			return 200, bytes.Replace(b, []byte(`"body":`), []byte(`"body":"","body":`), 1)
		}},
		"a folded key": {rekor.CodeResponse, func(_ int, b []byte) (int, []byte) {
			return 200, bytes.Replace(b, []byte(`"body":`), []byte(`"Body":"","body":`), 1)
		}},
		"trailing bytes": {rekor.CodeResponse, func(_ int, b []byte) (int, []byte) { return 200, append(bytes.Clone(b), "{}"...) }},
		"too deep": {rekor.CodeResponse, func(int, []byte) (int, []byte) {
			return 200, []byte(strings.Repeat("[", 1000) + strings.Repeat("]", 1000))
		}},
		"too long":         {attest.CodeLimit, func(int, []byte) (int, []byte) { return 200, make([]byte, 24<<20+1) }},
		"another shape":    {rekor.CodeResponse, func(int, []byte) (int, []byte) { return 200, []byte(`[1]`) }},
		"an error":         {rekor.CodeStatus, func(int, []byte) (int, []byte) { return 500, []byte(`{"code":500}`) }},
		"a redirect":       {rekor.CodeStatus, func(int, []byte) (int, []byte) { return 302, nil }},
		"no such entry":    {rekor.CodeNotFound, func(int, []byte) (int, []byte) { return 404, nil }},
		"an odd success":   {rekor.CodeStatus, func(_ int, b []byte) (int, []byte) { return 203, b }},
		"a stray conflict": {rekor.CodeResponse, func(int, []byte) (int, []byte) { return 409, []byte(`{}`) }},
	} {
		s.change = func(_ *http.Request, status int, body []byte) (int, []byte) { return c.change(status, body) }
		e, err := s.log().ByID(t.Context(), id)
		assert.ErrorIs(t, err, attest.Is(c.code), name)
		assert.Nil(t, e, name)
	}
}

func TestASearchAsksForAllOfItsFields(t *testing.T) {
	s := newServer(t)
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 80)
	s.found = []string{a, b, a}
	got, err := s.log().Search(t.Context(), rekor.Query{Digest: digest.FromBytes(artifact), Email: "a@example.com", Subject: "x", Public: s.world.Instance.Signer.Public()})
	require.NoError(t, err)
	assert.Equal(t, []rekor.ID{rekor.ID(a), rekor.ID(b)}, got)
	assert.Equal(t, "and", s.searched["operator"])
	assert.Equal(t, "sha256:"+digest.FromBytes(artifact).Hex, s.searched["hash"])
	assert.Equal(t, "a@example.com", s.searched["email"])
	assert.Equal(t, "x", s.searched["subject"])
	assert.Equal(t, "x509", s.searched["publicKey"].(map[string]any)["format"])
	block, err := base64.StdEncoding.DecodeString(s.searched["publicKey"].(map[string]any)["content"].(string))
	require.NoError(t, err)
	assert.Contains(t, string(block), "BEGIN PUBLIC KEY")

	s.found = nil
	got, err = s.log().Search(t.Context(), rekor.Query{Email: "a@example.com"})
	require.NoError(t, err)
	assert.Empty(t, got)
	assert.Len(t, s.searched, 2)

	s.found = []string{"../../x"}
	_, err = s.log().Search(t.Context(), rekor.Query{Email: "a@example.com"})
	assert.ErrorIs(t, err, attest.Is(rekor.CodeID))
	for range 10_001 {
		s.found = append(s.found, a)
	}
	_, err = s.log().Search(t.Context(), rekor.Query{Email: "a@example.com"})
	assert.ErrorIs(t, err, attest.Is(attest.CodeLimit))
}

func TestAQueryThatAsksForNothingOrForNonsenseIsRefused(t *testing.T) {
	l := newServer(t).log()
	for name, q := range map[string]rekor.Query{
		"nothing":           {},
		"half a digest":     {Digest: digest.Digest{Algorithm: digest.SHA256, Hex: "00"}},
		"another digest":    {Digest: digest.Digest{Algorithm: digest.SHA384, Hex: strings.Repeat("0", 96)}},
		"no address":        {Email: "somebody"},
		"two lines":         {Email: "a@b\nc"},
		"a name too long":   {Subject: strings.Repeat("x", 513)},
		"a name of no text": {Subject: "\xff"},
		"a key of no kind":  {Public: 7},
	} {
		_, err := l.Search(t.Context(), q)
		assert.ErrorIs(t, err, attest.Is(rekor.CodeQuery), name)
	}
	_, err := l.ByIndex(t.Context(), -1)
	assert.ErrorIs(t, err, attest.Is(rekor.CodeQuery))
	for _, id := range []rekor.ID{"", "x", "../" + rekor.ID(strings.Repeat("0", 61)), rekor.ID(strings.Repeat("A", 64))} {
		_, err := l.ByID(t.Context(), id)
		assert.ErrorIs(t, err, attest.Is(rekor.CodeID))
	}
}

func TestASignatureIsUploadedOnceOrFound(t *testing.T) {
	for _, known := range []bool{false, true} {
		s := newServer(t)
		s.world.Known = known
		l, v, p := s.log(), s.verifier(), s.parts(message())
		if known { // the conflict tells where, and the fetch is answered here
			s.change = func(_ *http.Request, status int, body []byte) (int, []byte) { return status, body }
			s.fetchFromWorld()
		}
		e, err := l.UploadDigest(t.Context(), digest.FromBytes(artifact), p.signature, p.pem())
		require.NoError(t, err, "known: %v", known)
		a, err := e.MessageBundle()
		require.NoError(t, err)
		_, err = v.VerifyArtifact(t.Context(), a, digest.FromBytes(artifact))
		require.NoError(t, err)

		payload := statement(t)
		p = s.parts(virtual.Recipe{Payload: payload})
		e, err = l.UploadEnvelope(t.Context(), p.envelope, p.pem())
		require.NoError(t, err)
		a, err = e.EnvelopeBundle(attest.MediaTypeInToto, payload)
		require.NoError(t, err)
		_, err = v.Verify(t.Context(), a, attest.Want{AnySubject: true})
		require.NoError(t, err)
	}
}

// garbled changes the answers that report a conflict.
type garbled struct{ next http.RoundTripper }

func (g garbled) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusConflict {
		resp.Header.Set("Content-Type", "application/yaml")
		resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(`{"code":1,"code":2}`)), -1
	}
	return resp, err
}

// Of a conflict only the header counts that tells where the entry is: the client
// library would read the body as whatever the log calls it.
func TestTheBodyOfAConflictIsNotRead(t *testing.T) {
	s := newServer(t)
	s.world.Known = true
	s.fetchFromWorld()
	l, err := rekor.New(rekor.Config{URL: logURL, Client: &http.Client{Transport: garbled{s}}})
	require.NoError(t, err)
	p := s.parts(message())
	_, err = l.UploadDigest(t.Context(), digest.FromBytes(artifact), p.signature, p.pem())
	require.NoError(t, err)
}

// fetchFromWorld answers fetches from what was uploaded to the world.
func (s *server) fetchFromWorld() {
	s.change = func(r *http.Request, status int, body []byte) (int, []byte) {
		if status != http.StatusNotFound {
			return status, body
		}
		resp, err := s.world.Client().Transport.RoundTrip(r)
		require.NoError(s.t, err)
		defer resp.Body.Close()
		body, err = io.ReadAll(resp.Body)
		require.NoError(s.t, err)
		return resp.StatusCode, body
	}
}

func TestAnUploadThatIsAnsweredWithSomethingElseIsRefused(t *testing.T) {
	s := newServer(t)
	l := s.log()
	var first []byte
	s.world.Answer = func(_ string, w *httptest.ResponseRecorder) {
		if first == nil {
			first = bytes.Clone(w.Body.Bytes())
		}
		w.Body = bytes.NewBuffer(first)
	}
	p := s.parts(message())
	_, err := l.UploadDigest(t.Context(), digest.FromBytes(artifact), p.signature, p.pem())
	require.NoError(t, err)
	p = s.parts(message())
	e, err := l.UploadDigest(t.Context(), digest.FromBytes(artifact), p.signature, p.pem())
	assert.ErrorIs(t, err, attest.Is(rekor.CodeOther))
	assert.Nil(t, e)
	p = s.parts(virtual.Recipe{Payload: statement(t)})
	_, err = l.UploadEnvelope(t.Context(), p.envelope, p.pem())
	assert.ErrorIs(t, err, attest.Is(rekor.CodeOther))
}

func TestWhatCannotBeLoggedIsNotUploaded(t *testing.T) {
	s := newServer(t)
	l, p, d := s.log(), s.parts(message()), digest.FromBytes(artifact)
	for name, do := range map[string]func() (*rekor.Entry, error){
		"no signature": func() (*rekor.Entry, error) { return l.UploadDigest(t.Context(), d, nil, p.pem()) },
		"no digest": func() (*rekor.Entry, error) {
			return l.UploadDigest(t.Context(), digest.Digest{}, p.signature, p.pem())
		},
		"no signer": func() (*rekor.Entry, error) { return l.UploadDigest(t.Context(), d, p.signature, nil) },
		"two signers": func() (*rekor.Entry, error) {
			return l.UploadDigest(t.Context(), d, p.signature, append(p.pem(), p.pem()...))
		},
		"a private key": func() (*rekor.Entry, error) {
			return l.UploadDigest(t.Context(), d, p.signature, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY"}))
		},
		"no envelope": func() (*rekor.Entry, error) { return l.UploadEnvelope(t.Context(), []byte("{}"), p.pem()) },
		"a folded key": func() (*rekor.Entry, error) {
			return l.UploadEnvelope(t.Context(), []byte(`{"Payload":"eA=="}`), p.pem())
		},
	} {
		_, err := do()
		assert.ErrorIs(t, err, attest.Is(rekor.CodeUpload), name)
	}
	assert.Empty(t, s.world.Calls())

	_, err := l.UploadDigest(t.Context(), digest.FromBytes([]byte("another")), p.signature, p.pem())
	assert.ErrorIs(t, err, attest.Is(rekor.CodeStatus), "the log refuses a signature of something else")
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestATransportThatFailsIsToldAndAContextEndsARequest(t *testing.T) {
	l, err := rekor.New(rekor.Config{URL: logURL, Client: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("down") })}})
	require.NoError(t, err)
	_, err = l.ByIndex(t.Context(), 1)
	assert.ErrorIs(t, err, attest.Is(rekor.CodeTransport))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.ByIndex(ctx, 1)
	assert.ErrorIs(t, err, attest.Is(attest.CodeCanceled))
	assert.ErrorIs(t, err, context.Canceled)
}

func TestALogWithoutClientOrURLIsRefused(t *testing.T) {
	_, err := rekor.New(rekor.Config{URL: logURL})
	assert.ErrorIs(t, err, attest.Is(rekor.CodeConfig))
	for _, u := range []string{"", "x", "file:///x", "https://", "https://a@b", "https://a?b", "://"} {
		_, err := rekor.New(rekor.Config{URL: u, Client: &http.Client{}})
		assert.ErrorIs(t, err, attest.Is(rekor.CodeConfig), u)
	}
}

func TestALogIsSafeForConcurrentUse(t *testing.T) {
	s := newServer(t)
	id, l := s.store(s.parts(message()).entry, nil), s.log()
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			e, err := l.ByID(t.Context(), id)
			if assert.NoError(t, err) {
				_, err = e.MessageBundle()
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()
}

func TestEntriesOfOtherKindsAreReadButNoEvidence(t *testing.T) {
	for _, body := range []string{`{"apiVersion":"0.0.1","kind":"rekord","spec":{}}`, `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{}}`} {
		s := newServer(t)
		entry := s.parts(message()).entry
		entry["canonicalizedBody"] = base64.StdEncoding.EncodeToString([]byte(body))
		e, err := s.log().ByID(t.Context(), s.store(entry, nil))
		require.NoError(t, err)
		_, err = e.MessageBundle()
		assert.ErrorIs(t, err, attest.Is(rekor.CodeKind))
		_, err = e.EnvelopeBundle("x", nil)
		assert.ErrorIs(t, err, attest.Is(rekor.CodeKind))
	}
}

func FuzzByIndex(f *testing.F) {
	seed := func(body string) string {
		leaf := tlog.LeafHash([]byte(body))
		return fmt.Sprintf(`{"%x":{"body":"%s","integratedTime":1,"logID":"00","logIndex":0}}`, leaf[:], base64.StdEncoding.EncodeToString([]byte(body)))
	}
	f.Add([]byte(seed(`{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}`)))
	f.Add([]byte(seed(`{"apiVersion":"0.0.1","kind":"dsse","spec":{"signatures":[{}]}}`)))
	var answer []byte
	l, err := rekor.New(rekor.Config{URL: logURL, Client: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(answer)), Request: r}, nil
	})}})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		answer = data
		e, err := l.ByIndex(context.Background(), 0)
		if err != nil {
			if len(attest.Reasons(err)) == 0 {
				t.Fatalf("a refusal without reason: %v", err)
			}
			return
		}
		for _, bundle := range []func() (attest.Attestation, error){e.MessageBundle, func() (attest.Attestation, error) { return e.EnvelopeBundle("x", nil) }} {
			if _, err := bundle(); err != nil && len(attest.Reasons(err)) == 0 {
				t.Fatalf("a refusal without reason: %v", err)
			}
		}
	})
}
