package tlog

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// MaxNote bounds a signed note in bytes; 100 ML-DSA-44 signatures fit.
const MaxNote = 512 << 10

// The bytes before a signature in its line: the key's id, and the timestamp of a
// cosignature.
const (
	idSize   = 4
	timeSize = 8
)

// A Signature is one that was verified.
type Signature struct {
	Key Key
	// Time is when a cosigner says that it signed; it is zero for algorithm Ed25519
	// and for a cosigner that does not say.
	Time time.Time
}

// A Note is a signed note of which at least one signature was verified.
type Note struct {
	Text       string
	Signatures []Signature // in the order of the note, one for each key
}

// OpenNote verifies a signed note (C2SP signed-note) under keys. Signatures by
// other keys are ignored; one that names a key and is not by it refuses the note.
// mldsa44 may be nil if no key is of ML-DSA-44, and a note whose text is no
// checkpoint cannot bear a signature of that algorithm.
func OpenNote(signed []byte, keys []Key, mldsa44 VerifyMLDSA44) (Note, error) {
	if err := checkKeys(keys, mldsa44); err != nil {
		return Note{}, err
	}
	if err := checkForm(signed); err != nil {
		return Note{}, err
	}
	opened, err := note.Open(signed, verifiers{keys, mldsa44})
	var invalid *note.InvalidSignatureError
	var unsigned *note.UnverifiedNoteError
	switch {
	case errors.As(err, &invalid):
		return Note{}, attest.Refuse(CodeSignature, "signature of "+excerpt.Quote(invalid.Name), "a signature by the trusted key", "another").Because(err)
	case errors.As(err, &unsigned):
		return Note{}, attest.Refuse(CodeUnsigned, "note", "a signature by "+names(keys), signers(unsigned.Note)).Because(err)
	case err != nil:
		return Note{}, attest.Refuse(CodeNote, "note", "a signed note", "").Because(err)
	}
	n := Note{Text: opened.Text}
	for _, s := range opened.Sigs {
		i := slices.IndexFunc(keys, func(k Key) bool { return k.Name == s.Name && k.ID() == s.Hash })
		at, err := timeOf(keys[i], s.Base64)
		if err != nil {
			return Note{}, err
		}
		n.Signatures = append(n.Signatures, Signature{keys[i], at})
	}
	return n, nil
}

// checkKeys refuses keys of which two would answer to one signature line, for
// then the order of the list would choose.
func checkKeys(keys []Key, mldsa44 VerifyMLDSA44) error {
	type line struct {
		name string
		id   uint32
	}
	seen := map[line]bool{}
	for _, k := range keys {
		if err := k.Validate(); err != nil {
			return err
		}
		if k.Algorithm == MLDSA44 && mldsa44 == nil {
			return attest.Refuse(CodeMLDSA, "key "+excerpt.Quote(k.Name), "a verifier of ML-DSA-44", "nil")
		}
		l := line{k.Name, k.ID()}
		if seen[l] {
			return attest.Refuse(CodeKey, "key "+excerpt.Quote(k.Name), "each key once", "two of one name and id")
		}
		seen[l] = true
	}
	return nil
}

// checkForm refuses what note.Open would let pass: more bytes than a note needs
// and signatures in a second encoding.
func checkForm(signed []byte) error {
	if len(signed) > MaxNote {
		return attest.Refuse(attest.CodeLimit, "note", "at most "+strconv.Itoa(MaxNote)+" bytes", strconv.Itoa(len(signed)))
	}
	split := bytes.LastIndex(signed, []byte("\n\n"))
	if split < 0 {
		return attest.Refuse(CodeNote, "note", "an empty line before the signatures", "none")
	}
	n := 0
	for l := range bytes.Lines(signed[split+2:]) {
		n++
		where := "signature line " + strconv.Itoa(n)
		l, ended := bytes.CutSuffix(l, []byte("\n"))
		_, encoded, ok := bytes.Cut(bytes.TrimPrefix(l, []byte("— ")), []byte(" "))
		if !ok || !ended || !bytes.HasPrefix(l, []byte("— ")) {
			return attest.Refuse(CodeNote, where, "a dash, a name, a signature and a newline", excerpt.Quote(string(l)))
		}
		if _, err := decode64(where, string(encoded)); err != nil {
			return err
		}
	}
	return nil
}

