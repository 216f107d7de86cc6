package digest

import (
	"crypto/sha512"
	"hash"

	"github.com/sealwright/sealwright/internal/sha256x"
)

// A verityTree turns the leaf hashes of an fs-verity tree, in order, into its
// root. It keeps one block of hashes for each level: O(log n) memory.
type verityTree struct {
	params FSVerity
	blocks blockHasher
	levels []verityLevel // from the leaves up
}

// A verityLevel holds the hashes of a level that do not yet fill a block.
type verityLevel struct {
	pending []byte
	count   int64 // hashes that this level has taken in
}

// A blockHasher appends the hash of each block of b, which holds whole blocks.
type blockHasher interface {
	appendHashes(dst, b []byte) []byte
	size() int
}

func newVerityTree(v FSVerity) *verityTree {
	if v.Hash == SHA512 {
		return &verityTree{params: v, blocks: &blocks512{h: sha512.New(), prefix: v.prefix(), block: v.BlockSize}}
	}
	return &verityTree{params: v, blocks: newBlocks256(v)}
}

// push adds hashes to a level and hashes each block that they fill into the
// level above.
func (t *verityTree) push(level int, hashes []byte) {
	if level == len(t.levels) {
		t.levels = append(t.levels, verityLevel{})
	}
	t.levels[level].count += int64(len(hashes) / t.blocks.size())
	for len(hashes) > 0 {
		l := &t.levels[level]
		n := min(t.params.BlockSize-len(l.pending), len(hashes))
		l.pending = append(l.pending, hashes[:n]...)
		hashes = hashes[n:]
		if len(l.pending) == t.params.BlockSize {
			t.flush(level)
		}
	}
}

// flush pads what is pending in a level to a block and hashes it into the next.
func (t *verityTree) flush(level int) {
	l := &t.levels[level]
	block := append(l.pending, make([]byte, t.params.BlockSize-len(l.pending))...)
	l.pending = block[:0]
	t.push(level+1, t.blocks.appendHashes(nil, block))
}

// root completes the tree. The root of no leaves is all zeros; that of a single
// leaf is the leaf. It may be called once.
func (t *verityTree) root() []byte {
	if len(t.levels) == 0 {
		return make([]byte, t.blocks.size())
	}
	for i := 0; ; i++ {
		if t.levels[i].count == 1 {
			return t.levels[i].pending
		}
		if len(t.levels[i].pending) > 0 {
			t.flush(i)
		}
	}
}

// measure completes the tree of content of the given size.
func (t *verityTree) measure(size int64) Measurement {
	root := t.root()
	return Measurement{FSVerity: t.params, Root: root, Digest: t.params.digestOf(root, size)}
}

// blocks256 hashes blocks with SHA-256, several at once where the processor can.
type blocks256 struct {
	init  sha256x.Midstate // has taken in the salt
	block int
	sums  [64][sha256x.Size]byte
}

func newBlocks256(v FSVerity) *blocks256 {
	b := &blocks256{init: sha256x.Midstate{State: sha256x.IV()}, block: v.BlockSize}
	if prefix := v.prefix(); len(prefix) > 0 {
		s := []sha256x.State{b.init.State}
		sha256x.Fold(s, [][]byte{prefix})
		b.init = sha256x.Midstate{State: s[0], Length: uint64(len(prefix))}
	}
	return b
}

func (b *blocks256) size() int { return sha256x.Size }

func (b *blocks256) appendHashes(dst, p []byte) []byte {
	for len(p) > 0 {
		n := min(len(p)/b.block, len(b.sums))
		sha256x.SumFixed(b.sums[:n], b.init, nil, p[:n*b.block], b.block)
		dst = appendSums(dst, b.sums[:n])
		p = p[n*b.block:]
	}
	return dst
}

// appendFinished appends the hashes of blocks whose chains are folded but not
// padded.
func (b *blocks256) appendFinished(dst []byte, chains []sha256x.State) []byte {
	n := len(chains)
	sha256x.FinishFixed(b.sums[:n], chains, b.init.Length+uint64(b.block))
	return appendSums(dst, b.sums[:n])
}

func appendSums(dst []byte, sums [][sha256x.Size]byte) []byte {
	for i := range sums {
		dst = append(dst, sums[i][:]...)
	}
	return dst
}

// blocks512 hashes blocks with SHA-512.
type blocks512 struct {
	h      hash.Hash
	prefix []byte
	block  int
}

func (b *blocks512) size() int { return sha512.Size }

func (b *blocks512) appendHashes(dst, p []byte) []byte {
	for ; len(p) > 0; p = p[b.block:] {
		b.h.Reset()
		b.h.Write(b.prefix)
		b.h.Write(p[:b.block])
		dst = b.h.Sum(dst)
	}
	return dst
}
