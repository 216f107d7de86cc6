package key

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"errors"

	"github.com/sealwright/sealwright/attest"
)

// Verify reports, by a nil error, that sig is a signature of message itself (not
// of a digest) under pub, by the one algorithm that belongs to the key. It
// refuses keys that Check refuses, and everything else with CodeSignature. It is
// safe for concurrent use and keeps nothing.
func Verify(pub crypto.PublicKey, message, sig []byte) error {
	if err := checkType(pub); err != nil {
		return err
	}
	var err error
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		if !ed25519.Verify(pub, message, sig) {
			err = errors.New("ed25519: verification error")
		}
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(pub, hashFor(pub, message), sig) {
			err = errors.New("ecdsa: verification error")
		}
	case *rsa.PublicKey:
		err = rsa.VerifyPSS(pub, crypto.SHA256, hashFor(pub, message), sig, pssOptions())
	}
	if err != nil {
		return attest.Refuse(CodeSignature, "signature", "a signature by "+describe(pub), "another").Because(err)
	}
	return nil
}

// hashOf returns the hash that belongs to a key that checkType accepts; 0 for
// Ed25519, which signs the message itself.
func hashOf(pub crypto.PublicKey) crypto.Hash {
	switch pub := pub.(type) {
	case *ecdsa.PublicKey:
		return curveHash(pub)
	case *rsa.PublicKey:
		return crypto.SHA256
	}
	return 0
}

// hashFor returns what the key's primitive signs: the message or its digest.
func hashFor(pub crypto.PublicKey, message []byte) []byte {
	switch hashOf(pub) {
	case crypto.SHA256:
		sum := sha256.Sum256(message)
		return sum[:]
	case crypto.SHA384:
		sum := sha512.Sum384(message)
		return sum[:]
	case crypto.SHA512:
		sum := sha512.Sum512(message)
		return sum[:]
	}
	return message
}

func pssOptions() *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
}

// describe names the key's algorithm for a reason.
func describe(pub crypto.PublicKey) string {
	switch pub := pub.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA " + pub.Curve.Params().Name
	case *rsa.PublicKey:
		return "RSA-PSS"
	}
	return "Ed25519"
}
