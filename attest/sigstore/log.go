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
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/chain"
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
	l := log{name: w.BaseURL, host: u.Hostname(), id: w.LogID.KeyID, public: public, window: window}
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
	m = strconv.AppendInt(m, int64(e.Time), 10)
	m = append(m, `,"logID":"`...)
	m = hex.AppendEncode(m, l.id)
	m = append(m, `","logIndex":`...)
	m = append(strconv.AppendInt(m, int64(e.LogIndex), 10), '}')
	if k, ok := l.public.(*ecdsa.PublicKey); ok {
		sum := sha256.Sum256(m)
		return ecdsa.VerifyASN1(k, sum[:], e.Promise.Timestamp)
	}
	return verifyMessage(l.public, m, e.Promise.Timestamp) == nil
}

// checkpoint is a verified checkpoint (C2SP tlog-checkpoint).
type checkpoint struct {
	origin string
	size   int64
	root   tlog.Hash
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

func (k noteKey) Name() string                { return k.name }
func (k noteKey) KeyHash() uint32             { return k.log.hint }
func (k noteKey) Verify(msg, sig []byte) bool { return verifyMessage(k.log.public, msg, sig) == nil }

// openCheckpoint verifies that the log signed a checkpoint. In Rekor v2 its
// origin is the log's host name, in v1 a name and the tree's number.
func (l *log) openCheckpoint(text string, v2 bool, where string) (c checkpoint, err error) {
	n, err := note.Open([]byte(text), noteKeys{l, v2})
	if err != nil {
		unsigned, _ := errors.AsType[*note.UnverifiedNoteError](err)
		invalid, _ := errors.AsType[*note.InvalidSignatureError](err)
		if unsigned != nil || invalid != nil {
			return c, attest.Refuse(CodeCheckpointSignature, where, "a signature by the log", "").Because(err)
		}
		return c, attest.Refuse(CodeCheckpoint, where, "a signed note", "").Because(err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || len(lines) > 32 {
		return c, attest.Refuse(CodeCheckpoint, where, "origin, size and root", "")
	}
	c.origin = lines[0]
	if v2 && c.origin != l.host || !v2 && !hasTreeID(c.origin, n.Sigs[0].Name) {
		return c, attest.Refuse(CodeCheckpoint, where, "the log's origin", excerpt.Quote(c.origin))
	}
	c.size, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || c.size < 1 || strconv.FormatInt(c.size, 10) != lines[1] {
		return c, attest.Refuse(CodeCheckpoint, where, "a size in decimal", excerpt.Quote(lines[1]))
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return c, attest.Refuse(CodeCheckpoint, where, "a root hash in base64", excerpt.Quote(lines[2]))
	}
	copy(c.root[:], root)
	return c, nil
}

// hasTreeID reports whether a Rekor v1 origin is the name under which the log
// signed and its tree's number.
func hasTreeID(origin, name string) bool {
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
	c, err := l.openCheckpoint(p.Checkpoint.Envelope, v2, where+"/checkpoint")
	if err != nil {
		return "", err
	}
	if c.size != int64(p.TreeSize) || !bytes.Equal(c.root[:], p.RootHash) {
		return "", attest.Refuse(CodeCheckpoint, where, "the tree of the checkpoint", "another")
	}
	if len(p.Hashes) > 63 {
		return "", attest.Refuse(CodeInclusion, where+"/hashes", "at most 63", strconv.Itoa(len(p.Hashes)))
	}
	proof := make(tlog.RecordProof, len(p.Hashes))
	for i, h := range p.Hashes {
		if len(h) != tlog.HashSize {
			return "", attest.Refuse(CodeInclusion, where+"/hashes", strconv.Itoa(tlog.HashSize)+" bytes", strconv.Itoa(len(h)))
		}
		copy(proof[i][:], h)
	}
	if err := tlog.CheckRecord(proof, c.size, c.root, int64(p.LogIndex), tlog.RecordHash(e.Body)); err != nil {
		return "", attest.Refuse(CodeInclusion, where, "a proof from the entry to the root", "").Because(err)
	}
	return c.origin, nil
}
