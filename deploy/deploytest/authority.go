package deploytest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// MediaType is the media type of an Authority's attestations: an Ed25519
// signature of 64 bytes and the statement.
const MediaType = "application/vnd.sealwright.deploytest.v1"

// An Authority is an attest.Signer, attest.Attestor and attest.Verifier with one
// Ed25519 key that follows from its name. Its name in verified evidence is
// "test:" and the given name. It is safe for concurrent use.
type Authority struct {
	name string
	key  ed25519.PrivateKey
}

// NewAuthority returns the authority of that name.
func NewAuthority(name string) *Authority {
	seed := sha256.Sum256([]byte("deploytest authority " + name))
	return &Authority{"test:" + name, ed25519.NewKeyFromSeed(seed[:])}
}

// Public implements attest.Signer.
func (a *Authority) Public() crypto.PublicKey { return a.key.Public() }

// Sign implements attest.Signer.
func (a *Authority) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return ed25519.Sign(a.key, message), nil
}

// Attest implements attest.Attestor.
func (a *Authority) Attest(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
	if s == nil {
		return attest.Attestation{}, attest.Refuse(attest.CodeNil, "statement", "a statement", "nil")
	}
	sig, err := a.Sign(ctx, s.Bytes())
	if err != nil {
		return attest.Attestation{}, err
	}
	return attest.Attestation{MediaType: MediaType, Body: append(sig, s.Bytes()...)}, nil
}

// Verify implements attest.Verifier.
func (a *Authority) Verify(ctx context.Context, e attest.Attestation, want attest.Want) (*attest.Verified, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if e.MediaType != MediaType {
		return nil, attest.Refuse(attest.CodeMediaType, "attestation", MediaType, e.MediaType)
	}
	if len(e.Body) < ed25519.SignatureSize {
		return nil, attest.Refuse(CodeSignature, "attestation", "a signature", "less")
	}
	sig, message := e.Body[:ed25519.SignatureSize], bytes.Clone(e.Body[ed25519.SignatureSize:])
	public := a.key.Public().(ed25519.PublicKey)
	if !ed25519.Verify(public, message, sig) {
		return nil, attest.Refuse(CodeSignature, "attestation", "a signature of "+a.name, "another")
	}
	s, err := attest.ParseStatement(message, attest.Limits{})
	if err != nil {
		return nil, err
	}
	if err := want.Check(s); err != nil {
		return nil, err
	}
	signer := attest.Identity{Subject: a.name, Key: sum(public)}
	return attest.Seal(attest.Facts{Authority: a.name, Statement: s, Evidence: sum(e.Body), Signers: []attest.Identity{signer}})
}

// sum returns the SHA-256 digest of b.
func sum(b []byte) digest.Digest {
	s := sha256.Sum256(b)
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(s[:])}
}
