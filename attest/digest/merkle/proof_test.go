package merkle_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/sealwright/sealwright/attest/digest/merkle"
)

// smallest are the parameters with the smallest leaves that have proofs.
func smallest() merkle.Params { return merkle.Params{Kind: merkle.RFC9162, BlockSize: 512} }

// leaves returns content of n leaves and their hashes.
func leaves(n int) ([]byte, []merkle.Hash) {
	b := content(n * 512)
	var hashes []merkle.Hash
	for i := range n {
		hashes = append(hashes, merkle.LeafHash(b[i*512:(i+1)*512]))
	}
	return b, hashes
}

func parts(hashes []merkle.Hash) [][]byte {
	var all [][]byte
	for _, h := range hashes {
		all = append(all, h[:])
	}
	return all
}

// treeSizes are numbers of leaves with all shapes of small trees and some larger
// ones around the edges of tiles.
func treeSizes() []int {
	var all []int
	for n := 1; n <= 33; n++ {
		all = append(all, n)
	}
	return append(all, 255, 256, 257, 511, 512, 513, 700, 65537)
}

func TestInclusionProofsAgreeWithTransparencyDevAndTlog(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	for _, n := range treeSizes() {
		b, hashes := leaves(n)
		tree, _ := open(t, smallest(), b)
		root := merkle.Hash(tree.Root().Hash)
		for i := range n {
			if n > 33 && i > 2 && i < n-3 && random.IntN(n) > 20 {
				continue
			}
			in, err := tree.ProveInclusion(int64(i))
			require.NoError(t, err)
			require.Equal(t, hashes[i], in.Leaf)
			require.NoError(t, merkle.VerifyInclusion(uint64(n), root, in))
			require.NoError(t, proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(i), uint64(n), in.Leaf[:], parts(in.Proof), root[:]))
			var theirs tlog.RecordProof
			for _, h := range in.Proof {
				theirs = append(theirs, tlog.Hash(h))
			}
			require.NoError(t, tlog.CheckRecord(theirs, int64(n), tlog.Hash(root), int64(i), tlog.Hash(in.Leaf)))
		}
	}
}

// verdictsAgree compares our verifiers with the one of transparency-dev.
func verdictsAgree(t *testing.T, size uint64, root merkle.Hash, in merkle.Inclusion) {
	t.Helper()
	theirs := proof.VerifyInclusion(rfc6962.DefaultHasher, in.Index, size, in.Leaf[:], parts(in.Proof), root[:])
	ours := merkle.VerifyInclusion(size, root, in)
	batch := merkle.VerifyInclusions(size, root, []merkle.Inclusion{in})
	require.Equal(t, theirs == nil, ours == nil, "theirs: %v\nours: %v", theirs, ours)
	require.Equal(t, ours, batch)
}

func TestInclusionVerdictsAgreeWithTransparencyDevForEveryIndexAndSize(t *testing.T) {
	for n := 1; n <= 20; n++ {
		b, _ := leaves(n)
		tree, _ := open(t, smallest(), b)
		root := merkle.Hash(tree.Root().Hash)
		for i := range n {
			in, err := tree.ProveInclusion(int64(i))
			require.NoError(t, err)
			for size := range uint64(24) {
				for index := range uint64(24) {
					claim := in
					claim.Index = index
					verdictsAgree(t, size, root, claim)
				}
			}
		}
	}
}

