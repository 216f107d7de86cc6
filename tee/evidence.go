package tee

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/tee/internal/strictcbor"
)

// MediaTypeEvidence is the media type of encoded Evidence.
const MediaTypeEvidence = "application/vnd.sealwright.tee-evidence.v1+cbor"

// MediaTypeCertificate is the media type of a Blob that holds one certificate
// in DER (RFC 2585).
const MediaTypeCertificate = "application/pkix-cert"

// Limits of Evidence.
const (
	MaxEvidence     = 1 << 20 // bytes, encoded
	MaxEndorsements = 64      // certificates and collateral
	MaxEventLogs    = 16
	maxMediaType    = 255 // bytes
)

// evidenceType is the first thing in every encoded Evidence: no other document
// decodes as one.
const evidenceType = "sealwright-tee-evidence/v1"

// Evidence is what an attester hands over (RFC 9334 section 8.1), unverified.
// Nothing in it may be believed before an Appraiser has judged it.
type Evidence struct {
	// Kind tells which backend reads Raw. It is a claim like everything here.
	Kind Kind
	// MediaType tells the form of Raw.
	MediaType string
	// Raw holds the hardware's own bytes, untouched.
	Raw []byte
	// Endorsements are certificates, leaf first, and other vendor collateral
	// that came with the evidence. A root among them is never trusted.
	Endorsements []Blob
	// EventLogs explain measurements.
	EventLogs []Blob
	// Binding is what the quote is said to be about.
	Binding Binding
}

// A Blob is bytes of a known form.
type Blob struct {
	MediaType string `cbor:"mediaType"`
	Body      []byte `cbor:"body"`
}

type wireEvidence struct {
	Type         string      `cbor:"type"`
	Kind         string      `cbor:"kind"`
	MediaType    string      `cbor:"mediaType"`
	Raw          []byte      `cbor:"raw"`
	Endorsements []Blob      `cbor:"endorsements"`
	EventLogs    []Blob      `cbor:"eventLogs"`
	Binding      wireBinding `cbor:"binding"`
}

type wireBinding struct {
	Purpose   string `cbor:"purpose"`
	Nonce     []byte `cbor:"nonce"`
	SPKI      []byte `cbor:"spki"`
	Statement string `cbor:"statement"`
	Audience  string `cbor:"audience"`
	BuildID   string `cbor:"buildID"`
}

// Validate reports whether e is complete and within its limits. It says
// nothing about whether e is true.
func (e *Evidence) Validate() error {
	if e == nil {
		return attest.Refuse(attest.CodeNil, "Evidence", "evidence", "nil")
	}
	if err := e.Kind.Validate(); err != nil {
		return err
	}
	if len(e.Raw) == 0 {
		return attest.Refuse(CodeEvidenceEmpty, "Evidence.Raw", "the hardware's bytes", "none")
	}
	if err := checkMediaType("Evidence.MediaType", e.MediaType); err != nil {
		return err
	}
	if err := checkBlobs("Evidence.Endorsements", e.Endorsements, MaxEndorsements); err != nil {
		return err
	}
	if err := checkBlobs("Evidence.EventLogs", e.EventLogs, MaxEventLogs); err != nil {
		return err
	}
	if n := e.size(); n > MaxEvidence {
		return attest.Refuse(CodeEvidenceLimit, "Evidence", "at most "+strconv.Itoa(MaxEvidence)+" bytes", strconv.Itoa(n))
	}
	return e.Binding.Validate()
}

// size is a lower bound of the encoded size, so that Validate is cheap.
func (e *Evidence) size() int {
	n := len(e.Raw)
	for _, blobs := range [][]Blob{e.Endorsements, e.EventLogs} {
		for _, b := range blobs {
			n += len(b.Body)
		}
	}
	return n
}

func checkBlobs(where string, blobs []Blob, most int) error {
	if len(blobs) > most {
		return attest.Refuse(CodeEvidenceLimit, where, "at most "+strconv.Itoa(most), strconv.Itoa(len(blobs)))
	}
	for i, b := range blobs {
		if err := checkMediaType(where+"/"+strconv.Itoa(i), b.MediaType); err != nil {
			return err
		}
	}
	return nil
}

