package sigstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
)

// Signatures in Sigstore follow from the key alone (sigstore_common.proto,
// PublicKeyDetails): ECDSA with the digest of its curve, Ed25519 of messages and
// Ed25519ph of digests, RSA by PKCS #1 v1.5 with SHA-256. Nothing in a bundle
// chooses; a scheme, which a trust tells, does.

// A scheme is how a signer's signatures differ from those of its kind of key.
type scheme struct {
	pss    bool // RSA-PSS instead of PKCS #1 v1.5
	sha256 bool // P-384 and P-521 may sign a SHA-256 digest too
}

// verifyMessage reports, by a nil error, that sig signs message.
func (c scheme) verifyMessage(public crypto.PublicKey, message, sig []byte) error {
	if k, ok := public.(*rsa.PublicKey); ok {
		sum := sha256.Sum256(message)
		return signed(c.verifyRSA(k, sum[:], sig))
	}
	err := key.Verify(public, message, sig)
	if k, ok := public.(*ecdsa.PublicKey); ok && err != nil && c.sha256 {
		if sum := sha256.Sum256(message); ecdsa.VerifyASN1(k, sum[:], sig) {
			return nil
		}
	}
	return signed(err)
}

// verifyDigest reports, by a nil error, that sig signs the message of a digest.
func (c scheme) verifyDigest(public crypto.PublicKey, d digest.Digest, sig []byte) error {
	want, _ := c.prehash(public)
	_, isECDSA := public.(*ecdsa.PublicKey)
	if want != d.Algorithm && !(isECDSA && c.sha256 && d.Algorithm == digest.SHA256) {
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
		return signed(c.verifyRSA(k, sum, sig))
	}
	return attest.Refuse(CodeSignature, "/messageSignature", "a signature by the signer's key", "another")
}

func (c scheme) verifyRSA(k *rsa.PublicKey, sum, sig []byte) error {
	if err := key.Check(k); err != nil {
		return err
	}
	if c.pss {
		return rsa.VerifyPSS(k, crypto.SHA256, sum, sig, nil) // with a salt of any length
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
// tells the key's algorithm; "" for a key that Sigstore has no name for.
func (c scheme) prehash(public crypto.PublicKey) (digest.Algorithm, string) {
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
		padding := "PKCS1V15"
		if c.pss {
			padding = "PSS"
		}
		switch bits := k.N.BitLen(); bits {
		case 2048, 3072, 4096:
			return digest.SHA256, "PKIX_RSA_" + padding + "_" + strconv.Itoa(bits) + "_SHA256"
		}
	}
	return "", ""
}

// named reports, by a nil error, that Sigstore has a name for the algorithm of a
// key, whose point, if it has one, was found on its curve.
func (c scheme) named(public crypto.PublicKey) error {
	if k, ok := public.(*rsa.PublicKey); ok {
		if err := key.Check(k); err != nil {
			return err
		}
	}
	if _, details := c.prehash(public); details == "" {
		return attest.Refuse(CodeAlgorithm, "public key", "RSA of 2048, 3072 or 4096 bits", "another size")
	}
	return nil
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