// Item 32.
func TestInclusionProofsThatAreWrongAreRefused(t *testing.T) {
	b, hashes := leaves(13)
	tree, _ := open(t, smallest(), b)
	root := merkle.Hash(tree.Root().Hash)
	in, err := tree.ProveInclusion(6)
	require.NoError(t, err)
	with := func(change func(*merkle.Inclusion)) error {
		claim := in
		claim.Proof = append([]merkle.Hash(nil), in.Proof...)
		change(&claim)
		verdictsAgree(t, 13, root, claim)
		return merkle.VerifyInclusion(13, root, claim)
	}
	require.NoError(t, with(func(*merkle.Inclusion) {}))
	refused(t, merkle.CodeIndex, with(func(c *merkle.Inclusion) { c.Index = 13 }))
	refused(t, merkle.CodeIndex, with(func(c *merkle.Inclusion) { c.Index = 1<<64 - 1 }))
	refused(t, merkle.CodeIndex, merkle.VerifyInclusion(0, root, in))
	refused(t, merkle.CodeProofLength, with(func(c *merkle.Inclusion) { c.Proof = c.Proof[:3] }))
	refused(t, merkle.CodeProofLength, with(func(c *merkle.Inclusion) { c.Proof = nil }))
	refused(t, merkle.CodeProofLength, with(func(c *merkle.Inclusion) { c.Proof = append(c.Proof, merkle.Hash{}) }))
	refused(t, merkle.CodeInclusion, with(func(c *merkle.Inclusion) { c.Index = 7 }))
	refused(t, merkle.CodeInclusion, with(func(c *merkle.Inclusion) { c.Leaf = hashes[7] }))
	refused(t, merkle.CodeInclusion, with(func(c *merkle.Inclusion) { c.Proof[0], c.Proof[1] = c.Proof[1], c.Proof[0] }))

	t.Run("every bit of the leaf, the proof and the root counts", func(t *testing.T) {
		for bit := range 256 {
			flip := func(h *merkle.Hash) { h[bit/8] ^= 1 << (bit % 8) }
			refused(t, merkle.CodeInclusion, with(func(c *merkle.Inclusion) { flip(&c.Leaf) }))
			for i := range in.Proof {
				refused(t, merkle.CodeInclusion, with(func(c *merkle.Inclusion) { flip(&c.Proof[i]) }))
			}
			other := root
			flip(&other)
			refused(t, merkle.CodeInclusion, merkle.VerifyInclusion(13, other, in))
		}
	})
	t.Run("item 26: a node is no leaf", func(t *testing.T) {
		node := merkle.NodeHash(hashes[6], hashes[7])
		refused(t, merkle.CodeProofLength, merkle.VerifyInclusion(13, root, merkle.Inclusion{Index: 3, Leaf: node, Proof: in.Proof[1:]}))
		require.NoError(t, merkle.VerifyInclusion(7, root, merkle.Inclusion{Index: 3, Leaf: node, Proof: in.Proof[1:]}),
			"with the wrong number of leaves it would be one: the size must be trusted as the root is")
	})
	t.Run("CVE-2012-2459: a last leaf that is doubled gives another root", func(t *testing.T) {
		assert.NotEqual(t, root, merkle.TreeHash(append(hashes, hashes[12])))
	})
	t.Run("indexes beyond the tree are not proven", func(t *testing.T) {
		for _, i := range []int64{-1, 13, 1 << 62} {
			_, err := tree.ProveInclusion(i)
			refused(t, merkle.CodeIndex, err)
		}
	})
	t.Run("other kinds have no proofs", func(t *testing.T) {
		tree, _ := open(t, merkle.Params{Kind: merkle.FSVerity}, content(10_000))
		_, err := tree.ProveInclusion(0)
		refused(t, merkle.CodeKind, err)
		_, err = tree.ProveConsistency(0)
		refused(t, merkle.CodeKind, err)
		_, err = tree.ProveRange(bytes.NewReader(content(10_000)), merkle.Range{Offset: 0, Length: 1})
		refused(t, merkle.CodeKind, err)
	})
}

func TestABatchIsRightOnlyIfEveryClaimIs(t *testing.T) {
	const n = 5000
	b, _ := leaves(n)
	tree, _ := open(t, smallest(), b)
	root := merkle.Hash(tree.Root().Hash)
	var batch []merkle.Inclusion
	for i := int64(0); i < n; i += 83 { // more than lanes, and with the short way of the last leaves
		in, err := tree.ProveInclusion(i)
		require.NoError(t, err)
		batch = append(batch, in)
	}
	last, err := tree.ProveInclusion(n - 1)
	require.NoError(t, err)
	batch = append(batch, last)
	require.NoError(t, merkle.VerifyInclusions(n, root, batch))
	refused(t, merkle.CodeInclusion, merkle.VerifyInclusions(n, root, nil))

	for i := range batch {
		good := batch[i]
		batch[i].Leaf[0] ^= 1
		err := merkle.VerifyInclusions(n, root, batch)
		refused(t, merkle.CodeInclusion, err)
		assert.ErrorContains(t, err, fmt.Sprintf("leaf %d:", good.Index))
		batch[i] = good
		batch[i].Proof = good.Proof[1:]
		refused(t, merkle.CodeProofLength, merkle.VerifyInclusions(n, root, batch))
		if i > 0 { // the first one that is wrong is told, though its shape is right
			first := batch[i-1]
			batch[i-1].Leaf[0] ^= 1
			refused(t, merkle.CodeInclusion, merkle.VerifyInclusions(n, root, batch))
			batch[i-1] = first
		}
		batch[i] = good
	}
}

