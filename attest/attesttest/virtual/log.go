package virtual

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Entry is a log entry before the log signs its timestamp and checkpoint.
type Entry struct {
	Kind, Version string
	Body          []byte
	Index         int64 // of the whole log, which Rekor v1 counts over its trees
	Time          time.Time
	LogID         []byte
	Key           *ecdsa.PrivateKey
	Tree          Tree
	NoPromise     bool
	PromisedBody  []byte // that the timestamp is of, if not Body
	NoProof       bool
	// Promise and Proof, if not nil, change what is finished.
	Promise func([]byte) []byte
	Proof   func(proof map[string]any)
}

// Tree is the tree that holds an entry among others.
type Tree struct {
	Size, Index int64
	Origin      string     // of the checkpoint
	Name        string     // under which the checkpoint is signed
	Witnesses   []*Witness // who cosign it
	// Checkpoint, if not nil, changes the text before it is signed.
	Checkpoint func(text string) string
}

// signedNote returns a signed note (C2SP signed-note) of a text under the tree's name.
func (e *Entry) signedNote(t testing.TB, text string) string {
	t.Helper()
	sig := append(append([]byte{}, id(t, e.Key)[:4]...), sign(t, e.Key, []byte(text))...)
	note := text + "\n\u2014 " + e.Tree.Name + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
	for _, w := range e.Tree.Witnesses {
		note += w.cosign(t, text)
	}
	return note
}

// proof returns the inclusion proof with its checkpoint.
func (e *Entry) proof(t testing.TB) map[string]any {
	t.Helper()
	var hashes []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, n := range indexes {
			out[i] = hashes[n]
		}
		return out, nil
	})
	for n := range e.Tree.Size {
		record := e.Body
		if n != e.Tree.Index {
			record = fmt.Appendf(nil, "another entry %d", n)
		}
		more, err := tlog.StoredHashes(n, record, read)
		check(t, err)
		hashes = append(hashes, more...)
	}
	root, err := tlog.TreeHash(e.Tree.Size, read)
	check(t, err)
	path, err := tlog.ProveRecord(e.Tree.Size, e.Tree.Index, read)
	check(t, err)
	text := fmt.Sprintf("%s\n%d\n%s\n", e.Tree.Origin, e.Tree.Size, base64.StdEncoding.EncodeToString(root[:]))
	if e.Tree.Checkpoint != nil {
		text = e.Tree.Checkpoint(text)
	}
	list := []any{}
	for _, h := range path {
		list = append(list, h[:])
	}
	out := map[string]any{
		"logIndex": fmt.Sprint(e.Tree.Index), "treeSize": fmt.Sprint(e.Tree.Size), "rootHash": root[:], "hashes": list,
		"checkpoint": map[string]any{"envelope": e.signedNote(t, text)},
	}
	if e.Proof != nil {
		e.Proof(out)
	}
	return out
}

// promise returns the signed entry timestamp of Rekor v1.
func (e *Entry) promise(t testing.TB) []byte {
	t.Helper()
	body := e.Body
	if e.PromisedBody != nil {
		body = e.PromisedBody
	}
	m := fmt.Sprintf(`{"body":"%s","integratedTime":%d,"logID":"%s","logIndex":%d}`,
		base64.StdEncoding.EncodeToString(body), e.Time.Unix(), hex.EncodeToString(e.LogID), e.Index)
	sig := sign(t, e.Key, []byte(m))
	if e.Promise != nil {
		sig = e.Promise(sig)
	}
	return sig
}

// document returns the entry as a bundle holds it.
func (e *Entry) document(t testing.TB) map[string]any {
	t.Helper()
	out := map[string]any{
		"logIndex": fmt.Sprint(e.Index), "logId": map[string]any{"keyId": e.LogID},
		"kindVersion":       map[string]any{"kind": e.Kind, "version": e.Version},
		"canonicalizedBody": e.Body,
	}
	if !e.Time.IsZero() {
		out["integratedTime"] = fmt.Sprint(e.Time.Unix())
	}
	if !e.NoPromise {
		out["inclusionPromise"] = map[string]any{"signedEntryTimestamp": e.promise(t)}
	}
	if !e.NoProof {
		out["inclusionProof"] = e.proof(t)
	}
	return out
}

func sum(b []byte) []byte {
	s := sha256.Sum256(b)
	return s[:]
}
