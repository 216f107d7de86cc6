package dirlog

import (
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	logfmt "github.com/sealwright/sealwright/attest/tlog"
)

// A pyramid is a tile with the inner hashes over its leaves: level k holds the
// roots of its complete subtrees of 2^k leaves. The root of a full tile stands in
// the tile above it.
type pyramid [logfmt.TileHeight][]logfmt.Hash

func newPyramid(leaves []logfmt.Hash) *pyramid {
	p := &pyramid{}
	for _, leaf := range leaves {
		p.add(leaf)
	}
	return p
}

// add appends a leaf and the hashes that it completes, and reports the root of
// the tile if it is full.
func (p *pyramid) add(h logfmt.Hash) (root logfmt.Hash, full bool) {
	for level := range p {
		p[level] = append(p[level], h)
		n := len(p[level])
		if n%2 == 1 {
			return logfmt.Hash{}, false
		}
		h = tlog.NodeHash(p[level][n-2], p[level][n-1])
	}
	return h, true
}

func (p *pyramid) bytes() []byte {
	content := make([]byte, 0, len(p[0])*len(logfmt.Hash{}))
	for _, h := range p[0] {
		content = append(content, h[:]...)
	}
	return content
}

func (p *pyramid) clone() *pyramid {
	c := &pyramid{}
	for i := range p {
		c[i] = append([]logfmt.Hash(nil), p[i]...)
	}
	return c
}

// place tells in which tile, and where in it, a hash of the tree stands.
func place(storedIndex int64) (level int, tile uint64, row int, n int) {
	l, at := tlog.SplitStoredHashIndex(storedIndex)
	level, row = l/logfmt.TileHeight, l%logfmt.TileHeight
	perTile := int64(1) << (logfmt.TileHeight - row)
	return level, uint64(at / perTile), row, int(at % perTile)
}

type coordinate struct {
	level int
	index uint64
}

// A cache keeps pyramids of full tiles, which never change.
type cache struct {
	mu   sync.Mutex
	held map[coordinate]*pyramid
}

// cached bounds the pyramids in memory, of 16 KiB each.
const cached = 256

func (c *cache) get(at coordinate) *pyramid {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held[at]
}

func (c *cache) put(at coordinate, p *pyramid) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		c.held = map[coordinate]*pyramid{}
	}
	for victim := range c.held {
		if len(c.held) < cached {
			break
		}
		delete(c.held, victim)
	}
	c.held[at] = p
}
