package key

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// maxPEM bounds a key file: an RSA key of 8192 bits takes 6.5 kB.
const maxPEM = 64 << 10

// ParsePrivatePEM reads one private key: a PEM block "PRIVATE KEY" (PKCS #8, RFC
// 5958) with nothing around it but space. Keys in other forms convert with
// "openssl pkcs8 -topk8 -nocrypt". The returned Signer works in this process's
// memory.
func ParsePrivatePEM(data []byte) (attest.Signer, error) {
	der, err := block(data, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	var whole asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &whole); err == nil && len(rest) > 0 { // crypto/x509 ignores the rest
		return nil, attest.Refuse(CodeMalformed, "private key", "PKCS #8", "trailing bytes")
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		// The error of crypto/x509 tells structure, never key material.
		return nil, attest.Refuse(CodeMalformed, "private key", "PKCS #8", "").Because(err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, attest.Refuse(CodeType, "private key", "a key that signs", fmt.Sprintf("%T", private))
	}
	return FromCryptoSigner(signer)
}

// ParsePublicPEM reads one public key that Check accepts: a PEM block "PUBLIC
// KEY" (SubjectPublicKeyInfo, RFC 5280) with nothing around it but space.
func ParsePublicPEM(data []byte) (crypto.PublicKey, error) {
	der, err := block(data, "PUBLIC KEY")
	if err != nil {
		return nil, err
	}
	pub, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, attest.Refuse(CodeMalformed, "public key", "SubjectPublicKeyInfo", "").Because(err)
	}
	if err := Check(pub); err != nil {
		return nil, err
	}
	return pub, nil
}

// MarshalPublicPEM writes a public key that Check accepts in the form that
// ParsePublicPEM reads.
func MarshalPublicPEM(pub crypto.PublicKey) ([]byte, error) {
	der, err := marshal(pub)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// block returns the content of the only PEM block in data. Text around a block
// is refused because encoding/pem skips it: a file with two keys, or with a key
// that is cut off before a whole one, would silently mean one of them.
func block(data []byte, kind string) ([]byte, error) {
	if len(data) > maxPEM {
		return nil, attest.Refuse(attest.CodeLimit, "PEM", "at most "+strconv.Itoa(maxPEM)+" bytes", strconv.Itoa(len(data)))
	}
	want := "one PEM block " + strconv.Quote(kind) + " and nothing else"
	trimmed := bytes.TrimSpace(data)
	b, rest := pem.Decode(trimmed)
	switch {
	case b == nil:
		return nil, attest.Refuse(CodePEM, "PEM", want, "no block")
	case b.Type != kind:
		return nil, attest.Refuse(CodePEM, "PEM", want, "a block "+strconv.Quote(b.Type[:min(len(b.Type), 64)]))
	case len(b.Headers) > 0:
		return nil, attest.Refuse(CodePEM, "PEM", want, "a block with headers")
	case len(rest) > 0 || bytes.Count(trimmed, []byte("-----BEGIN")) != 1 || !bytes.HasPrefix(trimmed, []byte("-----BEGIN")):
		return nil, attest.Refuse(CodePEM, "PEM", want, "text around the block")
	}
	return b.Bytes, nil
}