func TestVerifyingInclusionDoesNotAllocate(t *testing.T) {
	b, hashes := leaves(700)
	tree, _ := open(t, smallest(), b)
	root := merkle.Hash(tree.Root().Hash)
	in, err := tree.ProveInclusion(400)
	require.NoError(t, err)
	batch := []merkle.Inclusion{in, in, in}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if merkle.VerifyInclusion(700, root, in) != nil || merkle.VerifyInclusions(700, root, batch) != nil {
			panic("refused")
		}
	}))
	var got merkle.Hash
	assert.Zero(t, testing.AllocsPerRun(100, func() { got = merkle.TreeHash(hashes) }))
	assert.Equal(t, root, got)
}

func TestConsistencyProofsAgreeWithTransparencyDevAndTlog(t *testing.T) {
	const n = 40
	b, hashes := leaves(n)
	for size := 1; size <= n; size++ {
		tree, _ := open(t, smallest(), b[:size*512])
		root := merkle.Hash(tree.Root().Hash)
		for old := range size + 1 {
			oldRoot := merkle.TreeHash(hashes[:old])
			got, err := tree.ProveConsistency(int64(old))
			require.NoError(t, err)
			require.NoError(t, merkle.VerifyConsistency(uint64(old), uint64(size), oldRoot, root, got))
			require.NoError(t, proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(old), uint64(size), parts(got), oldRoot[:], root[:]))
			if old > 0 {
				var theirs tlog.TreeProof
				for _, h := range got {
					theirs = append(theirs, tlog.Hash(h))
				}
				require.NoError(t, tlog.CheckTree(theirs, int64(size), tlog.Hash(root), int64(old), tlog.Hash(oldRoot)))
			}
		}
	}
}

// Item 33.
func TestConsistencyProofsThatAreWrongAreRefused(t *testing.T) {
	b, hashes := leaves(13)
	tree, _ := open(t, smallest(), b)
	root, old, empty := merkle.Hash(tree.Root().Hash), merkle.TreeHash(hashes[:6]), merkle.TreeHash(nil)
	good, err := tree.ProveConsistency(6)
	require.NoError(t, err)
	for name, err := range map[string]error{
		"the old tree is larger":                merkle.VerifyConsistency(13, 6, root, old, good),
		"equal sizes with different roots":      merkle.VerifyConsistency(13, 13, root, old, nil),
		"equal sizes with a proof":              merkle.VerifyConsistency(13, 13, root, root, good),
		"a proof from the empty tree":           merkle.VerifyConsistency(0, 13, empty, root, good),
		"a root of the empty tree of one's own": merkle.VerifyConsistency(0, 13, old, root, nil),
		"an empty new tree with a root":         merkle.VerifyConsistency(0, 0, empty, root, nil),
		"two empty trees with a root":           merkle.VerifyConsistency(0, 0, root, root, nil),
		"no proof":                              merkle.VerifyConsistency(6, 13, old, root, nil),
		"a proof that is cut":                   merkle.VerifyConsistency(6, 13, old, root, good[:len(good)-1]),
		"a proof that goes on":                  merkle.VerifyConsistency(6, 13, old, root, append(good[:len(good):len(good)], root)),
		"another old size":                      merkle.VerifyConsistency(5, 13, old, root, good),
		"roots that are swapped":                merkle.VerifyConsistency(6, 13, root, old, good),
	} {
		t.Run(name, func(t *testing.T) { refused(t, merkle.CodeConsistency, err) })
	}
	require.NoError(t, merkle.VerifyConsistency(0, 0, empty, empty, nil))
	require.NoError(t, merkle.VerifyConsistency(0, 13, empty, root, nil))
	t.Run("every bit of the proof and the roots counts", func(t *testing.T) {
		for bit := range 256 {
			flip := func(h *merkle.Hash) { h[bit/8] ^= 1 << (bit % 8) }
			for i := range good {
				flip(&good[i])
				refused(t, merkle.CodeConsistency, merkle.VerifyConsistency(6, 13, old, root, good))
				flip(&good[i])
			}
			for _, h := range []*merkle.Hash{&old, &root} {
				flip(h)
				refused(t, merkle.CodeConsistency, merkle.VerifyConsistency(6, 13, old, root, good))
				flip(h)
			}
		}
	})
	t.Run("an artifact that grew proves it, one that was rewritten cannot", func(t *testing.T) {
		require.NoError(t, merkle.VerifyConsistency(6, 13, old, root, good))
		b[0] ^= 1
		other, _ := open(t, smallest(), b)
		forged, err := other.ProveConsistency(6)
		require.NoError(t, err)
		refused(t, merkle.CodeConsistency, merkle.VerifyConsistency(6, 13, old, merkle.Hash(other.Root().Hash), forged))
	})
	for _, n := range []int64{-1, 14} {
		_, err := tree.ProveConsistency(n)
		refused(t, merkle.CodeIndex, err)
	}
}
