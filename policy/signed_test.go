package policy_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
	signing "github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/policy"
)

// A signature is one of a DSSE envelope.
type signature struct {
	KeyID string `json:"keyid"`
	Sig   []byte `json:"sig"`
}

// keyID is how an envelope names the key of who.
func keyID(t testing.TB, who string) string {
	t.Helper()
	print, err := signing.Fingerprint(attesttest.Signer(who).Public())
	require.NoError(t, err)
	return print.Hex
}

// by is the signature of who over a payload under a type.
func by(t testing.TB, who, payloadType string, payload []byte) signature {
	t.Helper()
	text := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
	sig, err := attesttest.Signer(who).Sign(t.Context(), text)
	require.NoError(t, err)
	return signature{keyID(t, who), sig}
}

func envelope(t testing.TB, payloadType string, payload []byte, signatures ...signature) attest.Attestation {
	t.Helper()
	if signatures == nil {
		signatures = []signature{}
	}
	body, err := json.Marshal(map[string]any{"payloadType": payloadType, "payload": base64.StdEncoding.EncodeToString(payload), "signatures": signatures})
	require.NoError(t, err)
	return attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: body}
}

// alice has two keys, bob one, and nobody knows mallory.
func envelopes(t testing.TB) attest.Verifier {
	t.Helper()
	trust := dsse.Trust{Authority: "test:dsse", Threshold: 1}
	for name, who := range map[string]string{"alice": "alice", "alice's old key": "alice", "bob": "bob"} {
		trust.Keys = append(trust.Keys, dsse.Key{Principal: who, Public: attesttest.Signer(name).Public()})
	}
	v, err := dsse.NewVerifier(trust)
	require.NoError(t, err)
	return v
}

// From the bytes of envelopes to a decision that demands two reviewers: what nobody
// verified counts for nobody, wherever on the way it is turned away.
func TestOnlyVerifiedSignaturesMeetAThreshold(t *testing.T) {
	need := reviewNeed()
	need.Threshold = 2
	c := config(policy.Rules(goodReview(need)))
	c.Authorities = []string{"test:dsse"}
	e := engineOf(t, c)
	const kind = attest.MediaTypeInToto
	good, other := statement(t, reviewType, `{"good":true}`).Bytes(), statement(t, reviewType, `{"good":false}`).Bytes()
	alice, bob, mallory := by(t, "alice", kind, good), by(t, "bob", kind, good), by(t, "mallory", kind, good)
	for name, tt := range map[string]struct {
		offered  []attest.Attestation
		verified int // how many of the envelopes are evidence
		code     attest.Code
	}{
		"two reviewers on one envelope":                  {[]attest.Attestation{envelope(t, kind, good, alice, bob)}, 1, ""},
		"two reviewers on two envelopes":                 {[]attest.Attestation{envelope(t, kind, good, alice), envelope(t, kind, good, bob)}, 2, ""},
		"01 an envelope without signatures":              {[]attest.Attestation{envelope(t, kind, good)}, 0, policy.CodeNeedMissing},
		"02 a bare statement":                            {[]attest.Attestation{{MediaType: attest.MediaTypeDSSE, Body: good}}, 0, policy.CodeNeedMissing},
		"02 a bare predicate":                            {[]attest.Attestation{{MediaType: attest.MediaTypeDSSE, Body: []byte(`{"good":true}`)}}, 0, policy.CodeNeedMissing},
		"02 a signed predicate without a subject":        {[]attest.Attestation{envelope(t, kind, []byte(`{"good":true}`), by(t, "alice", kind, []byte(`{"good":true}`)))}, 0, policy.CodeNeedMissing},
		"05 bob's key id on a signature of mallory":      {[]attest.Attestation{envelope(t, kind, good, alice, signature{keyID(t, "bob"), mallory.Sig})}, 1, policy.CodeNeedThreshold},
		"06 a signature that nobody can verify appended": {[]attest.Attestation{envelope(t, kind, good, alice, mallory)}, 1, policy.CodeNeedThreshold},
		"06 bob's signature of something else appended":  {[]attest.Attestation{envelope(t, kind, good, alice, by(t, "bob", kind, other))}, 1, policy.CodeNeedThreshold},
		"06 many signatures of nobody":                   {[]attest.Attestation{envelope(t, kind, good, alice, signature{keyID(t, "bob"), make([]byte, 64)}, signature{"", alice.Sig[:63]})}, 1, policy.CodeNeedThreshold},
		"07 two keys of one reviewer":                    {[]attest.Attestation{envelope(t, kind, good, alice, by(t, "alice's old key", kind, good))}, 1, policy.CodeNeedThreshold},
		"08 one envelope twice":                          {[]attest.Attestation{envelope(t, kind, good, alice), envelope(t, kind, good, alice)}, 2, policy.CodeNeedThreshold},
		"08 one statement signed again":                  {[]attest.Attestation{envelope(t, kind, good, alice), envelope(t, kind, good, by(t, "alice's old key", kind, good))}, 2, policy.CodeNeedThreshold},
		"14 another payload type":                        {[]attest.Attestation{envelope(t, "application/json", good, by(t, "alice", "application/json", good), by(t, "bob", "application/json", good))}, 0, policy.CodeNeedMissing},
	} {
		t.Run(name, func(t *testing.T) {
			req, verified := request(), 0
			for _, a := range tt.offered {
				v, err := envelopes(t).Verify(t.Context(), a, attest.Want{Subjects: []digest.Set{artifact()}, PredicateTypes: []string{reviewType}})
				if err == nil {
					verified++
					req.Evidence = append(req.Evidence, v)
				} else {
					require.Nil(t, v)
				}
			}
			require.Equal(t, tt.verified, verified)
			d := decide(t, e, req)
			if tt.code == "" {
				require.True(t, d.Allowed(now), "%v", d.Err())
				return
			}
			requireRefused(t, d, policy.Indeterminate, tt.code)
		})
	}
}
