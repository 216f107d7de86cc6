package sigstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
)

// Signatures in Sigstore follow from the key alone (sigstore_common.proto,
// PublicKeyDetails): ECDSA with the digest of its curve, Ed25519 of messages and
// Ed25519ph of digests, RSA by PKCS #1 v1.5 with SHA-256. Nothing in a bundle
// chooses.

// verifyMessage reports, by a nil error, that sig signs message.
func verifyMessage(public crypto.PublicKey, message, sig []byte) error {
	if k, ok := public.(*rsa.PublicKey); ok {
		sum := sha256.Sum256(message)
		return signed(rsaVerify(k, sum[:], sig))
	}
	return signed(key.Verify(public, message, sig))
}

// verifyDigest reports, by a nil error, that sig signs the message of a digest.
func verifyDigest(public crypto.PublicKey, d digest.Digest, sig []byte) error {
	if want, _ := prehash(public); want != d.Algorithm {
		return attest.Refuse(CodeAlgorithm, "/messageSignature", "a digest by "+string(want), string(d.Algorithm))
	}
	sum, err := hex.DecodeString(d.Hex)
	if err != nil {
		return attest.Refuse(CodeAlgorithm, "/messageSignature", "a digest", "").Because(err)
	}
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, sum, sig) {
			return nil
		}
	case ed25519.PublicKey:
		err = ed25519.VerifyWithOptions(k, sum, sig, &ed25519.Options{Hash: crypto.SHA512})
		return signed(err)
	case *rsa.PublicKey:
		return signed(rsaVerify(k, sum, sig))
	}
	return attest.Refuse(CodeSignature, "/messageSignature", "a signature by the signer's key", "another")
}

func rsaVerify(k *rsa.PublicKey, sum, sig []byte) error {
	if err := key.Check(k); err != nil {
		return err
	}
	return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum, sig)
}

func signed(err error) error {
	if err == nil {
		return nil
	}
	return attest.Refuse(CodeSignature, "", "a signature by the signer's key", "another").Because(err)
}

// prehash returns the digest that a key signs, and the name by which Rekor v2
// tells the key's algorithm.
func prehash(public crypto.PublicKey) (digest.Algorithm, string) {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve.Params().BitSize {
		case 256:
			return digest.SHA256, "PKIX_ECDSA_P256_SHA_256"
		case 384:
			return digest.SHA384, "PKIX_ECDSA_P384_SHA_384"
		case 521:
			return digest.SHA512, "PKIX_ECDSA_P521_SHA_512"
		}
	case ed25519.PublicKey:
		return digest.SHA512, "PKIX_ED25519_PH"
	case *rsa.PublicKey:
		switch k.N.BitLen() {
		case 2048:
			return digest.SHA256, "PKIX_RSA_PKCS1V15_2048_SHA256"
		case 3072:
			return digest.SHA256, "PKIX_RSA_PKCS1V15_3072_SHA256"
		case 4096:
			return digest.SHA256, "PKIX_RSA_PKCS1V15_4096_SHA256"
		}
	}
	return "", ""
}

// digestOf reads a HashOutput.
func digestOf(w *wireDigest) (digest.Digest, bool) {
	if w == nil {
		return digest.Digest{}, false
	}
	var a digest.Algorithm
	switch w.Algorithm {
	case "SHA2_256":
		a = digest.SHA256
	case "SHA2_384":
		a = digest.SHA384
	case "SHA2_512":
		a = digest.SHA512
	default:
		return digest.Digest{}, false
	}
	d := digestFrom(a, w.Digest)
	return d, d.Validate() == nil
}

func digestFrom(a digest.Algorithm, sum []byte) digest.Digest {
	return digest.Digest{Algorithm: a, Hex: hex.EncodeToString(sum)}
}

// sumOf returns the digest of data by one of SHA-2, nil for another algorithm.
func sumOf(a digest.Algorithm, data []byte) []byte {
	switch a {
	case digest.SHA256:
		sum := sha256.Sum256(data)
		return sum[:]
	case digest.SHA384:
		sum := sha512.Sum384(data)
		return sum[:]
	case digest.SHA512:
		sum := sha512.Sum512(data)
		return sum[:]
	}
	return nil
}
