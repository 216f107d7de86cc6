package virtual

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"strconv"
	"testing"
)

// keyOf returns the key that signs the artifact of a recipe.
func (i *Instance) keyOf(r *Recipe) crypto.Signer {
	if r.Key != nil {
		return r.Key
	}
	return i.Signer
}

// hashOf returns the digest that belongs to a key in Sigstore.
func hashOf(k crypto.Signer) crypto.Hash {
	switch public := k.Public().(type) {
	case *ecdsa.PublicKey:
		switch public.Curve.Params().BitSize {
		case 384:
			return crypto.SHA384
		case 521:
			return crypto.SHA512
		}
	case ed25519.PublicKey:
		return crypto.SHA512
	}
	return crypto.SHA256
}

// details returns the name of a key's algorithm (sigstore_common.proto,
// PublicKeyDetails).
func details(k crypto.Signer, pss bool) string {
	switch public := k.Public().(type) {
	case *ecdsa.PublicKey:
		bits := strconv.Itoa(public.Curve.Params().BitSize)
		return "PKIX_ECDSA_P" + bits + "_SHA_" + strconv.Itoa(hashOf(k).Size()*8)
	case *rsa.PublicKey:
		padding := "PKCS1V15"
		if pss {
			padding = "PSS"
		}
		return "PKIX_RSA_" + padding + "_" + strconv.Itoa(public.N.BitLen()) + "_SHA256"
	}
	return "PKIX_ED25519_PH"
}

// sumBy returns the digest of b.
func sumBy(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

// nameOf returns the name of a digest in Rekor v1 and in Sigstore's protocol
// buffers.
func nameOf(h crypto.Hash) (v1, proto string) {
	bits := strconv.Itoa(h.Size() * 8)
	return "sha" + bits, "SHA2_" + bits
}

// signArtifact signs what a bundle is about.
func (m *made) signArtifact(t testing.TB, message []byte) []byte {
	t.Helper()
	var opts crypto.SignerOpts = m.hash
	input := sumBy(m.hash, message)
	switch m.key.Public().(type) {
	case ed25519.PublicKey:
		if !m.recipe.Message {
			opts, input = crypto.Hash(0), message
		}
	case *rsa.PublicKey:
		if m.recipe.PSS {
			opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: m.hash}
		}
	}
	sig, err := m.key.Sign(rand.Reader, input, opts)
	check(t, err)
	return sig
}

// sign signs a message by ECDSA with SHA-256, as the instance's logs and
// authorities do.
func sign(t testing.TB, k *ecdsa.PrivateKey, message []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(message)
	sig, err := ecdsa.SignASN1(rand.Reader, k, sum[:])
	check(t, err)
	return sig
}
