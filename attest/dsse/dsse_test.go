package dsse_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"

	wire "github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
)

// anything is the Want of tests that do not look at the statement.
var anything = attest.Want{AnySubject: true}

func aStatement(t testing.TB) *attest.Statement {
	t.Helper()
	s, err := attest.NewStatement("https://example.com/p", map[string]int{"n": 1},
		attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()})
	require.NoError(t, err)
	return s
}

// trust makes the trust of one key for each label, which is also the principal.
func trust(threshold int, labels ...string) dsse.Trust {
	out := dsse.Trust{Authority: "test:dsse", Threshold: threshold}
	for _, label := range labels {
		out.Keys = append(out.Keys, dsse.Key{Principal: label, Public: attesttest.Signer(label).Public()})
	}
	return out
}

func verifier(t testing.TB, trust dsse.Trust) attest.Verifier {
	t.Helper()
	v, err := dsse.NewVerifier(trust)
	require.NoError(t, err)
	return v
}

// sign makes an envelope with a signature by the key of each label.
func sign(t testing.TB, labels ...string) attest.Attestation {
	t.Helper()
	var signers []attest.Signer
	for _, label := range labels {
		signers = append(signers, attesttest.Signer(label))
	}
	a, err := dsse.NewAttestor(signers...)
	require.NoError(t, err)
	out, err := a.Attest(t.Context(), aStatement(t))
	require.NoError(t, err)
	return out
}

// edit changes the envelope of an attestation.
func edit(t testing.TB, a attest.Attestation, change func(*wire.Envelope)) attest.Attestation {
	t.Helper()
	var e wire.Envelope
	require.NoError(t, json.Unmarshal(a.Body, &e))
	change(&e)
	body, err := json.Marshal(e)
	require.NoError(t, err)
	return attest.Attestation{MediaType: a.MediaType, Body: body}
}

// refused demands a refusal by v of a with all the codes.
func refused(t testing.TB, v attest.Verifier, a attest.Attestation, codes ...attest.Code) {
	t.Helper()
	got, err := v.Verify(t.Context(), a, anything)
	require.Error(t, err)
	assert.Nil(t, got)
	for _, code := range codes {
		assert.ErrorIs(t, err, attest.Is(code))
	}
}

// principals demands that v accepts a, and returns who signed.
func principals(t testing.TB, v attest.Verifier, a attest.Attestation) (names []string) {
	t.Helper()
	got, err := v.Verify(t.Context(), a, anything)
	require.NoError(t, err)
	for _, s := range got.Signers() {
		names = append(names, s.Principal())
	}
	return names
}

func TestRoundTrip(t *testing.T) {
	a := sign(t, "alice")
	v, err := verifier(t, trust(1, "alice")).Verify(t.Context(), a, attest.Want{
		Subjects:       []digest.Set{digest.FromBytes([]byte("app")).Set()},
		PredicateTypes: []string{"https://example.com/p"},
	})
	require.NoError(t, err)
	print, err := key.Fingerprint(attesttest.Signer("alice").Public())
	require.NoError(t, err)
	assert.Equal(t, "test:dsse", v.Authority())
	assert.Equal(t, aStatement(t).Bytes(), v.Statement().Bytes())
	assert.Equal(t, digest.FromBytes(a.Body), v.Evidence())
	assert.Equal(t, []attest.Identity{{Subject: "alice", Key: print}}, v.Signers())
	assert.Empty(t, v.Times())
	assert.Empty(t, v.Inclusions())
}

