package corpus

import (
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"time"

	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/tsa"
)

// stampDefects are defects of a timestamp (RFC 3161).
func stampDefects(i, other *virtual.Instance) []recipe {
	sha1 := asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	return []recipe{
		{"an unknown timestamp authority", v2(stamp(func(s *virtual.Stamp) {
			c := *i.Stamper
			c.SerialNumber = big.NewInt(1)
			s.Signer = &c
		})), tsa.CodeSigner},
		{"a timestamp by another key", stamp(func(s *virtual.Stamp) { s.Signer = i.Stamper; s.Key = other.Log }), tsa.CodeSignature},
		{"a timestamp with a changed signature", stamp(func(s *virtual.Stamp) { s.Mangle = func(b []byte) []byte { return append(b, 0) } }), tsa.CodeSignature},
		{"a timestamp with a forged certificate before the true one", stamp(func(s *virtual.Stamp) {
			s.Key, s.Certificates = other.Log, []*x509.Certificate{other.Stamper, i.Stamper}
		}), tsa.CodeSignature},
		{"a timestamp of something else", stamp(func(s *virtual.Stamp) { s.Imprint = flip(s.Imprint) }), tsa.CodeImprint},
		{"a timestamp of the payload", stamp(func(s *virtual.Stamp) { s.Imprint = []byte(hexOf([]byte("payload")))[:32] }), tsa.CodeImprint},
		{"a timestamp by SHA-1", stamp(func(s *virtual.Stamp) { s.Hash, s.Imprint = sha1, s.Imprint[:20] }), tsa.CodeAlgorithm},
		{"a timestamp signed by SHA-1", stamp(func(s *virtual.Stamp) { s.DigestOID = sha1 }), tsa.CodeAlgorithm},
		{"a timestamp signed by ECDSA with SHA-1", stamp(func(s *virtual.Stamp) { s.SignatureOID = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1} }), tsa.CodeAlgorithm},
		{"a timestamp from before the authority's window", stamp(func(s *virtual.Stamp) { s.Time = i.Now.Add(-61 * time.Minute) }), tsa.CodeTime},
		{"a timestamp from after the authority's window", stamp(func(s *virtual.Stamp) { s.Time = i.Now.Add(61 * time.Minute) }), tsa.CodeTime},
		{"a timestamp from before the certificate", stamp(func(s *virtual.Stamp) { s.Time = i.Now.Add(-2 * time.Minute) }), chain.CodeTime},
		{"a timestamp from after the certificate", stamp(func(s *virtual.Stamp) { s.Time = i.Now.Add(10 * time.Minute) }), chain.CodeTime},
		{"a timestamp that was refused", stamp(func(s *virtual.Stamp) { s.Status = 2 }), tsa.CodeStatus},
		{"a timestamp of another version", stamp(func(s *virtual.Stamp) { s.Version = 2 }), tsa.CodeFormat},
		{"a timestamp of another content type", stamp(func(s *virtual.Stamp) { s.ContentType = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1} }), tsa.CodeFormat},
		{"a timestamp that is not bound to its certificate", stamp(func(s *virtual.Stamp) { s.Bound = nil }), tsa.CodeBinding},
		{"a timestamp that is bound to another certificate", stamp(func(s *virtual.Stamp) { s.Bound = flip(s.Bound) }), tsa.CodeBinding},
		{"a timestamp without signer", stamp(func(s *virtual.Stamp) { s.Signers = 0 }), tsa.CodeFormat},
		{"a timestamp with two signers", stamp(func(s *virtual.Stamp) { s.Signers = 2 }), tsa.CodeFormat},
		{"a timestamp with trailing bytes", stamp(func(s *virtual.Stamp) { s.Trailing = []byte{0} }), tsa.CodeFormat},
		{"an authority that stamps twice", document(func(d map[string]any) {
			m := at(d, "verificationMaterial", "timestampVerificationData").(map[string]any)
			m["rfc3161Timestamps"] = append(m["rfc3161Timestamps"].([]any), at(m, "rfc3161Timestamps", 0))
		}), sigstore.CodeTimestampRepeated},
	}
}
