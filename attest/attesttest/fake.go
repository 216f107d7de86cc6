package attesttest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// MediaType is that of a Fake's evidence.
const MediaType = "application/vnd.sealwright.test-attestation.v1+json"

// domain separates what a Fake signs from every other message.
const domain = "sealwright attesttest v1\n"

// A Fake attests and verifies under one key that follows from its label. Two
// Fakes with one label trust each other; two with different labels do not. It
// is safe for concurrent use.
type Fake struct {
	label  string
	signer attest.Signer
	print  digest.Digest
}

var (
	_ attest.Attestor = (*Fake)(nil)
	_ attest.Verifier = (*Fake)(nil)
)

// New returns the Fake of a label, which must not be empty.
func New(label string) *Fake {
	if label == "" {
		panic("attesttest: a Fake needs a label")
	}
	signer := Signer(label)
	return &Fake{label, signer, fingerprint(signer)}
}

// Signer returns an Ed25519 signer whose seed is the SHA-256 digest of label.
func Signer(label string) attest.Signer {
	seed := sha256.Sum256([]byte(domain + label))
	signer, err := key.FromCryptoSigner(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		panic(err) // an Ed25519 key of the right length is never refused
	}
	return signer
}

func fingerprint(s attest.Signer) digest.Digest {
	print, err := key.Fingerprint(s.Public())
	if err != nil {
		panic(err) // as in Signer
	}
	return print
}

// Authority returns the name under which f seals: "test:" and the label.
func (f *Fake) Authority() string { return "test:" + f.label }

// Identity returns the principal that f's evidence names: the label.
func (f *Fake) Identity() attest.Identity { return attest.Identity{Subject: f.label, Key: f.print} }

// evidence is the body of a Fake's attestation.
type evidence struct {
	Statement []byte `json:"statement"`
	Signature []byte `json:"signature"`
}

// Attest signs statement.
func (f *Fake) Attest(ctx context.Context, statement *attest.Statement) (attest.Attestation, error) {
	var none attest.Attestation
	if statement == nil || len(statement.Bytes()) == 0 {
		return none, attest.Refuse(attest.CodeNil, "statement", "a statement", "none")
	}
	payload := statement.Bytes()
	sig, err := f.signer.Sign(ctx, append([]byte(domain), payload...))
	if err != nil {
		return none, err
	}
	body, err := strictjson.Marshal(evidence{payload, sig})
	if err != nil {
		return none, attest.Refuse(CodeFormat, "evidence", "JSON", "").Because(err)
	}
	return attest.Attestation{MediaType: MediaType, Body: body}, nil
}

// Verify accepts what a Fake of the same label attested, byte for byte.
func (f *Fake) Verify(ctx context.Context, a attest.Attestation, want attest.Want) (*attest.Verified, error) {
	if ctx.Err() != nil {
		return nil, attest.Refuse(attest.CodeCanceled, "context", "", "").Because(context.Cause(ctx))
	}
	statement, err := f.open(a)
	if err != nil {
		return nil, errors.Join(want.Validate(), err)
	}
	if err := want.Check(statement); err != nil {
		return nil, err
	}
	return attest.Seal(attest.Facts{
		Authority: f.Authority(),
		Statement: statement,
		Evidence:  digest.FromBytes(a.Body),
		Signers:   []attest.Identity{f.Identity()},
	})
}

// open returns the statement of evidence that f's key signed.
func (f *Fake) open(a attest.Attestation) (*attest.Statement, error) {
	if a.MediaType != MediaType {
		return nil, attest.Refuse(attest.CodeMediaType, "Attestation.MediaType", MediaType, "another")
	}
	var e evidence
	if err := strictjson.Unmarshal(a.Body, &e, strictjson.Options{Bytes: 32 << 20}); err != nil {
		return nil, attest.Refuse(CodeFormat, "evidence", "what a Fake writes", "").Because(err)
	}
	if again, err := strictjson.Marshal(e); err != nil || !bytes.Equal(again, a.Body) {
		return nil, attest.Refuse(CodeFormat, "evidence", "what a Fake writes", "another spelling of it").Because(err)
	}
	if err := key.Verify(f.signer.Public(), slices.Concat([]byte(domain), e.Statement), e.Signature); err != nil {
		return nil, attest.Refuse(CodeSignature, "evidence", "a signature by "+f.print.String(), "another").Because(err)
	}
	return attest.ParseStatement(e.Statement, attest.Limits{})
}
