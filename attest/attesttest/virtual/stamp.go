package virtual

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Stamp is a time-stamp response (RFC 3161) before it is signed.
type Stamp struct {
	Status       int
	Version      int
	Time         time.Time
	Hash         asn1.ObjectIdentifier // of the imprint
	Imprint      []byte
	ContentType  asn1.ObjectIdentifier // the signed attribute
	DigestOID    asn1.ObjectIdentifier // of the signature
	SignatureOID asn1.ObjectIdentifier
	Key          *ecdsa.PrivateKey
	Signer       *x509.Certificate   // named by the token
	Bound        []byte              // digest of the signing certificate; nil leaves the attribute out
	Certificates []*x509.Certificate // that the token brings along
	Signers      int                 // how often the signer stands in the token
	Trailing     []byte
	// Info, if not nil, changes the TSTInfo, and Attributes the SET of signed
	// attributes, before they are signed; Mangle the finished signature.
	Info, Attributes, Mangle func([]byte) []byte
}

// stamp returns a Stamp of the instance's authority on a message.
func (i *Instance) stamp(message []byte) *Stamp {
	sum, bound := sha256.Sum256(message), sha256.Sum256(i.Stamper.Raw)
	return &Stamp{
		Version: 1, Time: i.Now, Imprint: sum[:], Key: i.stamper, Signer: i.Stamper, Bound: bound[:], Signers: 1,
		Hash:         asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1},
		ContentType:  asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4},
		DigestOID:    asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1},
		SignatureOID: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2},
	}
}

type builder = cryptobyte.Builder

func sequence(b *builder, f func(b *builder)) { b.AddASN1(cbasn1.SEQUENCE, f) }

func algorithm(b *builder, id asn1.ObjectIdentifier) {
	sequence(b, func(b *builder) { b.AddASN1ObjectIdentifier(id) })
}

// info is TSTInfo.
func (s *Stamp) info() []byte {
	b := cryptobyte.NewBuilder(nil)
	sequence(b, func(b *builder) {
		b.AddASN1Int64(int64(s.Version))
		b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 3, 4})
		sequence(b, func(b *builder) {
			algorithm(b, s.Hash)
			b.AddASN1OctetString(s.Imprint)
		})
		b.AddASN1Int64(99)
		b.AddASN1GeneralizedTime(s.Time)
	})
	return b.BytesOrPanic()
}

// attributes are the signed attributes, as a SET.
func (s *Stamp) attributes(info []byte) []byte {
	attribute := func(b *builder, id asn1.ObjectIdentifier, value func(b *builder)) {
		sequence(b, func(b *builder) {
			b.AddASN1ObjectIdentifier(id)
			b.AddASN1(cbasn1.SET, value)
		})
	}
	digest := sha256.Sum256(info)
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(cbasn1.SET, func(b *builder) {
		attribute(b, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, func(b *builder) { b.AddASN1ObjectIdentifier(s.ContentType) })
		attribute(b, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, func(b *builder) { b.AddASN1OctetString(digest[:]) })
		if s.Bound != nil {
			attribute(b, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}, func(b *builder) {
				sequence(b, func(b *builder) {
					sequence(b, func(b *builder) {
						sequence(b, func(b *builder) { b.AddASN1OctetString(s.Bound) })
					})
				})
			})
		}
	})
	return b.BytesOrPanic()
}

// signerInfo is SignerInfo (RFC 5652 section 5.3).
func (s *Stamp) signerInfo(t testing.TB, b *builder, info []byte) {
	attributes := s.attributes(info)
	if s.Attributes != nil {
		attributes = s.Attributes(attributes)
	}
	sig := sign(t, s.Key, attributes)
	if s.Mangle != nil {
		sig = s.Mangle(sig)
	}
	implicit := append([]byte{}, attributes...)
	implicit[0] = 0xa0
	sequence(b, func(b *builder) {
		b.AddASN1Int64(1)
		sequence(b, func(b *builder) {
			b.AddBytes(s.Signer.RawIssuer)
			b.AddASN1BigInt(s.Signer.SerialNumber)
		})
		algorithm(b, s.DigestOID)
		b.AddBytes(implicit)
		algorithm(b, s.SignatureOID)
		b.AddASN1OctetString(sig)
	})
}

// bytes returns the signed TimeStampResp.
func (s *Stamp) bytes(t testing.TB) []byte {
	t.Helper()
	info := s.info()
	if s.Info != nil {
		info = s.Info(info)
	}
	explicit := cbasn1.Tag(0).ContextSpecific().Constructed()
	b := cryptobyte.NewBuilder(nil)
	sequence(b, func(b *builder) {
		sequence(b, func(b *builder) { b.AddASN1Int64(int64(s.Status)) })
		sequence(b, func(b *builder) { // ContentInfo
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2})
			b.AddASN1(explicit, func(b *builder) {
				sequence(b, func(b *builder) { // SignedData
					b.AddASN1Int64(3)
					b.AddASN1(cbasn1.SET, func(b *builder) { algorithm(b, s.DigestOID) })
					sequence(b, func(b *builder) {
						b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4})
						b.AddASN1(explicit, func(b *builder) { b.AddASN1OctetString(info) })
					})
					if len(s.Certificates) > 0 {
						b.AddASN1(explicit, func(b *builder) {
							for _, c := range s.Certificates {
								b.AddBytes(c.Raw)
							}
						})
					}
					b.AddASN1(cbasn1.SET, func(b *builder) {
						for range s.Signers {
							s.signerInfo(t, b, info)
						}
					})
				})
			})
		})
	})
	return append(b.BytesOrPanic(), s.Trailing...)
}
