package ledger

import (
	"bytes"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/internal/excerpt"
	"golang.org/x/mod/sumdb/tlog"
)

// A Type tells what the payload of an entry is. The zero Type is refused.
type Type byte

// TypeAttestation is the type of an attestation: its media type, a line feed and
// its body.
const TypeAttestation Type = 1

// An Entry is one leaf of the log.
type Entry struct {
	Type    Type
	Payload []byte
}

// bytes returns the leaf's data: the type and the payload.
func (e Entry) bytes() []byte {
	b := make([]byte, 0, 1+len(e.Payload))
	return append(append(b, byte(e.Type)), e.Payload...)
}

// Leaf returns the entry's leaf hash.
func (e Entry) Leaf() deploy.Hash { return deploy.Hash(tlog.RecordHash(e.bytes())) }

// AttestationEntry returns the entry that holds an attestation.
func AttestationEntry(a attest.Attestation) (Entry, error) {
	if a.MediaType == "" || bytes.ContainsRune([]byte(a.MediaType), '\n') || len(a.Body) == 0 {
		return Entry{}, attest.Refuse(CodeEntryType, "attestation", "a media type and a body", excerpt.Quote(a.MediaType))
	}
	payload := make([]byte, 0, len(a.MediaType)+1+len(a.Body))
	payload = append(append(append(payload, a.MediaType...), '\n'), a.Body...)
	return Entry{TypeAttestation, payload}, nil
}

// Attestation returns the attestation that the entry holds. It is unverified.
func (e Entry) Attestation() (attest.Attestation, error) {
	media, body, ok := bytes.Cut(e.Payload, []byte{'\n'})
	if e.Type != TypeAttestation || !ok || len(media) == 0 || len(body) == 0 {
		return attest.Attestation{}, attest.Refuse(CodeEntryType, "entry", "an attestation", "another entry")
	}
	return attest.Attestation{MediaType: string(media), Body: bytes.Clone(body)}, nil
}
