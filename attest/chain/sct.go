package chain

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sealwright/sealwright/attest"
)

// maxSCTs bounds the timestamps of one certificate.
const maxSCTs = 32

// oidSCTs is the list of embedded timestamps (RFC 6962 section 3.3).
func oidSCTs() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2} }

// derSCTs is oidSCTs as DER holds it.
const derSCTs = "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02"

// A Log is a certificate transparency log.
type Log struct {
	Name   string           // of the log; another key of it may stand beside
	Public crypto.PublicKey // ECDSA or RSA, as RFC 6962 section 2.1.4 has it
	Window Window
}

// Logs are certificate transparency logs by their ids.
type Logs struct{ byID map[[sha256.Size]byte]Log }

// NewLogs returns logs by the SHA-256 digest of their keys. It refuses a key
// that RFC 6962 does not allow and one that stands twice.
func NewLogs(logs ...Log) (*Logs, error) {
	out := &Logs{make(map[[sha256.Size]byte]Log)}
	for i, l := range logs {
		where := "logs[" + strconv.Itoa(i) + "]"
		switch l.Public.(type) {
		case *ecdsa.PublicKey, *rsa.PublicKey:
		default:
			return nil, attest.Refuse(CodeLog, where, "an ECDSA or RSA key", "")
		}
		der, err := x509.MarshalPKIXPublicKey(l.Public)
		if err != nil {
			return nil, attest.Refuse(CodeLog, where, "a usable key", "").Because(err)
		}
		id := sha256.Sum256(der)
		if _, twice := out.byID[id]; twice {
			return nil, attest.Refuse(CodeLog, where, "each key once", hex.EncodeToString(id[:]))
		}
		out.byID[id] = l
	}
	return out, nil
}

// sct is a signed certificate timestamp (RFC 6962 section 3.2).
type sct struct {
	log        [sha256.Size]byte
	time       uint64
	extensions []byte
	hash, alg  uint8
	signature  []byte
}

// Check reports, by a nil error, that at least threshold distinct logs signed a
// timestamp for leaf, issued by one of issuers; keys of one Name are one log.
// Timestamps by logs that are not
// trusted count nothing; one by a trusted log that fails is a fault of the
// certificate. The error joins every fault.
func (l *Logs) Check(leaf *x509.Certificate, issuers []*x509.Certificate, threshold int) error {
	if threshold < 1 {
		return nil
	}
	list, err := embedded(leaf)
	if err != nil {
		return err
	}
	tbs, err := precertificate(leaf.RawTBSCertificate)
	if err != nil || len(tbs) >= 1<<24 {
		return attest.Refuse(CodeSCT, "certificate", "a certificate in DER", "").Because(err)
	}
	var seen []string
	var faults, unknown []error
	for i, s := range list {
		where := "certificate: timestamp " + strconv.Itoa(i)
		log, ok := l.byID[s.log]
		if !ok {
			unknown = append(unknown, attest.Refuse(CodeSCTLog, where, "a trusted log", hex.EncodeToString(s.log[:])))
			continue
		}
		if err := log.check(s, tbs, issuers, where); err != nil {
			faults = append(faults, err)
			continue
		}
		if !slices.Contains(seen, log.Name) {
			seen = append(seen, log.Name)
		}
	}
	if len(seen) < threshold {
		short := attest.Refuse(CodeSCTThreshold, "certificate", strconv.Itoa(threshold)+" logs", strconv.Itoa(len(seen)))
		return errors.Join(append([]error{short}, append(faults, unknown...)...)...)
	}
	return errors.Join(faults...)
}

// check verifies one timestamp.
func (l Log) check(s sct, tbs []byte, issuers []*x509.Certificate, where string) error {
	at := time.UnixMilli(int64(s.time & (1<<63 - 1)))
	if !l.Window.Contains(at) {
		return attest.Refuse(CodeSCTTime, where, l.Window.String(), stamp(at))
	}
	for _, issuer := range issuers {
		if l.verify(s, signedData(s, tbs, sha256.Sum256(issuer.RawSubjectPublicKeyInfo))) {
			return nil
		}
	}
	return attest.Refuse(CodeSCTSignature, where, "a signature by "+strconv.Quote(l.Name), "")
}

// verify checks a TLS signature (RFC 5246 section 4.7): hash 4 is SHA-256,
// signature 1 RSA and 3 ECDSA.
func (l Log) verify(s sct, message []byte) bool {
	const hashSHA256, algRSA, algECDSA = 4, 1, 3
	sum := sha256.Sum256(message)
	switch key := l.Public.(type) {
	case *ecdsa.PublicKey:
		return s.hash == hashSHA256 && s.alg == algECDSA && ecdsa.VerifyASN1(key, sum[:], s.signature)
	case *rsa.PublicKey:
		return s.hash == hashSHA256 && s.alg == algRSA && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], s.signature) == nil
	}
	return false
}

