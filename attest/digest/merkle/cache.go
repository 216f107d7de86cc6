package merkle

import (
	"container/list"
	"sync"
)

// cacheSize bounds the verified blocks that a Tree keeps, in bytes.
const cacheSize = 4 << 20

// A blockCache keeps the verified blocks that were used last. Blocks in it are
// never changed. It is safe for concurrent use.
type blockCache struct {
	most int

	mu     sync.Mutex
	recent *list.List // of *cachedBlock, the last used first
	blocks map[blockKey]*list.Element
}

type blockKey struct {
	level int
	index int64
}

type cachedBlock struct {
	key   blockKey
	block []byte
}

func newBlockCache(blockSize int) *blockCache {
	return &blockCache{most: cacheSize / blockSize, recent: list.New(), blocks: make(map[blockKey]*list.Element)}
}

// get returns a block, or nil.
func (c *blockCache) get(k blockKey) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.blocks[k]
	if e == nil {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cachedBlock).block
}

func (c *blockCache) put(k blockKey, block []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blocks[k] != nil {
		return
	}
	c.blocks[k] = c.recent.PushFront(&cachedBlock{k, block})
	if c.recent.Len() > c.most {
		last := c.recent.Remove(c.recent.Back()).(*cachedBlock)
		delete(c.blocks, last.key)
	}
}

// purge forgets everything.
func (c *blockCache) purge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recent.Init()
	clear(c.blocks)
}
