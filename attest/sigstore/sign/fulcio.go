package sign

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"

	"github.com/sealwright/sealwright/attest"
)

// certificateRequest is CreateSigningCertificateRequest of Fulcio's API version 2
// (fulcio.proto). The token goes into a header, which unlike a body is not
// repeated where a request is sent on.
type certificateRequest struct {
	Key struct {
		Public struct {
			Algorithm string `json:"algorithm"`
			Content   string `json:"content"` // PEM
		} `json:"publicKey"`
		Proof []byte `json:"proofOfPossession"`
	} `json:"publicKeyRequest"`
}

// certificateResponse is SigningCertificate of Fulcio's API version 2.
type certificateResponse struct {
	Embedded *certificates `json:"signedCertificateEmbeddedSct"`
	Detached *certificates `json:"signedCertificateDetachedSct"`
}

type certificates struct {
	Chain struct {
		Certificates []string `json:"certificates"` // PEM, from the signing one on
	} `json:"chain"`
}

// certify has a key certified for the holder of a token. Each call issues one
// certificate into the transparency logs, so none is repeated.
func (s *Signer) certify(ctx context.Context, t Token, k *ecdsa.PrivateKey) (*x509.Certificate, error) {
	spki, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		return nil, attest.Refuse(CodeConfig, "key", "a key", "").Because(err)
	}
	sum := sha256.Sum256([]byte(t.challenge))
	proof, err := ecdsa.SignASN1(rand.Reader, k, sum[:])
	if err != nil {
		return nil, attest.Refuse(CodeConfig, "key", "a signature", "").Because(err)
	}
	var r certificateRequest
	r.Key.Public.Algorithm = "ECDSA"
	r.Key.Public.Content = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
	r.Key.Proof = proof
	body, err := json.Marshal(r)
	if err != nil {
		return nil, attest.Refuse(CodeConfig, "request", "JSON", "").Because(err)
	}
	header := media()
	header["Authorization"] = "Bearer " + t.raw
	where := under(s.services.Fulcio, "/api/v2/signingCert")
	a, err := s.caller.do(ctx, request{method: http.MethodPost, url: where, header: header, body: body,
		status: []int{http.StatusOK, http.StatusCreated}})
	if err != nil {
		return nil, err
	}
	return readCertificate(where, a.body, k)
}

// readCertificate takes the signing certificate of Fulcio's answer, which must be
// of the key. The rest of its chain adds nothing: it is in the trusted root.
func readCertificate(where string, body []byte, k *ecdsa.PrivateKey) (*x509.Certificate, error) {
	var w certificateResponse
	if err := decodeAnswer(where, body, &w); err != nil {
		return nil, err
	}
	chain := w.Embedded
	if chain == nil {
		chain = w.Detached
	}
	if chain == nil || len(chain.Chain.Certificates) == 0 {
		return nil, attest.Refuse(CodeCertificate, where, "a certificate chain", "none")
	}
	block, _ := pem.Decode([]byte(chain.Chain.Certificates[0]))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, attest.Refuse(CodeCertificate, where, "a certificate in PEM", "")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, attest.Refuse(CodeCertificate, where, "a certificate", "").Because(err)
	}
	if !k.PublicKey.Equal(leaf.PublicKey) {
		return nil, attest.Refuse(CodeCertificateKey, where, "a certificate of the key that was sent", "another")
	}
	return leaf, nil
}
