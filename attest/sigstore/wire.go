package sigstore

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// The types of this file are the JSON mapping of Sigstore's protocol buffers
// (sigstore/protobuf-specs: sigstore_bundle.proto, sigstore_common.proto,
// sigstore_rekor.proto, sigstore_trustroot.proto).

type wireBundle struct {
	MediaType string        `json:"mediaType"`
	Material  *wireMaterial `json:"verificationMaterial"`
	Envelope  *wireEnvelope `json:"dsseEnvelope"`
	Message   *wireMessage  `json:"messageSignature"`
}

type wireMaterial struct {
	PublicKey   *wireHint        `json:"publicKey"`
	Chain       *wireChain       `json:"x509CertificateChain"`
	Certificate *wireCertificate `json:"certificate"`
	Entries     []wireEntry      `json:"tlogEntries"`
	Timestamps  *wireTimestamps  `json:"timestampVerificationData"`
}

type wireHint struct {
	Hint string `json:"hint"`
}

type wireChain struct {
	Certificates []wireCertificate `json:"certificates"`
}

type wireCertificate struct {
	Raw []byte `json:"rawBytes"`
}

type wireTimestamps struct {
	Timestamps []wireTimestamp `json:"rfc3161Timestamps"`
}

type wireTimestamp struct {
	Signed []byte `json:"signedTimestamp"`
}

type wireEnvelope struct {
	Payload     []byte          `json:"payload"`
	PayloadType string          `json:"payloadType"`
	Signatures  []wireSignature `json:"signatures"`
}

type wireSignature struct {
	Signature []byte `json:"sig"`
	KeyID     string `json:"keyid"`
}

type wireMessage struct {
	Digest    *wireDigest `json:"messageDigest"`
	Signature []byte      `json:"signature"`
}

type wireDigest struct {
	Algorithm string `json:"algorithm"`
	Digest    []byte `json:"digest"`
}

type wireEntry struct {
	LogIndex integer      `json:"logIndex"`
	LogID    *wireLogID   `json:"logId"`
	Kind     *wireKind    `json:"kindVersion"`
	Time     integer      `json:"integratedTime"`
	Promise  *wirePromise `json:"inclusionPromise"`
	Proof    *wireProof   `json:"inclusionProof"`
	Body     []byte       `json:"canonicalizedBody"`
}

type wireLogID struct {
	KeyID []byte `json:"keyId"`
}

type wireKind struct {
	Kind    string `json:"kind"`
	Version string `json:"version"`
}

type wirePromise struct {
	Timestamp []byte `json:"signedEntryTimestamp"`
}

type wireProof struct {
	LogIndex   integer         `json:"logIndex"`
	RootHash   []byte          `json:"rootHash"`
	TreeSize   integer         `json:"treeSize"`
	Hashes     [][]byte        `json:"hashes"`
	Checkpoint *wireCheckpoint `json:"checkpoint"`
}

type wireCheckpoint struct {
	Envelope string `json:"envelope"`
}

type wireRoot struct {
	MediaType   string          `json:"mediaType"`
	Logs        []wireLog       `json:"tlogs"`
	Authorities []wireAuthority `json:"certificateAuthorities"`
	CTLogs      []wireLog       `json:"ctlogs"`
	Timestamps  []wireAuthority `json:"timestampAuthorities"`
}

type wireLog struct {
	BaseURL       string     `json:"baseUrl"`
	HashAlgorithm string     `json:"hashAlgorithm"`
	PublicKey     *wireKey   `json:"publicKey"`
	LogID         *wireLogID `json:"logId"`
	CheckpointKey *wireLogID `json:"checkpointKeyId"`
	Operator      string     `json:"operator"`
}

type wireKey struct {
	Raw     []byte      `json:"rawBytes"`
	Details string      `json:"keyDetails"`
	Window  *wireWindow `json:"validFor"`
}

type wireWindow struct {
	Start *time.Time `json:"start"`
	End   *time.Time `json:"end"`
}

type wireAuthority struct {
	Subject  json.RawMessage `json:"subject"` // a name for people
	URI      string          `json:"uri"`
	Chain    *wireChain      `json:"certChain"`
	Window   *wireWindow     `json:"validFor"`
	Operator string          `json:"operator"`
}

// integer is a protocol buffers int64, which JSON spells as a string of digits
// or as a number.
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

// decode reads a document strictly and refuses with code.
func decode(code attest.Code, where string, data []byte, v any, o strictjson.Options) error {
	err := strictjson.Unmarshal(data, v, o)
	if err == nil {
		return nil
	}
	bad, ok := errors.AsType[*strictjson.Error](err)
	if !ok {
		return attest.Refuse(code, where, "strict JSON", "").Because(err)
	}
	if bad.Cause.Limit() {
		code = attest.CodeLimit
	}
	return attest.Refuse(code, where+bad.Pointer, bad.Want, bad.Got).Because(err)
}
