//go:build linux

package digest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/digesttest"
)

func names(s ...string) iter.Seq[string] { return slices.Values(s) }

// manyFiles writes files of all kinds of sizes and returns their contents by
// name.
func manyFiles(t testing.TB, dir string) (map[string][]byte, []string) {
	all := content(400_000)
	files := make(map[string][]byte)
	var order []string
	for i, size := range []int{0, 1, 55, 56, 63, 64, 65, 4096, 16 << 10, 32 << 10, 65535, 65536, 65537, 400_000, 131072, 32768 - 9} {
		for j := range 7 {
			name := fmt.Sprintf("d%d/f%d-%d", j, i, size)
			files[name] = all[j : j+max(0, size-j)]
			order = append(order, name)
			write(t, dir, name, files[name])
		}
	}
	return files, order
}

func TestManyFilesAreSummedInOrder(t *testing.T) {
	dir, root := tempRoot(t)
	files, order := manyFiles(t, dir)
	for _, algorithms := range [][]digest.Algorithm{nil, {digest.SHA256, digest.SHA512, digest.GitBlob}, {digest.FSVeritySHA256}} {
		for _, workers := range []int{1, 2, 7} {
			o := digest.FilesOptions{Options: digest.Options{Algorithms: algorithms, Workers: workers}}
			i := 0
			for r, err := range digest.SumFiles(t.Context(), root, slices.Values(order), o) {
				require.NoError(t, err)
				require.Equal(t, order[i], r.Name)
				b := files[r.Name]
				assert.Equal(t, int64(len(b)), r.Size)
				assert.Equal(t, filepath.Base(r.Name), r.Info.Name())
				want := make(digest.Set)
				for _, a := range algorithms {
					want[a] = digesttest.Oracle(a, b)
				}
				if algorithms == nil {
					want = digest.FromBytes(b).Set()
				}
				assert.Equal(t, want, r.Digests, r.Name)
				i++
			}
			assert.Equal(t, len(order), i)
		}
	}
}

func TestAFileThatIsRefusedDoesNotStopTheOthers(t *testing.T) {
	dir, root := tempRoot(t)
	write(t, dir, "a", []byte("a"))
	write(t, dir, "z", []byte("z"))
	require.NoError(t, os.Symlink("a", filepath.Join(dir, "link")))
	want := []string{"a", "", "", "z"}
	var got []string
	for r, err := range digest.SumFiles(t.Context(), root, names("a", "link", "missing", "z"), digest.FilesOptions{}) {
		if err != nil {
			refusedWithSomeCode(t, err)
			assert.Contains(t, []string{"link", "missing"}, r.Name)
			assert.Nil(t, r.Digests)
			got = append(got, "")
			continue
		}
		got = append(got, r.Name)
	}
	assert.Equal(t, want, got)
}

func TestLinksAreFollowedOnlyIfAskedForAndOnlyInTheRoot(t *testing.T) {
	dir, root := tempRoot(t)
	write(t, dir, "a", []byte("a"))
	require.NoError(t, os.Symlink("a", filepath.Join(dir, "inside")))
	require.NoError(t, os.Symlink("/etc/hostname", filepath.Join(dir, "outside")))
	for r, err := range digest.SumFiles(t.Context(), root, names("inside"), digest.FilesOptions{FollowLinks: true}) {
		require.NoError(t, err)
		assert.Equal(t, digest.FromBytes([]byte("a")).Set(), r.Digests)
	}
	for _, err := range digest.SumFiles(t.Context(), root, names("outside"), digest.FilesOptions{FollowLinks: true}) {
		refused(t, digest.CodeOpen, err)
	}
	for _, err := range digest.SumFiles(t.Context(), root, names("inside", "outside"), digest.FilesOptions{}) {
		refused(t, digest.CodeKind, err)
	}
}

func TestTheRangeOverFilesCanEndEarly(t *testing.T) {
	dir, root := tempRoot(t)
	_, order := manyFiles(t, dir)
	before := openFiles(t)
	for _, algorithms := range [][]digest.Algorithm{nil, {digest.SHA512}} {
		n := 0
		o := digest.FilesOptions{Options: digest.Options{Algorithms: algorithms, Workers: 3}}
		for _, err := range digest.SumFiles(t.Context(), root, slices.Values(order), o) {
			require.NoError(t, err)
			if n++; n == 3 {
				break
			}
		}
		assert.Equal(t, 3, n)
		assert.Equal(t, before, openFiles(t), "open files")
	}
}

// openFiles returns how many files this process has open.
func openFiles(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(fds)
}

