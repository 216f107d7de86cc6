package tsa

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers as DER holds them.
const (
	oidSignedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"         // 1.2.840.113549.1.7.2
	oidTSTInfo    = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04" // 1.2.840.113549.1.9.16.1.4

	oidContentType   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"         // 1.2.840.113549.1.9.3
	oidMessageDigest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"         // 1.2.840.113549.1.9.4
	oidSigningTime   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05"         // 1.2.840.113549.1.9.5
	oidSigningCertV2 = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f" // 1.2.840.113549.1.9.16.2.47

	oidSHA256 = "\x60\x86\x48\x01\x65\x03\x04\x02\x01" // 2.16.840.1.101.3.4.2.1
	oidSHA384 = "\x60\x86\x48\x01\x65\x03\x04\x02\x02" // 2.16.840.1.101.3.4.2.2
	oidSHA512 = "\x60\x86\x48\x01\x65\x03\x04\x02\x03" // 2.16.840.1.101.3.4.2.3

	oidRSA         = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" // 1.2.840.113549.1.1.1
	oidRSASHA256   = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
	oidRSASHA384   = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"
	oidRSASHA512   = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"
	oidECDSASHA256 = "\x2a\x86\x48\xce\x3d\x04\x03\x02" // 1.2.840.10045.4.3.2
	oidECDSASHA384 = "\x2a\x86\x48\xce\x3d\x04\x03\x03"
	oidECDSASHA512 = "\x2a\x86\x48\xce\x3d\x04\x03\x04"
	oidEd25519     = "\x2b\x65\x70" // 1.3.101.112
)

// signed is a CMS SignedData by one signer, with the fields that a time-stamp
// token is judged by (RFC 5652 sections 5.1 and 5.3). Nothing in it is verified.
type signed struct {
	content      cryptobyte.String   // a TSTInfo
	certificates []*x509.Certificate // what the token brings along
	issuer       cryptobyte.String   // the signer's certificate, by its issuer
	serial       cryptobyte.String   // and serial number, both whole elements
	digest       cryptobyte.String   // OIDs
	algorithm    cryptobyte.String
	attributes   []byte // the signed attributes, as the SET OF that is signed
	signature    cryptobyte.String

	// The values of the signed attributes that are read.
	contentType, messageDigest, signingTime, signingCert cryptobyte.String
}

// readSigned reads a ContentInfo that holds a SignedData. What nobody signs and
// nobody needs (versions, the list of algorithms, revocation lists, unsigned
// attributes) must be well formed and decides nothing.
func readSigned(der cryptobyte.String) (s signed, ok bool) {
	var info, id, outer, data cryptobyte.String
	explicit := cbasn1.Tag(0).ContextSpecific().Constructed()
	ok = der.ReadASN1(&info, cbasn1.SEQUENCE) && der.Empty() &&
		info.ReadASN1(&id, cbasn1.OBJECT_IDENTIFIER) && string(id) == oidSignedData &&
		info.ReadASN1(&outer, explicit) && info.Empty() &&
		outer.ReadASN1(&data, cbasn1.SEQUENCE) && outer.Empty()
	if !ok {
		return s, false
	}
	var algorithms, encapsulated, kind, content, certificates, infos, one cryptobyte.String
	var has bool
	ok = data.SkipASN1(cbasn1.INTEGER) && data.ReadASN1(&algorithms, cbasn1.SET) && areAlgorithms(algorithms) &&
		data.ReadASN1(&encapsulated, cbasn1.SEQUENCE) &&
		encapsulated.ReadASN1(&kind, cbasn1.OBJECT_IDENTIFIER) && string(kind) == oidTSTInfo &&
		encapsulated.ReadASN1(&content, explicit) && encapsulated.Empty() &&
		content.ReadASN1(&s.content, cbasn1.OCTET_STRING) && content.Empty() &&
		data.ReadOptionalASN1(&certificates, &has, explicit) &&
		data.SkipOptionalASN1(cbasn1.Tag(1).ContextSpecific().Constructed()) &&
		data.ReadASN1(&infos, cbasn1.SET) && data.Empty() &&
		infos.ReadASN1(&one, cbasn1.SEQUENCE) && infos.Empty() && s.readSigner(one)
	if ok && has {
		var err error
		s.certificates, err = x509.ParseCertificates(certificates)
		ok = err == nil
	}
	return s, ok
}

func areAlgorithms(set cryptobyte.String) bool {
	for !set.Empty() {
		var id cryptobyte.String
		if !readAlgorithm(&set, &id) {
			return false
		}
	}
	return true
}

// readSigner reads a SignerInfo, which must have signed attributes: without them
// a signature of other content could pass for one of attributes (RFC 5652
// section 5.4).
func (s *signed) readSigner(info cryptobyte.String) bool {
	var sid, attributes, unsigned cryptobyte.String
	var hasUnsigned bool
	implicit := cbasn1.Tag(0).ContextSpecific().Constructed()
	ok := info.SkipASN1(cbasn1.INTEGER) &&
		info.ReadASN1(&sid, cbasn1.SEQUENCE) &&
		sid.ReadASN1Element(&s.issuer, cbasn1.SEQUENCE) &&
		sid.ReadASN1Element(&s.serial, cbasn1.INTEGER) && sid.Empty() &&
		readAlgorithm(&info, &s.digest) &&
		info.ReadASN1Element(&attributes, implicit) &&
		readAlgorithm(&info, &s.algorithm) &&
		info.ReadASN1(&s.signature, cbasn1.OCTET_STRING) &&
		info.ReadOptionalASN1(&unsigned, &hasUnsigned, cbasn1.Tag(1).ContextSpecific().Constructed()) && info.Empty()
	if !ok || !s.readAttributes(attributes) || !areAttributes(unsigned) {
		return false
	}
	s.attributes = bytes.Clone(attributes)
	s.attributes[0] = 0x31 // SET OF: what is signed is not the implicit tag
	return true
}