// signedData is the digitally-signed struct of RFC 6962 section 3.2 for a
// precertificate.
func signedData(s sct, tbs []byte, issuerKey [sha256.Size]byte) []byte {
	const v1, certificateTimestamp, precertEntry = 0, 0, 1
	b := make([]byte, 0, len(tbs)+len(s.extensions)+64)
	b = append(b, v1, certificateTimestamp)
	b = binary.BigEndian.AppendUint64(b, s.time)
	b = binary.BigEndian.AppendUint16(b, precertEntry)
	b = append(b, issuerKey[:]...)
	b = append(b, byte(len(tbs)>>16), byte(len(tbs)>>8), byte(len(tbs)))
	b = append(b, tbs...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(s.extensions)))
	return append(b, s.extensions...)
}

// embedded returns the timestamps of a certificate.
func embedded(leaf *x509.Certificate) ([]sct, error) {
	for _, e := range leaf.Extensions {
		if !e.Id.Equal(oidSCTs()) {
			continue
		}
		list, ok := parseSCTs(e.Value)
		if !ok {
			return nil, attest.Refuse(CodeSCT, "certificate", "1 to "+strconv.Itoa(maxSCTs)+" timestamps", "")
		}
		return list, nil
	}
	return nil, attest.Refuse(CodeSCTMissing, "certificate", "an embedded timestamp", "none")
}

func parseSCTs(der []byte) (list []sct, ok bool) {
	var octets, all cryptobyte.String
	value := cryptobyte.String(der)
	if !value.ReadASN1(&octets, cbasn1.OCTET_STRING) || !value.Empty() ||
		!octets.ReadUint16LengthPrefixed(&all) || !octets.Empty() {
		return nil, false
	}
	for !all.Empty() {
		var one cryptobyte.String
		if !all.ReadUint16LengthPrefixed(&one) || len(list) == maxSCTs {
			return nil, false
		}
		s, ok := parseSCT(one)
		if !ok {
			return nil, false
		}
		list = append(list, s)
	}
	return list, len(list) > 0
}

func parseSCT(in cryptobyte.String) (s sct, ok bool) {
	var version uint8
	var extensions, signature cryptobyte.String
	ok = in.ReadUint8(&version) && version == 0 &&
		in.CopyBytes(s.log[:]) && in.ReadUint64(&s.time) &&
		in.ReadUint16LengthPrefixed(&extensions) &&
		in.ReadUint8(&s.hash) && in.ReadUint8(&s.alg) &&
		in.ReadUint16LengthPrefixed(&signature) && in.Empty()
	s.extensions, s.signature = extensions, signature
	return s, ok
}

// precertificate returns a TBSCertificate without its list of timestamps, which
// is what a log signed (RFC 6962 section 3.2).
func precertificate(raw []byte) ([]byte, error) {
	bad := errors.New("malformed TBSCertificate")
	var tbs cryptobyte.String
	in := cryptobyte.String(raw)
	if !in.ReadASN1(&tbs, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, bad
	}
	extensionsTag := cbasn1.Tag(3).ContextSpecific().Constructed()
	b := cryptobyte.NewBuilder(make([]byte, 0, len(raw)))
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for !tbs.Empty() {
			var element cryptobyte.String
			var tag cbasn1.Tag
			if !tbs.ReadAnyASN1Element(&element, &tag) {
				b.SetError(bad)
				return
			}
			if tag != extensionsTag {
				b.AddBytes(element)
				continue
			}
			b.AddASN1(tag, func(b *cryptobyte.Builder) { copyExtensions(b, element, bad) })
		}
	})
	return b.Bytes()
}

// copyExtensions copies all extensions but the list of timestamps.
func copyExtensions(b *cryptobyte.Builder, in cryptobyte.String, bad error) {
	var outer, list cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.Tag(3).ContextSpecific().Constructed()) ||
		!outer.ReadASN1(&list, cbasn1.SEQUENCE) || !outer.Empty() {
		b.SetError(bad)
		return
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for !list.Empty() {
			var extension, body, id cryptobyte.String
			if !list.ReadASN1Element(&extension, cbasn1.SEQUENCE) {
				b.SetError(bad)
				return
			}
			peek := extension
			if !peek.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&id, cbasn1.OBJECT_IDENTIFIER) {
				b.SetError(bad)
				return
			}
			if string(id) != derSCTs {
				b.AddBytes(extension)
			}
		}
	})
}
