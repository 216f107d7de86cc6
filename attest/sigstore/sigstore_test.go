package sigstore_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
)

var _ attest.Verifier = (*sigstore.Verifier)(nil)

// anything is the Want of tests that do not look at the statement.
func anything() attest.Want { return attest.Want{AnySubject: true} }

func aStatement(t testing.TB) *attest.Statement {
	t.Helper()
	s, err := attest.NewStatement("https://example.com/p", map[string]int{"n": 1},
		attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()})
	require.NoError(t, err)
	return s
}

func identities() []sigstore.Identity {
	return []sigstore.Identity{{Issuer: sigstore.Exactly(virtual.Issuer), Subject: sigstore.Exactly(virtual.Subject)}}
}

func rootOf(t testing.TB, i *virtual.Instance, edit func(map[string]any)) *sigstore.TrustedRoot {
	t.Helper()
	r, err := sigstore.ParseTrustedRoot(i.TrustedRoot(t, edit))
	require.NoError(t, err)
	return r
}

func verifierOf(t testing.TB, i *virtual.Instance, change func(*sigstore.Trust)) *sigstore.Verifier {
	t.Helper()
	trust := sigstore.Trust{Authority: "test:sigstore", Root: rootOf(t, i, nil), Identities: identities()}
	if change != nil {
		change(&trust)
	}
	v, err := sigstore.NewVerifier(trust)
	require.NoError(t, err)
	return v
}

func keyVerifierOf(t testing.TB, i *virtual.Instance, change func(*sigstore.KeyTrust)) *sigstore.Verifier {
	t.Helper()
	trust := sigstore.KeyTrust{Authority: "test:sigstore", Root: rootOf(t, i, nil), Keys: []sigstore.Key{{Principal: "releases", Public: i.Signer.Public()}}}
	if change != nil {
		change(&trust)
	}
	v, err := sigstore.NewKeyVerifier(trust)
	require.NoError(t, err)
	return v
}

// bundle makes the attestation of a recipe; its payload is the statement unless
// it tells another.
func bundle(t testing.TB, i *virtual.Instance, r virtual.Recipe) attest.Attestation {
	t.Helper()
	if r.Payload == nil {
		r.Payload = aStatement(t).Bytes()
	}
	if r.Version == 0 {
		r.Version = 3
	}
	return attest.Attestation{MediaType: virtual.MediaType(r.Version), Body: i.Bundle(t, r)}
}

// valid are the kinds of bundles that differ in what is verified.
func valid() map[string]virtual.Recipe {
	return map[string]virtual.Recipe{
		"0.1, Rekor v1 promise, dsse":             {Version: 1},
		"0.1, Rekor v1 promise, intoto":           {Version: 1, Kind: "intoto"},
		"0.2, Rekor v1 promise and proof, dsse":   {Version: 2},
		"0.3, Rekor v1 promise and proof, dsse":   {},
		"0.3, Rekor v1 promise and proof, intoto": {Kind: "intoto"},
		"0.3, Rekor v1 proof alone":               {Entry: func(e *virtual.Entry) { e.NoPromise = true }},
		"0.3, Rekor v1 without timestamp":         {Unstamped: true},
		"0.3, Rekor v2 hashedrekord":              {Rekor: 2},
		"0.3, Rekor v2 dsse":                      {Rekor: 2, Kind: "dsse"},
	}
}

func TestEveryKindOfBundleIsAccepted(t *testing.T) {
	i := virtual.New(t)
	v, k := verifierOf(t, i, nil), keyVerifierOf(t, i, nil)
	for name, recipe := range valid() {
		t.Run(name, func(t *testing.T) {
			got, err := v.Verify(t.Context(), bundle(t, i, recipe), attest.Want{Subjects: []digest.Set{digest.FromBytes([]byte("app")).Set()}})
			require.NoError(t, err)
			assert.Equal(t, "test:sigstore", got.Authority())
			assert.Equal(t, aStatement(t).Bytes(), got.Statement().Bytes())
			require.Len(t, got.Signers(), 1)
			assert.Equal(t, virtual.Issuer, got.Signers()[0].Issuer)
			assert.Equal(t, virtual.Subject, got.Signers()[0].Subject)
			assert.NotEmpty(t, got.Times())
			assert.Len(t, got.Inclusions(), 1)

			recipe.LongLived = true
			if recipe.Version == 0 {
				got, err = k.Verify(t.Context(), bundle(t, i, recipe), anything())
				require.NoError(t, err)
				assert.Equal(t, "releases", got.Signers()[0].Principal())
			}
		})
	}
}