func TestThreshold(t *testing.T) {
	twoOfTwo := verifier(t, trust(2, "alice", "bob"))
	repeat := func(e *wire.Envelope) { e.Signatures = append(e.Signatures, e.Signatures[0]) }

	t.Run("two principals meet a threshold of two, in any order", func(t *testing.T) {
		assert.Equal(t, []string{"alice", "bob"}, principals(t, twoOfTwo, sign(t, "alice", "bob")))
		assert.Equal(t, []string{"alice", "bob"}, principals(t, twoOfTwo, sign(t, "bob", "alice")))
	})
	t.Run("one principal does not meet a threshold of two", func(t *testing.T) {
		refused(t, twoOfTwo, sign(t, "alice"), dsse.CodeThreshold)
	})
	t.Run("the same signature twice counts once", func(t *testing.T) {
		refused(t, twoOfTwo, edit(t, sign(t, "alice"), repeat), dsse.CodeThreshold, dsse.CodeRepeated)
	})
	t.Run("one key under two keyids counts once", func(t *testing.T) {
		refused(t, twoOfTwo, edit(t, sign(t, "alice", "bob"), func(e *wire.Envelope) {
			e.Signatures[1].Sig = e.Signatures[0].Sig
		}), dsse.CodeThreshold, dsse.CodeRepeated)
	})
	t.Run("two keys of one principal count once", func(t *testing.T) {
		two := trust(2, "alice", "laptop", "bob")
		two.Keys[1].Principal = "alice"
		v := verifier(t, two)
		refused(t, v, sign(t, "alice", "laptop"), dsse.CodeThreshold)
		assert.Equal(t, []string{"alice", "bob"}, principals(t, v, sign(t, "laptop", "alice", "bob")))
		assert.Equal(t, []string{"alice", "bob"}, principals(t, v, sign(t, "laptop", "bob")))
	})
	t.Run("a stranger's signature counts nothing and harms nothing", func(t *testing.T) {
		refused(t, twoOfTwo, sign(t, "alice", "mallory"), dsse.CodeThreshold, dsse.CodeSignature)
		assert.Equal(t, []string{"alice", "bob"}, principals(t, twoOfTwo, sign(t, "mallory", "alice", "bob")))
	})
	t.Run("all who signed are named, not only as many as needed", func(t *testing.T) {
		assert.Equal(t, []string{"alice", "bob", "carol"}, principals(t, verifier(t, trust(1, "alice", "bob", "carol")), sign(t, "carol", "bob", "alice")))
	})
	t.Run("two of three need any two", func(t *testing.T) {
		v := verifier(t, trust(2, "alice", "bob", "carol"))
		assert.Equal(t, []string{"alice", "carol"}, principals(t, v, sign(t, "carol", "alice")))
		refused(t, v, sign(t, "carol", "mallory"), dsse.CodeThreshold)
	})
	t.Run("where every key must sign, a principal counts with all of its keys", func(t *testing.T) {
		all := trust(1, "alice", "laptop", "bob")
		all.Keys[1].Principal, all.EveryKey = "alice", true
		v := verifier(t, all)
		refused(t, v, sign(t, "alice"), dsse.CodeThreshold)
		refused(t, v, sign(t, "laptop"), dsse.CodeThreshold)
		assert.Equal(t, []string{"alice"}, principals(t, v, sign(t, "laptop", "alice")))
		assert.Equal(t, []string{"bob"}, principals(t, v, sign(t, "alice", "bob")))
	})
	t.Run("every signature that did not count is reported", func(t *testing.T) {
		a := edit(t, sign(t, "alice", "mallory", "eve"), repeat)
		_, err := twoOfTwo.Verify(t.Context(), a, attest.Want{})
		require.Error(t, err)
		var got []string
		for _, r := range attest.Reasons(err) {
			got = append(got, string(r.Code)+" "+r.Where)
		}
		assert.Equal(t, []string{
			"attest.want.empty Want",
			"attest.dsse.threshold /signatures",
			"attest.dsse.signature /signatures/1",
			"attest.dsse.signature /signatures/2",
			"attest.dsse.repeated /signatures/3",
		}, got)
	})
}

func TestTwoECDSASignaturesByOneKeyCountOnce(t *testing.T) {
	signer := p256(t)
	v := verifier(t, dsse.Trust{Authority: "test:dsse", Threshold: 2, Keys: []dsse.Key{
		{Principal: "alice", Public: signer.Public()}, {Principal: "bob", Public: attesttest.Signer("bob").Public()},
	}})
	attestor, err := dsse.NewAttestor(signer)
	require.NoError(t, err)
	first, err := attestor.Attest(t.Context(), aStatement(t))
	require.NoError(t, err)
	second, err := attestor.Attest(t.Context(), aStatement(t))
	require.NoError(t, err)
	require.NotEqual(t, first, second, "ECDSA signatures differ each time")
	refused(t, v, edit(t, first, func(e *wire.Envelope) {
		var other wire.Envelope
		require.NoError(t, json.Unmarshal(second.Body, &other))
		e.Signatures = append(e.Signatures, other.Signatures...)
	}), dsse.CodeThreshold, dsse.CodeRepeated)
}

