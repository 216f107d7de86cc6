package digest

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/sealwright/sealwright/internal/sha256x"
)

// A chain is a flat SHA-256 whose chaining value is at hand: for checkpoints,
// and for an fs-verity tree whose leaves share its message schedule.
type chain struct {
	state   sha256x.State
	folded  int64  // bytes in state, a multiple of unit
	unit    int    // the leaf size, or a block of SHA-256
	partial []byte // less than a unit

	tree   *verityTree // nil without fs-verity
	want   verityWant
	leaves *blocks256
	states []sha256x.State // scratch
	hashes []byte          // scratch

	stride    int64  // 0 without checkpoints
	midstates []byte // chaining values at each multiple of stride
}

// chainChunk bounds the bytes folded at a time: a multiple of every leaf size.
const chainChunk = 64 << 10

func newChain(stride int64, verity *verityWant) *chain {
	c := &chain{state: sha256x.IV(), unit: sha256x.BlockSize, stride: stride}
	if verity != nil {
		c.want = *verity
		c.unit = verity.params.BlockSize
		c.tree = newVerityTree(verity.params)
		c.leaves = newBlocks256(verity.params)
		c.states = make([]sha256x.State, chainChunk/c.unit)
	}
	return c
}

func (c *chain) write(p []byte) {
	if len(c.partial) > 0 {
		n := min(c.unit-len(c.partial), len(p))
		c.partial = append(c.partial, p[:n]...)
		p = p[n:]
		if len(c.partial) < c.unit {
			return
		}
		c.fold(c.partial)
		c.partial = c.partial[:0]
	}
	for len(p) >= c.unit {
		n := min(len(p)&^(c.unit-1), chainChunk)
		if c.stride != 0 { // a multiple of chainChunk, and so of unit
			n = int(min(int64(n), c.stride-c.folded%c.stride))
		}
		c.fold(p[:n])
		p = p[n:]
	}
	c.partial = append(c.partial, p...)
}

// fold takes in whole units that do not cross a checkpoint.
func (c *chain) fold(p []byte) {
	if c.tree == nil {
		s := [1]sha256x.State{c.state}
		sha256x.Fold(s[:], [][]byte{p})
		c.state = s[0]
	} else {
		n := len(p) / c.unit
		sha256x.FoldWithLeaves(&c.state, c.leaves.init.State, c.states[:n], p, c.unit)
		c.hashes = c.leaves.appendFinished(c.hashes[:0], c.states[:n])
		c.tree.push(0, c.hashes)
	}
	c.folded += int64(len(p))
	if c.stride != 0 && c.folded%c.stride == 0 {
		sum := c.state.Sum()
		c.midstates = append(c.midstates, sum[:]...)
	}
}

func (c *chain) finish(r *Result) error {
	if c.tree != nil {
		if n := len(c.partial); n > 0 {
			leaf := append(c.partial[:n:n], make([]byte, c.unit-n)...)
			c.tree.push(0, c.leaves.appendHashes(nil, leaf))
		}
		c.want.store(r, c.tree.measure(r.Size))
	}
	s := []sha256x.State{c.state}
	sha256x.Fold(s, [][]byte{pad(c.partial, r.Size)})
	sum := s[0].Sum()
	r.Digests[SHA256] = hex.EncodeToString(sum[:])
	if c.stride != 0 {
		r.Checkpoints = newCheckpoints(c.stride, r.Size, sum, c.midstates)
	}
	return nil
}

// pad appends the padding of FIPS 180-4 section 5.1.1 to the last bytes of a
// message of the given size.
func pad(p []byte, size int64) []byte {
	p = append(p, 0x80)
	for len(p)%sha256x.BlockSize != sha256x.BlockSize-8 {
		p = append(p, 0)
	}
	return binary.BigEndian.AppendUint64(p, uint64(size)<<3)
}
