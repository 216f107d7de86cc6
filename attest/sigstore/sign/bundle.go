package sign

import (
	"encoding/json"
	"errors"
	"strconv"
)

// The types of this file are the JSON mapping of a bundle of version 0.3
// (sigstore_bundle.proto, sigstore_rekor.proto) as far as this package writes it.

type bundle struct {
	MediaType string    `json:"mediaType"`
	Material  material  `json:"verificationMaterial"`
	Envelope  *envelope `json:"dsseEnvelope,omitempty"`
	Message   *message  `json:"messageSignature,omitempty"`
}

type material struct {
	Certificate certificate `json:"certificate"`
	Entries     []entry     `json:"tlogEntries,omitempty"`
	Timestamps  *timestamps `json:"timestampVerificationData,omitempty"`
}

type certificate struct {
	Raw []byte `json:"rawBytes"`
}

type timestamps struct {
	Timestamps []timestamp `json:"rfc3161Timestamps"`
}

type timestamp struct {
	Signed []byte `json:"signedTimestamp"`
}

type envelope struct {
	Payload     []byte              `json:"payload"`
	PayloadType string              `json:"payloadType"`
	Signatures  []envelopeSignature `json:"signatures"`
}

type envelopeSignature struct {
	Signature []byte `json:"sig"`
}

type message struct {
	Digest    messageDigest `json:"messageDigest"`
	Signature []byte        `json:"signature"`
}

type messageDigest struct {
	Algorithm string `json:"algorithm"`
	Digest    []byte `json:"digest"`
}

// entry is TransparencyLogEntry, as bundles hold it and Rekor v2 answers.
type entry struct {
	LogIndex integer  `json:"logIndex"`
	LogID    *logID   `json:"logId"`
	Kind     *kind    `json:"kindVersion"`
	Time     integer  `json:"integratedTime,omitzero"`
	Promise  *promise `json:"inclusionPromise,omitempty"`
	Proof    *proof   `json:"inclusionProof"`
	Body     []byte   `json:"canonicalizedBody"`
}

type logID struct {
	KeyID []byte `json:"keyId"`
}

type kind struct {
	Kind    string `json:"kind"`
	Version string `json:"version"`
}

type promise struct {
	Timestamp []byte `json:"signedEntryTimestamp"`
}

type proof struct {
	LogIndex   integer    `json:"logIndex"`
	RootHash   []byte     `json:"rootHash"`
	TreeSize   integer    `json:"treeSize"`
	Hashes     [][]byte   `json:"hashes"`
	Checkpoint checkpoint `json:"checkpoint"`
}

type checkpoint struct {
	Envelope string `json:"envelope"`
}

// integer is a protocol buffers int64, which JSON spells as a string of digits
// and may spell as a number.
type integer int64

// UnmarshalJSON reads either spelling, without sign, fraction, exponent or
// leading zero.
func (i *integer) UnmarshalJSON(b []byte) error {
	if len(b) > 2 && b[0] == '"' {
		b = b[1 : len(b)-1]
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != string(b) {
		return errors.New("want an integer without sign or leading zeros")
	}
	*i = integer(n)
	return nil
}

// MarshalJSON writes a string.
func (i integer) MarshalJSON() ([]byte, error) {
	return json.Marshal(strconv.FormatInt(int64(i), 10))
}
