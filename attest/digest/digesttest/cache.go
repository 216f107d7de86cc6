package digesttest

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
)

// A Cache is a digest.Cache in memory. Its zero value is empty.
type Cache struct {
	Fail error // error of every call, if not nil
	Hits int   // Gets that found an entry

	mu      sync.Mutex
	entries map[digest.FileKey]digest.Set
}

// Get implements digest.Cache.
func (c *Cache) Get(_ context.Context, k digest.FileKey) (digest.Set, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.entries[k]
	if ok {
		c.Hits++
	}
	return s.Clone(), ok && c.Fail == nil, c.Fail
}

// Put implements digest.Cache.
func (c *Cache) Put(_ context.Context, k digest.FileKey, s digest.Set) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = make(map[digest.FileKey]digest.Set)
	}
	if c.Fail == nil {
		c.entries[k] = s.Clone()
	}
	return c.Fail
}

// Len returns the number of entries.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries)
}

// TestCache checks that caches made by empty keep the contract of digest.Cache.
func TestCache(t *testing.T, empty func(t *testing.T) digest.Cache) {
	ctx := t.Context()
	key := digest.FileKey{Device: 1, Inode: 2, Size: 3, Modified: 4, Changed: 5}
	set := digest.FromBytes([]byte("content")).Set()

	t.Run("an empty cache misses without an error", func(t *testing.T) {
		got, found, err := empty(t).Get(ctx, key)
		require.NoError(t, err)
		assert.False(t, found)
		assert.Empty(t, got)
	})
	t.Run("what was put is found under its key and no other", func(t *testing.T) {
		c := empty(t)
		require.NoError(t, c.Put(ctx, key, set))
		got, found, err := c.Get(ctx, key)
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, set, got)
		for _, other := range neighbours(key) {
			_, found, err := c.Get(ctx, other)
			require.NoError(t, err)
			assert.False(t, found, "%v", other)
		}
	})
	t.Run("a second put replaces the first", func(t *testing.T) {
		c := empty(t)
		require.NoError(t, c.Put(ctx, key, set))
		second := digest.FromBytes([]byte("other")).Set()
		require.NoError(t, c.Put(ctx, key, second))
		got, _, err := c.Get(ctx, key)
		require.NoError(t, err)
		assert.Equal(t, second, got)
	})
	t.Run("neither the caller's set nor a returned one is shared", func(t *testing.T) {
		c := empty(t)
		mine := set.Clone()
		require.NoError(t, c.Put(ctx, key, mine))
		mine[digest.SHA512] = "spoilt"
		got, _, err := c.Get(ctx, key)
		require.NoError(t, err)
		got[digest.SHA384] = "spoilt"
		again, _, err := c.Get(ctx, key)
		require.NoError(t, err)
		assert.Equal(t, set, again)
	})
	t.Run("concurrent use is safe", func(t *testing.T) {
		c := empty(t)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for i := range int64(8) {
					k := key
					k.Size = i
					assert.NoError(t, c.Put(ctx, k, set))
					got, found, err := c.Get(ctx, k)
					assert.NoError(t, err)
					assert.True(t, found)
					assert.Equal(t, set, got)
				}
			})
		}
		all.Wait()
	})
}

// neighbours returns keys that differ from k in one field.
func neighbours(k digest.FileKey) []digest.FileKey {
	all := []digest.FileKey{k, k, k, k, k}
	all[0].Device++
	all[1].Inode++
	all[2].Size++
	all[3].Modified++
	all[4].Changed++
	return all
}
