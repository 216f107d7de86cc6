package sigstore_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
)

func ecdsaKey(t testing.TB, c elliptic.Curve) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	require.NoError(t, err)
	return k
}

func rsaKey(t testing.TB, bits int) crypto.Signer {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	require.NoError(t, err)
	return k
}

func digestBy(h crypto.Hash, b []byte) digest.Digest {
	w := h.New()
	w.Write(b)
	name := map[crypto.Hash]digest.Algorithm{crypto.SHA256: digest.SHA256, crypto.SHA384: digest.SHA384, crypto.SHA512: digest.SHA512}[h]
	return digest.Digest{Algorithm: name, Hex: hex.EncodeToString(w.Sum(nil))}
}

func TestEveryKindOfKeySignsByItsOwnAlgorithm(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	artifact := []byte("an artifact")
	for name, test := range map[string]struct {
		key  crypto.Signer
		hash crypto.Hash
	}{
		"P-256 with SHA-256":            {ecdsaKey(t, elliptic.P256()), crypto.SHA256},
		"P-384 with SHA-384":            {ecdsaKey(t, elliptic.P384()), crypto.SHA384},
		"P-521 with SHA-512":            {ecdsaKey(t, elliptic.P521()), crypto.SHA512},
		"Ed25519 and Ed25519ph":         {edwards, crypto.SHA512},
		"RSA by PKCS #1 v1.5, 2048":     {rsaKey(t, 2048), crypto.SHA256},
		"RSA-PSS with a key that is so": {rsaKey(t, 2048), crypto.SHA256},
	} {
		pss := name == "RSA-PSS with a key that is so"
		k := keyVerifierOf(t, i, func(x *sigstore.KeyTrust) {
			x.Keys = []sigstore.Key{{Principal: "releases", Public: test.key.Public(), PSS: pss}}
		})
		for rekor := 1; rekor <= 2; rekor++ {
			r := virtual.Recipe{Rekor: rekor, Key: test.key, PSS: pss}
			message := virtual.Recipe{Rekor: rekor, Key: test.key, PSS: pss, Message: true, Payload: artifact}
			t.Run(name, func(t *testing.T) {
				_, err := v.Verify(t.Context(), bundle(t, i, r), anything())
				if pss { // a certificate's key signs by PKCS #1 v1.5
					require.ErrorIs(t, err, attest.Is(sigstore.CodeSignature))
				} else {
					require.NoError(t, err)
					_, err = v.VerifyArtifact(t.Context(), bundle(t, i, message), digestBy(test.hash, artifact))
					require.NoError(t, err)
				}
				r.LongLived, message.LongLived = true, true
				_, err = k.Verify(t.Context(), bundle(t, i, r), anything())
				require.NoError(t, err)
				_, err = k.VerifyArtifact(t.Context(), bundle(t, i, message), digestBy(test.hash, artifact))
				require.NoError(t, err)
			})
		}
	}
}

func TestLargeCurvesSignSHA256OnlyWhereItIsAllowed(t *testing.T) {
	i := virtual.New(t)
	strict := verifierOf(t, i, nil)
	lenient := verifierOf(t, i, func(x *sigstore.Trust) { x.SHA256Signatures = true })
	artifact := []byte("an artifact")
	for name, curve := range map[string]elliptic.Curve{"P-384": elliptic.P384(), "P-521": elliptic.P521()} {
		k := ecdsaKey(t, curve)
		old := bundle(t, i, virtual.Recipe{Key: k, Hash: crypto.SHA256})
		message := bundle(t, i, virtual.Recipe{Key: k, Hash: crypto.SHA256, Message: true, Payload: artifact})
		t.Run(name+" with SHA-256 is refused", func(t *testing.T) {
			_, err := strict.Verify(t.Context(), old, anything())
			require.ErrorIs(t, err, attest.Is(sigstore.CodeSignature))
			_, err = strict.VerifyArtifact(t.Context(), message, digestBy(crypto.SHA256, artifact))
			require.ErrorIs(t, err, attest.Is(sigstore.CodeAlgorithm))
		})
		t.Run(name+" with SHA-256 is accepted on request", func(t *testing.T) {
			_, err := lenient.Verify(t.Context(), old, anything())
			require.NoError(t, err)
			_, err = lenient.VerifyArtifact(t.Context(), message, digestBy(crypto.SHA256, artifact))
			require.NoError(t, err)
			_, err = lenient.Verify(t.Context(), bundle(t, i, virtual.Recipe{Key: k}), anything())
			require.NoError(t, err, "the curve's own digest still is")
		})
		t.Run(name+" with SHA-256 of something else", func(t *testing.T) {
			other := virtual.Recipe{Key: k, Hash: crypto.SHA256, Sign: func(m []byte) []byte { return m[1:] }}
			_, err := lenient.Verify(t.Context(), bundle(t, i, other), anything())
			require.ErrorIs(t, err, attest.Is(sigstore.CodeSignature))
		})
	}
	wrong := virtual.Recipe{Key: ecdsaKey(t, elliptic.P256()), Hash: crypto.SHA384}
	_, err := lenient.Verify(t.Context(), bundle(t, i, wrong), anything())
	require.ErrorIs(t, err, attest.Is(sigstore.CodeSignature), "P-256 with SHA-384")
}

