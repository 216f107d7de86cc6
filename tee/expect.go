package tee

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// Expect is what a relying party demands that evidence is about. Every field
// is compared exactly: an empty Statement means that the evidence must speak
// for no statement, not that any will do. Purpose, Nonce and At are mandatory.
type Expect struct {
	Purpose string
	// Nonce is the challenge, as the Appraiser's NonceStore issued it.
	Nonce []byte
	// Key is the key that the evidence speaks for; nil when it speaks for none.
	Key crypto.PublicKey
	// Statement, Audience and BuildID are as in Binding.
	Statement digest.Digest
	Audience  string
	BuildID   string
	// At is the moment to judge at: now, or a trusted time of the evidence.
	At time.Time
}

// Binding returns the binding that satisfies e: an attester in the same
// process can quote it, and the Appraiser compares evidence with it.
func (e Expect) Binding() (Binding, error) {
	b := Binding{
		Purpose: e.Purpose, Nonce: bytes.Clone(e.Nonce), Statement: e.Statement,
		Audience: e.Audience, BuildID: e.BuildID,
	}
	if e.Key != nil {
		der, err := x509.MarshalPKIXPublicKey(e.Key)
		if err != nil {
			return Binding{}, attest.Refuse(CodeBinding, "Expect.Key", "a public key that has an SPKI", "").Because(err)
		}
		b.SPKI = der
	}
	if err := b.Validate(); err != nil {
		return Binding{}, err
	}
	return b, nil
}

// match compares field by field, so that a refusal names every field that
// differs. It is only for the reasons: the verdict comes from the digest.
func (b Binding) match(got Binding) []error {
	var errs []error
	refuse := func(code attest.Code, field, want, got string) {
		if want != got {
			errs = append(errs, attest.Refuse(code, "Binding."+field, excerpt.Quote(want), excerpt.Quote(got)))
		}
	}
	refuse(CodePurposeMismatch, "Purpose", b.Purpose, got.Purpose)
	refuse(CodeNonceMismatch, "Nonce", hex.EncodeToString(b.Nonce), hex.EncodeToString(got.Nonce))
	refuse(CodeKeyMismatch, "SPKI", hex.EncodeToString(b.SPKI), hex.EncodeToString(got.SPKI))
	refuse(CodeStatementMismatch, "Statement", b.Statement.String(), got.Statement.String())
	refuse(CodeAudienceMismatch, "Audience", b.Audience, got.Audience)
	refuse(CodeBuildMismatch, "BuildID", b.BuildID, got.BuildID)
	return errs
}
