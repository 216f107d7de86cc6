package sigstore_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// TestBothJudgeEveryAlgorithmAlike holds every kind of key against sigstore-go,
// which also takes SHA-256 under the larger curves, as Trust.SHA256Signatures does.
func TestBothJudgeEveryAlgorithmAlike(t *testing.T) {
	i := virtual.New(t)
	rootJSON := i.TrustedRoot(t, nil)
	material, err := root.NewTrustedRootFromJSON(rootJSON)
	require.NoError(t, err)
	theirs := theirVerifier(t, material, theirIdentity(t, virtual.Issuer, virtual.Subject), verify.WithoutArtifactUnsafe(),
		verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1), verify.WithSignedCertificateTimestamps(1))
	ours := func(old bool) *sigstore.Verifier {
		r, err := sigstore.ParseTrustedRoot(rootJSON)
		require.NoError(t, err)
		v, err := sigstore.NewVerifier(sigstore.Trust{Authority: "test:e2e", Root: r, Identities: ourIdentity(virtual.Issuer, virtual.Subject), SHA256Signatures: old})
		require.NoError(t, err)
		return v
	}
	strict, lenient := ours(false), ours(true)
	statement, err := attest.NewStatement("https://example.com/p", map[string]int{"n": 1}, attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()})
	require.NoError(t, err)
	curve := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		require.NoError(t, err)
		return k
	}
	modulus := func(bits int) crypto.Signer {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		require.NoError(t, err)
		return k
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		recipe   virtual.Recipe
		stricter bool // without Trust.SHA256Signatures
	}{
		"P-256":                        {virtual.Recipe{Key: curve(elliptic.P256())}, false},
		"P-256 with SHA-384":           {virtual.Recipe{Key: curve(elliptic.P256()), Hash: crypto.SHA384}, false},
		"P-384":                        {virtual.Recipe{Key: curve(elliptic.P384())}, false},
		"P-384 with SHA-256":           {virtual.Recipe{Key: curve(elliptic.P384()), Hash: crypto.SHA256}, true},
		"P-384 with SHA-512":           {virtual.Recipe{Key: curve(elliptic.P384()), Hash: crypto.SHA512}, false},
		"P-521":                        {virtual.Recipe{Key: curve(elliptic.P521())}, false},
		"P-521 with SHA-256":           {virtual.Recipe{Key: curve(elliptic.P521()), Hash: crypto.SHA256}, true},
		"Ed25519":                      {virtual.Recipe{Key: edwards}, false},
		"RSA 2048, PKCS #1 v1.5":       {virtual.Recipe{Key: modulus(2048)}, false},
		"RSA 3072, PKCS #1 v1.5":       {virtual.Recipe{Key: modulus(3072)}, false},
		"RSA 2048, PSS":                {virtual.Recipe{Key: modulus(2048), PSS: true}, false},
		"RSA of a size without a name": {virtual.Recipe{Key: modulus(2056)}, false},
	} {
		for rekor := 1; rekor <= 2; rekor++ {
			t.Run(name, func(t *testing.T) {
				r := test.recipe
				r.Rekor, r.Payload = rekor, statement.Bytes()
				body := i.Bundle(t, r)
				accepted := func(v *sigstore.Verifier) bool {
					_, err := v.Verify(t.Context(), attestation(body), attest.Want{AnySubject: true})
					return err == nil
				}
				err := theirs(body)
				t.Logf("Rekor v%d: %v", rekor, err)
				if rekor == 1 || !test.stricter {
					assert.Equal(t, err == nil, accepted(lenient))
				} else {
					assert.False(t, accepted(lenient), "Rekor v2 never took SHA-256 under these curves")
				}
				assert.Equal(t, err == nil && !test.stricter, accepted(strict))
			})
		}
	}
}

// FuzzBundle looks for a bundle that we accept and sigstore-go does not.
func FuzzBundle(f *testing.F) {
	i := virtual.New(f)
	statement, err := attest.NewStatement("https://example.com/p", map[string]int{"n": 1}, attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()})
	require.NoError(f, err)
	var s subject
	for _, r := range []virtual.Recipe{{}, {Version: 1, Kind: "intoto"}, {Version: 2}, {Rekor: 2}} {
		r.Payload = statement.Bytes()
		s = certified(f, "fuzz", i.Bundle(f, r), i.TrustedRoot(f, nil), virtual.Issuer, virtual.Subject, 1)
		f.Add(s.body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if s.ours(body) != nil || s.theirs(body) == nil {
			return
		}
		if without, changed := withoutKeyID(body); changed && s.theirs(without) == nil {
			return // sigstore-go filters by keyid, which DSSE calls a hint
		}
		t.Fatalf("only ours accepts: %v", s.theirs(body))
	})
}
