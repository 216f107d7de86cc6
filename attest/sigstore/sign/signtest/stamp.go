package signtest

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/http"
	"time"

	"github.com/sealwright/sealwright/attest/attesttest/virtual"
)

// A Stamp is a time-stamp with a nonce, which those of package virtual lack. Only
// Time, Imprint, Key, Signer and Bound of its other fields are used.
type Stamp struct {
	virtual.Stamp
	Nonce *big.Int // nil leaves it out
}

// stamper serves time-stamps (RFC 3161 section 3.4).
func (w *World) stamper(r *http.Request) ([]byte, *refusal) {
	b, refused := body(r, "/api/v1/timestamp", "application/timestamp-query")
	if refused != nil {
		return nil, refused
	}
	var q struct {
		Version int
		Imprint struct {
			Algorithm pkix.AlgorithmIdentifier
			Digest    []byte
		}
		Nonce   *big.Int
		CertReq bool
	}
	rest, err := asn1.Unmarshal(b, &q)
	if err != nil || len(rest) > 0 || q.Version != 1 || len(q.Imprint.Digest) != sha256.Size ||
		!q.Imprint.Algorithm.Algorithm.Equal(oidSHA256()) || !q.CertReq || q.Nonce.Sign() < 0 {
		return nil, bad("want a query for SHA-256 with nonce and certificate: %v", err)
	}
	s := &Stamp{Nonce: q.Nonce}
	w.document(virtual.Recipe{Message: true, Payload: []byte("x"), Unlogged: true, Stamp: func(v *virtual.Stamp) { s.Stamp = *v }})
	s.Imprint = q.Imprint.Digest
	if w.Stamp != nil {
		w.Stamp(s)
	}
	der, err := s.der()
	if err != nil {
		return nil, bad("%v", err)
	}
	return der, nil
}

func oidSHA256() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1} }

type stampedImprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

type stampedInfo struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint stampedImprint
	Serial  int
	Time    time.Time `asn1:"generalized"`
	Nonce   *big.Int  `asn1:"optional"`
}

type unNonced struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint stampedImprint
	Serial  int
	Time    time.Time `asn1:"generalized"`
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

type signerInfo struct {
	Version int
	ID      struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
}

type signedData struct {
	Version int
	Digests []pkix.AlgorithmIdentifier `asn1:"set"`
	Content struct {
		Type asn1.ObjectIdentifier
		Info []byte `asn1:"explicit,tag:0"`
	}
	Certificates asn1.RawValue
	Signers      []signerInfo `asn1:"set"`
}

type stampResponse struct {
	Status struct{ Status int }
	Token  struct {
		Type   asn1.ObjectIdentifier
		Signed signedData `asn1:"explicit,tag:0"`
	}
}

// attributes returns the signed attributes of a TSTInfo, as a SET.
func (s *Stamp) attributes(info []byte) ([]byte, error) {
	sum := sha256.Sum256(info)
	type certID struct{ Digest []byte }
	var list []attribute
	for _, a := range []struct {
		id    asn1.ObjectIdentifier
		value any
	}{
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, oidInfo()},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, sum[:]},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}, struct{ Certs []certID }{[]certID{{s.Bound}}}},
	} {
		der, err := asn1.Marshal(a.value)
		if err != nil {
			return nil, err
		}
		list = append(list, attribute{a.id, []asn1.RawValue{{FullBytes: der}}})
	}
	return asn1.MarshalWithParams(list, "set")
}

func oidInfo() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
}

// der returns the signed TimeStampResp.
func (s *Stamp) der() ([]byte, error) {
	sha := pkix.AlgorithmIdentifier{Algorithm: oidSHA256()}
	policy, imprint := asn1.ObjectIdentifier{1, 2, 3, 4}, stampedImprint{sha, s.Imprint}
	var info []byte
	var err error
	if s.Nonce == nil {
		info, err = asn1.Marshal(unNonced{1, policy, imprint, 99, s.Time.UTC()})
	} else {
		info, err = asn1.Marshal(stampedInfo{1, policy, imprint, 99, s.Time.UTC(), s.Nonce})
	}
	if err != nil {
		return nil, err
	}
	attributes, err := s.attributes(info)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(attributes)
	signer := signerInfo{Version: 1, Digest: sha, Algorithm: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}}
	if signer.Signature, err = ecdsa.SignASN1(rand.Reader, s.Key, sum[:]); err != nil {
		return nil, err
	}
	signer.ID.Issuer, signer.ID.Serial = asn1.RawValue{FullBytes: s.Signer.RawIssuer}, s.Signer.SerialNumber
	implicit := append([]byte{}, attributes...)
	implicit[0] = 0xa0
	signer.Attributes = asn1.RawValue{FullBytes: implicit}
	var r stampResponse
	r.Token.Type = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	d := &r.Token.Signed
	d.Version, d.Digests, d.Signers = 3, []pkix.AlgorithmIdentifier{sha}, []signerInfo{signer}
	d.Content.Type, d.Content.Info = oidInfo(), info
	d.Certificates = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: s.Signer.Raw}
	return asn1.Marshal(r)
}