// parseNote reads a signed note without judging a signature.
func parseNote(signed []byte) (*note.Note, error) {
	if err := checkForm(signed); err != nil {
		return nil, err
	}
	_, err := note.Open(signed, note.VerifierList())
	var unverified *note.UnverifiedNoteError
	if !errors.As(err, &unverified) {
		return nil, attest.Refuse(CodeNote, "note", "a signed note", "").Because(err)
	}
	return unverified.Note, nil
}

// verifiers gives note.Open the keys.
type verifiers struct {
	keys    []Key
	mldsa44 VerifyMLDSA44
}

func (v verifiers) Verifier(name string, id uint32) (note.Verifier, error) {
	for _, k := range v.keys {
		if k.Name == name && k.ID() == id {
			return verifier{k, v.mldsa44}, nil
		}
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: id}
}

type verifier struct {
	key     Key
	mldsa44 VerifyMLDSA44
}

func (v verifier) Name() string    { return v.key.Name }
func (v verifier) KeyHash() uint32 { return v.key.ID() }

// Verify reports whether sig, the bytes after the key's id, is one of text.
func (v verifier) Verify(text, sig []byte) bool {
	if v.key.Algorithm == Ed25519 {
		return ed25519.Verify(v.key.Public, text, sig)
	}
	if len(sig) < timeSize {
		return false
	}
	message, err := cosigned(v.key, string(text), binary.BigEndian.Uint64(sig))
	if err != nil {
		return false
	}
	if v.key.Algorithm == MLDSA44 {
		return v.mldsa44(v.key.Public, message, sig[timeSize:])
	}
	return ed25519.Verify(v.key.Public, message, sig[timeSize:])
}

// timeOf returns the time in a verified signature.
func timeOf(k Key, encoded string) (time.Time, error) {
	if k.Algorithm == Ed25519 {
		return time.Time{}, nil
	}
	b, err := decode64("signature of "+excerpt.Quote(k.Name), encoded)
	if err != nil {
		return time.Time{}, err
	}
	seconds := binary.BigEndian.Uint64(b[idSize:])
	if seconds == 0 {
		return time.Time{}, nil
	}
	return time.Unix(int64(seconds), 0).UTC(), nil // cosigned bounds it by 2^63-1
}

// cosigned returns the message that a cosigner signs (C2SP tlog-cosignature).
func cosigned(k Key, text string, seconds uint64) ([]byte, error) {
	if seconds > math.MaxInt64 {
		return nil, attest.Refuse(CodeNumber, "timestamp", "at most 2^63-1", strconv.FormatUint(seconds, 10))
	}
	c, err := ParseCheckpoint(text)
	if err != nil {
		return nil, err
	}
	if k.Algorithm == CosignatureV1 {
		return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", seconds, text), nil
	}
	if len(c.Origin) > 255 {
		return nil, attest.Refuse(CodeCheckpoint, "origin", "at most 255 bytes for ML-DSA-44", strconv.Itoa(len(c.Origin)))
	}
	m := []byte("subtree/v1\n\x00")
	m = append(append(m, byte(len(k.Name))), k.Name...)
	m = binary.BigEndian.AppendUint64(m, seconds)
	m = append(append(m, byte(len(c.Origin))), c.Origin...)
	m = binary.BigEndian.AppendUint64(m, 0)
	m = binary.BigEndian.AppendUint64(m, c.Size)
	return append(m, c.Root[:]...), nil
}

func names(keys []Key) string {
	all := make([]string, len(keys))
	for i, k := range keys {
		all[i] = excerpt.Quote(k.Name)
	}
	return strings.Join(all, " or ")
}

func signers(n *note.Note) string {
	var all []string
	for _, s := range n.UnverifiedSigs[:min(len(n.UnverifiedSigs), 4)] {
		all = append(all, fmt.Sprintf("%s id %08x", excerpt.Quote(s.Name), s.Hash))
	}
	return strings.Join(all, ", ")
}
