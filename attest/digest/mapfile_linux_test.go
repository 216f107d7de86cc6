package digest_test

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/digesttest"
)

// mapped writes b to a file and maps it.
func mapped(t *testing.T, b []byte) (*digest.MappedFile, string) {
	t.Helper()
	dir, _ := tempRoot(t)
	write(t, dir, "f", b)
	path := filepath.Join(dir, "f")
	f, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	m, err := digest.MapFile(f)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, m.Close()) })
	return m, path
}

func TestAMappedFileKeepsTheContract(t *testing.T) {
	b := content(300_000)
	m, _ := mapped(t, b)
	digesttest.TestSource(t, m, b)
}

func TestAMappedFileIsVerifiedWithCheckpoints(t *testing.T) {
	for _, n := range []int{0, 1, 4096, stride - 1, stride, stride + 1, 20*stride + 3, 33 * stride} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			b := content(n)
			hints := checkpointsOf(t, b)
			m, _ := mapped(t, b)
			for _, workers := range []int{1, 3} {
				assert.NoError(t, digest.VerifyAt(t.Context(), m, expect(b), hints, digest.Options{Workers: workers}))
			}
			got, err := digest.SumAt(t.Context(), m, digest.Options{})
			require.NoError(t, err)
			assert.Equal(t, expect(b).Digests, got.Digests)
		})
	}
}

func TestAnAlteredMappedFileIsRefused(t *testing.T) {
	b := content(20*stride + 3)
	hints := checkpointsOf(t, b)
	for _, at := range []int{0, stride - 1, stride, 7*stride + 9, 20 * stride, len(b) - 1} {
		m, _ := mapped(t, flip(b, at*8))
		var e *digest.Error
		require.ErrorAs(t, digest.VerifyAt(t.Context(), m, expect(b), hints, digest.Options{}), &e)
		assert.Contains(t, []digest.Code{digest.CodeCheckpointSegment, digest.CodeCheckpointFinal}, e.Code, "byte %d", at)
	}
}

func TestAMappedFileThatChangesIsRefused(t *testing.T) {
	for name, change := range changes {
		if name == "replaced by a link" {
			continue // the inode is still the same, and its name is not known
		}
		t.Run(name, func(t *testing.T) {
			b := content(20*stride + 3)
			m, path := mapped(t, b)
			settle(t, path)
			change(t, path)
			// Truncation is a fault in the mapping: it must be an error, not a crash.
			refused(t, digest.CodeChanged, digest.VerifyAt(t.Context(), m, expect(b), checkpointsOf(t, b), digest.Options{}))
		})
	}
}

func TestAFaultInAMappingIsAnError(t *testing.T) {
	b := content(300_000)
	m, path := mapped(t, b)
	require.NoError(t, os.Truncate(path, 0))
	_, err := m.ReadAt(make([]byte, 100), 200_000)
	refused(t, digest.CodeRead, err)
}

func TestAMappingCanBeClosedWhileItIsRead(t *testing.T) {
	b := content(64 * stride)
	hints := checkpointsOf(t, b)
	m, _ := mapped(t, b)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for range 1000 {
				if err := digest.VerifyAt(t.Context(), m, expect(b), hints, digest.Options{Workers: 2}); err != nil {
					refused(t, digest.CodeRead, err)
					return
				}
			}
			t.Error("the mapping was never closed")
		})
	}
	time.Sleep(20 * time.Millisecond)
	require.NoError(t, m.Close())
	all.Wait()
	require.NoError(t, m.Close(), "a second time")
}

func TestOnlyRegularFilesAreMapped(t *testing.T) {
	f, err := os.Open("/dev/zero")
	require.NoError(t, err)
	defer f.Close()
	_, err = digest.MapFile(f)
	refused(t, digest.CodeKind, err)
}