func checkMediaType(where, s string) error {
	ok := s != "" && len(s) <= maxMediaType
	for _, c := range []byte(s) {
		ok = ok && c > ' ' && c <= '~'
	}
	if !ok {
		return attest.Refuse(CodeMediaType, where, "a media type", excerpt.Quote(s))
	}
	return nil
}

// Encode returns the one encoding of e: deterministic CBOR (RFC 8949 section
// 4.2.1) of at most MaxEvidence bytes.
func (e *Evidence) Encode() ([]byte, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	b := e.Binding
	out, err := strictcbor.Marshal(wireEvidence{
		Type: evidenceType, Kind: string(e.Kind), MediaType: e.MediaType, Raw: e.Raw,
		Endorsements: e.Endorsements, EventLogs: e.EventLogs,
		Binding: wireBinding{b.Purpose, b.Nonce, b.SPKI, b.Statement.String(), b.Audience, b.BuildID},
	})
	if err != nil {
		return nil, attest.Refuse(CodeEvidenceEncoding, "Evidence", "content that CBOR can hold", "").Because(err)
	}
	if len(out) > MaxEvidence {
		return nil, attest.Refuse(CodeEvidenceLimit, "Evidence", "at most "+strconv.Itoa(MaxEvidence)+" bytes", strconv.Itoa(len(out)))
	}
	return out, nil
}

// DecodeEvidence reads what Encode writes and refuses everything else:
// duplicate or unknown fields, indefinite lengths, tags, trailing bytes, a
// nesting deeper than 8, and any bytes that Encode would not write.
func DecodeEvidence(b []byte) (*Evidence, error) {
	if len(b) > MaxEvidence {
		return nil, attest.Refuse(CodeEvidenceLimit, "Evidence", "at most "+strconv.Itoa(MaxEvidence)+" bytes", strconv.Itoa(len(b)))
	}
	var w wireEvidence
	if err := strictcbor.Unmarshal(b, &w); err != nil {
		return nil, attest.Refuse(CodeEvidenceEncoding, "Evidence", "deterministic CBOR of evidence", "").Because(err)
	}
	if w.Type != evidenceType {
		return nil, attest.Refuse(CodeEvidenceEncoding, "Evidence.type", evidenceType, excerpt.Quote(w.Type))
	}
	e := &Evidence{
		Kind: Kind(w.Kind), MediaType: w.MediaType, Raw: w.Raw,
		Endorsements: w.Endorsements, EventLogs: w.EventLogs,
		Binding: Binding{
			Purpose: w.Binding.Purpose, Nonce: w.Binding.Nonce, SPKI: w.Binding.SPKI,
			Audience: w.Binding.Audience, BuildID: w.Binding.BuildID,
		},
	}
	if w.Binding.Statement != "" {
		d, err := digest.Parse(w.Binding.Statement)
		if err != nil {
			return nil, attest.Refuse(CodeBinding, "Binding.Statement", "a well-formed digest", "").Because(err)
		}
		e.Binding.Statement = d
	}
	if err := e.Validate(); err != nil {
		return nil, err
	}
	return e, nil
}

// Digest returns the SHA-256 digest of e's encoding, by which statements cite
// it.
func (e *Evidence) Digest() (digest.Digest, error) {
	b, err := e.Encode()
	if err != nil {
		return digest.Digest{}, err
	}
	return sha256Digest(b), nil
}

// Clone returns a copy that shares nothing with e.
func (e *Evidence) Clone() *Evidence {
	c := *e
	c.Raw = bytes.Clone(e.Raw)
	c.Endorsements = cloneBlobs(e.Endorsements)
	c.EventLogs = cloneBlobs(e.EventLogs)
	c.Binding.Nonce = bytes.Clone(e.Binding.Nonce)
	c.Binding.SPKI = bytes.Clone(e.Binding.SPKI)
	return &c
}

func cloneBlobs(blobs []Blob) []Blob {
	if blobs == nil {
		return nil
	}
	out := make([]Blob, len(blobs))
	for i, b := range blobs {
		out[i] = Blob{b.MediaType, bytes.Clone(b.Body)}
	}
	return out
}

func sha256Digest(b []byte) digest.Digest {
	sum := sha256.Sum256(b)
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sum[:])}
}
