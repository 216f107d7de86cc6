package wycheproof_test

import (
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io/fs"
	"strconv"
	"testing"

	impl "filippo.io/mldsa"
	"github.com/c2sp/wycheproof"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/attest/key/mldsa"
)

type bytesHex []byte

func (b *bytesHex) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

type file struct {
	Groups []group `json:"testGroups"`
}

type group struct {
	PublicKey json.RawMessage `json:"publicKey"` // hexadecimal for ML-DSA, an object for others
	PublicDER bytesHex        `json:"publicKeyDer"`
	Seed      bytesHex        `json:"privateSeed"`
	PKCS8     bytesHex        `json:"privateKeyPkcs8"` // of some groups
	Tests     []vector        `json:"tests"`
}

type vector struct {
	ID      int       `json:"tcId"`
	Comment string    `json:"comment"`
	Message *bytesHex `json:"msg"`
	Context bytesHex  `json:"ctx"`
	Sig     bytesHex  `json:"sig"`
	Result  string    `json:"result"`
	Flags   []string  `json:"flags"`
}

// load reads a file of vectors.
func load(t *testing.T, name string) []group {
	t.Helper()
	data, err := fs.ReadFile(wycheproof.TestVectors, name)
	require.NoError(t, err)
	var f file
	require.NoError(t, json.Unmarshal(data, &f))
	require.NotEmpty(t, f.Groups)
	return f.Groups
}

func publicPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// TestMLDSAVerifies verifies every vector with the empty context, which is the
// only one that this module knows: a signature for another context, though valid
// there, must be refused.
func TestMLDSAVerifies(t *testing.T) {
	for _, parameters := range []string{"44", "65", "87"} {
		valid, refused := 0, 0
		for _, g := range load(t, "mldsa_"+parameters+"_verify_test.json") {
			var raw bytesHex
			require.NoError(t, json.Unmarshal(g.PublicKey, &raw))
			public, err := mldsa.ParsePublicPEM(publicPEM(g.PublicDER))
			for _, v := range g.Tests {
				want := v.Result == "valid" && len(v.Context) == 0
				got := err == nil && mldsa.Verify(public, *v.Message, v.Sig) == nil
				assert.Equal(t, want, got, "ML-DSA-%s vector %d: %s", parameters, v.ID, v.Comment)
				if parameters == "44" {
					assert.Equal(t, want, mldsa.Verify44(raw, *v.Message, v.Sig), "raw key, vector %d", v.ID)
				}
				if got {
					valid++
				} else {
					refused++
				}
			}
		}
		assert.Positive(t, valid)
		t.Logf("ML-DSA-%s: %d valid, %d refused", parameters, valid, refused)
	}
}

// signerOf reads a private key from PKCS #8 where the vectors have it, else from
// the seed alone.
func signerOf(parameters string, g group) (attest.Signer, error) {
	if len(g.PKCS8) > 0 {
		return mldsa.ParsePrivatePEM(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: g.PKCS8}))
	}
	set := map[string]impl.Parameters{"44": impl.MLDSA44(), "65": impl.MLDSA65(), "87": impl.MLDSA87()}[parameters]
	private, err := impl.NewPrivateKey(set, g.Seed)
	if err != nil {
		return nil, err
	}
	return mldsa.NewSigner(private)
}

// TestMLDSAKeysAreDerived derives each vector's public key from its private one
// and signs with it.
func TestMLDSAKeysAreDerived(t *testing.T) {
	for _, parameters := range []string{"44", "65", "87"} {
		derived, refused := 0, 0
		for _, g := range load(t, "mldsa_"+parameters+"_sign_seed_test.json") {
			signer, err := signerOf(parameters, g)
			if err != nil {
				refused++
				for _, v := range g.Tests {
					assert.Equal(t, "invalid", v.Result, "ML-DSA-%s vector %d is of a key that is refused: %v", parameters, v.ID, err)
				}
				continue
			}
			derived++
			public := signer.Public().(mldsa.PublicKey).PublicKey
			var want bytesHex
			if json.Unmarshal(g.PublicKey, &want) == nil && len(want) > 0 {
				assert.Equal(t, []byte(want), public.Bytes())
			}
			for _, v := range g.Tests {
				if v.Message == nil || v.Result != "valid" {
					continue
				}
				assert.Equal(t, len(v.Context) == 0, len(v.Sig) > 0 && mldsa.Verify(public, *v.Message, v.Sig) == nil, "vector %d", v.ID)
			}
			sig, err := signer.Sign(t.Context(), []byte("message"))
			require.NoError(t, err)
			require.NoError(t, mldsa.Verify(public, []byte("message"), sig))
		}
		assert.Positive(t, derived)
		t.Logf("ML-DSA-%s: %d keys, %d refused", parameters, derived, refused)
	}
}

// TestClassicalKeysVerify verifies the vectors of the algorithms of attest/key.
func TestClassicalKeysVerify(t *testing.T) {
	for _, name := range []string{
		"ed25519_test.json", "ecdsa_secp256r1_sha256_test.json", "ecdsa_secp384r1_sha384_test.json", "ecdsa_secp521r1_sha512_test.json",
		"rsa_pss_2048_sha256_mgf1_32_test.json", "rsa_pss_3072_sha256_mgf1_32_test.json", "rsa_pss_4096_sha256_mgf1_32_test.json",
	} {
		valid, refused, keys := 0, 0, 0
		for _, g := range load(t, name) {
			public, err := key.ParsePublicPEM(publicPEM(g.PublicDER))
			if err != nil {
				keys++
			}
			for _, v := range g.Tests {
				got := err == nil && key.Verify(public, *v.Message, v.Sig) == nil
				switch {
				case err != nil || v.Result == "acceptable":
				default:
					assert.Equal(t, v.Result == "valid", got, "%s vector %d: %s %v", name, v.ID, v.Comment, v.Flags)
				}
				if got {
					valid++
				} else {
					refused++
				}
			}
		}
		assert.Positive(t, valid, name)
		assert.Zero(t, keys, "%s: keys that are refused", name)
		t.Log(name + ": " + strconv.Itoa(valid) + " valid, " + strconv.Itoa(refused) + " refused")
	}
}
