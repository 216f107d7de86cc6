package rekor

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sigstore/rekor/pkg/generated/models"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// An ID is the number of an entry: the hash of its body in hexadecimal, after the
// number of the tree that holds it, if the log has several.
type ID string

var idForm = regexp.MustCompile(`^([0-9a-f]{16})?[0-9a-f]{64}$`)

// Validate reports, by a nil error, that the text has the form of a number.
func (id ID) Validate() error {
	if !idForm.MatchString(string(id)) {
		return attest.Refuse(CodeID, "id", "64 or 80 hexadecimal digits", excerpt.Quote(string(id)))
	}
	return nil
}

// of reports whether the number is that of a body.
func (id ID) of(body []byte) bool {
	hash := tlog.LeafHash(body)
	return strings.HasSuffix(string(id), hex.EncodeToString(hash[:]))
}

// An Entry is what a log says is one of its entries. Nothing of it is verified
// but that ID is the number of Body.
type Entry struct {
	ID      ID
	Index   int64     // in the log, over all its trees
	Time    time.Time // when the log says that it included it
	LogID   []byte    // of the log's key
	Kind    string    // for example hashedrekord
	Version string
	Body    []byte // canonical JSON
	// Attestation is a payload that the log keeps beside the entry; nil for most.
	Attestation []byte

	promise []byte
	proof   map[string]any // as a bundle has it
}

// read takes the one entry of an answer.
func read(answer models.LogEntry) (*Entry, error) {
	if len(answer) != 1 {
		return nil, attest.Refuse(CodeResponse, "log", "one entry", strconv.Itoa(len(answer)))
	}
	for id, w := range answer {
		return readOne(ID(id), w)
	}
	return nil, nil
}

func readOne(id ID, w models.LogEntryAnon) (*Entry, error) {
	bad := func(want string, err error) (*Entry, error) {
		return nil, attest.Refuse(CodeEntry, "entry", want, "").Because(err)
	}
	if err := id.Validate(); err != nil {
		return nil, err
	}
	text, ok := w.Body.(string)
	if !ok || w.IntegratedTime == nil || w.LogID == nil || w.LogIndex == nil || *w.LogIndex < 0 || *w.IntegratedTime < 0 {
		return bad("body, integratedTime, logID and logIndex", nil)
	}
	body, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return bad("a body in base64", err)
	}
	logID, err := hex.DecodeString(*w.LogID)
	if err != nil {
		return bad("a logID in hexadecimal", err)
	}
	if !id.of(body) {
		return nil, attest.Refuse(CodeOther, "entry", "a body whose hash is "+string(id), "another")
	}
	e := &Entry{ID: id, Index: *w.LogIndex, Time: time.Unix(*w.IntegratedTime, 0).UTC(), LogID: logID, Body: body}
	var head struct {
		Version string          `json:"apiVersion"`
		Kind    string          `json:"kind"`
		Spec    json.RawMessage `json:"spec"`
	}
	if err := strictjson.Unmarshal(body, &head, strictjson.Options{Bytes: maxResponse}); err != nil {
		return bad("a body of strict JSON", err)
	}
	e.Kind, e.Version = head.Kind, head.Version
	if w.Attestation != nil {
		e.Attestation = w.Attestation.Data
	}
	if w.Verification == nil {
		return e, nil
	}
	e.promise = w.Verification.SignedEntryTimestamp
	if err := e.readProof(w.Verification.InclusionProof); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Entry) readProof(p *models.InclusionProof) error {
	if p == nil {
		return nil
	}
	if p.LogIndex == nil || p.TreeSize == nil || p.RootHash == nil || p.Checkpoint == nil || len(p.Hashes) > 63 {
		return attest.Refuse(CodeEntry, "inclusionProof", "logIndex, treeSize, rootHash, checkpoint and at most 63 hashes", "")
	}
	hashes := [][]byte{}
	for _, text := range append([]string{*p.RootHash}, p.Hashes...) {
		h, err := hex.DecodeString(text)
		if err != nil {
			return attest.Refuse(CodeEntry, "inclusionProof", "hashes in hexadecimal", "").Because(err)
		}
		hashes = append(hashes, h)
	}
	e.proof = map[string]any{
		"logIndex": strconv.FormatInt(*p.LogIndex, 10), "treeSize": strconv.FormatInt(*p.TreeSize, 10),
		"rootHash": hashes[0], "hashes": hashes[1:], "checkpoint": map[string]any{"envelope": *p.Checkpoint},
	}
	return nil
}

