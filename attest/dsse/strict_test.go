package dsse_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	wire "github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
)

func replaceOnce(t testing.TB, s, old, new string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(s, old), "%s in %s", old, s)
	return strings.Replace(s, old, new, 1)
}

func index(b []byte, s string) int { return bytes.Index(b, []byte(s)) }

func p256(t testing.TB) attest.Signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	signer, err := key.FromCryptoSigner(private)
	require.NoError(t, err)
	return signer
}

// stray returns base64 with a bit set that decodes to nothing.
func stray(t testing.TB, s string) string {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	end := strings.IndexByte(s, '=')
	require.Positive(t, end, "only padded base64 has stray bits")
	last := strings.IndexByte(alphabet, s[end-1])
	out := s[:end-1] + string(alphabet[last+1]) + s[end:]
	a, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	b, err := base64.StdEncoding.DecodeString(out)
	require.NoError(t, err)
	require.Equal(t, a, b)
	return out
}

func TestEnvelopesThatAreRefused(t *testing.T) {
	v := verifier(t, trust(1, "alice"))
	good := sign(t, "alice")
	var e wire.Envelope
	require.NoError(t, json.Unmarshal(good.Body, &e))
	require.True(t, strings.HasSuffix(e.Payload, "="), "the payload of these tests must need padding")
	text := func(old, new string) string { return replaceOnce(t, string(good.Body), old, new) }
	tests := []struct {
		name, body string
		code       attest.Code
	}{
		{"an unknown key", text(`{"payloadType"`, `{"x":1,"payloadType"`), dsse.CodeEnvelope},
		{"an unknown key in a signature", text(`"keyid"`, `"cert":"x","keyid"`), dsse.CodeEnvelope},
		{"a duplicate payload", text(`"signatures"`, `"payload":"e30=","signatures"`), dsse.CodeEnvelope},
		{"a payload key of another case", text(`"signatures"`, `"Payload":"e30=","signatures"`), dsse.CodeEnvelope},
		{"duplicate signatures", text(`"signatures"`, `"signatures":[],"signatures"`), dsse.CodeEnvelope},
		{"a duplicate sig", text(`"sig":`, `"sig":"QUJD","sig":`), dsse.CodeEnvelope},
		{"a duplicate keyid", text(`"keyid"`, `"keyid":"x","keyid"`), dsse.CodeEnvelope},
		{"trailing data", string(good.Body) + "{}", dsse.CodeEnvelope},
		{"a byte order mark", "\xef\xbb\xbf" + string(good.Body), dsse.CodeEnvelope},
		{"a null payload", text(`"payload":"`+e.Payload+`"`, `"payload":null`), dsse.CodeEnvelope},
		{"a null keyid", text(`"keyid":"`+e.Signatures[0].KeyID+`"`, `"keyid":null`), dsse.CodeEnvelope},
		{"null signatures", `{"payloadType":"` + e.PayloadType + `","payload":"` + e.Payload + `","signatures":null}`, dsse.CodeEnvelope},
		{"no signatures key", `{"payloadType":"` + e.PayloadType + `","payload":"` + e.Payload + `"}`, dsse.CodeNoSignature},
		{"no signatures", `{"payloadType":"` + e.PayloadType + `","payload":"` + e.Payload + `","signatures":[]}`, dsse.CodeNoSignature},
		{"an empty signature", text(e.Signatures[0].Sig, ""), dsse.CodeNoSignature},
		{"a signature without sig", text(`,"sig":"`+e.Signatures[0].Sig+`"`, ""), dsse.CodeNoSignature},
		{"no payload key", text(`"payload":"`+e.Payload+`",`, ""), dsse.CodeNoPayload},
		{"an empty payload", text(e.Payload, ""), dsse.CodeNoPayload},
		{"no payload type", text(`"payloadType":"`+e.PayloadType+`",`, ""), dsse.CodePayloadType},
		{"a payload with a line break", text(e.Payload, e.Payload[:8]+`\n`+e.Payload[8:]), dsse.CodeBase64},
		{"a payload with a carriage return at its end", text(e.Payload, e.Payload+`\r`), dsse.CodeBase64},
		{"a payload with space", text(e.Payload, " "+e.Payload), dsse.CodeBase64},
		{"a payload without padding", text(e.Payload, strings.TrimRight(e.Payload, "=")), dsse.CodeBase64},
		{"a payload with too much padding", text(e.Payload, e.Payload+"===="), dsse.CodeBase64},
		{"a payload with stray bits", text(e.Payload, stray(t, e.Payload)), dsse.CodeBase64},
		{"a payload in the URL alphabet", text(e.Payload, "-_-_"+e.Payload), dsse.CodeBase64},
		{"a signature with a line break", text(e.Signatures[0].Sig, e.Signatures[0].Sig[:4]+`\n`+e.Signatures[0].Sig[4:]), dsse.CodeBase64},
		{"a signature with stray bits", text(e.Signatures[0].Sig, stray(t, e.Signatures[0].Sig)), dsse.CodeBase64},
		{"a signature without padding", text(e.Signatures[0].Sig, strings.TrimRight(e.Signatures[0].Sig, "=")), dsse.CodeBase64},
		{"a signature in the URL alphabet", text(e.Signatures[0].Sig, "-_-_"), dsse.CodeBase64},
		{"a huge signature", text(e.Signatures[0].Sig, strings.Repeat("QUJD", 5000)), attest.CodeLimit},
		{"sixty-five signatures", text(`{"keyid"`, strings.Repeat(`{"sig":"QUJD"},`, 64)+`{"keyid"`), attest.CodeLimit},
		{"deep nesting", text(`"`+e.Payload+`"`, strings.Repeat("[", 100)+strings.Repeat("]", 100)), attest.CodeLimit},
		{"a huge envelope", strings.Repeat(" ", 32<<20) + string(good.Body), attest.CodeLimit},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			refused(t, v, attest.Attestation{MediaType: good.MediaType, Body: []byte(test.body)}, test.code)
		})
	}

	t.Run("sixty-four signatures pass", func(t *testing.T) {
		body := text(`{"keyid"`, strings.Repeat(`{"sig":"QUJD"},`, 63)+`{"keyid"`)
		assert.Equal(t, []string{"alice"}, principals(t, v, attest.Attestation{MediaType: good.MediaType, Body: []byte(body)}))
	})
	t.Run("all faults of an envelope are told at once", func(t *testing.T) {
		body := `{"payloadType":"x","payload":"QR==","signatures":[{"sig":""},{"sig":"%"}]}`
		_, err := v.Verify(t.Context(), attest.Attestation{MediaType: good.MediaType, Body: []byte(body)}, attest.Want{})
		var got []string
		for _, r := range attest.Reasons(err) {
			got = append(got, string(r.Code)+" "+r.Where)
		}
		assert.Equal(t, []string{
			"attest.want.empty Want", "attest.dsse.payload-type /payloadType", "attest.dsse.base64 /payload",
			"attest.dsse.no-signature /signatures/0/sig", "attest.dsse.base64 /signatures/1/sig",
		}, got)
	})
}

