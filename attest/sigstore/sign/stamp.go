package sign

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/http"

	"github.com/sealwright/sealwright/attest"
)

// imprint is MessageImprint (RFC 3161 section 2.4.1).
type imprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

// stampRequest is TimeStampReq (RFC 3161 section 2.4.1).
type stampRequest struct {
	Version int
	Imprint imprint
	Nonce   *big.Int
	CertReq bool
}

// stampResponse is as much of TimeStampResp, SignedData and TSTInfo as leads to
// the nonce. Package tsa judges the rest.
type stampResponse struct {
	Status asn1.RawValue
	Token  struct {
		Type   asn1.ObjectIdentifier
		Signed struct {
			Version int
			Digests asn1.RawValue
			Content struct {
				Type asn1.ObjectIdentifier
				Info []byte `asn1:"explicit,tag:0"`
			}
		} `asn1:"explicit,tag:0"`
	}
}

type stampInfo struct {
	Version  int
	Policy   asn1.ObjectIdentifier
	Imprint  asn1.RawValue
	Serial   *big.Int
	Time     asn1.RawValue
	Accuracy struct {
		Seconds int64 `asn1:"optional"`
		Millis  int64 `asn1:"tag:0,optional"`
		Micros  int64 `asn1:"tag:1,optional"`
	} `asn1:"optional"`
	Ordering bool     `asn1:"optional"`
	Nonce    *big.Int `asn1:"optional"`
}

// stamp has an authority stamp the time on a signature. A stamp may be asked for
// again: it changes nothing at the authority.
func (s *Signer) stamp(ctx context.Context, where string, signature []byte) ([]byte, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, attest.Refuse(CodeConfig, "nonce", "randomness", "").Because(err)
	}
	sum := sha256.Sum256(signature)
	sha256ID := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, Parameters: asn1.NullRawValue}
	query, err := asn1.Marshal(stampRequest{Version: 1, Imprint: imprint{sha256ID, sum[:]}, Nonce: nonce, CertReq: true})
	if err != nil {
		return nil, attest.Refuse(CodeConfig, "request", "DER", "").Because(err)
	}
	header := map[string]string{"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
	a, err := s.caller.do(ctx, request{method: http.MethodPost, url: where, header: header, body: query,
		status: []int{http.StatusOK, http.StatusCreated}, repeatable: true})
	if err != nil {
		return nil, err
	}
	got, err := nonceOf(a.body)
	if err != nil {
		return nil, attest.Refuse(CodeResponse, where, "a time-stamp", "").Because(err)
	}
	if got == nil || got.Cmp(nonce) != 0 {
		return nil, attest.Refuse(CodeStampNonce, where, "the nonce of the request", "another or none")
	}
	return a.body, nil
}

// nonceOf returns the nonce of a time-stamp, nil if it has none.
func nonceOf(der []byte) (*big.Int, error) {
	var r stampResponse
	if _, err := asn1.Unmarshal(der, &r); err != nil {
		return nil, err
	}
	var info stampInfo
	if _, err := asn1.Unmarshal(r.Token.Signed.Content.Info, &info); err != nil {
		return nil, err
	}
	return info.Nonce, nil
}