// logged is what the body of an entry says, whatever its kind.
type logged struct {
	digest      digest.Digest
	signature   []byte
	signer      *pem.Block // a certificate or a key
	payloadType string     // told by intoto
}

// hash is a digest as Rekor writes it.
type hash struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

func (h hash) digest() digest.Digest {
	return digest.Digest{Algorithm: digest.Algorithm(h.Algorithm), Hex: h.Value}
}

type hashedrekord struct {
	Spec struct {
		Data struct {
			Hash hash `json:"hash"`
		} `json:"data"`
		Signature struct {
			Content []byte `json:"content"`
			Key     struct {
				Content []byte `json:"content"`
			} `json:"publicKey"`
		} `json:"signature"`
	} `json:"spec"`
}

type dsse struct {
	Spec struct {
		Payload    hash `json:"payloadHash"`
		Signatures []struct {
			Signature []byte `json:"signature"`
			Verifier  []byte `json:"verifier"`
		} `json:"signatures"`
	} `json:"spec"`
}

type intoto struct {
	Spec struct {
		Content struct {
			Envelope struct {
				PayloadType string `json:"payloadType"`
				Signatures  []struct {
					Key       []byte `json:"publicKey"`
					Signature []byte `json:"sig"` // base64 once more
				} `json:"signatures"`
			} `json:"envelope"`
			Payload hash `json:"payloadHash"`
		} `json:"content"`
	} `json:"spec"`
}

// logged reads the body of a kind that has one signature.
func (e *Entry) logged() (*logged, error) {
	out := &logged{}
	var signer []byte
	into := func(v any) error {
		return strictjson.Unmarshal(e.Body, v, strictjson.Options{Bytes: maxResponse, AllowUnknown: true})
	}
	var err error
	switch e.Kind + " " + e.Version {
	case "hashedrekord 0.0.1":
		var w hashedrekord
		err = into(&w)
		out.digest, out.signature, signer = w.Spec.Data.Hash.digest(), w.Spec.Signature.Content, w.Spec.Signature.Key.Content
	case "dsse 0.0.1":
		var w dsse
		if err = into(&w); err == nil && len(w.Spec.Signatures) == 1 {
			out.digest, out.signature, signer = w.Spec.Payload.digest(), w.Spec.Signatures[0].Signature, w.Spec.Signatures[0].Verifier
		}
	case "intoto 0.0.2":
		var w intoto
		c := &w.Spec.Content
		if err = into(&w); err == nil && len(c.Envelope.Signatures) == 1 {
			out.digest, out.payloadType, signer = c.Payload.digest(), c.Envelope.PayloadType, c.Envelope.Signatures[0].Key
			out.signature, err = base64.StdEncoding.Strict().DecodeString(string(c.Envelope.Signatures[0].Signature))
		}
	default:
		return nil, attest.Refuse(CodeKind, "entry", "hashedrekord 0.0.1, dsse 0.0.1 or intoto 0.0.2", excerpt.Quote(e.Kind+" "+e.Version))
	}
	var rest []byte
	out.signer, rest = pem.Decode(signer)
	if err != nil || out.signer == nil || len(bytes.TrimSpace(rest)) > 0 || len(out.signature) == 0 || out.digest.Validate() != nil {
		return nil, attest.Refuse(CodeEntry, "entry", "one signature with its digest and its certificate or key", "").Because(err)
	}
	return out, nil
}