func TestKeyIDIsAHintOnly(t *testing.T) {
	v := verifier(t, trust(2, "alice", "bob"))
	for name, change := range map[string]func(*wire.Envelope){
		"a wrong keyid": func(e *wire.Envelope) { e.Signatures[0].KeyID = "release-key" },
		"no keyid":      func(e *wire.Envelope) { e.Signatures[0].KeyID, e.Signatures[1].KeyID = "", "" },
		"swapped keyids": func(e *wire.Envelope) {
			e.Signatures[0].KeyID, e.Signatures[1].KeyID = e.Signatures[1].KeyID, e.Signatures[0].KeyID
		},
		"equal keyids": func(e *wire.Envelope) { e.Signatures[0].KeyID = e.Signatures[1].KeyID },
		"a keyid in another notation": func(e *wire.Envelope) {
			e.Signatures[0].KeyID = "SHA256:" + e.Signatures[0].KeyID
		},
	} {
		assert.Equal(t, []string{"alice", "bob"}, principals(t, v, edit(t, sign(t, "alice", "bob"), change)), "a right signature under %s counts", name)
	}
	refused(t, v, edit(t, sign(t, "alice", "mallory"), func(e *wire.Envelope) {
		print, err := key.Fingerprint(attesttest.Signer("bob").Public())
		require.NoError(t, err)
		e.Signatures[1].KeyID = print.Hex
	}), dsse.CodeThreshold, dsse.CodeSignature)
}

func TestTrustThatIsRefused(t *testing.T) {
	change := func(f func(*dsse.Trust)) dsse.Trust {
		out := trust(1, "alice", "bob")
		f(&out)
		return out
	}
	tests := []struct {
		name  string
		trust dsse.Trust
		codes []attest.Code
	}{
		{"the zero Trust", dsse.Trust{}, []attest.Code{dsse.CodeTrustAuthority, dsse.CodeTrustKey, dsse.CodeTrustThreshold}},
		{"no authority", change(func(t *dsse.Trust) { t.Authority = "" }), []attest.Code{dsse.CodeTrustAuthority}},
		{"no keys", change(func(t *dsse.Trust) { t.Keys = nil }), []attest.Code{dsse.CodeTrustKey}},
		{"threshold zero", change(func(t *dsse.Trust) { t.Threshold = 0 }), []attest.Code{dsse.CodeTrustThreshold}},
		{"a negative threshold", change(func(t *dsse.Trust) { t.Threshold = -1 }), []attest.Code{dsse.CodeTrustThreshold}},
		{"a threshold above the number of principals", change(func(t *dsse.Trust) { t.Threshold = 3 }), []attest.Code{dsse.CodeTrustThreshold}},
		{"a threshold that only keys of one principal could meet", change(func(t *dsse.Trust) { t.Threshold, t.Keys[1].Principal = 2, "alice" }), []attest.Code{dsse.CodeTrustThreshold}},
		{"an empty principal", change(func(t *dsse.Trust) { t.Keys[0].Principal = "" }), []attest.Code{dsse.CodeTrustKey}},
		{"one key for two principals", change(func(t *dsse.Trust) { t.Keys[1].Public = t.Keys[0].Public }), []attest.Code{dsse.CodeTrustKey}},
		{"one key twice for one principal", change(func(t *dsse.Trust) { t.Keys[1] = t.Keys[0] }), []attest.Code{dsse.CodeTrustKey}},
		{"a nil key", change(func(t *dsse.Trust) { t.Keys[1].Public = nil }), []attest.Code{dsse.CodeTrustKey, attest.CodeNil}},
		{"a key of an unknown type", change(func(t *dsse.Trust) { t.Keys[1].Public = "key" }), []attest.Code{dsse.CodeTrustKey, key.CodeType}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, err := dsse.NewVerifier(test.trust)
			require.Error(t, err)
			assert.Nil(t, v)
			for _, code := range test.codes {
				assert.ErrorIs(t, err, attest.Is(code))
			}
		})
	}
}

