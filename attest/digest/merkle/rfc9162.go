package merkle

import (
	"crypto/sha256"
	"unsafe"

	"github.com/sealwright/sealwright/internal/sha256x"
)

// A Hash is a hash of a leaf, a node or a root of an RFC9162 tree.
type Hash = [sha256.Size]byte

// The prefixes of RFC 9162 section 2.1.1, without which a node could be taken for
// a leaf.
const (
	leafPrefix = 0x00
	nodePrefix = 0x01
)

// LeafHash returns the hash of a leaf of an RFC9162 tree: SHA-256(0x00 || data).
// It hashes data where it lies.
func LeafHash(data []byte) Hash {
	var sum [1]Hash
	sha256x.SumMany(sum[:], []byte{leafPrefix}, [][]byte{data})
	return sum[0]
}

// NodeHash returns the hash of a node of an RFC9162 tree:
// SHA-256(0x01 || left || right).
func NodeHash(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = nodePrefix
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// TreeHash returns the root hash over leaf hashes, MTH of RFC 9162 section 2.1.1;
// of none it is the SHA-256 of nothing. It does not allocate.
func TreeHash(leaves []Hash) Hash {
	if len(leaves) == 0 {
		return sha256.Sum256(nil)
	}
	span := 1 // leaves below each hash of the topmost tile
	for (len(leaves)-1)/span >= tileSize {
		span *= tileSize
	}
	return spanHash(leaves, span)
}

// spanHash hashes 1 to tileSize*span leaves. As MTH splits at powers of two, the
// roots of consecutive spans, of which only the last may be incomplete, have the
// same root as the leaves themselves.
func spanHash(leaves []Hash, span int) Hash {
	if span == 1 {
		return tileHash(bytesOf(leaves))
	}
	var tile [tileSize]Hash
	n := 0
	for ; len(leaves) > 0; n++ {
		m := min(span, len(leaves))
		tile[n] = spanHash(leaves[:m], span/tileSize)
		leaves = leaves[m:]
	}
	return tileHash(bytesOf(tile[:n]))
}

// tileHash is MTH over the 1 to tileSize hashes in b. It hashes level by level, each
// in the place of the one before; a node without a sibling moves up as it is, which
// is what the split of MTH amounts to.
func tileHash(b []byte) Hash {
	const pair = 2 * sha256.Size
	init := sha256x.Midstate{State: sha256x.IV()}
	prefix := [1]byte{nodePrefix}
	var level [tileSize / 2]Hash
	for len(b) > sha256.Size {
		n := len(b) / pair
		odd := b[n*pair:]
		sha256x.SumFixed(level[:n], init, prefix[:], b[:n*pair], pair)
		if len(odd) > 0 {
			level[n] = Hash(odd)
			n++
		}
		b = bytesOf(level[:n])
	}
	return Hash(b)
}

// bytesOf returns the memory of hashes that lie back to back.
func bytesOf(h []Hash) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(h))), len(h)*sha256.Size)
}
