package virtual

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The holder of a bundle's certificate unless the Recipe changes it.
const (
	Issuer  = "https://issuer.example"
	Subject = "https://ci.example/workflow@refs/heads/main"
)

// SCT is a signed certificate timestamp (RFC 6962 section 3.2).
type SCT struct {
	LogID      []byte
	Time       time.Time
	Extensions []byte
	Key        *ecdsa.PrivateKey // that signs it
	Algorithm  [2]byte           // hash and signature; 4, 3 for ECDSA with SHA-256
	// TBS, if not nil, changes what is signed.
	TBS func([]byte) []byte
	// Mangle, if not nil, changes the finished signature.
	Mangle func([]byte) []byte
}

// Claim returns a Fulcio extension in the form of fields from 8 on.
func Claim(t testing.TB, field int, text string) pkix.Extension {
	t.Helper()
	der, err := asn1.MarshalWithParams(text, "utf8")
	check(t, err)
	return RawClaim(field, der)
}

// RawClaim returns a Fulcio extension with the bytes given, the form of fields
// 1 to 6.
func RawClaim(field int, value []byte) pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, field}, Value: value}
}

// certificate issues the signing certificate of a recipe.
func (i *Instance) certificate(t testing.TB, r *Recipe) *x509.Certificate {
	t.Helper()
	name, err := url.Parse(Subject)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(4711), NotBefore: i.Now.Add(-time.Minute), NotAfter: i.Now.Add(9 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		URIs:            []*url.URL{name},
		ExtraExtensions: []pkix.Extension{RawClaim(1, []byte(Issuer)), Claim(t, 8, Issuer)},
	}
	if r.Certificate != nil {
		r.Certificate(template)
	}
	parent, key := i.CA.Intermediate, i.CA.key
	if r.CA != nil {
		parent, key = r.CA.Intermediate, r.CA.key
	}
	public := i.keyOf(r).Public()
	precert := i.issue(t, template, parent, public, key)
	scts := []*SCT{{LogID: id(t, i.CT), Time: i.Now, Key: i.CT, Algorithm: [2]byte{4, 3}}}
	if r.SCTs != nil {
		scts = r.SCTs(scts)
	}
	if len(scts) == 0 {
		return precert
	}
	template.ExtraExtensions = append(template.ExtraExtensions, sctExtension(t, scts, precert.RawTBSCertificate, parent))
	return i.issue(t, template, parent, public, key)
}

func sctExtension(t testing.TB, scts []*SCT, tbs []byte, issuer *x509.Certificate) pkix.Extension {
	t.Helper()
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, s := range scts {
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s.bytes(t, tbs, issuer)) })
			}
		})
	})
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: b.BytesOrPanic()}
}

func (s *SCT) bytes(t testing.TB, tbs []byte, issuer *x509.Certificate) []byte {
	t.Helper()
	if s.TBS != nil {
		tbs = s.TBS(tbs)
	}
	issuerKey := sha256.Sum256(issuer.RawSubjectPublicKeyInfo)
	m := cryptobyte.NewBuilder(nil)
	m.AddUint16(0) // version 1, certificate_timestamp
	m.AddUint64(uint64(s.Time.UnixMilli()))
	m.AddUint16(1) // precert_entry
	m.AddBytes(issuerKey[:])
	m.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(tbs) })
	m.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s.Extensions) })
	sig := sign(t, s.Key, m.BytesOrPanic())
	if s.Mangle != nil {
		sig = s.Mangle(sig)
	}
	out := cryptobyte.NewBuilder(nil)
	out.AddUint8(0)
	out.AddBytes(s.LogID)
	out.AddUint64(uint64(s.Time.UnixMilli()))
	out.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s.Extensions) })
	out.AddBytes(s.Algorithm[:])
	out.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(sig) })
	return out.BytesOrPanic()
}
