package deploy

import (
	"encoding/base64"
	"math"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// A Hash is a leaf or a node of a log's Merkle tree (RFC 6962 section 2.1). As
// text it is base64, as in tlog proofs.
type Hash [32]byte

// String returns h in base64.
func (h Hash) String() string { return base64.StdEncoding.EncodeToString(h[:]) }

// MarshalText writes the form of String.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads the form of String and no other.
func (h *Hash) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil || len(b) != len(h) || len(text) != base64.StdEncoding.EncodedLen(len(h)) {
		return attest.Refuse(CodeReceipt, "hash", "32 bytes in base64", excerpt.Quote(string(text))).Because(err)
	}
	copy(h[:], b)
	return nil
}

// A Receipt shows that a record is in a log. It is self-contained: who trusts
// the log's key and the recorder's can check it without the log, for a file
// ledger by ledger.VerifyReceipt. Until then it is a claim.
type Receipt struct {
	// Index is the record's place in the log, from 0; LeafHash is its leaf in the
	// tree.
	Index    uint64
	LeafHash Hash
	// Checkpoint is the signed note (C2SP tlog-checkpoint) of a tree of TreeSize
	// leaves that holds the record. It is empty where a recorder keeps no tree,
	// as the fake does; such a receipt proves nothing.
	Checkpoint []byte
	TreeSize   uint64
	// Inclusion is the audit path from the leaf to the root (RFC 6962 section
	// 2.1.1).
	Inclusion []Hash
	// Record is the attestation that was recorded.
	Record attest.Attestation
	// State is where the record left its request, Generation that of its place.
	State      State
	Generation uint64
}

// Bounds of a receipt that somebody else wrote.
const (
	maxReceipt    = 64 << 20
	maxCheckpoint = 1 << 16
	maxInclusion  = 64 // the depth of a tree of 2^64 leaves
)

// receiptJSON is the wire form.
type receiptJSON struct {
	Index      uint64     `json:"index"`
	LeafHash   Hash       `json:"leafHash"`
	Checkpoint string     `json:"checkpoint,omitempty"`
	TreeSize   uint64     `json:"treeSize"`
	Inclusion  []Hash     `json:"inclusion"`
	Record     recordJSON `json:"record"`
	State      State      `json:"state"`
	Generation uint64     `json:"generation"`
}

type recordJSON struct {
	MediaType string `json:"mediaType"`
	Body      []byte `json:"body"`
}

// MarshalJSON writes the form that ParseReceipt reads.
func (r Receipt) MarshalJSON() ([]byte, error) {
	path := r.Inclusion
	if path == nil {
		path = []Hash{}
	}
	return strictjson.Marshal(receiptJSON{r.Index, r.LeafHash, string(r.Checkpoint), r.TreeSize, path,
		recordJSON{r.Record.MediaType, r.Record.Body}, r.State, r.Generation})
}

// ParseReceipt reads a receipt strictly: no unknown fields, bounded sizes, an
// index inside the tree, a state in which a record can leave its request. What
// it returns is still a claim.
func ParseReceipt(b []byte) (Receipt, error) {
	var w receiptJSON
	if err := strictjson.Unmarshal(b, &w, strictjson.Options{Bytes: maxReceipt, Depth: 8}); err != nil {
		return Receipt{}, attest.Refuse(CodeReceipt, "", "strict JSON of a receipt", "").Because(err)
	}
	r := Receipt{w.Index, w.LeafHash, []byte(w.Checkpoint), w.TreeSize, w.Inclusion,
		attest.Attestation{MediaType: w.Record.MediaType, Body: w.Record.Body}, w.State, w.Generation}
	return r, r.Validate()
}

// Validate reports whether the receipt contradicts itself or exceeds its bounds.
func (r Receipt) Validate() error {
	switch {
	case r.TreeSize > math.MaxInt64 || r.Index >= r.TreeSize:
		return attest.Refuse(CodeReceipt, "index", "less than the tree's size "+strconv.FormatUint(r.TreeSize, 10), strconv.FormatUint(r.Index, 10))
	case len(r.Inclusion) > maxInclusion:
		return attest.Refuse(CodeReceipt, "inclusion", "at most 64 hashes", strconv.Itoa(len(r.Inclusion)))
	case len(r.Checkpoint) > maxCheckpoint:
		return attest.Refuse(CodeReceipt, "checkpoint", "at most "+strconv.Itoa(maxCheckpoint)+" bytes", strconv.Itoa(len(r.Checkpoint)))
	case r.State != Live && r.State != Failed && r.State != Removed:
		return attest.Refuse(CodeReceipt, "state", "live, failed or removed", excerpt.Quote(string(r.State)))
	case r.Generation == 0:
		return attest.Refuse(CodeReceipt, "generation", "1 or more", "0")
	}
	return nil
}
