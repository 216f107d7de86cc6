package tlog_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	formatslog "github.com/transparency-dev/formats/log"
	formatsnote "github.com/transparency-dev/formats/note"
	formatsproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"github.com/sealwright/sealwright/attest/tlog"
)

// Package transparency-dev/formats reads what we write.
func TestFormatsVerifiesOurSignatures(t *testing.T) {
	w := newWorld(t)
	log, err := note.NewVerifier(w.log.Key().String())
	require.NoError(t, err)
	var cosigners []note.Verifier
	for _, s := range []*tlog.Signer{w.w1, w.w2, w.w3} {
		v, err := formatsnote.NewVerifierForCosignatureV1(s.Key().String())
		require.NoError(t, err)
		cosigners = append(cosigners, v)
	}
	cp, _, n, err := formatslog.ParseCheckpoint(w.signed, origin, log, cosigners...)
	require.NoError(t, err)
	require.Equal(t, w.head.Size, cp.Size)
	require.Len(t, n.Sigs, 4)
	stamp, err := formatsnote.CoSigV1Timestamp(n.Sigs[3])
	require.NoError(t, err)
	require.Equal(t, at().Unix(), stamp.Unix())
}

// We read what formats writes, of both cosignature kinds.
func TestWeVerifySignaturesOfFormats(t *testing.T) {
	w := newWorld(t)
	skey, vkey, err := note.GenerateKey(rng(), "ed.example")
	require.NoError(t, err)
	ed, err := formatsnote.NewSignerForCosignatureV1(skey)
	require.NoError(t, err)
	edKey, err := formatsnote.VKeyToCosignatureV1(vkey)
	require.NoError(t, err)
	pqSecret, pqKey, err := formatsnote.GenerateMLDSAKey("pq.example")
	require.NoError(t, err)
	pq, err := formatsnote.NewMLDSASigner(pqSecret)
	require.NoError(t, err)
	signed, err := note.Sign(&note.Note{Text: w.head.Text()}, ed, pq)
	require.NoError(t, err)
	var keys []tlog.Key
	for _, v := range []string{edKey, pqKey} {
		k, err := tlog.ParseKey(v)
		require.NoError(t, err)
		keys = append(keys, k)
	}
	n, err := tlog.OpenNote(signed, keys, verify44)
	require.NoError(t, err)
	require.Len(t, n.Signatures, 2)
}

func rng() *zeros { return &zeros{rand.NewChaCha8([32]byte{1})} }

type zeros struct{ *rand.ChaCha8 }

// The mathematics agrees with transparency-dev/merkle on all small trees, and on
// mutations of their proofs.
func TestProofsAgreeWithTransparencyDevMerkle(t *testing.T) {
	const n = 21
	tr := entries(n)
	hasher := rfc6962.DefaultHasher
	for size := int64(1); size <= n; size++ {
		c := tr.checkpoint(origin, size)
		for index := range size {
			leaf := tlog.LeafHash([]byte(entry(int(index))))
			hashes := tr.prove(size, index)
			for wrong := int64(-1); wrong < int64(len(hashes)); wrong++ {
				if wrong >= 0 {
					hashes[wrong][3] ^= 4
				}
				theirs := proof.VerifyInclusion(hasher, uint64(index), uint64(size), leaf[:], raw(hashes), c.Root[:])
				ours := tlog.CheckInclusion(c, uint64(index), leaf, hashes)
				require.Equal(t, theirs == nil, ours == nil)
				require.Equal(t, wrong < 0, ours == nil)
			}
		}
		for older := int64(1); older <= size; older++ {
			o := tr.checkpoint(origin, older)
			hashes := tr.proveTree(size, older)
			theirs := proof.VerifyConsistency(hasher, uint64(older), uint64(size), raw(hashes), o.Root[:], c.Root[:])
			require.NoError(t, theirs)
			require.NoError(t, tlog.CheckConsistency(o, c, hashes))
		}
	}
}

func raw(hashes []tlog.Hash) [][]byte {
	out := make([][]byte, len(hashes))
	for i, h := range hashes {
		out[i] = bytes.Clone(h[:])
	}
	return out
}

