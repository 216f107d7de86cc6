package tsa

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"strconv"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sealwright/sealwright/attest"
)

// MaxBytes bounds a time-stamp response.
const MaxBytes = 64 << 10

// maxDepth bounds the nesting of a token; RFC 3161 tokens with certificates need
// about 12.
const maxDepth = 24

// token is a parsed response whose signature nobody has verified.
type token struct {
	signed
	info info
}

// parse reads a TimeStampResp (RFC 3161 section 2.4.2). Only its form is judged.
func parse(der []byte) (*token, error) {
	bad := func(want string) error { return attest.Refuse(CodeFormat, "time-stamp", want, "") }
	if len(der) == 0 || len(der) > MaxBytes {
		return nil, bad("1 to " + strconv.Itoa(MaxBytes) + " bytes")
	}
	var response, status cryptobyte.String
	var code int64
	in := cryptobyte.String(der)
	if !in.ReadASN1(&response, cbasn1.SEQUENCE) || !in.Empty() ||
		!response.ReadASN1(&status, cbasn1.SEQUENCE) || !status.ReadASN1Integer(&code) {
		return nil, bad("one TimeStampResp")
	}
	const granted, grantedWithMods = 0, 1
	if code != granted && code != grantedWithMods {
		return nil, attest.Refuse(CodeStatus, "time-stamp", "granted", strconv.FormatInt(code, 10))
	}
	if !wellFormed(status, maxDepth) || !wellFormed(response, maxDepth) {
		return nil, bad("a token in DER, at most " + strconv.Itoa(maxDepth) + " deep")
	}
	t := &token{}
	var ok bool
	if t.signed, ok = readSigned(response); !ok {
		return nil, bad("a CMS SignedData of a TSTInfo, by one signer with signed attributes")
	}
	if t.info, ok = readInfo(t.content); !ok {
		return nil, bad("a TSTInfo version 1")
	}
	return t, nil
}

// wellFormed reports whether der holds DER values nested at most depth deep.
func wellFormed(der cryptobyte.String, depth int) bool {
	for !der.Empty() {
		var inner cryptobyte.String
		var tag cbasn1.Tag
		if depth == 0 || !der.ReadAnyASN1(&inner, &tag) {
			return false
		}
		const constructed = 0x20
		if tag&constructed != 0 && !wellFormed(inner, depth-1) {
			return false
		}
	}
	return true
}

// verify reports, by a nil error, that cert signed the token: the content by its
// digest in the signed attributes, these by the signature (RFC 5652 section 5.6).
// No certificate that the token brings along is used.
func (t *token) verify(cert *x509.Certificate) error {
	hash, algorithm := hashOf(t.digest), t.signatureAlgorithm()
	if hash == 0 || algorithm == x509.UnknownSignatureAlgorithm {
		return attest.Refuse(CodeAlgorithm, "time-stamp", "a signature with SHA-256, -384 or -512", name(t.digest)+", "+name(t.algorithm))
	}
	var kind, digest cryptobyte.String
	contentType, messageDigest := t.contentType, t.messageDigest // reading moves a String on
	if !contentType.ReadASN1(&kind, cbasn1.OBJECT_IDENTIFIER) || string(kind) != oidTSTInfo {
		return attest.Refuse(CodeFormat, "time-stamp", "a signed content type TSTInfo", name(kind))
	}
	if !messageDigest.ReadASN1(&digest, cbasn1.OCTET_STRING) || !isSum(digest, hash, t.content) {
		return attest.Refuse(CodeSignature, "time-stamp", "the signed digest of its content", "another")
	}
	if at, ok := t.signedAt(); !ok || !at.IsZero() && (at.Before(cert.NotBefore) || at.After(cert.NotAfter)) {
		return attest.Refuse(CodeSignature, "time-stamp", "a signing time in the certificate's validity", at.UTC().Format(time.RFC3339))
	}
	if err := cert.CheckSignature(algorithm, t.attributes, t.signature); err != nil {
		return attest.Refuse(CodeSignature, "time-stamp", "a signature by the named authority", "").Because(err)
	}
	return t.bound(cert)
}

// bound reports, by a nil error, that the signed attribute SigningCertificateV2
// names cert first (RFC 5816 section 2.2.1, RFC 5035 section 3). The issuer and
// serial number that may follow are those that SignerInfo repeats.
func (t *token) bound(cert *x509.Certificate) error {
	var signing, certs, first, id, digest cryptobyte.String
	hash, attribute := crypto.SHA256, t.signingCert
	ok := attribute.ReadASN1(&signing, cbasn1.SEQUENCE) &&
		signing.ReadASN1(&certs, cbasn1.SEQUENCE) && certs.ReadASN1(&first, cbasn1.SEQUENCE)
	if ok && first.PeekASN1Tag(cbasn1.SEQUENCE) {
		ok = readAlgorithm(&first, &id)
		hash = hashOf(id)
	}
	if !ok || !first.ReadASN1(&digest, cbasn1.OCTET_STRING) {
		return attest.Refuse(CodeBinding, "time-stamp", "a signed SigningCertificateV2", "")
	}
	if hash == 0 {
		return attest.Refuse(CodeAlgorithm, "time-stamp", "SHA-256, -384 or -512", name(id))
	}
	if !isSum(digest, hash, cert.Raw) {
		return attest.Refuse(CodeBinding, "time-stamp", "the digest of the signing certificate", "another")
	}
	return nil
}

// stamps reports, by a nil error, that the token is about message.
func (t *token) stamps(message []byte) error {
	hash := hashOf(t.info.algorithm)
	if hash == 0 {
		return attest.Refuse(CodeAlgorithm, "time-stamp", "an imprint by SHA-256, -384 or -512", name(t.info.algorithm))
	}
	if !isSum(t.info.imprint, hash, message) {
		return attest.Refuse(CodeImprint, "time-stamp", "the digest of the message", "another")
	}
	return nil
}

// isSum reports whether want is the digest of data.
func isSum(want []byte, hash crypto.Hash, data []byte) bool {
	switch hash {
	case crypto.SHA256:
		sum := sha256.Sum256(data)
		return bytes.Equal(sum[:], want)
	case crypto.SHA384:
		sum := sha512.Sum384(data)
		return bytes.Equal(sum[:], want)
	case crypto.SHA512:
		sum := sha512.Sum512(data)
		return bytes.Equal(sum[:], want)
	}
	return false
}
