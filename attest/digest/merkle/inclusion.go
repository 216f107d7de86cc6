package merkle

import (
	"crypto/sha256"
	"encoding/hex"
	"math/bits"
	"strconv"

	"github.com/transparency-dev/merkle/proof"

	"github.com/sealwright/sealwright/internal/sha256x"
)

// An Inclusion claims that a leaf stands at an index of an RFC9162 tree.
type Inclusion struct {
	Index uint64
	Leaf  Hash // LeafHash of the leaf's bytes
	Proof []Hash
}

// ProveInclusion returns the proof that a leaf is in the tree, RFC 9162 section
// 2.1.3.1: the siblings on the way to the root. Other kinds than RFC9162 are
// refused with CodeKind.
func (t *Tree) ProveInclusion(index int64) (Inclusion, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	size, err := t.provable()
	if err != nil {
		return Inclusion{}, err
	}
	if index < 0 || index >= size {
		return Inclusion{}, refuse(CodeIndex, "leaf index", "below "+decimal(size), decimal(index))
	}
	leaf, err := t.leaf(index)
	if err != nil {
		return Inclusion{}, err
	}
	nodes, err := proof.Inclusion(uint64(index), uint64(size))
	if err != nil {
		return Inclusion{}, because(refuse(CodeIndex, "leaf index", "", decimal(index)), err)
	}
	hashes, err := t.proofHashes(nodes)
	return Inclusion{Index: uint64(index), Leaf: Hash(leaf), Proof: hashes}, err
}

// VerifyInclusion reports, by a nil error, that in is right for the tree of size
// leaves with the given root hash, RFC 9162 section 2.1.3.2. It does not allocate,
// except for an error.
//
// That a leaf is a certain string of bytes is proven by comparing LeafHash of them:
// a Leaf that came with the proof proves only that some string has that hash.
func VerifyInclusion(size uint64, root Hash, in Inclusion) error {
	if err := in.check(size); err != nil {
		return err
	}
	var node [1 + 2*sha256.Size]byte
	node[0] = nodePrefix
	hash := in.Leaf
	for i := range in.Proof {
		in.pair(node[1:], &hash, size, i)
		hash = sha256.Sum256(node[:])
	}
	return in.conclude(hash, root)
}

// VerifyInclusions is VerifyInclusion for many leaves of one tree. It hashes
// several proofs side by side. All must be right; the error is that of the first
// one, in order, that is not. No claims at all are refused.
func VerifyInclusions(size uint64, root Hash, batch []Inclusion) error {
	if len(batch) == 0 {
		return refuse(CodeInclusion, "batch", "at least one claim", "none")
	}
	for len(batch) > 0 {
		n := min(len(batch), proofsAtOnce)
		if err := verifyTogether(size, root, batch[:n]); err != nil {
			return err
		}
		batch = batch[n:]
	}
	return nil
}

// proofsAtOnce is how many proofs are verified together: a few times the lanes, as
// the work beside the hashing is then done less often.
const proofsAtOnce = 4 * atOnce

// verifyTogether takes one step of every proof at a time.
func verifyTogether(size uint64, root Hash, batch []Inclusion) error {
	var (
		init   = sha256x.Midstate{State: sha256x.IV()}
		prefix = [1]byte{nodePrefix}
		hashes [proofsAtOnce]Hash
		pairs  [proofsAtOnce * 2 * sha256.Size]byte
		sums   [proofsAtOnce]Hash
		lane   [proofsAtOnce]int
		bad    error // of the first claim whose shape is wrong
	)
	for i := range batch {
		if bad = batch[i].check(size); bad != nil {
			batch = batch[:i]
			break
		}
		hashes[i] = batch[i].Leaf
	}
	for step := 0; ; step++ {
		n := 0
		for i := range batch {
			if step < len(batch[i].Proof) {
				batch[i].pair(pairs[n*2*sha256.Size:], &hashes[i], size, step)
				lane[n] = i
				n++
			}
		}
		if n == 0 {
			break
		}
		sha256x.SumFixed(sums[:n], init, prefix[:], pairs[:n*2*sha256.Size], 2*sha256.Size)
		for i := range n {
			hashes[lane[i]] = sums[i]
		}
	}
	for i := range batch {
		if err := batch[i].conclude(hashes[i], root); err != nil {
			return err
		}
	}
	return bad
}

// check refuses an index beyond the tree and a proof of the wrong length.
//
// The way from leaf Index to the root has two parts. Up to where it meets the way
// from the last leaf, each level has a sibling, right or left as the bits of Index
// say. Above, where it runs along the right edge of the tree, only the levels with
// a bit set in Index have one, to the left.
func (in *Inclusion) check(size uint64) error {
	if in.Index >= size {
		return refuse(CodeIndex, "leaf index", "below "+strconv.FormatUint(size, 10), strconv.FormatUint(in.Index, 10))
	}
	inner := in.inner(size)
	if want := inner + bits.OnesCount64(in.Index>>inner); len(in.Proof) != want {
		return refuse(CodeProofLength, "inclusion proof of leaf "+strconv.FormatUint(in.Index, 10), decimal(want)+" hashes", decimal(len(in.Proof)))
	}
	return nil
}

// inner is the length of the first part.
func (in *Inclusion) inner(size uint64) int { return bits.Len64(in.Index ^ (size - 1)) }

// pair lays the node and its sibling at a step into dst, in their order.
func (in *Inclusion) pair(dst []byte, node *Hash, size uint64, step int) {
	left, right := &in.Proof[step], node
	if step < in.inner(size) && in.Index>>step&1 == 0 {
		left, right = right, left
	}
	copy(dst, left[:])
	copy(dst[sha256.Size:], right[:])
}

func (in *Inclusion) conclude(got, root Hash) error {
	if got == root {
		return nil
	}
	return refuse(CodeInclusion, "leaf "+strconv.FormatUint(in.Index, 10), hex.EncodeToString(root[:]), hex.EncodeToString(got[:]))
}
