package sigstore

import (
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// The types of this file, and the names that their readers give, are the JSON
// mapping of Sigstore's protocol buffers (sigstore/protobuf-specs:
// sigstore_bundle.proto, sigstore_common.proto, sigstore_rekor.proto).

type wireBundle struct {
	MediaType string
	Material  *wireMaterial
	Envelope  *wireEnvelope
	Message   *wireMessage
}

type wireMaterial struct {
	Hint        *string  // publicKey
	Chain       [][]byte // x509CertificateChain
	HasChain    bool
	Certificate []byte // nil without certificate
	EntryCount  int
	Entries     []wireEntry
	StampCount  int
	Timestamps  [][]byte
}

type wireEnvelope struct {
	PayloadType string
	Payload     []byte // the end of PAE
	PAE         []byte
	Count       int    // of signatures
	Signature   []byte // the first
}

type wireMessage struct {
	Digest    *wireDigest
	Signature []byte
}

type wireDigest struct {
	Algorithm string
	Digest    []byte
}

type wireEntry struct {
	LogIndex int64
	LogID    []byte
	Kind     wireKind
	Time     int64
	Promise  []byte // nil without inclusionPromise
	Proof    *wireProof
	Body     []byte
}

type wireKind struct{ Kind, Version string }

type wireProof struct {
	LogIndex   int64
	RootHash   []byte
	TreeSize   int64
	HashCount  int
	Hashes     []tlog.Hash
	Whole      bool   // each hash has its length
	Checkpoint []byte // nil without checkpoint
}

type part = strictjson.Part

func (r *reader) bundle(p part) (w wireBundle) {
	var f [4]part
	if !r.object(p, nil, f[:], "mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature") {
		return w
	}
	w.MediaType = r.text(f[0], nil, "mediaType")
	w.Material = r.material(f[1], &place{key: "verificationMaterial"})
	w.Envelope = r.envelope(f[2], &place{key: "dsseEnvelope"})
	w.Message = r.message(f[3], &place{key: "messageSignature"})
	return w
}

func (r *reader) material(p part, at *place) *wireMaterial {
	var f, one [5]part
	if !r.object(p, at, f[:], "publicKey", "x509CertificateChain", "certificate", "tlogEntries", "timestampVerificationData") {
		return nil
	}
	m := &wireMaterial{}
	if key := (place{up: at, key: "publicKey"}); r.object(f[0], &key, one[:1], "hint") {
		hint := r.text(one[0], &key, "hint")
		m.Hint = &hint
	}
	if chain := (place{up: at, key: "x509CertificateChain"}); r.object(f[1], &chain, one[:1], "certificates") {
		m.HasChain = true
		m.Chain = r.raws(one[0], &place{up: &chain, key: "certificates"}, "rawBytes")
	}
	if !f[2].IsNull() {
		m.Certificate = present(r.raw(f[2], &place{up: at, key: "certificate"}, "rawBytes"))
	}
	list := place{up: at, key: "tlogEntries"}
	if m.EntryCount = r.count(f[3], &list); m.EntryCount <= maxEntries {
		m.Entries = make([]wireEntry, 0, m.EntryCount)
		for it := r.elements(f[3], &list); it.Next(); {
			m.Entries = append(m.Entries, r.entry(it.Value(), &place{up: &list, index: it.Index()}))
		}
	}
	if stamps := (place{up: at, key: "timestampVerificationData"}); r.object(f[4], &stamps, one[:1], "rfc3161Timestamps") {
		list := place{up: &stamps, key: "rfc3161Timestamps"}
		if m.StampCount = r.count(one[0], &list); m.StampCount <= maxTimestamps {
			m.Timestamps = r.raws(one[0], &list, "signedTimestamp")
		}
	}
	return m
}

// present tells an empty value from an absent one.
func present(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// raw reads an object whose one key holds bytes.
func (r *reader) raw(p part, at *place, name string) []byte {
	var f [1]part
	if !r.object(p, at, f[:], name) {
		return nil
	}
	return r.bytes(f[0], at, name)
}

// raws reads an array of such objects.
func (r *reader) raws(p part, at *place, name string) [][]byte {
	all := make([][]byte, 0, r.count(p, at))
	for it := r.elements(p, at); it.Next(); {
		all = append(all, r.raw(it.Value(), &place{up: at, index: it.Index()}, name))
	}
	return all
}

// envelope reads an envelope. The payload is decoded to where DSSE's
// pre-authentication encoding has it, so that a large one exists once.
func (r *reader) envelope(p part, at *place) *wireEnvelope {
	var f [3]part
	if !r.object(p, at, f[:], "payload", "payloadType", "signatures") {
		return nil
	}
	e := &wireEnvelope{PayloadType: r.text(f[1], at, "payloadType")}
	list := place{up: at, key: "signatures"}
	e.Count = r.count(f[2], &list)
	for it := r.elements(f[2], &list); it.Next() && e.Count == 1; {
		e.Signature = r.signature(it.Value(), &place{up: &list, index: it.Index()})
	}
	room := paeRoom(len(e.PayloadType))
	if !f[0].IsNull() {
		b := make([]byte, room, room+len(f[0])/4*3+3)
		if b = r.appendBytes(b, f[0], at, "payload"); r.err == nil {
			e.PAE, e.Payload = putPAE(b, room, e.PayloadType), b[room:]
		}
	}
	return e
}

func (r *reader) signature(p part, at *place) []byte {
	var f [2]part
	if !r.object(p, at, f[:], "sig", "keyid") {
		return nil
	}
	r.text(f[1], at, "keyid") // DSSE: an unauthenticated hint
	return r.bytes(f[0], at, "sig")
}

func (r *reader) message(p part, at *place) *wireMessage {
	var f [2]part
	if !r.object(p, at, f[:], "messageDigest", "signature") {
		return nil
	}
	return &wireMessage{Digest: r.digest(f[0], &place{up: at, key: "messageDigest"}), Signature: r.bytes(f[1], at, "signature")}
}

func (r *reader) digest(p part, at *place) *wireDigest {
	var f [2]part
	if !r.object(p, at, f[:], "algorithm", "digest") {
		return nil
	}
	return &wireDigest{Algorithm: r.text(f[0], at, "algorithm"), Digest: r.bytes(f[1], at, "digest")}
}

func (r *reader) entry(p part, at *place) (e wireEntry) {
	var f [7]part
	if !r.object(p, at, f[:], "logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise", "inclusionProof", "canonicalizedBody") {
		return e
	}
	e.LogIndex = r.integer(f[0], at, "logIndex")
	e.LogID = r.raw(f[1], &place{up: at, key: "logId"}, "keyId")
	var kind [2]part
	if in := (place{up: at, key: "kindVersion"}); r.object(f[2], &in, kind[:], "kind", "version") {
		e.Kind = wireKind{r.text(kind[0], &in, "kind"), r.text(kind[1], &in, "version")}
	}
	e.Time = r.integer(f[3], at, "integratedTime")
	if !f[4].IsNull() {
		e.Promise = present(r.raw(f[4], &place{up: at, key: "inclusionPromise"}, "signedEntryTimestamp"))
	}
	e.Proof = r.proof(f[5], &place{up: at, key: "inclusionProof"})
	e.Body = r.bytes(f[6], at, "canonicalizedBody")
	return e
}

func (r *reader) proof(p part, at *place) *wireProof {
	var f [5]part
	if !r.object(p, at, f[:], "logIndex", "rootHash", "treeSize", "hashes", "checkpoint") {
		return nil
	}
	w := &wireProof{Whole: true, LogIndex: r.integer(f[0], at, "logIndex"), RootHash: r.bytes(f[1], at, "rootHash"), TreeSize: r.integer(f[2], at, "treeSize")}
	list := place{up: at, key: "hashes"}
	if w.HashCount = r.count(f[3], &list); w.HashCount <= tlog.MaxProof {
		w.Hashes = make([]tlog.Hash, w.HashCount)
		for it := r.elements(f[3], &list); it.Next(); {
			i := it.Index()
			w.Whole = r.hash(&w.Hashes[i], it.Value(), &place{up: &list, index: i}) && w.Whole
		}
	}
	var one [1]part
	if in := (place{up: at, key: "checkpoint"}); r.object(f[4], &in, one[:], "envelope") {
		w.Checkpoint = present(r.textBytes(one[0], &in, "envelope"))
	}
	return w
}

// hash reads a hash into h and reports whether it has its length.
func (r *reader) hash(h *tlog.Hash, p part, at *place) bool {
	var room [len(tlog.Hash{}) + 1]byte // base64 decodes in threes
	b := r.appendBytes(room[:0], p, at, "")
	return copy(h[:], b) == len(tlog.Hash{}) && len(b) == len(tlog.Hash{})
}
