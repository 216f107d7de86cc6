package merkle

import (
	"crypto/sha256"
	"crypto/sha512"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/sha256x"
)

// A hasher hashes the blocks of a tree. It is immutable.
type hasher struct {
	Params
	size           int // of a hash, in bytes
	arity          int // hashes to a block of hashes
	prefix, suffix []byte
}

const (
	// maxHash is the size of the longest hash.
	maxHash = sha512.Size
	// atOnce is how many blocks are hashed together; sha256x takes 16 lanes.
	atOnce = 16
	// tileSize is the number of hashes in a block of an RFC9162 tree file: a
	// subtree of eight levels.
	tileSize = 256
)

// newHasher returns the hasher of parameters that are normal.
func newHasher(p Params) *hasher {
	h := &hasher{Params: p, size: sha256.Size}
	block := sha256.BlockSize
	if p.Hash == digest.SHA512 {
		h.size, block = sha512.Size, sha512.BlockSize
	}
	h.arity = p.BlockSize / h.size
	switch p.Kind {
	case FSVerity:
		if len(p.Salt) > 0 { // padded to a block of the hash
			h.prefix = append(append(h.prefix, p.Salt...), make([]byte, block-len(p.Salt))...)
		}
	case DMVerity0:
		h.suffix = p.Salt
	case DMVerity1:
		h.prefix = p.Salt
	case RFC9162:
		h.prefix, h.arity = []byte{leafPrefix}, tileSize
	}
	return h
}

// empty is the root hash of no bytes.
func (h *hasher) empty() []byte {
	if h.Kind == RFC9162 {
		sum := sha256.Sum256(nil)
		return sum[:]
	}
	return make([]byte, h.size)
}

// leaves returns the number of leaves of content of a size.
func (h *hasher) leaves(size int64) int64 {
	return (size + int64(h.BlockSize) - 1) / int64(h.BlockSize)
}

// nodeSize is the size of a block of hashes.
func (h *hasher) nodeSize() int { return h.arity * h.size }

// appendLeaves appends the hash of each leaf of p. The last one may be short.
func (h *hasher) appendLeaves(dst, p []byte) []byte {
	whole := len(p) / h.BlockSize * h.BlockSize
	dst = h.appendBlocks(dst, p[:whole])
	if whole == len(p) {
		return dst
	}
	if h.Kind == RFC9162 {
		leaf := LeafHash(p[whole:])
		return append(dst, leaf[:]...)
	}
	return h.appendBlocks(dst, append(p[whole:len(p):len(p)], make([]byte, h.BlockSize-(len(p)-whole))...))
}

// appendNode appends the hash of a block of hashes, of which n are in use and the
// others are zero.
func (h *hasher) appendNode(dst, block []byte, n int) []byte {
	if h.Kind == RFC9162 {
		node := tileHash(block[:n*h.size])
		return append(dst, node[:]...)
	}
	return h.appendBlocks(dst, block)
}

// appendBlocks appends the hash of each block of p, which holds whole ones.
func (h *hasher) appendBlocks(dst, p []byte) []byte {
	switch {
	case h.size == sha512.Size:
		return h.appendBlocks512(dst, p)
	case len(h.suffix) > 0:
		return h.appendSuffixed(dst, p)
	}
	return appendSums(dst, h.prefix, p, h.BlockSize)
}

// appendSums appends SHA-256(prefix || record) for each record of p.
func appendSums(dst, prefix, p []byte, record int) []byte {
	init := sha256x.Midstate{State: sha256x.IV()}
	var sums [atOnce][sha256x.Size]byte
	for len(p) > 0 {
		n := min(len(p)/record, atOnce)
		sha256x.SumFixed(sums[:n], init, prefix, p[:n*record], record)
		for i := range n {
			dst = append(dst, sums[i][:]...)
		}
		p = p[n*record:]
	}
	return dst
}

// appendSuffixed lays the salt behind each block, as the lanes want records that
// lie back to back.
func (h *hasher) appendSuffixed(dst, p []byte) []byte {
	record := h.BlockSize + len(h.suffix)
	salted := make([]byte, 0, min(len(p)/h.BlockSize, atOnce)*record)
	for len(p) > 0 {
		salted = salted[:0]
		for range min(len(p)/h.BlockSize, atOnce) {
			salted = append(append(salted, p[:h.BlockSize]...), h.suffix...)
			p = p[h.BlockSize:]
		}
		dst = appendSums(dst, nil, salted, record)
	}
	return dst
}

func (h *hasher) appendBlocks512(dst, p []byte) []byte {
	s := sha512.New()
	for ; len(p) > 0; p = p[h.BlockSize:] {
		s.Reset()
		s.Write(h.prefix)
		s.Write(p[:h.BlockSize])
		s.Write(h.suffix)
		dst = append(dst, s.Sum(nil)...) // not Sum(dst), which would move the caller's buffer to the heap
	}
	return dst
}