func TestKeysThatSigstoreHasNoNameForAreRefused(t *testing.T) {
	i := virtual.New(t)
	for _, bits := range []int{1024, 2056} {
		k := rsaKey(t, bits)
		_, err := verifierOf(t, i, nil).Verify(t.Context(), bundle(t, i, virtual.Recipe{Key: k}), anything())
		require.ErrorIs(t, err, attest.Is(sigstore.CodeAlgorithm), "RSA of %d bits", bits)
		_, err = sigstore.NewKeyVerifier(sigstore.KeyTrust{Authority: "a", Root: rootOf(t, i, nil), Keys: []sigstore.Key{{Principal: "k", Public: k.Public()}}})
		require.ErrorIs(t, err, attest.Is(sigstore.CodeTrust))
	}
	_, err := sigstore.NewKeyVerifier(sigstore.KeyTrust{Authority: "a", Root: rootOf(t, i, nil), Keys: []sigstore.Key{{Principal: "k", Public: i.Signer.Public(), PSS: true}}})
	require.ErrorIs(t, err, attest.Is(sigstore.CodeTrust), "PSS of an ECDSA key")
}

func TestTheBundleDoesNotChooseTheAlgorithm(t *testing.T) {
	i := virtual.New(t)
	k := rsaKey(t, 2048)
	strict := keyVerifierOf(t, i, func(x *sigstore.KeyTrust) {
		x.Keys = []sigstore.Key{{Principal: "k", Public: k.Public(), PSS: true}}
	})
	_, err := strict.Verify(t.Context(), bundle(t, i, virtual.Recipe{LongLived: true, Key: k}), anything())
	require.ErrorIs(t, err, attest.Is(sigstore.CodeSignature), "PKCS #1 v1.5 where PSS is required")

	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	pure := virtual.Recipe{Message: true, Payload: []byte("an artifact"), Key: edwards}
	pure.Signature = func([]byte) []byte { return ed25519.Sign(edwards, []byte("an artifact")) }
	_, err = verifierOf(t, i, nil).VerifyArtifact(t.Context(), bundle(t, i, pure), digestBy(crypto.SHA512, []byte("an artifact")))
	require.ErrorIs(t, err, attest.Is(sigstore.CodeSignature), "Ed25519 where Ed25519ph belongs")
	prehashed := virtual.Recipe{Key: edwards, Signature: func([]byte) []byte {
		sum := digestBy(crypto.SHA512, []byte("x"))
		raw, err := hex.DecodeString(sum.Hex)
		require.NoError(t, err)
		sig, err := edwards.Sign(nil, raw, &ed25519.Options{Hash: crypto.SHA512})
		require.NoError(t, err)
		return sig
	}}
	_, err = verifierOf(t, i, nil).Verify(t.Context(), bundle(t, i, prehashed), anything())
	require.ErrorIs(t, err, attest.Is(sigstore.CodeSignature), "Ed25519ph where Ed25519 belongs")
}
