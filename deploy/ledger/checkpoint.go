package ledger

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/internal/excerpt"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Trust names the log that a reader believes: its origin, which is also the name
// of its key in notes, and its Ed25519 public key.
type Trust struct {
	Origin string
	Key    crypto.PublicKey
}

// verifier returns t as a verifier of notes.
func (t Trust) verifier() (note.Verifier, error) {
	key, ok := t.Key.(ed25519.PublicKey)
	if !ok {
		return nil, attest.Refuse(CodeKey, "Trust.Key", "an Ed25519 public key", "another")
	}
	vkey, err := note.NewEd25519VerifierKey(t.Origin, key)
	if err != nil {
		return nil, attest.Refuse(CodeKey, "Trust.Key", "an Ed25519 public key", "another").Because(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil || v.Name() != t.Origin {
		return nil, attest.Refuse(CodeOrigin, "Trust.Origin", "a name without spaces and plus signs", excerpt.Quote(t.Origin)).Because(err)
	}
	return v, nil
}

// A Checkpoint is a verified signed tree head (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   deploy.Hash
	Note   []byte // the signed note; must not be changed
}

// maxNote bounds a checkpoint that is read.
const maxNote = 1 << 16

// ParseCheckpoint verifies a signed note under the log's key and reads it: three
// lines that tell the log's origin, the size of its tree and the root, each in
// its only form, and no extension lines. Further signatures, as of witnesses, are
// allowed; they are not verified, but their base64 must be canonical.
func ParseCheckpoint(signed []byte, trust Trust) (Checkpoint, error) {
	v, err := trust.verifier()
	if err != nil {
		return Checkpoint{}, err
	}
	if len(signed) > maxNote {
		return Checkpoint{}, attest.Refuse(CodeCheckpoint, "note", "at most 65536 bytes", strconv.Itoa(len(signed)))
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, attest.Refuse(CodeCheckpointSignature, "note", "a signature of "+excerpt.Quote(trust.Origin), "").Because(err)
	}
	for _, s := range append(n.Sigs, n.UnverifiedSigs...) {
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil {
			return Checkpoint{}, attest.Refuse(CodeCheckpoint, "signature", "canonical base64", "").Because(err)
		}
	}
	return parseHead(n.Text, trust.Origin, signed)
}

func parseHead(text, origin string, signed []byte) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, attest.Refuse(CodeCheckpoint, "note", "origin, size and root", strconv.Itoa(len(lines)-1)+" lines")
	}
	if lines[0] != origin {
		return Checkpoint{}, attest.Refuse(CodeCheckpointOrigin, "note", excerpt.Quote(origin), excerpt.Quote(lines[0]))
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return Checkpoint{}, attest.Refuse(CodeCheckpoint, "size", "a decimal number", excerpt.Quote(lines[1])).Because(err)
	}
	c := Checkpoint{Origin: origin, Size: size, Note: append([]byte(nil), signed...)}
	if err := c.Root.UnmarshalText([]byte(lines[2])); err != nil {
		return Checkpoint{}, attest.Refuse(CodeCheckpoint, "root", "32 bytes in base64", excerpt.Quote(lines[2])).Because(err)
	}
	return c, nil
}

// noteSigner makes an attest.Signer sign notes under the log's origin.
type noteSigner struct {
	note.Verifier // for the name and hash of the key
	ctx           context.Context
	signer        attest.Signer
}

// Sign implements note.Signer.
func (s noteSigner) Sign(message []byte) ([]byte, error) { return s.signer.Sign(s.ctx, message) }

// signCheckpoint signs the head of a tree, and verifies what the signer gave: a
// ledger whose checkpoint nobody can verify would not open again.
func signCheckpoint(ctx context.Context, signer attest.Signer, trust Trust, size uint64, root deploy.Hash) (Checkpoint, error) {
	v, err := trust.verifier()
	if err != nil {
		return Checkpoint{}, err
	}
	text := trust.Origin + "\n" + strconv.FormatUint(size, 10) + "\n" + root.String() + "\n"
	signed, err := note.Sign(&note.Note{Text: text}, noteSigner{v, ctx, signer})
	if err != nil {
		return Checkpoint{}, attest.Refuse(CodeKey, "signer", "a signature", "").Because(err)
	}
	return ParseCheckpoint(signed, trust)
}

// CheckConsistency reports, by a nil error, that proof shows newer to extend
// older: both are of one log, older is no larger, and its tree is the beginning
// of newer's (RFC 6962 section 2.1.2). CodeRollback tells that older is larger,
// CodeFork that neither tree extends the other.
func CheckConsistency(older, newer Checkpoint, proof []deploy.Hash) error {
	switch {
	case older.Origin != newer.Origin || older.Origin == "":
		return attest.Refuse(CodeCheckpointOrigin, "checkpoint", excerpt.Quote(older.Origin), excerpt.Quote(newer.Origin))
	case older.Size > newer.Size:
		return attest.Refuse(CodeRollback, "checkpoint", "at least "+entries(older.Size), entries(newer.Size))
	case newer.Size > math.MaxInt64:
		return attest.Refuse(CodeCheckpoint, "size", "at most 2^63-1", entries(newer.Size))
	case older.Size == newer.Size || older.Size == 0:
		return checkEdge(older, newer, proof)
	}
	err := tlog.CheckTree(toProof(proof), int64(newer.Size), tlog.Hash(newer.Root), int64(older.Size), tlog.Hash(older.Root))
	if err != nil {
		return attest.Refuse(CodeFork, "checkpoint", "a tree that extends that of "+entries(older.Size), entries(newer.Size)).Because(err)
	}
	return nil
}

// checkEdge treats what needs no proof: equal trees, and the empty one.
func checkEdge(older, newer Checkpoint, proof []deploy.Hash) error {
	var empty tree
	want, err := empty.root(0)
	if older.Size == newer.Size {
		want = newer.Root
	}
	if err != nil || older.Root != want {
		return attest.Refuse(CodeFork, "checkpoint", "one root for "+entries(older.Size), older.Root.String()+" and "+want.String()).Because(err)
	}
	if len(proof) != 0 {
		return attest.Refuse(CodeFork, "proof", "none, where none is needed", strconv.Itoa(len(proof))+" hashes")
	}
	return nil
}

func entries(n uint64) string { return strconv.FormatUint(n, 10) + " entries" }
