package sigstore

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// Signed is what a Verifier established about a bundle that holds no in-toto
// Statement v1. Only a Verifier makes one; the zero Signed, and a nil one,
// answer nothing. It is immutable and safe for concurrent use.
type Signed struct {
	authority string
	evidence  digest.Digest
	artifact  digest.Digest
	payload   []byte
	proof     proof
}

// VerifyArtifact verifies a bundle with a message signature of the artifact of
// a digest. The digest must be by the algorithm that belongs to the signer's
// key: SHA-256 for P-256 and RSA, SHA-384 for P-384, SHA-512 for P-521 and
// Ed25519 (as Ed25519ph). It refuses a bundle with an envelope.
func (v *Verifier) VerifyArtifact(ctx context.Context, a attest.Attestation, artifact digest.Digest) (*Signed, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	wantErr := artifact.Validate()
	b, err := v.open(a)
	if err != nil {
		return nil, errors.Join(wantErr, err)
	}
	switch {
	case b.envelope:
		wantErr = errors.Join(wantErr, attest.Refuse(CodeContentKind, "", "a message signature", "an envelope"))
	case b.artifact != artifact:
		wantErr = errors.Join(wantErr, attest.Refuse(CodeArtifact, "/messageSignature/messageDigest", excerpt.Quote(artifact.String()), b.artifact.String()))
	}
	p, err := v.judge(ctx, b)
	if err := errors.Join(wantErr, err); err != nil {
		return nil, err
	}
	return &Signed{authority: v.authority, evidence: digest.FromBytes(a.Body), artifact: artifact, proof: *p}, nil
}

// VerifyEnvelope verifies a bundle with an envelope of a payload type that the
// caller reads itself: an older statement, another format. It judges nothing of
// the payload.
func (v *Verifier) VerifyEnvelope(ctx context.Context, a attest.Attestation, payloadType string) (*Signed, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	b, err := v.open(a)
	if err != nil {
		return nil, err
	}
	var wantErr error
	if !b.envelope || b.payloadType != payloadType {
		wantErr = attest.Refuse(CodeContentKind, "", "an envelope of "+excerpt.Quote(payloadType), excerpt.Quote(b.payloadType))
	}
	p, err := v.judge(ctx, b)
	if err := errors.Join(wantErr, err); err != nil {
		return nil, err
	}
	return &Signed{authority: v.authority, evidence: digest.FromBytes(a.Body), payload: b.payload, proof: *p}, nil
}

// IsZero reports whether s carries nothing.
func (s *Signed) IsZero() bool { return s == nil || s.authority == "" }

// Authority returns the name of the verifier's trust.
func (s *Signed) Authority() string {
	if s == nil {
		return ""
	}
	return s.authority
}

// Evidence returns the SHA-256 digest of the bundle.
func (s *Signed) Evidence() digest.Digest {
	if s == nil {
		return digest.Digest{}
	}
	return s.evidence
}

// Artifact returns the digest whose message is signed; the zero Digest for an
// envelope.
func (s *Signed) Artifact() digest.Digest {
	if s == nil {
		return digest.Digest{}
	}
	return s.artifact
}

// Payload returns a copy of the envelope's payload; nil for a message signature.
func (s *Signed) Payload() []byte {
	if s == nil {
		return nil
	}
	return bytes.Clone(s.payload)
}

// Signer returns who signed.
func (s *Signed) Signer() attest.Identity {
	if s == nil {
		return attest.Identity{}
	}
	return s.proof.signer
}

// Claims returns what the certificate says of its holder; the zero Claims for
// a long-lived key.
func (s *Signed) Claims() chain.Claims {
	if s == nil {
		return chain.Claims{}
	}
	return s.proof.claims
}

// Times returns a copy of the trusted times.
func (s *Signed) Times() []attest.TrustedTime {
	if s == nil {
		return nil
	}
	return slices.Clone(s.proof.times)
}

// Inclusions returns a copy of the proven log entries.
func (s *Signed) Inclusions() []attest.Inclusion {
	if s == nil {
		return nil
	}
	return slices.Clone(s.proof.inclusions)
}

// Cosigners returns the names of the witnesses who cosigned the checkpoints of
// the log entries; none where the trust demands none.
func (s *Signed) Cosigners() []string {
	if s == nil {
		return nil
	}
	return slices.Clone(s.proof.cosigners)
}
