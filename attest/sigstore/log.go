package sigstore

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// log is a trusted Rekor log.
type log struct {
	name   string // base URL
	host   string // the origin of checkpoints in Rekor v2
	id     []byte
	hint   uint32 // the key hash of checkpoints' signatures
	public crypto.PublicKey
	window chain.Window
}

func newLog(w wireLog, where string) (log, error) {
	public, window, err := keyOf(w, where)
	if err != nil {
		return log{}, err
	}
	u, err := url.Parse(w.BaseURL)
	if err != nil || u.Hostname() == "" {
		return log{}, attest.Refuse(CodeRootLog, where+"/baseUrl", "a URL with a host", excerpt.Quote(w.BaseURL)).Because(err)
	}
	l := log{name: w.BaseURL, host: u.Hostname(), id: w.LogID, public: public, window: window}
	if len(l.id) < 4 || !idMatches(l.id, public, l.host) {
		return log{}, attest.Refuse(CodeRootLog, where+"/logId", "the digest of the log's key", hex.EncodeToString(l.id))
	}
	l.hint = binary.BigEndian.Uint32(l.id)
	return l, nil
}

// idMatches reports whether id is that of a log's key: the SHA-256 digest of its
// SubjectPublicKeyInfo (RFC 6962 section 3.2), or for Ed25519 under an origin
// the key id of a signed note (C2SP signed-note), whole or the first 4 bytes.
func idMatches(id []byte, public crypto.PublicKey, origin string) bool {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return false
	}
	if sum := sha256.Sum256(der); bytes.Equal(id, sum[:]) {
		return true
	}
	k, ok := public.(ed25519.PublicKey)
	if !ok || origin == "" {
		return false
	}
	const algorithmEd25519 = 1
	sum := sha256.Sum256(append([]byte(origin+"\n"+string(rune(algorithmEd25519))), k...))
	return bytes.Equal(id, sum[:]) || bytes.Equal(id, sum[:4])
}

// verifyPromise verifies a signed entry timestamp: Rekor v1 signs the canonical
// JSON (RFC 8785) of body, time, index and log id, with SHA-256.
func (l *log) verifyPromise(e *wireEntry) bool {
	m := make([]byte, 0, len(e.Body)*4/3+256)
	m = append(m, `{"body":"`...)
	m = base64.StdEncoding.AppendEncode(m, e.Body)
	m = append(m, `","integratedTime":`...)
	m = strconv.AppendInt(m, e.Time, 10)
	m = append(m, `,"logID":"`...)
	m = hex.AppendEncode(m, l.id)
	m = append(m, `","logIndex":`...)
	m = append(strconv.AppendInt(m, e.LogIndex, 10), '}')
	if k, ok := l.public.(*ecdsa.PublicKey); ok {
		sum := sha256.Sum256(m)
		return ecdsa.VerifyASN1(k, sum[:], e.Promise)
	}
	return scheme{}.verifyMessage(l.public, m, e.Promise) == nil
}

// noteKeys finds this log's key in a signed note. Rekor v1 signs under names
// that no configuration tells; Rekor v2 under its origin.
type noteKeys struct {
	log *log
	v2  bool
}

// Verifier implements note.Verifiers.
func (n noteKeys) Verifier(name string, hash uint32) (note.Verifier, error) {
	if hash != n.log.hint || n.v2 && name != n.log.host {
		return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
	}
	return noteKey{n.log, name}, nil
}

type noteKey struct {
	log  *log
	name string
}

func (k noteKey) Name() string    { return k.name }
func (k noteKey) KeyHash() uint32 { return k.log.hint }
func (k noteKey) Verify(msg, sig []byte) bool {
	return scheme{}.verifyMessage(k.log.public, msg, sig) == nil
}

// openCheckpoint verifies that the log signed a checkpoint. In Rekor v2 its
// origin is the log's host name, in v1 a name and the tree's number.
func (l *log) openCheckpoint(signed []byte, v2 bool, where string) (c tlog.Checkpoint, err error) {
	n, err := note.Open(signed, noteKeys{l, v2})
	if err != nil {
		unsigned, _ := errors.AsType[*note.UnverifiedNoteError](err)
		invalid, _ := errors.AsType[*note.InvalidSignatureError](err)
		if unsigned != nil || invalid != nil {
			return c, attest.Refuse(CodeCheckpointSignature, where, "a signature by the log", "").Because(err)
		}
		return c, attest.Refuse(CodeCheckpoint, where, "a signed note", "").Because(err)
	}
	for _, sig := range slices.Concat(n.Sigs, n.UnverifiedSigs) {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil { // note.Open lets bits beyond the last byte pass
			return c, attest.Refuse(CodeCheckpoint, where, "signatures in canonical base64", excerpt.Quote(sig.Base64)).Because(err)
		}
	}
	c, err = tlog.ParseCheckpoint(n.Text)
	if err != nil {
		return c, attest.Refuse(CodeCheckpoint, where, "origin, size and root", "").Because(err)
	}
	if v2 && c.Origin != l.host || !v2 && !isOriginV1(c.Origin, n.Sigs[0].Name) {
		return c, attest.Refuse(CodeCheckpoint, where, "the log's origin", excerpt.Quote(c.Origin))
	}
	return c, nil
}

// isOriginV1 reports whether a Rekor v1 origin is the name under which the log
// signed, alone or with its tree's number.
func isOriginV1(origin, name string) bool {
	if origin == name {
		return true
	}
	number, ok := strings.CutPrefix(origin, name+" - ")
	if !ok {
		return false
	}
	_, err := strconv.ParseUint(number, 10, 64)
	return err == nil
}

// verifyInclusion verifies that the entry is in the tree of a checkpoint that
// the log signed, and returns the checkpoint's origin.
func (l *log) verifyInclusion(e *wireEntry, v2 bool, where string) (string, error) {
	p := e.Proof
	if p.Checkpoint == nil {
		return "", attest.Refuse(CodeCheckpoint, where, "a checkpoint", "none")
	}
	c, err := l.openCheckpoint(p.Checkpoint, v2, where+"/checkpoint")
	if err != nil {
		return "", err
	}
	if c.Size != uint64(p.TreeSize) || !bytes.Equal(c.Root[:], p.RootHash) {
		return "", attest.Refuse(CodeCheckpoint, where, "the tree of the checkpoint", "another")
	}
	if p.HashCount > tlog.MaxProof || !p.Whole {
		return "", attest.Refuse(CodeInclusion, where+"/hashes", "at most "+strconv.Itoa(tlog.MaxProof)+" of 32 bytes", strconv.Itoa(p.HashCount))
	}
	if err := tlog.CheckInclusion(c, uint64(p.LogIndex), tlog.LeafHash(e.Body), p.Hashes); err != nil {
		return "", attest.Refuse(CodeInclusion, where, "a proof from the entry to the root", "").Because(err)
	}
	return c.Origin, nil
}