func TestACancelledContextEndsTheRangeWithAnError(t *testing.T) {
	_, root := tempRoot(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	endless := func(yield func(string) bool) {
		for yield("missing") {
		}
	}
	var last error
	n := 0
	for r, err := range digest.SumFiles(ctx, root, endless, digest.FilesOptions{}) {
		if n++; n == 5 {
			cancel()
		}
		last = err
		if r.Name == "" {
			break
		}
	}
	refused(t, digest.CodeCancelled, last)
	assert.Less(t, n, 20)
}

func TestWrongOptionsEndTheRangeWithAnError(t *testing.T) {
	_, root := tempRoot(t)
	for name, o := range map[string]digest.FilesOptions{
		"a size":                   {Options: digest.Options{Size: 1}},
		"a cache without a time":   {Cache: &digesttest.Cache{}},
		"a cache with fs-verity":   {Cache: &digesttest.Cache{}, Now: time.Now(), Options: digest.Options{FSVerity: []digest.FSVerity{{}}}},
		"a cache with checkpoints": {Cache: &digesttest.Cache{}, Now: time.Now(), Options: digest.Options{CheckpointStride: stride}},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			for _, err := range digest.SumFiles(t.Context(), root, names("a", "b"), o) {
				refused(t, digest.CodeOption, err)
				n++
			}
			assert.Equal(t, 1, n)
		})
	}
}

func TestProgressOfManyFilesCountsAllBytes(t *testing.T) {
	dir, root := tempRoot(t)
	files, order := manyFiles(t, dir)
	want, got := int64(0), int64(0)
	for _, b := range files {
		want += int64(len(b))
	}
	o := digest.FilesOptions{Options: digest.Options{Workers: 4, Progress: func(done, total int64) {
		assert.GreaterOrEqual(t, done, got)
		assert.Equal(t, int64(-1), total)
		got = done
	}}}
	for _, err := range digest.SumFiles(t.Context(), root, slices.Values(order), o) {
		require.NoError(t, err)
	}
	assert.Equal(t, want, got)
}

// later is a time at which files that exist now have settled.
func later() time.Time { return time.Now().Add(time.Hour) }

// sumOne sums one file with a cache.
func sumOne(t *testing.T, root *os.Root, name string, c digest.Cache, now time.Time, algorithms ...digest.Algorithm) (digest.FileResult, error) {
	t.Helper()
	o := digest.FilesOptions{Cache: c, Now: now, Options: digest.Options{Algorithms: algorithms}}
	for r, err := range digest.SumFiles(t.Context(), root, names(name), o) {
		return r, err
	}
	panic("no result")
}

func TestASettledFileIsReadOnce(t *testing.T) {
	dir, root := tempRoot(t)
	b := content(100_000)
	write(t, dir, "f", b)
	c := &digesttest.Cache{}
	for i := range 3 {
		r, err := sumOne(t, root, "f", c, later())
		require.NoError(t, err)
		assert.Equal(t, i > 0, r.Cached)
		assert.Equal(t, digest.FromBytes(b).Set(), r.Digests)
		assert.Equal(t, int64(len(b)), r.Size)
		assert.Equal(t, "f", r.Info.Name())
	}
	assert.Equal(t, 1, c.Len())
}

func TestAFileThatIsTooYoungIsNotCached(t *testing.T) {
	dir, root := tempRoot(t)
	write(t, dir, "f", []byte("x"))
	info, err := root.Stat("f")
	require.NoError(t, err)
	changed := time.Unix(0, digest.KeyOf(info).Changed)
	c := &digesttest.Cache{}
	_, err = sumOne(t, root, "f", c, changed.Add(digest.SettleTime))
	require.NoError(t, err)
	assert.Zero(t, c.Len(), "a file of exactly the settle time")
	_, err = sumOne(t, root, "f", c, changed.Add(digest.SettleTime+1))
	require.NoError(t, err)
	assert.Equal(t, 1, c.Len())
}

func TestAFileWithAForgedOldTimeIsNotCached(t *testing.T) {
	dir, root := tempRoot(t)
	write(t, dir, "f", []byte("x"))
	old := time.Now().Add(-24 * time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "f"), old, old)) // sets mtime, and ctime to now
	c := &digesttest.Cache{}
	_, err := sumOne(t, root, "f", c, time.Now())
	require.NoError(t, err)
	assert.Zero(t, c.Len())
}

func TestACachedFileThatChangesIsReadAgain(t *testing.T) {
	for name, change := range changes {
		if name == "removed" || name == "replaced by a link" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir, root := tempRoot(t)
			path := filepath.Join(dir, "f")
			write(t, dir, "f", content(1000))
			c := &digesttest.Cache{}
			_, err := sumOne(t, root, "f", c, later())
			require.NoError(t, err)
			settle(t, path)
			change(t, path)
			r, err := sumOne(t, root, "f", c, later())
			require.NoError(t, err)
			assert.False(t, r.Cached)
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, digest.FromBytes(b).Set(), r.Digests)
		})
	}
}