func TestAnAttestationOfAnotherKindIsRefused(t *testing.T) {
	a := sign(t, "alice")
	for _, kind := range []string{"", "application/json", strings.ToUpper(attest.MediaTypeDSSE), attest.MediaTypeDSSE + ";version=1"} {
		a.MediaType = kind
		refused(t, verifier(t, trust(1, "alice")), a, attest.CodeMediaType)
	}
}

func TestHostileJSONIsRefused(t *testing.T) {
	v := verifier(t, trust(1, "alice"))
	files, err := filepath.Glob("../../internal/strictjson/testdata/refused/*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		body, err := os.ReadFile(name)
		require.NoError(t, err)
		refused(t, v, attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: body})
		if len(body) > 0 {
			refused(t, v, forge(t, attest.MediaTypeInToto, body))
		}
	}
}

func TestEveryBitFlipIsRefusedOrNeutral(t *testing.T) {
	v := verifier(t, trust(1, "alice"))
	a := sign(t, "alice")
	want, err := v.Verify(t.Context(), a, anything)
	require.NoError(t, err)
	hint := index(a.Body, `"keyid":"`) + len(`"keyid":"`)
	end := hint + bytes.IndexByte(a.Body[hint:], '"')
	neutral := 0
	for bit := range len(a.Body) * 8 {
		body := bytes.Clone(a.Body)
		body[bit/8] ^= 1 << (bit % 8)
		got, err := v.Verify(t.Context(), attest.Attestation{MediaType: a.MediaType, Body: body}, anything)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err), "bit %d", bit)
			require.Nil(t, got)
			continue
		}
		neutral++
		require.True(t, hint <= bit/8 && bit/8 < end, "a flip of bit %d was accepted: %s", bit, body)
		require.Equal(t, want.Statement().Bytes(), got.Statement().Bytes())
		require.Equal(t, want.Signers(), got.Signers())
	}
	assert.Positive(t, neutral, "keyid is only a hint")
}

