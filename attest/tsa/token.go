package tsa

import (
	"bytes"
	"crypto"
	_ "crypto/sha256" // SHA-256 is told by its crypto.Hash
	_ "crypto/sha512" // as SHA-384 and SHA-512
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strconv"
	"time"

	"github.com/digitorus/pkcs7"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sealwright/sealwright/attest"
)

// MaxBytes bounds a time-stamp response.
const MaxBytes = 64 << 10

// maxDepth bounds the nesting of a token; RFC 3161 tokens with certificates need
// about 12.
const maxDepth = 24

// response is TimeStampResp (RFC 3161 section 2.4.2).
type response struct {
	Status struct {
		Status int
		Text   []asn1.RawValue `asn1:"optional"`
		Fail   asn1.BitString  `asn1:"optional"`
	}
	Token asn1.RawValue `asn1:"optional"`
}

// info is TSTInfo (RFC 3161 section 2.4.2).
type info struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}
	Serial   *big.Int
	Time     time.Time `asn1:"generalized"`
	Accuracy struct {
		Seconds int64 `asn1:"optional"`
		Millis  int64 `asn1:"tag:0,optional"`
		Micros  int64 `asn1:"tag:1,optional"`
	} `asn1:"optional"`
	Ordering   bool             `asn1:"optional,default:false"`
	Nonce      *big.Int         `asn1:"optional"`
	Authority  asn1.RawValue    `asn1:"tag:0,optional"`
	Extensions []pkix.Extension `asn1:"tag:1,optional"`
}

// token is a parsed response whose signature nobody has verified.
type token struct {
	cms  *pkcs7.PKCS7
	info info
}

// parse reads a response. Only its form is judged.
func parse(der []byte) (*token, error) {
	bad := func(want string, err error) error {
		return attest.Refuse(CodeFormat, "time-stamp", want, "").Because(err)
	}
	if len(der) == 0 || len(der) > MaxBytes {
		return nil, bad("1 to "+strconv.Itoa(MaxBytes)+" bytes", nil)
	}
	var r response
	if rest, err := asn1.Unmarshal(der, &r); err != nil || len(rest) > 0 {
		return nil, bad("one TimeStampResp", err)
	}
	const granted, grantedWithMods = 0, 1
	if r.Status.Status != granted && r.Status.Status != grantedWithMods {
		return nil, attest.Refuse(CodeStatus, "time-stamp", "granted", strconv.Itoa(r.Status.Status))
	}
	if !wellFormed(r.Token.FullBytes, maxDepth) {
		return nil, bad("a token in DER, at most "+strconv.Itoa(maxDepth)+" deep", nil)
	}
	cms, err := pkcs7.Parse(r.Token.FullBytes)
	if err != nil || len(cms.Signers) != 1 {
		return nil, bad("a CMS SignedData by one signer", err)
	}
	t := &token{cms: cms}
	if rest, err := asn1.Unmarshal(cms.Content, &t.info); err != nil || len(rest) > 0 || t.info.Version != 1 {
		return nil, bad("a TSTInfo version 1", err)
	}
	return t, nil
}

// wellFormed reports whether der holds DER values nested at most depth deep. The
// CMS parser takes BER, whose indefinite lengths would let a small token cost
// the square of its size.
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

// namedBy reports whether the token names cert as its signer's.
func (t *token) namedBy(cert *x509.Certificate) bool {
	id := t.cms.Signers[0].IssuerAndSerialNumber
	return id.SerialNumber != nil && id.SerialNumber.Cmp(cert.SerialNumber) == 0 &&
		bytes.Equal(id.IssuerName.FullBytes, cert.RawIssuer)
}