// readAlgorithm reads the OID of an AlgorithmIdentifier (RFC 5280 section
// 4.1.1.2) and passes over its parameters.
func readAlgorithm(in, id *cryptobyte.String) bool {
	var sequence, parameters cryptobyte.String
	var tag cbasn1.Tag
	return in.ReadASN1(&sequence, cbasn1.SEQUENCE) && readOID(&sequence, id) &&
		(sequence.Empty() || sequence.ReadAnyASN1Element(&parameters, &tag) && sequence.Empty())
}

// readOID reads an OID as DER holds it.
func readOID(in, id *cryptobyte.String) bool {
	const more = 0x80 // the number goes on in the next byte
	return in.ReadASN1(id, cbasn1.OBJECT_IDENTIFIER) && len(*id) > 0 && (*id)[len(*id)-1]&more == 0
}

// readAttributes takes the attributes that are read out of the SET OF, which
// must stand in the order of DER, each of them once and with one value.
func (s *signed) readAttributes(element cryptobyte.String) bool {
	var set, before cryptobyte.String
	if !element.ReadASN1(&set, cbasn1.Tag(0).ContextSpecific().Constructed()) {
		return false
	}
	for !set.Empty() {
		var whole, attribute, id, values cryptobyte.String
		peek := set
		if !peek.ReadASN1Element(&whole, cbasn1.SEQUENCE) || !set.ReadASN1(&attribute, cbasn1.SEQUENCE) ||
			bytes.Compare(before, whole) > 0 ||
			!readOID(&attribute, &id) || !attribute.ReadASN1(&values, cbasn1.SET) || !attribute.Empty() {
			return false
		}
		before = whole
		var into *cryptobyte.String
		switch string(id) {
		case oidContentType:
			into = &s.contentType
		case oidMessageDigest:
			into = &s.messageDigest
		case oidSigningTime:
			into = &s.signingTime
		case oidSigningCertV2:
			into = &s.signingCert
		default:
			continue
		}
		var tag cbasn1.Tag
		if len(*into) > 0 || !values.ReadAnyASN1Element(into, &tag) || !values.Empty() {
			return false
		}
	}
	return true
}

func areAttributes(set cryptobyte.String) bool {
	for !set.Empty() {
		var attribute, id cryptobyte.String
		if !set.ReadASN1(&attribute, cbasn1.SEQUENCE) || !readOID(&attribute, &id) || !attribute.SkipASN1(cbasn1.SET) || !attribute.Empty() {
			return false
		}
	}
	return true
}

// namedBy reports whether the token names cert as its signer's.
func (s *signed) namedBy(cert *x509.Certificate) bool {
	serial := s.serial
	var number []byte
	return bytes.Equal(s.issuer, cert.RawIssuer) &&
		serial.ReadASN1Integer(&number) && bytes.Equal(number, cert.SerialNumber.Bytes())
}

// signatureAlgorithm returns the algorithm of the signature: that which its own
// identifier tells, and where that names a kind of key alone, with the digest of
// the content; 0 for all others, SHA-1 among them.
func (s *signed) signatureAlgorithm() x509.SignatureAlgorithm {
	switch string(s.algorithm) {
	case oidECDSASHA256:
		return x509.ECDSAWithSHA256
	case oidECDSASHA384:
		return x509.ECDSAWithSHA384
	case oidECDSASHA512:
		return x509.ECDSAWithSHA512
	case oidEd25519:
		return x509.PureEd25519
	case oidRSASHA256:
		return x509.SHA256WithRSA
	case oidRSASHA384:
		return x509.SHA384WithRSA
	case oidRSASHA512:
		return x509.SHA512WithRSA
	case oidRSA:
		switch hashOf(s.digest) {
		case crypto.SHA256:
			return x509.SHA256WithRSA
		case crypto.SHA384:
			return x509.SHA384WithRSA
		case crypto.SHA512:
			return x509.SHA512WithRSA
		}
	}
	return x509.UnknownSignatureAlgorithm
}

// signedAt returns the signing time that the attributes tell, the zero Time if
// they tell none.
func (s *signed) signedAt() (at time.Time, ok bool) {
	value := s.signingTime
	switch {
	case len(value) == 0:
		return at, true
	case value.PeekASN1Tag(cbasn1.UTCTime):
		return at, value.ReadASN1UTCTime(&at) && value.Empty()
	}
	return at, value.ReadASN1GeneralizedTime(&at) && value.Empty()
}

// name returns the dotted form of an OID, for errors.
func name(oid cryptobyte.String) string {
	var id asn1.ObjectIdentifier
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(cbasn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(oid) })
	if _, err := asn1.Unmarshal(b.BytesOrPanic(), &id); err != nil {
		return "no object identifier"
	}
	return id.String()
}
