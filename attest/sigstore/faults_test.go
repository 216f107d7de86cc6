package sigstore_test

import (
	"crypto/x509"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/corpus"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/tsa"
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

func flip(b []byte) []byte {
	out := append([]byte{}, b...)
	out[len(out)-1] ^= 1
	return out
}

func TestEveryDefectHasItsCode(t *testing.T) {
	c := corpus.Sigstore(t)
	root, err := sigstore.ParseTrustedRoot(c.Root)
	require.NoError(t, err)
	v, err := sigstore.NewVerifier(sigstore.Trust{
		Authority: "test:corpus", Root: root, Witnesses: c.Witnesses,
		Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(c.Issuer), Subject: sigstore.Exactly(c.Subject)}},
	})
	require.NoError(t, err)
	c.Test(t, v)
	assert.GreaterOrEqual(t, len(c.Defects), 150)
	t.Logf("%d defects", len(c.Defects))
}

func TestAllFaultsAreToldNotTheFirst(t *testing.T) {
	i, other := virtual.New(t), virtual.New(t)
	a := bundle(t, i, virtual.Recipe{
		Signature:   flip,
		Certificate: func(c *x509.Certificate) { c.URIs[0], _ = url.Parse("https://evil.example/") },
		SCTs:        func(s []*virtual.SCT) []*virtual.SCT { s[0].Key = other.CT; return s },
		Body: func(b map[string]any) {
			at(b, "spec").(map[string]any)["payloadHash"] = map[string]any{"algorithm": "sha256", "value": strings.Repeat("0", 64)}
		},
		Entry: func(e *virtual.Entry) { e.Key = other.Log },
		Stamp: func(s *virtual.Stamp) { s.Imprint = flip(s.Imprint); s.Time = i.Now.Add(2 * time.Hour) },
	})
	_, err := verifierOf(t, i, nil).Verify(t.Context(), a, attest.Want{})
	for _, code := range []attest.Code{
		attest.CodeWantEmpty, sigstore.CodeSignature, sigstore.CodeIdentity, chain.CodeSCTSignature, sigstore.CodeEntryDigest,
		sigstore.CodePromise, sigstore.CodeCheckpointSignature, sigstore.CodeLogThreshold, tsa.CodeImprint, tsa.CodeTime, sigstore.CodeTimeThreshold,
	} {
		assert.ErrorIs(t, err, attest.Is(code), "%s", code)
	}
}

// respell changes a bit beyond the last byte of the last signature of a note, which
// encoding/base64 does not look at; ok is false where the encoding has none.
func respell(note string) (out string, ok bool) {
	body := strings.TrimSuffix(note, "\n")
	text := strings.TrimRight(body, "=")
	if body == text {
		return note, false
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(alphabet, text[len(text)-1])
	return text[:len(text)-1] + string(alphabet[last^1]) + body[len(text):] + "\n", true
}

func TestASignatureOnACheckpointHasOneSpelling(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	for respelled := 0; respelled < 2; { // the length of a signature varies, and with it the padding
		changed := false
		a := bundle(t, i, virtual.Recipe{Entry: func(e *virtual.Entry) {
			e.Proof = func(proof map[string]any) {
				checkpoint := proof["checkpoint"].(map[string]any)
				checkpoint["envelope"], changed = respell(checkpoint["envelope"].(string))
			}
		}})
		_, err := v.VerifyEnvelope(t.Context(), a, attest.MediaTypeInToto)
		if !changed {
			require.NoError(t, err)
			continue
		}
		respelled++
		require.ErrorIs(t, err, attest.Is(sigstore.CodeCheckpoint))
	}
}
