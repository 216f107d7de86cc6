package key

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// Bounds of RSA keys.
const (
	minRSABits     = 2048
	maxRSABits     = 8192
	minRSAExponent = 65537
)

// Check reports, by a nil error, that this package verifies signatures under
// pub: an ed25519.PublicKey, *ecdsa.PublicKey or *rsa.PublicKey within the
// bounds that the package documentation gives.
func Check(pub crypto.PublicKey) error {
	if err := checkType(pub); err != nil {
		return err
	}
	if k, ok := pub.(*ecdsa.PublicKey); ok {
		if _, err := k.Bytes(); err != nil { // the point is not on its curve
			return attest.Refuse(CodeMalformed, "public key", "a valid key", "").Because(err)
		}
	}
	return nil
}

// Fingerprint returns the SHA-256 digest of pub's SubjectPublicKeyInfo in DER,
// by which attest.Identity names a key. It refuses what Check refuses.
func Fingerprint(pub crypto.PublicKey) (digest.Digest, error) {
	der, err := marshal(pub)
	if err != nil {
		return digest.Digest{}, err
	}
	return digest.FromBytes(der), nil
}

// marshal checks pub and encodes it as SubjectPublicKeyInfo.
func marshal(pub crypto.PublicKey) ([]byte, error) {
	if err := checkType(pub); err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(pub) // also checks that a point is on its curve
	if err != nil {
		return nil, attest.Refuse(CodeMalformed, "public key", "a valid key", "").Because(err)
	}
	return der, nil
}

func checkType(pub crypto.PublicKey) error {
	switch pub := pub.(type) {
	case nil:
		return attest.Refuse(attest.CodeNil, "public key", "a key", "nil")
	case ed25519.PublicKey:
		if len(pub) != ed25519.PublicKeySize {
			return attest.Refuse(CodeMalformed, "public key", "32 bytes", strconv.Itoa(len(pub)))
		}
		return nil
	case *ecdsa.PublicKey:
		//lint:ignore SA1019 the standard library panics on a key without coordinates
		if pub == nil || pub.Curve == nil || pub.X == nil || pub.Y == nil {
			return attest.Refuse(attest.CodeNil, "public key", "a key", "an ECDSA key without curve or point")
		}
		if curveHash(pub) == 0 {
			return attest.Refuse(CodeCurve, "public key", "P-256, P-384 or P-521", curveName(pub))
		}
		return nil
	case *rsa.PublicKey:
		return checkRSA(pub)
	}
	return attest.Refuse(CodeType, "public key", "Ed25519, ECDSA or RSA", fmt.Sprintf("%T", pub))
}

func checkRSA(pub *rsa.PublicKey) error {
	if pub == nil || pub.N == nil {
		return attest.Refuse(attest.CodeNil, "public key", "a key", "an RSA key without modulus")
	}
	if bits := pub.N.BitLen(); bits < minRSABits || bits > maxRSABits || pub.N.Sign() < 0 {
		return attest.Refuse(CodeRSASize, "public key", "2048 to 8192 bits", strconv.Itoa(bits))
	}
	if pub.N.Bit(0) == 0 {
		return attest.Refuse(CodeMalformed, "public key", "an odd modulus", "an even one")
	}
	if pub.E < minRSAExponent || pub.E%2 == 0 {
		return attest.Refuse(CodeRSAExponent, "public key", "an odd exponent of 65537 or more", strconv.Itoa(pub.E))
	}
	return nil
}

// curveHash returns the hash that belongs to the key's curve, 0 for a curve that
// is not used.
func curveHash(pub *ecdsa.PublicKey) crypto.Hash {
	switch pub.Curve {
	case elliptic.P256():
		return crypto.SHA256
	case elliptic.P384():
		return crypto.SHA384
	case elliptic.P521():
		return crypto.SHA512
	}
	return 0
}

func curveName(pub *ecdsa.PublicKey) string {
	if p := pub.Curve.Params(); p != nil && p.Name != "" {
		return strconv.Quote(p.Name)
	}
	return "a nameless curve"
}
