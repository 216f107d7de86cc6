package dsse_test

import (
	"bytes"
	"encoding/json"
	"testing"

	wire "github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
)

// FuzzEnvelope holds the verifier against go-securesystemslib: what this package
// accepts, the library accepts too, and reads as the same payload.
func FuzzEnvelope(f *testing.F) {
	for _, labels := range [][]string{{"alice"}, {"alice", "bob"}, {"mallory", "alice"}} {
		f.Add(sign(f, labels...).Body)
	}
	f.Add(forge(f, "text/plain", []byte("text")).Body)
	f.Add([]byte(`{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"QUJD"}]}`))
	v := verifier(f, trust(1, "alice", "bob"))
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		got, err := v.Verify(t.Context(), attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: body}, anything)
		if !bytes.Equal(before, body) {
			t.Fatal("Verify changed the body")
		}
		if err != nil {
			if got != nil || len(attest.Reasons(err)) == 0 {
				t.Fatalf("a refusal with a Verified or without a reason: %v, %v", got, err)
			}
			return
		}
		var e wire.Envelope
		if err := json.Unmarshal(body, &e); err != nil {
			t.Fatalf("encoding/json refuses what was accepted: %v", err)
		}
		for i := range e.Signatures {
			e.Signatures[i].KeyID = "" // the library takes the hint for a filter
		}
		lib, err := wire.NewEnvelopeVerifier(provider{attesttest.Signer("alice"), "alice"}, provider{attesttest.Signer("bob"), "bob"})
		if err != nil {
			t.Fatal(err)
		}
		_, payload, err := lib.VerifyAndDecode(t.Context(), &e)
		if err != nil || !bytes.Equal(payload, got.Statement().Bytes()) {
			t.Fatalf("the library reads %q: %v", payload, err)
		}
	})
}