// verify reports, by a nil error, that cert signed the token. No certificate
// that the token brings along is used.
func (t *token) verify(cert *x509.Certificate) error {
	signer := t.cms.Signers[0]
	if hashOf(signer.DigestAlgorithm.Algorithm) == 0 || weak(signer.DigestEncryptionAlgorithm.Algorithm) {
		return attest.Refuse(CodeAlgorithm, "time-stamp", "a signature with SHA-256, -384 or -512",
			signer.DigestAlgorithm.Algorithm.String()+", "+signer.DigestEncryptionAlgorithm.Algorithm.String())
	}
	// id-ct-TSTInfo as the signed content type; without signed attributes a
	// signature of other content could pass for one of attributes (RFC 5652
	// section 5.4).
	var kind asn1.ObjectIdentifier
	if err := t.cms.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &kind); err != nil ||
		!kind.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}) {
		return attest.Refuse(CodeFormat, "time-stamp", "a signed content type TSTInfo", kind.String()).Because(err)
	}
	only := *t.cms
	only.Certificates = []*x509.Certificate{cert}
	if err := only.Verify(); err != nil {
		return attest.Refuse(CodeSignature, "time-stamp", "a signature by the named authority", "").Because(err)
	}
	return t.bound(cert)
}

// essCertID is ESSCertIDv2 (RFC 5035 section 4); the issuer and serial number
// that may follow are those that SignerInfo repeats.
type essCertID struct {
	Algorithm pkix.AlgorithmIdentifier `asn1:"optional"`
	Digest    []byte
	Rest      asn1.RawValue `asn1:"optional"`
}

// bound reports, by a nil error, that the signed attribute SigningCertificateV2
// names cert first (RFC 5816 section 2.2.1).
func (t *token) bound(cert *x509.Certificate) error {
	var signing struct {
		Certs    []essCertID
		Policies asn1.RawValue `asn1:"optional"`
	}
	v2 := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	if err := t.cms.UnmarshalSignedAttribute(v2, &signing); err != nil || len(signing.Certs) == 0 {
		return attest.Refuse(CodeBinding, "time-stamp", "a signed SigningCertificateV2", "").Because(err)
	}
	first := signing.Certs[0]
	hash := crypto.SHA256
	if first.Algorithm.Algorithm != nil {
		hash = hashOf(first.Algorithm.Algorithm)
	}
	if hash == 0 {
		return attest.Refuse(CodeAlgorithm, "time-stamp", "SHA-256, -384 or -512", first.Algorithm.Algorithm.String())
	}
	if !bytes.Equal(sum(hash, cert.Raw), first.Digest) {
		return attest.Refuse(CodeBinding, "time-stamp", "the digest of the signing certificate", "another")
	}
	return nil
}

// stamps reports, by a nil error, that the token is about message.
func (t *token) stamps(message []byte) error {
	hash := hashOf(t.info.Imprint.Algorithm.Algorithm)
	if hash == 0 {
		return attest.Refuse(CodeAlgorithm, "time-stamp", "an imprint by SHA-256, -384 or -512", t.info.Imprint.Algorithm.Algorithm.String())
	}
	if !bytes.Equal(sum(hash, message), t.info.Imprint.Digest) {
		return attest.Refuse(CodeImprint, "time-stamp", "the digest of the message", "another")
	}
	return nil
}

func sum(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}

// hashOf returns the digest that an OID names, 0 if it is none of SHA-2.
func hashOf(id asn1.ObjectIdentifier) crypto.Hash {
	switch {
	case id.Equal(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}):
		return crypto.SHA256
	case id.Equal(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}):
		return crypto.SHA384
	case id.Equal(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}):
		return crypto.SHA512
	}
	return 0
}

// weak reports whether a signature algorithm names SHA-1 by itself.
func weak(id asn1.ObjectIdentifier) bool {
	return id.Equal(pkcs7.OIDDigestAlgorithmECDSASHA1) || id.Equal(pkcs7.OIDEncryptionAlgorithmRSASHA1) ||
		id.Equal(pkcs7.OIDDigestAlgorithmDSA) || id.Equal(pkcs7.OIDDigestAlgorithmDSASHA1)
}