// What formats lets pass, and we refuse.
func TestFormatsAcceptsProofsThatWeRefuse(t *testing.T) {
	b, err := newWorld(t).proof.Marshal()
	require.NoError(t, err)
	good := string(b)
	for name, bad := range map[string]string{
		"leading zeros": strings.Replace(good, "index 6", "index 007", 1), "carriage returns": strings.ReplaceAll(good, "\n", "\r\n"),
		"no final newline": strings.TrimSuffix(good, "\n"), "no checkpoint": good[:strings.Index(good, "\n\n")+2],
		"64 hashes": strings.Replace(good, "\n\n", strings.Repeat("\n"+base64.StdEncoding.EncodeToString(make([]byte, 32)), 64)+"\n\n", 1),
	} {
		require.NoError(t, new(formatsproof.TLogProof).Unmarshal([]byte(bad)), name)
		_, err := tlog.ParseProof([]byte(bad))
		require.Error(t, err, name)
	}
}

func FuzzParseProof(f *testing.F) {
	b, err := newWorld(f).proof.Marshal()
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := tlog.ParseProof(b)
		if err != nil {
			return
		}
		again, err := p.Marshal()
		require.NoError(t, err)
		require.Equal(t, b, again, "a proof has one form")
		var theirs formatsproof.TLogProof
		require.NoError(t, theirs.Unmarshal(b))
		require.Equal(t, p.Index, theirs.Index)
		require.Equal(t, p.Checkpoint, theirs.Checkpoint)
		require.Equal(t, p.Extra, theirs.ExtraData)
		require.Len(t, theirs.Hashes, len(p.Hashes))
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add(newWorld(f).head.Text())
	f.Add("a\n0\n" + tlog.EmptyRoot().String() + "\nextension\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := tlog.ParseCheckpoint(text)
		if err != nil {
			return
		}
		require.Equal(t, text, c.Text(), "a checkpoint has one form")
		var theirs formatslog.Checkpoint
		_, err = theirs.Unmarshal([]byte(text))
		require.NoError(t, err)
		require.Equal(t, c.Size, theirs.Size)
		require.Equal(t, c.Root[:], theirs.Hash)
	})
}

func FuzzOpenNote(f *testing.F) {
	w := newWorld(f)
	f.Add(w.signed)
	keys := []tlog.Key{w.log.Key()}
	theirs, err := note.NewVerifier(w.log.Key().String())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, signed []byte) {
		n, err := tlog.OpenNote(signed, keys, nil)
		if err != nil {
			return
		}
		opened, err := note.Open(signed, note.VerifierList(theirs))
		require.NoError(t, err)
		require.Equal(t, opened.Text, n.Text)
	})
}

func FuzzParsePolicy(f *testing.F) {
	w := newWorld(f)
	f.Add([]byte("log " + w.log.Key().String() + "\nwitness W " + w.w1.Key().String() + "\ngroup g any W\nquorum g\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := tlog.ParsePolicy(file, nil)
		if err != nil {
			return
		}
		again, err := tlog.NewPolicy(p.Trust())
		require.NoError(t, err)
		require.Equal(t, p.Trust().Quorum, again.Trust().Quorum)
		require.NotEmpty(t, p.Trust().Quorum)
	})
}

func FuzzTilePath(f *testing.F) {
	f.Add("tile/0/x001/x234/067.p/8")
	f.Add("tile/entries/000")
	f.Fuzz(func(t *testing.T, path string) {
		tile, err := tlog.ParseTilePath(path)
		if err == nil {
			require.Equal(t, path, tile.Path())
			require.NoError(t, tile.Validate())
		}
	})
}

func TestFingerprintsAreThoseOfTheKeysAlone(t *testing.T) {
	w := newWorld(t)
	a, err := w.w3.Key().Fingerprint()
	require.NoError(t, err)
	renamed := w.w3.Key()
	renamed.Name = "other"
	b, err := renamed.Fingerprint()
	require.NoError(t, err)
	require.Equal(t, a, b)
	require.NotEqual(t, sha256.Sum256(nil), a)
	_, err = tlog.Key{}.Fingerprint()
	requireCode(t, tlog.CodeKey, err)
}