func TestTheTrustIsCopied(t *testing.T) {
	tr := trust(1, "alice")
	v := verifier(t, tr)
	tr.Keys[0] = dsse.Key{Principal: "mallory", Public: attesttest.Signer("mallory").Public()}
	refused(t, v, sign(t, "mallory"), dsse.CodeThreshold)
	assert.Equal(t, []string{"alice"}, principals(t, v, sign(t, "alice")))
}

// forge signs any payload under any payload type with alice's key.
func forge(t testing.TB, payloadType string, payload []byte) attest.Attestation {
	t.Helper()
	sig, err := attesttest.Signer("alice").Sign(context.Background(), wire.PAE(payloadType, payload))
	require.NoError(t, err)
	body, err := json.Marshal(wire.Envelope{
		PayloadType: payloadType, Payload: base64.StdEncoding.EncodeToString(payload),
		Signatures: []wire.Signature{{Sig: base64.StdEncoding.EncodeToString(sig)}},
	})
	require.NoError(t, err)
	return attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: body}
}

func TestSignedPayloadsThatAreNoStatementAreRefused(t *testing.T) {
	v := verifier(t, trust(1, "alice"))
	good := aStatement(t).Bytes()
	replace := func(old, new string) []byte {
		out := []byte(replaceOnce(t, string(good), old, new))
		return out
	}
	tests := []struct {
		name    string
		kind    string
		payload []byte
		code    attest.Code
	}{
		{"another payload type", "application/json", good, dsse.CodePayloadType},
		{"an empty payload type", "", good, dsse.CodePayloadType},
		{"a payload type in capitals", "application/vnd.in-toto+JSON", good, dsse.CodePayloadType},
		{"a payload type with space", attest.MediaTypeInToto + " ", good, dsse.CodePayloadType},
		{"an empty payload", attest.MediaTypeInToto, nil, dsse.CodeNoPayload},
		{"a payload that is not JSON", attest.MediaTypeInToto, []byte("statement"), attest.CodeJSON},
		{"trailing bytes", attest.MediaTypeInToto, append(slices.Clone(good), '{'), attest.CodeJSON},
		{"a duplicate key", attest.MediaTypeInToto, replace(`"predicateType"`, `"predicateType":"https://example.com/x","predicateType"`), attest.CodeJSON},
		{"a key of another case", attest.MediaTypeInToto, replace(`"predicateType"`, `"PredicateType":"https://example.com/x","predicateType"`), attest.CodeJSON},
		{"a wrong statement type", attest.MediaTypeInToto, replace("Statement/v1", "Statement/v0.1"), attest.CodeStatementType},
		{"no subject", attest.MediaTypeInToto, replace(string(good[index(good, `"subject"`):index(good, `,"predicateType"`)]), `"subject":[]`), attest.CodeNoSubject},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			refused(t, v, forge(t, test.kind, test.payload), test.code)
		})
	}
	assert.Equal(t, []string{"alice"}, principals(t, v, forge(t, attest.MediaTypeInToto, good)))
}

func TestPayloadAndTypeCannotBeMovedIntoEachOther(t *testing.T) {
	v := verifier(t, trust(1, "alice"))
	good := aStatement(t).Bytes()
	// What alice signs here has the bytes of a good envelope's PAE in another
	// division of type and payload.
	for _, kind := range []string{"", "application/vnd.in-toto", attest.MediaTypeInToto + " 1", attest.MediaTypeInToto + " " + string(good[:10])} {
		a := forge(t, kind, good)
		refused(t, v, edit(t, a, func(e *wire.Envelope) { e.PayloadType = attest.MediaTypeInToto }), dsse.CodeSignature)
	}
	// A signature of the bare payload, without PAE, is none.
	sig, err := attesttest.Signer("alice").Sign(t.Context(), good)
	require.NoError(t, err)
	refused(t, v, edit(t, sign(t, "alice"), func(e *wire.Envelope) {
		e.Signatures[0].Sig = base64.StdEncoding.EncodeToString(sig)
	}), dsse.CodeSignature)
}
