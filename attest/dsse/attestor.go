package dsse

import (
	"context"
	"crypto"
	"encoding/base64"
	"slices"
	"strconv"

	wire "github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// NewAttestor returns an Attestor that writes DSSE envelopes with one signature
// by each signer, in their order; keyid is the hexadecimal SHA-256 digest of
// the key's SubjectPublicKeyInfo. It refuses no signer, more than
// MaxSignatures, one that is nil or whose key is neither of a kind that key.Check
// accepts nor a PublicKey, and one key twice.
//
// Each signature is verified before the envelope is returned: a signer that
// fails, or lies, fails the whole attestation.
func NewAttestor(signers ...attest.Signer) (attest.Attestor, error) {
	if len(signers) == 0 || len(signers) > MaxSignatures {
		return nil, attest.Refuse(CodeSigners, "signers", "1 to "+strconv.Itoa(MaxSignatures), strconv.Itoa(len(signers)))
	}
	a := &attestor{}
	for i, s := range signers {
		where := "signers[" + strconv.Itoa(i) + "]"
		if s == nil {
			return nil, attest.Refuse(attest.CodeNil, where, "a signer", "nil")
		}
		public := s.Public()
		print, err := fingerprint(public)
		if err != nil {
			return nil, attest.Refuse(CodeSigners, where, "a usable key", "").Because(err)
		}
		if slices.ContainsFunc(a.signers, func(k signingKey) bool { return k.print == print }) {
			return nil, attest.Refuse(CodeSigners, where, "each key once", print.String())
		}
		a.signers = append(a.signers, signingKey{s, public, print})
	}
	return a, nil
}

type attestor struct{ signers []signingKey }

type signingKey struct {
	signer attest.Signer
	public crypto.PublicKey
	print  digest.Digest
}

func (a *attestor) Attest(ctx context.Context, statement *attest.Statement) (attest.Attestation, error) {
	var none attest.Attestation
	if statement == nil {
		return none, attest.Refuse(attest.CodeNil, "statement", "a statement", "nil")
	}
	payload := statement.Bytes()
	if len(payload) == 0 {
		return none, attest.Refuse(attest.CodeNil, "statement", "a statement", "the zero Statement")
	}
	pae := wire.PAE(attest.MediaTypeInToto, payload)
	e := wire.Envelope{
		PayloadType: attest.MediaTypeInToto,
		Payload:     base64.StdEncoding.EncodeToString(payload),
		Signatures:  make([]wire.Signature, len(a.signers)),
	}
	for i, s := range a.signers {
		sig, err := s.sign(ctx, pae)
		if err != nil {
			return none, err
		}
		e.Signatures[i] = wire.Signature{KeyID: keyID(s.print), Sig: base64.StdEncoding.EncodeToString(sig)}
	}
	body, err := strictjson.Marshal(e)
	if err != nil {
		return none, refuseJSON("", err)
	}
	return attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: body}, nil
}

// sign signs and verifies. The signer gets a copy: one that changes it must not
// choose what is verified.
func (s signingKey) sign(ctx context.Context, message []byte) ([]byte, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	sig, err := s.signer.Sign(ctx, slices.Clone(message))
	if err == nil {
		err = verify(s.public, message, sig)
	}
	if err != nil {
		return nil, attest.Refuse(CodeSigner, "signer "+s.print.String(), "a signature", "").Because(err)
	}
	return sig, nil
}
