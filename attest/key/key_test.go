package key_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/key"
)

// keys makes one private key of each kind that is used.
var keys = sync.OnceValue(func() map[string]crypto.Signer {
	must := func(s crypto.Signer, err error) crypto.Signer {
		if err != nil {
			panic(err)
		}
		return s
	}
	curve := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		return must(k, err)
	}
	bits := func(n int) crypto.Signer {
		k, err := rsa.GenerateKey(rand.Reader, n)
		return must(k, err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	return map[string]crypto.Signer{
		"Ed25519": must(ed, err), "P-256": curve(elliptic.P256()), "P-384": curve(elliptic.P384()),
		"P-521": curve(elliptic.P521()), "RSA-2048": bits(2048), "RSA-3072": bits(3072),
	}
})

// eachKey runs a test for each kind of key.
func eachKey(t *testing.T, test func(t *testing.T, private crypto.Signer, signer attest.Signer)) {
	for name, private := range keys() {
		t.Run(name, func(t *testing.T) {
			signer, err := key.FromCryptoSigner(private)
			require.NoError(t, err)
			test(t, private, signer)
		})
	}
}

// refused demands a refusal with code.
func refused(t *testing.T, err error, code attest.Code, what ...any) {
	t.Helper()
	require.Error(t, err, what...)
	assert.ErrorIs(t, err, attest.Is(code), what...)
}

func TestSignAndVerify(t *testing.T) {
	eachKey(t, func(t *testing.T, _ crypto.Signer, signer attest.Signer) {
		for _, message := range [][]byte{nil, []byte("message"), make([]byte, 1<<16)} {
			sig, err := signer.Sign(t.Context(), message)
			require.NoError(t, err)
			require.NoError(t, key.Verify(signer.Public(), message, sig))
			refused(t, key.Verify(signer.Public(), append(message, 0), sig), key.CodeSignature)
		}
	})
}

func TestEachByteOfASignatureCounts(t *testing.T) {
	eachKey(t, func(t *testing.T, _ crypto.Signer, signer attest.Signer) {
		message := []byte("message")
		sig, err := signer.Sign(t.Context(), message)
		require.NoError(t, err)
		step := 7 // each byte, and each place in a byte
		if _, fast := signer.Public().(ed25519.PublicKey); fast {
			step = 1
		}
		for bit := 0; bit < len(sig)*8; bit += step {
			sig[bit/8] ^= 1 << (bit % 8)
			refused(t, key.Verify(signer.Public(), message, sig), key.CodeSignature, "bit %d", bit)
			sig[bit/8] ^= 1 << (bit % 8)
		}
		for n := 0; n < len(sig); n += step {
			refused(t, key.Verify(signer.Public(), message, sig[:n]), key.CodeSignature, "cut to %d", n)
		}
		refused(t, key.Verify(signer.Public(), message, append(sig, 0)), key.CodeSignature, "a trailing byte")
		require.NoError(t, key.Verify(signer.Public(), message, sig))
	})
}

func TestAnotherKeyOfTheSameKindDoesNotVerify(t *testing.T) {
	message := []byte("message")
	for name, signer := range keys() {
		s, err := key.FromCryptoSigner(signer)
		require.NoError(t, err)
		sig, err := s.Sign(t.Context(), message)
		require.NoError(t, err)
		for other, k := range keys() {
			if err := key.Verify(k.Public(), message, sig); name == other {
				assert.NoError(t, err)
			} else {
				refused(t, err, key.CodeSignature, "%s under %s", name, other)
			}
		}
	}
}

func TestFingerprintIsTheDigestOfSPKI(t *testing.T) {
	eachKey(t, func(t *testing.T, _ crypto.Signer, signer attest.Signer) {
		der, err := x509.MarshalPKIXPublicKey(signer.Public())
		require.NoError(t, err)
		sum := sha256.Sum256(der)
		got, err := key.Fingerprint(signer.Public())
		require.NoError(t, err)
		assert.Equal(t, "sha256:"+hex.EncodeToString(sum[:]), got.String())
	})
}

func TestPEMRoundTrip(t *testing.T) {
	eachKey(t, func(t *testing.T, private crypto.Signer, signer attest.Signer) {
		der, err := x509.MarshalPKCS8PrivateKey(private)
		require.NoError(t, err)
		read, err := key.ParsePrivatePEM(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
		require.NoError(t, err)
		text, err := key.MarshalPublicPEM(signer.Public())
		require.NoError(t, err)
		public, err := key.ParsePublicPEM(append([]byte("\n"), append(text, '\n')...))
		require.NoError(t, err)
		assert.Equal(t, signer.Public(), public)
		sig, err := read.Sign(t.Context(), []byte("message"))
		require.NoError(t, err)
		require.NoError(t, key.Verify(public, []byte("message"), sig))
	})
}

func TestSignersAreSafeForConcurrentUse(t *testing.T) {
	eachKey(t, func(t *testing.T, _ crypto.Signer, signer attest.Signer) {
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				message := []byte{byte(i)}
				sig, err := signer.Sign(context.Background(), message)
				assert.NoError(t, err)
				assert.NoError(t, key.Verify(signer.Public(), message, sig))
			})
		}
		group.Wait()
	})
}

func BenchmarkVerify(b *testing.B) {
	message := make([]byte, 1000)
	for name, private := range keys() {
		signer, err := key.FromCryptoSigner(private)
		require.NoError(b, err)
		sig, err := signer.Sign(b.Context(), message)
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := key.Verify(signer.Public(), message, sig); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
