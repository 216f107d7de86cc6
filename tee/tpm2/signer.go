package tpm2

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"

	tpm "github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/sealwright/sealwright/attest"
)

// A Signer is an attest.Signer whose ECDSA P-256 key was made in the TPM and
// cannot leave it. A quoter certifies it (QuoterConfig.Signer).
type Signer struct {
	object *object
	key    *key
	spki   []byte
}

var _ attest.Signer = (*Signer)(nil)

// NewSigner loads a signing key of the owner hierarchy. The key follows from the
// TPM's storage seed and the label: the same label on the same TPM gives the
// same key, another label another key. Close unloads it.
func (d *Device) NewSigner(ctx context.Context, label string) (*Signer, error) {
	template := signingTemplate(false)
	// The unique field of a primary key's template is input to its derivation
	// (TPM 2.0 part 1, "Primary Object creation").
	sum := sha256.Sum256([]byte(label))
	template.Unique = tpm.NewTPMUPublicID(tpm.TPMAlgECC, &tpm.TPMSECCPoint{
		X: tpm.TPM2BECCParameter{Buffer: sum[:]}, Y: tpm.TPM2BECCParameter{Buffer: make([]byte, 32)},
	})
	o, k, err := d.createSigning(ctx, tpm.TPMRHOwner, template)
	if err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(k.public)
	if err != nil {
		return nil, errors.Join(refused("TPM2_CreatePrimary", err), o.close(ctx))
	}
	return &Signer{o, k, spki}, nil
}

// Public returns the *ecdsa.PublicKey.
func (s *Signer) Public() crypto.PublicKey { return s.key.public }

// Close unloads the key from the TPM.
func (s *Signer) Close(ctx context.Context) error { return s.object.close(ctx) }

// Sign returns the ASN.1 DER signature of the SHA-256 digest of message.
func (s *Signer) Sign(ctx context.Context, message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	var r *tpm.SignResponse
	err := s.object.device.do(ctx, func(t transport.TPM) (err error) {
		r, err = tpm.Sign{
			KeyHandle: s.object.auth(), Digest: tpm.TPM2BDigest{Buffer: sum[:]},
			InScheme:   tpm.TPMTSigScheme{Scheme: tpm.TPMAlgNull},
			Validation: tpm.TPMTTKHashCheck{Tag: tpm.TPMSTHashCheck},
		}.Execute(t)
		if err != nil {
			return refused("TPM2_Sign", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	sig, err := r.Signature.Signature.ECDSA()
	if err != nil {
		return nil, refused("TPM2_Sign", err)
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{
		new(big.Int).SetBytes(sig.SignatureR.Buffer), new(big.Int).SetBytes(sig.SignatureS.Buffer),
	})
	if err != nil {
		return nil, refused("TPM2_Sign", err)
	}
	if !ecdsa.VerifyASN1(s.key.public, sum[:], der) {
		return nil, attest.Refuse(CodeSignature, "TPM2_Sign", "a signature by the key", "one that does not verify")
	}
	return der, nil
}
