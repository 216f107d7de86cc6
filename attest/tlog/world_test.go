package tlog_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"testing"
	"time"

	"filippo.io/mldsa"
	"github.com/stretchr/testify/require"
	modtlog "golang.org/x/mod/sumdb/tlog"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// at is when witnesses of these tests sign.
func at() time.Time { return time.Unix(1_700_000_000, 0).UTC() }

func verify44(public, message, signature []byte) bool {
	k, err := mldsa.NewPublicKey(mldsa.MLDSA44(), public)
	return err == nil && mldsa.Verify(k, message, signature, nil) == nil
}

type pqSigner struct{ key *mldsa.PrivateKey }

func (s pqSigner) Sign(_ context.Context, message []byte) ([]byte, error) {
	return s.key.Sign(nil, message, nil)
}
func (s pqSigner) Public() crypto.PublicKey { return s.key.PublicKey() }

func signer(t testing.TB, name string, a tlog.Algorithm) *tlog.Signer {
	t.Helper()
	var held attest.Signer = attesttest.Signer(name)
	if a == tlog.MLDSA44 {
		seed := sha256.Sum256([]byte(name))
		k, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed[:])
		require.NoError(t, err)
		held = pqSigner{k}
	}
	s, err := tlog.NewSigner(name, a, held, verify44)
	require.NoError(t, err)
	return s
}

// tree is a log in memory.
type tree struct {
	hashes []tlog.Hash
	size   int64
}

func (t *tree) read(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = t.hashes[x]
	}
	return out, nil
}

func (t *tree) add(entry string) {
	added, err := modtlog.StoredHashes(t.size, []byte(entry), modtlog.HashReaderFunc(t.read))
	if err != nil {
		panic(err)
	}
	t.hashes = append(t.hashes, added...)
	t.size++
}

func (t *tree) checkpoint(origin string, size int64) tlog.Checkpoint {
	root, err := modtlog.TreeHash(size, modtlog.HashReaderFunc(t.read))
	if err != nil {
		panic(err)
	}
	return tlog.Checkpoint{Origin: origin, Size: uint64(size), Root: root}
}

func (t *tree) prove(size, index int64) []tlog.Hash {
	p, err := modtlog.ProveRecord(size, index, modtlog.HashReaderFunc(t.read))
	if err != nil {
		panic(err)
	}
	return p
}

func (t *tree) proveTree(newer, older int64) []tlog.Hash {
	p, err := modtlog.ProveTree(newer, older, modtlog.HashReaderFunc(t.read))
	if err != nil {
		panic(err)
	}
	return p
}

const origin = "example.com/log"

// entries returns a log of n entries "entry 0", ...
func entries(n int) *tree {
	t := &tree{}
	for i := range n {
		t.add(entry(i))
	}
	return t
}

func entry(i int) string { return "entry " + string(rune('a'+i)) }

func publicOf(t testing.TB, label string) ed25519.PublicKey {
	t.Helper()
	return attesttest.Signer(label).Public().(ed25519.PublicKey)
}

// world is a log of 11 entries, two Ed25519 witnesses and one of ML-DSA-44, and a
// proof of its entry 6 with all their signatures.
type world struct {
	log, w1, w2, w3 *tlog.Signer
	trust           tlog.Trust
	head            tlog.Checkpoint
	signed          []byte
	proof           tlog.Proof
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		log: signer(t, origin, tlog.Ed25519),
		w1:  signer(t, "w1.example", tlog.CosignatureV1),
		w2:  signer(t, "w2.example", tlog.CosignatureV1),
		w3:  signer(t, "w3.example", tlog.MLDSA44),
	}
	tr := entries(11)
	w.head = tr.checkpoint(origin, 11)
	var err error
	w.signed, err = tlog.SignCheckpoint(t.Context(), w.head, at(), w.log, w.w1, w.w2, w.w3)
	require.NoError(t, err)
	w.proof = tlog.Proof{Index: 6, Hashes: tr.prove(11, 6), Checkpoint: w.signed}
	w.trust = tlog.Trust{
		Logs:      []tlog.Log{{Key: w.log.Key()}},
		Witnesses: []tlog.Witness{{Name: "W1", Key: w.w1.Key()}, {Name: "W2", Key: w.w2.Key()}, {Name: "W3", Key: w.w3.Key()}},
		Groups:    []tlog.Group{{Name: "any2", Threshold: 2, Members: []string{"W1", "W2"}}, {Name: "all", Threshold: 2, Members: []string{"any2", "W3"}}},
		Quorum:    "all", MLDSA44: verify44,
	}
	return w
}

func (w *world) policy(t testing.TB) *tlog.Policy {
	t.Helper()
	p, err := tlog.NewPolicy(w.trust)
	require.NoError(t, err)
	return p
}

func requireCode(t testing.TB, code attest.Code, err error) {
	t.Helper()
	require.ErrorIs(t, err, attest.Is(code))
}
