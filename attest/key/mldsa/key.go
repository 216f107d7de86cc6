package mldsa

import (
	"bytes"
	"context"
	"crypto"
	"encoding/pem"
	"strconv"

	"filippo.io/mldsa"
	"filippo.io/mldsa/x509"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// maxPEM bounds a key file; the largest public key takes 3.6 kB.
const maxPEM = 64 << 10

// ParsePrivatePEM reads one private key: a PEM block "PRIVATE KEY" (PKCS #8) that
// holds the seed and nothing else, in DER.
func ParsePrivatePEM(data []byte) (attest.Signer, error) {
	der, err := block(data, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	private, ok := parsed.(*mldsa.PrivateKey)
	if err != nil || !ok {
		return nil, attest.Refuse(CodeMalformed, "private key", "ML-DSA in PKCS #8", "another").Because(err)
	}
	if again, err := x509.MarshalPKCS8PrivateKey(private); err != nil || !bytes.Equal(again, der) {
		return nil, attest.Refuse(CodeMalformed, "private key", "the only encoding", "another").Because(err)
	}
	return NewSigner(private)
}

// MarshalPrivatePEM writes a private key in the form that ParsePrivatePEM reads.
func MarshalPrivatePEM(private *mldsa.PrivateKey) ([]byte, error) {
	if private == nil {
		return nil, attest.Refuse(attest.CodeNil, "private key", "a key", "nil")
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, attest.Refuse(CodeMalformed, "private key", "ML-DSA", "another").Because(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// ParsePublicPEM reads one public key: a PEM block "PUBLIC KEY"
// (SubjectPublicKeyInfo) in DER.
func ParsePublicPEM(data []byte) (*mldsa.PublicKey, error) {
	der, err := block(data, "PUBLIC KEY")
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	public, ok := parsed.(*mldsa.PublicKey)
	if err != nil || !ok {
		return nil, attest.Refuse(CodeMalformed, "public key", "ML-DSA in SubjectPublicKeyInfo", "another").Because(err)
	}
	if again, err := x509.MarshalPKIXPublicKey(public); err != nil || !bytes.Equal(again, der) {
		return nil, attest.Refuse(CodeMalformed, "public key", "the only encoding", "another").Because(err)
	}
	return public, nil
}

// MarshalPublicPEM writes a public key in the form that ParsePublicPEM reads.
func MarshalPublicPEM(public *mldsa.PublicKey) ([]byte, error) {
	der, err := marshal(public)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// Fingerprint returns the SHA-256 digest of the key's SubjectPublicKeyInfo in DER,
// by which attest.Identity names a key.
func Fingerprint(public *mldsa.PublicKey) (digest.Digest, error) {
	der, err := marshal(public)
	if err != nil {
		return digest.Digest{}, err
	}
	return digest.FromBytes(der), nil
}

func marshal(public *mldsa.PublicKey) ([]byte, error) {
	if public == nil {
		return nil, attest.Refuse(attest.CodeNil, "public key", "a key", "nil")
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, attest.Refuse(CodeMalformed, "public key", "ML-DSA", "another").Because(err)
	}
	return der, nil
}

// Verify reports, by a nil error, that sig is a signature of message with an empty
// context under public.
func Verify(public *mldsa.PublicKey, message, sig []byte) error {
	if public == nil {
		return attest.Refuse(attest.CodeNil, "public key", "a key", "nil")
	}
	if err := mldsa.Verify(public, message, sig, nil); err != nil {
		return attest.Refuse(CodeSignature, "signature", "a signature by "+public.Parameters().String(), "another").Because(err)
	}
	return nil
}

// A PublicKey is an ML-DSA key that verifies by itself: dsse.Trust and
// dsse.NewAttestor take it as they take a key of the standard library.
type PublicKey struct{ *mldsa.PublicKey }

// Fingerprint is the function of that name.
func (k PublicKey) Fingerprint() (digest.Digest, error) { return Fingerprint(k.PublicKey) }

// Verify is the function of that name.
func (k PublicKey) Verify(message, sig []byte) error { return Verify(k.PublicKey, message, sig) }

// Equal reports whether other is the same key, as a PublicKey or not.
func (k PublicKey) Equal(other crypto.PublicKey) bool {
	if wrapped, ok := other.(PublicKey); ok {
		other = wrapped.PublicKey
	}
	if k.PublicKey == nil {
		return false
	}
	return k.PublicKey.Equal(other)
}

// Verify44 is a tlog.VerifyMLDSA44: public is an encoded ML-DSA-44 key.
func Verify44(public, message, signature []byte) bool {
	k, err := mldsa.NewPublicKey(mldsa.MLDSA44(), public)
	return err == nil && mldsa.Verify(k, message, signature, nil) == nil
}

// NewSigner makes an attest.Signer of a private key; its Public is a PublicKey.
// Signatures are randomised (FIPS 204, hedged).
func NewSigner(private *mldsa.PrivateKey) (attest.Signer, error) {
	if private == nil {
		return nil, attest.Refuse(attest.CodeNil, "private key", "a key", "nil")
	}
	return signer{private}, nil
}

type signer struct{ private *mldsa.PrivateKey }

func (s signer) Public() crypto.PublicKey { return PublicKey{s.private.PublicKey()} }

func (s signer) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	sig, err := s.private.Sign(nil, message, nil)
	if err != nil {
		return nil, attest.Refuse(CodeSigner, "private key", "a signature", "").Because(err)
	}
	return sig, nil
}

// block returns the content of the only PEM block in data; text around it is
// refused, because encoding/pem would skip it.
func block(data []byte, kind string) ([]byte, error) {
	if len(data) > maxPEM {
		return nil, attest.Refuse(attest.CodeLimit, "PEM", "at most "+strconv.Itoa(maxPEM)+" bytes", strconv.Itoa(len(data)))
	}
	trimmed := bytes.TrimSpace(data)
	b, rest := pem.Decode(trimmed)
	begin := []byte("-----BEGIN")
	if b == nil || b.Type != kind || len(b.Headers) > 0 || len(rest) > 0 || bytes.Count(trimmed, begin) != 1 || !bytes.HasPrefix(trimmed, begin) {
		return nil, attest.Refuse(CodePEM, "PEM", "one block "+strconv.Quote(kind)+" and nothing else", "another")
	}
	return b.Bytes, nil
}

func alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return attest.Refuse(attest.CodeCanceled, "context", "", "").Because(context.Cause(ctx))
	}
	return nil
}