func TestTheExtensionsOfTheCertificateAreClaimsOfTheSigner(t *testing.T) {
	i := virtual.New(t)
	recipe := virtual.Recipe{Certificate: func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, virtual.Claim(t, 12, "https://forge.example/acme/app"), virtual.Claim(t, 99, "undocumented"))
	}}
	got, err := verifierOf(t, i, nil).Verify(t.Context(), bundle(t, i, recipe), anything())
	require.NoError(t, err)
	who := virtual.Issuer + "#" + virtual.Subject
	assert.Equal(t, []attest.Claim{
		{Principal: who, Name: "1.3.6.1.4.1.57264.1.1", Value: virtual.Issuer},
		{Principal: who, Name: "1.3.6.1.4.1.57264.1.8", Value: virtual.Issuer},
		{Principal: who, Name: "1.3.6.1.4.1.57264.1.12", Value: "https://forge.example/acme/app"},
	}, got.Claims())

	recipe.LongLived = true
	got, err = keyVerifierOf(t, i, nil).Verify(t.Context(), bundle(t, i, recipe), anything())
	require.NoError(t, err)
	assert.Empty(t, got.Claims(), "nobody says anything of a key")
}

func TestAMessageSignatureYieldsNoStatementButASigned(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	artifact := []byte("an artifact")
	for _, rekor := range []int{1, 2} {
		a := bundle(t, i, virtual.Recipe{Message: true, Rekor: rekor, Payload: artifact})
		got, err := v.VerifyArtifact(t.Context(), a, digest.FromBytes(artifact))
		require.NoError(t, err)
		assert.False(t, got.IsZero())
		assert.Equal(t, virtual.Subject, got.Signer().Subject)
		assert.Equal(t, digest.FromBytes(artifact), got.Artifact())
		assert.Equal(t, digest.FromBytes(a.Body), got.Evidence())
		assert.Equal(t, virtual.Issuer, got.Claims().Fields[chain.FieldIssuerV2])
		assert.NotEmpty(t, got.Times())
		assert.NotEmpty(t, got.Inclusions())

		_, err = v.VerifyArtifact(t.Context(), a, digest.FromBytes([]byte("another")))
		assert.ErrorIs(t, err, attest.Is(sigstore.CodeArtifact))
		none, err := v.Verify(t.Context(), a, anything())
		assert.ErrorIs(t, err, attest.Is(sigstore.CodeContentKind))
		assert.Nil(t, none)
	}
	zero := &sigstore.Signed{}
	assert.True(t, zero.IsZero())
	assert.Zero(t, zero.Signer())
	_, err := v.VerifyArtifact(t.Context(), bundle(t, i, virtual.Recipe{}), digest.FromBytes(artifact))
	assert.ErrorIs(t, err, attest.Is(sigstore.CodeContentKind))
}

func TestAnEnvelopeOfAnotherPayloadTypeIsOnlyASigned(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	a := bundle(t, i, virtual.Recipe{Payload: []byte("text"), PayloadType: "text/plain", Rekor: 2})
	got, err := v.VerifyEnvelope(t.Context(), a, "text/plain")
	require.NoError(t, err)
	assert.Equal(t, []byte("text"), got.Payload())
	_, err = v.VerifyEnvelope(t.Context(), a, "text/html")
	assert.ErrorIs(t, err, attest.Is(sigstore.CodeContentKind))
	_, err = v.Verify(t.Context(), a, anything())
	assert.ErrorIs(t, err, attest.Is(sigstore.CodeContentKind))
}

// attestor writes bundles of an instance.
type attestor struct {
	t        testing.TB
	instance *virtual.Instance
}

// Attest implements attest.Attestor.
func (a attestor) Attest(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
	if err := ctx.Err(); err != nil {
		return attest.Attestation{}, attest.Refuse(attest.CodeCanceled, "context", "", "").Because(err)
	}
	if s == nil || len(s.Bytes()) == 0 {
		return attest.Attestation{}, attest.Refuse(attest.CodeNil, "statement", "", "")
	}
	return bundle(a.t, a.instance, virtual.Recipe{Rekor: 2, Payload: s.Bytes()}), nil
}

func TestTheContractOfAVerifier(t *testing.T) {
	ours, theirs := virtual.New(t), virtual.New(t)
	attesttest.TestVerifier(t, verifierOf(t, ours, nil), attestor{t, ours}, attestor{t, theirs})
}

func hexOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
