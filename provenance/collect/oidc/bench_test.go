package oidc_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/oidc"
)

// BenchmarkVerify compares the verification of a token under pinned keys with the one
// P-256 verification that it cannot do without.
func BenchmarkVerify(b *testing.B) {
	i := collecttest.NewIssuer(b, issuerURL)
	trust, token, env := i.Trust(b), i.Token(b, nil), environment()
	b.Run("token", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := oidc.Verify(b.Context(), env, trust, token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare-p256", func(b *testing.B) {
		key := i.Key.(*ecdsa.PrivateKey)
		sum := sha256.Sum256([]byte(token))
		signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if !ecdsa.VerifyASN1(&key.PublicKey, sum[:], signature) {
				b.Fatal("refused")
			}
		}
	})
}
