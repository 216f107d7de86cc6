package sign_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/sigstore/sign"
)

const address = "somebody@example.com"

// world is an instance of the projects' own servers.
type world struct {
	issuer   *issuer
	services sign.Services
	root     *sigstore.TrustedRoot
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{issuer: newIssuer(t)}
	ca, caChain := newFulcio(t, w.issuer)
	stamper, stamperChain := newStamper(t)
	rekor, rekorKey := newRekor(t)
	w.services = sign.Services{Fulcio: ca, Stampers: []string{stamper}, Logs: []sign.Log{{URL: rekor, Version: 2}}}
	var err error
	w.root, err = sigstore.ParseTrustedRoot(trustedRoot(t, rekor, rekorKey, caChain, stamperChain))
	require.NoError(t, err)
	return w
}

func trustedRoot(t *testing.T, rekor string, key *ecdsa.PublicKey, ca, stamper []*x509.Certificate) []byte {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	id := sha256.Sum256(spki)
	window := map[string]any{"start": time.Now().Add(-time.Hour)}
	authority := func(certs []*x509.Certificate) any {
		var raw []any
		for _, c := range certs {
			raw = append(raw, map[string]any{"rawBytes": c.Raw})
		}
		return map[string]any{"uri": "http://localhost", "certChain": map[string]any{"certificates": raw}, "validFor": window}
	}
	b, err := json.Marshal(map[string]any{
		"mediaType": sigstore.MediaTypeTrustedRoot,
		"tlogs": []any{map[string]any{"baseUrl": rekor, "hashAlgorithm": "SHA2_256", "logId": map[string]any{"keyId": id[:]},
			"publicKey": map[string]any{"rawBytes": spki, "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": window}}},
		"certificateAuthorities": []any{authority(ca)},
		"timestampAuthorities":   []any{authority(stamper)},
	})
	require.NoError(t, err)
	return b
}

func (w *world) verifier(t *testing.T, name string) *sigstore.Verifier {
	t.Helper()
	v, err := sigstore.NewVerifier(sigstore.Trust{Authority: "test:e2e", Root: w.root, Demand: sigstore.Demand{SCTs: sigstore.None, Timestamps: 1},
		Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(w.issuer.url), Subject: sigstore.Exactly(name)}}})
	require.NoError(t, err)
	return v
}

func (w *world) signer(t *testing.T, name string) *sign.Signer {
	t.Helper()
	token, err := sign.ParseToken(w.issuer.token(t, address))
	require.NoError(t, err)
	s, err := sign.New(sign.Config{
		Client: &http.Client{Timeout: 30 * time.Second}, Services: w.services, Verifier: w.verifier(t, name),
		Token: func(context.Context) (sign.Token, error) { return token, nil },
	})
	require.NoError(t, err)
	return s
}

func TestTheProjectsOwnServersVouch(t *testing.T) {
	w := newWorld(t)
	s, v := w.signer(t, address), w.verifier(t, address)

	t.Run("for a statement", func(t *testing.T) {
		statement, err := attest.NewStatement("https://example.com/p", map[string]int{"n": 1},
			attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()})
		require.NoError(t, err)
		a, err := s.Attest(t.Context(), statement)
		require.NoError(t, err)
		got, err := v.Verify(t.Context(), a, attest.Want{AnySubject: true})
		require.NoError(t, err)
		assert.Equal(t, address, got.Signers()[0].Subject)
		assert.Equal(t, w.issuer.url, got.Signers()[0].Issuer)
		assert.Len(t, got.Inclusions(), 1)
		assert.Len(t, got.Times(), 1)
	})
	t.Run("for a digest", func(t *testing.T) {
		artifact := digest.FromBytes([]byte("an artifact"))
		a, err := s.SignDigest(t.Context(), artifact)
		require.NoError(t, err)
		_, err = v.VerifyArtifact(t.Context(), a, artifact)
		require.NoError(t, err)
	})
	t.Run("and a name that was not meant is refused", func(t *testing.T) {
		_, err := w.signer(t, "another@example.com").SignDigest(t.Context(), digest.FromBytes([]byte("x")))
		assert.ErrorIs(t, err, attest.Is(sign.CodeRefused))
		assert.ErrorIs(t, err, attest.Is(sigstore.CodeIdentity))
	})
	t.Run("and a token by another issuer is refused by Fulcio", func(t *testing.T) {
		token, err := sign.ParseToken(newIssuer(t).token(t, address))
		require.NoError(t, err)
		other, err := sign.New(sign.Config{Client: http.DefaultClient, Services: w.services, Verifier: v,
			Token: func(context.Context) (sign.Token, error) { return token, nil }})
		require.NoError(t, err)
		_, err = other.SignDigest(t.Context(), digest.FromBytes([]byte("x")))
		assert.ErrorIs(t, err, attest.Is(sign.CodeStatus))
	})
}
