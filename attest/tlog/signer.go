package tlog

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Signer signs checkpoints under one Key, for a log or a witness. It is safe
// for concurrent use.
type Signer struct {
	key     Key
	signer  attest.Signer
	mldsa44 VerifyMLDSA44
}

// NewSigner returns the Signer of a name: for algorithms Ed25519 and
// CosignatureV1 s must hold an Ed25519 key, for MLDSA44 one of ML-DSA-44, of
// which Public has a method Bytes() []byte. mldsa44 verifies what was signed; it
// may be nil for Ed25519.
//
// One Ed25519 key must not cosign under two names, nor be a log's and a witness's:
// the signed message does not tell them apart.
func NewSigner(name string, algorithm Algorithm, s attest.Signer, mldsa44 VerifyMLDSA44) (*Signer, error) {
	if s == nil {
		return nil, attest.Refuse(attest.CodeNil, "signer", "a signer", "nil")
	}
	k := Key{Name: name, Algorithm: algorithm}
	switch public := s.Public().(type) {
	case ed25519.PublicKey:
		if algorithm == MLDSA44 {
			return nil, attest.Refuse(CodeKey, "signer", "an ML-DSA-44 key", "Ed25519")
		}
		k.Public = slices.Clone(public)
	case interface{ Bytes() []byte }:
		if algorithm != MLDSA44 {
			return nil, attest.Refuse(CodeKey, "signer", "an Ed25519 key", fmt.Sprintf("%T", public))
		}
		k.Public = public.Bytes()
	default:
		return nil, attest.Refuse(CodeKey, "signer", "an Ed25519 or ML-DSA-44 key", fmt.Sprintf("%T", public))
	}
	if err := checkKeys([]Key{k}, mldsa44); err != nil {
		return nil, err
	}
	return &Signer{k, s, mldsa44}, nil
}

// Key returns the key under which s signs.
func (s *Signer) Key() Key { return s.key }

// Sign signs the text of a checkpoint and returns the signature line. Cosigners
// state the time at, in whole seconds, or none if it is zero; for algorithm
// Ed25519 it does not matter. The signature is verified before it is returned.
func (s *Signer) Sign(ctx context.Context, c Checkpoint, at time.Time) (string, error) {
	if err := c.Validate(); err != nil {
		return "", err
	}
	if err := alive(ctx); err != nil {
		return "", err
	}
	message, stamp := []byte(c.Text()), []byte(nil)
	if s.key.Algorithm != Ed25519 {
		seconds, err := secondsOf(at)
		if err != nil {
			return "", err
		}
		if message, err = cosigned(s.key, c.Text(), seconds); err != nil {
			return "", err
		}
		stamp = binary.BigEndian.AppendUint64(nil, seconds)
	}
	sig, err := s.signer.Sign(ctx, message)
	if err != nil {
		return "", attest.Refuse(CodeSigner, "signer "+excerpt.Quote(s.key.Name), "a signature", "").Because(err)
	}
	sig = append(stamp, sig...)
	if !(verifier{s.key, s.mldsa44}).Verify([]byte(c.Text()), sig) {
		return "", attest.Refuse(CodeSigner, "signer "+excerpt.Quote(s.key.Name), "a signature by its public key", "another")
	}
	id := binary.BigEndian.AppendUint32(nil, s.key.ID())
	return "— " + s.key.Name + " " + base64.StdEncoding.EncodeToString(append(id, sig...)) + "\n", nil
}

func secondsOf(at time.Time) (uint64, error) {
	if at.IsZero() {
		return 0, nil
	}
	if at.Unix() <= 0 {
		return 0, attest.Refuse(CodeNumber, "timestamp", "a time after 1970", at.UTC().Format(time.RFC3339))
	}
	return uint64(at.Unix()), nil
}

// SignCheckpoint returns c as a signed note with one signature by each signer, in
// their order.
func SignCheckpoint(ctx context.Context, c Checkpoint, at time.Time, signers ...*Signer) ([]byte, error) {
	if len(signers) == 0 {
		return nil, attest.Refuse(attest.CodeNil, "signers", "at least one", "none")
	}
	signed := c.Text() + "\n"
	for _, s := range signers {
		if s == nil {
			return nil, attest.Refuse(attest.CodeNil, "signers", "a signer", "nil")
		}
		l, err := s.Sign(ctx, c, at)
		if err != nil {
			return nil, err
		}
		signed += l
	}
	return []byte(signed), nil
}

// AddSignatures returns a signed note with the signature lines, as a witness
// returns them, at its end. A line that the note has already is left out. It
// verifies form only: Policy.Open tells what the lines are worth.
func AddSignatures(signed, lines []byte) ([]byte, error) {
	old, err := parseNote(signed)
	if err != nil {
		return nil, err
	}
	added, err := parseNote(append([]byte(old.Text+"\n"), lines...))
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.Write(signed)
	for _, s := range added.UnverifiedSigs {
		if !slices.Contains(old.UnverifiedSigs, s) {
			b.WriteString(signatureLine(s))
		}
	}
	return []byte(b.String()), nil
}

func signatureLine(s note.Signature) string { return "— " + s.Name + " " + s.Base64 + "\n" }

func alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return attest.Refuse(attest.CodeCanceled, "context", "", "").Because(context.Cause(ctx))
	}
	return nil
}
