package corpus

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/dsse"
)

// An EnvelopeCorpus is a Corpus of DSSE envelopes by keys.
type EnvelopeCorpus struct {
	Corpus
	// Keys are trusted; two distinct principals of them must sign. One principal
	// has two keys.
	Keys []dsse.Key
}

// wireEnvelope is an envelope in JSON.
type wireEnvelope struct {
	PayloadType string          `json:"payloadType"`
	Payload     string          `json:"payload"`
	Signatures  []wireSignature `json:"signatures"`
}

type wireSignature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

// Envelopes returns a corpus of DSSE envelopes.
func Envelopes(t testing.TB) *EnvelopeCorpus {
	t.Helper()
	c := &EnvelopeCorpus{}
	for _, k := range [][2]string{{"alice", "alice"}, {"alice", "alice's second"}, {"bob", "bob"}} {
		c.Keys = append(c.Keys, dsse.Key{Principal: k[0], Public: attesttest.Signer(k[1]).Public()})
	}
	good := envelopeBy(t, statement(t), "alice", "bob")
	c.Valid = map[string]attest.Attestation{
		"two principals":                good,
		"two principals, three keys":    envelopeBy(t, statement(t), "alice", "alice's second", "bob"),
		"two principals and a stranger": envelopeBy(t, statement(t), "stranger", "alice", "bob"),
	}
	var e wireEnvelope
	if err := json.Unmarshal(good.Body, &e); err != nil {
		t.Fatal(err)
	}
	add := func(name string, body []byte, code attest.Code) {
		c.Defects = append(c.Defects, Defect{name, attest.Attestation{MediaType: good.MediaType, Body: body}, code})
	}
	for _, d := range spellings(string(good.Body), e) {
		add(d.name, []byte(d.body), d.code)
	}
	for _, d := range counts(t, e) {
		add(d.name, d.body, d.code)
	}
	c.Defects = append(c.Defects, Defect{"another media type", attest.Attestation{MediaType: "application/json", Body: good.Body}, attest.CodeMediaType})
	return c
}

func envelopeBy(t testing.TB, s *attest.Statement, labels ...string) attest.Attestation {
	t.Helper()
	var signers []attest.Signer
	for _, l := range labels {
		signers = append(signers, attesttest.Signer(l))
	}
	a, err := dsse.NewAttestor(signers...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := a.Attest(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type spelling struct {
	name, body string
	code       attest.Code
}

// spellings are envelopes that another reader might read otherwise.
func spellings(good string, e wireEnvelope) []spelling {
	text := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	sig := e.Signatures[0].Sig
	return []spelling{
		{"an unknown key", text(`{"payloadType"`, `{"x":1,"payloadType"`), dsse.CodeEnvelope},
		{"an unknown key in a signature", text(`"keyid"`, `"cert":"x","keyid"`), dsse.CodeEnvelope},
		{"a payload twice", text(`"signatures"`, `"payload":"e30=","signatures"`), dsse.CodeEnvelope},
		{"a payload in another case", text(`"signatures"`, `"Payload":"e30=","signatures"`), dsse.CodeEnvelope},
		{"signatures twice", text(`"signatures"`, `"signatures":[],"signatures"`), dsse.CodeEnvelope},
		{"a sig twice", text(`"sig":`, `"sig":"QUJD","sig":`), dsse.CodeEnvelope},
		{"trailing data", good + "{}", dsse.CodeEnvelope},
		{"a byte order mark", "\xef\xbb\xbf" + good, dsse.CodeEnvelope},
		{"a null payload", text(`"payload":"`+e.Payload+`"`, `"payload":null`), dsse.CodeEnvelope},
		{"a null keyid", text(`"keyid":"`+e.Signatures[0].KeyID+`"`, `"keyid":null`), dsse.CodeEnvelope},
		{"a payload that is a number", text(`"payload":"`+e.Payload+`"`, `"payload":NaN`), dsse.CodeEnvelope},
		{"no signatures", `{"payloadType":"` + e.PayloadType + `","payload":"` + e.Payload + `","signatures":[]}`, dsse.CodeNoSignature},
		{"an empty signature", text(sig, ""), dsse.CodeNoSignature},
		{"an empty payload", text(e.Payload, ""), dsse.CodeNoPayload},
		{"no payload type", text(`"payloadType":"`+e.PayloadType+`",`, ""), dsse.CodePayloadType},
		{"another payload type", text(e.PayloadType, "application/vnd.in-toto+json;v=2"), dsse.CodePayloadType},
		{"a payload with a line break", text(e.Payload, e.Payload[:8]+`\n`+e.Payload[8:]), dsse.CodeBase64},
		{"a payload with space", text(e.Payload, " "+e.Payload), dsse.CodeBase64},
		{"a payload with too much padding", text(e.Payload, e.Payload+"===="), dsse.CodeBase64},
		{"a payload in the URL alphabet", text(e.Payload, "-_-_"+e.Payload), dsse.CodeBase64},
		{"a signature with a line break", text(sig, sig[:4]+`\n`+sig[4:]), dsse.CodeBase64},
		{"a signature without padding", text(sig, strings.TrimRight(sig, "=")), dsse.CodeBase64},
		{"a huge signature", text(sig, strings.Repeat("QUJD", 5000)), attest.CodeLimit},
		{"sixty-five signatures", text(`{"keyid"`, strings.Repeat(`{"sig":"QUJD"},`, 64)+`{"keyid"`), attest.CodeLimit},
		{"deep nesting", text(`"`+e.Payload+`"`, strings.Repeat("[", 100)+strings.Repeat("]", 100)), attest.CodeLimit},
	}
}

type counted struct {
	name string
	body []byte
	code attest.Code
}

// counts are envelopes of which too few principals signed what they hold.
func counts(t testing.TB, e wireEnvelope) []counted {
	t.Helper()
	write := func(change func(e *wireEnvelope)) []byte {
		made := e
		made.Signatures = append([]wireSignature{}, e.Signatures...)
		change(&made)
		body, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	payload, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		t.Fatal(err)
	}
	put := func(payload []byte) func(*wireEnvelope) {
		return func(e *wireEnvelope) { e.Payload = base64.StdEncoding.EncodeToString(payload) }
	}
	both := envelopeBy(t, statement(t), "alice", "alice's second").Body
	return []counted{
		{"one of two principals", write(func(e *wireEnvelope) { e.Signatures = e.Signatures[:1] }), dsse.CodeThreshold},
		{"one signature twice", write(func(e *wireEnvelope) { e.Signatures[1] = e.Signatures[0] }), dsse.CodeRepeated},
		{"one signature twice under two key ids", write(func(e *wireEnvelope) { e.Signatures[1].Sig = e.Signatures[0].Sig }), dsse.CodeRepeated},
		{"two keys of one principal", both, dsse.CodeThreshold},
		{"a principal and a stranger", envelopeBy(t, statement(t), "alice", "stranger").Body, dsse.CodeSignature},
		{"a stranger under a trusted key id", write(func(e *wireEnvelope) { e.Signatures[1].Sig = base64.StdEncoding.EncodeToString(make([]byte, 64)) }), dsse.CodeSignature},
		{"another payload", write(put(bytes.Replace(payload, []byte(`"n":1`), []byte(`"n":2`), 1))), dsse.CodeThreshold},
		{"a payload with a byte more", write(put(append(payload, ' '))), dsse.CodeThreshold},
		{"a payload that is empty JSON", write(put([]byte("{}"))), dsse.CodeThreshold},
	}
}