func TestACachedSetThatLacksAnAlgorithmIsAMiss(t *testing.T) {
	dir, root := tempRoot(t)
	write(t, dir, "f", []byte("x"))
	c := &digesttest.Cache{}
	_, err := sumOne(t, root, "f", c, later())
	require.NoError(t, err)
	r, err := sumOne(t, root, "f", c, later(), digest.SHA256, digest.SHA512)
	require.NoError(t, err)
	assert.False(t, r.Cached)
	assert.Len(t, r.Digests, 2)
	r, err = sumOne(t, root, "f", c, later(), digest.SHA512)
	require.NoError(t, err)
	assert.True(t, r.Cached)
	assert.Equal(t, digest.Set{digest.SHA512: digesttest.Oracle(digest.SHA512, []byte("x"))}, r.Digests)
}

func TestACachedGitIDOfAnotherObjectFormatIsAMiss(t *testing.T) {
	dir, root := tempRoot(t)
	write(t, dir, "f", []byte("x"))
	c := &digesttest.Cache{}
	_, err := sumOne(t, root, "f", c, later(), digest.GitBlob)
	require.NoError(t, err)
	o := digest.FilesOptions{Cache: c, Now: later(), Options: digest.Options{Algorithms: []digest.Algorithm{digest.GitBlob}, Git: digest.GitSHA256}}
	for r, err := range digest.SumFiles(t.Context(), root, names("f"), o) {
		require.NoError(t, err)
		assert.False(t, r.Cached)
		assert.Len(t, r.Digests[digest.GitBlob], 64)
	}
}

func TestACacheThatFailsIsAnError(t *testing.T) {
	dir, root := tempRoot(t)
	write(t, dir, "f", []byte("x"))
	failure := errors.New("cache on fire")
	_, err := sumOne(t, root, "f", &digesttest.Cache{Fail: failure}, later())
	assert.ErrorIs(t, err, failure)
}

func TestCachesKeepTheContract(t *testing.T) {
	t.Run("in memory", func(t *testing.T) {
		digesttest.TestCache(t, func(*testing.T) digest.Cache { return &digesttest.Cache{} })
	})
	t.Run("in a directory", func(t *testing.T) {
		digesttest.TestCache(t, func(t *testing.T) digest.Cache { return dirCache(t, testKey) })
	})
}

func dirCache(t *testing.T, key []byte) *digest.DirCache {
	t.Helper()
	_, root := tempRoot(t)
	c, err := digest.NewDirCache(root, key)
	require.NoError(t, err)
	return c
}

func TestADirectoryCacheBelievesOnlyItsOwnEntries(t *testing.T) {
	dir, root := tempRoot(t)
	c, err := digest.NewDirCache(root, testKey)
	require.NoError(t, err)
	key := digest.FileKey{Device: 1, Inode: 2, Size: 3, Modified: 4, Changed: 5}
	require.NoError(t, c.Put(t.Context(), key, digest.FromBytes([]byte("x")).Set()))
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	require.NoError(t, err)
	require.Len(t, paths, 1)
	entry, err := os.ReadFile(paths[0])
	require.NoError(t, err)

	get := func() error {
		_, found, err := c.Get(t.Context(), key)
		assert.False(t, found)
		return err
	}
	for bit := range len(entry) * 8 {
		require.NoError(t, os.WriteFile(paths[0], flip(entry, bit), 0o600))
		refused(t, digest.CodeCacheEntry, get())
	}
	for _, bad := range [][]byte{nil, entry[:len(entry)-1], append(slices.Clone(entry), 0), make([]byte, 1<<20)} {
		require.NoError(t, os.WriteFile(paths[0], bad, 0o600))
		refused(t, digest.CodeCacheEntry, get())
	}

	t.Run("an entry of another key", func(t *testing.T) {
		other, err := digest.NewDirCache(root, content(32))
		require.NoError(t, err)
		require.NoError(t, other.Put(t.Context(), key, digest.FromBytes([]byte("evil")).Set()))
		refused(t, digest.CodeCacheEntry, get())
	})
	t.Run("an entry of another file in its place", func(t *testing.T) {
		another := key
		another.Inode++
		require.NoError(t, c.Put(t.Context(), another, digest.FromBytes([]byte("y")).Set()))
		all, err := filepath.Glob(filepath.Join(dir, "*", "*"))
		require.NoError(t, err)
		for _, p := range all {
			if p != paths[0] {
				require.NoError(t, os.Rename(p, paths[0]))
			}
		}
		refused(t, digest.CodeCacheEntry, get())
	})
	t.Run("an entry that cannot be read", func(t *testing.T) {
		require.NoError(t, os.Remove(paths[0]))
		require.NoError(t, os.Mkdir(paths[0], 0o755))
		refused(t, digest.CodeCacheRead, get())
		refused(t, digest.CodeCacheWrite, c.Put(t.Context(), key, digest.FromBytes([]byte("x")).Set()))
	})
}

func TestADirectoryCacheRefusesWhatItShouldNotKeep(t *testing.T) {
	c := dirCache(t, testKey)
	refused(t, digest.CodeEmpty, c.Put(t.Context(), digest.FileKey{Inode: 1}, nil))
	_, root := tempRoot(t)
	_, err := digest.NewDirCache(root, make([]byte, 31))
	refused(t, digest.CodeCacheKey, err)
}