func TestVerifyIsSilentAndLeavesItsInputAlone(t *testing.T) {
	v := verifier(t, trust(2, "alice", "bob"))
	twice := edit(t, sign(t, "alice"), func(e *wire.Envelope) { e.Signatures = append(e.Signatures, e.Signatures[0]) })
	before := bytes.Clone(twice.Body)

	read, write, err := os.Pipe()
	require.NoError(t, err)
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = write, write
	_, err = v.Verify(t.Context(), twice, anything)
	os.Stdout, os.Stderr = stdout, stderr
	require.NoError(t, write.Close())
	require.Error(t, err)
	var out bytes.Buffer
	_, err = out.ReadFrom(read)
	require.NoError(t, err)
	assert.Empty(t, out.String())
	assert.Equal(t, before, twice.Body)
}

func TestSixtyFourGoroutinesOnOneAttestation(t *testing.T) {
	v := verifier(t, trust(2, "alice", "bob", "carol"))
	a := sign(t, "carol", "alice", "mallory")
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for range 4 {
				got, err := v.Verify(context.Background(), a, anything)
				if assert.NoError(t, err) {
					assert.Len(t, got.Signers(), 2)
					assert.NotEmpty(t, got.Statement().Subjects())
				}
				_, err = v.Verify(context.Background(), a, attest.Want{})
				assert.ErrorIs(t, err, attest.Is(attest.CodeWantEmpty))
			}
		})
	}
	group.Wait()
}

// fading is a context that ends after so many looks at it.
type fading struct {
	context.Context
	looks int
}

func (f *fading) Err() error {
	if f.looks--; f.looks < 0 {
		return context.Canceled
	}
	return nil
}

func TestVerifyStopsWhenItsContextEnds(t *testing.T) {
	v := verifier(t, trust(1, "alice", "bob", "carol"))
	a := sign(t, "mallory", "eve", "trent")
	for looks := range 4 {
		_, err := v.Verify(&fading{t.Context(), looks}, a, anything)
		assert.ErrorIs(t, err, attest.Is(attest.CodeCanceled), "after %d looks", looks)
		assert.NotErrorIs(t, err, attest.Is(dsse.CodeThreshold), "nothing was decided")
	}
	_, err := v.Verify(&fading{t.Context(), 100}, a, anything)
	assert.ErrorIs(t, err, attest.Is(dsse.CodeThreshold))
}

func TestLimitsReachTheStatement(t *testing.T) {
	tr := trust(1, "alice")
	tr.Limits.Bytes = len(aStatement(t).Bytes())
	assert.Equal(t, []string{"alice"}, principals(t, verifier(t, tr), sign(t, "alice")))
	tr.Limits.Bytes--
	refused(t, verifier(t, tr), sign(t, "alice"), attest.CodeLimit)
}

func TestCodesAreCatalogued(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, code := range dsse.Codes() {
		assert.Regexp(t, `^attest\.dsse\.[a-z0-9-]+$`, string(code))
		assert.False(t, seen[code], code)
		seen[code] = true
	}
	assert.Len(t, seen, 13)
}
