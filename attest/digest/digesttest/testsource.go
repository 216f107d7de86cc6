package digesttest

import (
	"bytes"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
)

// TestSource checks that s keeps the contract of digest.Source for the given
// content, which should be longer than a few hundred KiB to tell much.
func TestSource(t *testing.T, s digest.Source, content []byte) {
	size := int64(len(content))
	t.Run("its size is that of the content", func(t *testing.T) {
		assert.Equal(t, size, s.Size())
	})
	t.Run("it reads the content everywhere", func(t *testing.T) {
		got, err := io.ReadAll(io.NewSectionReader(s, 0, size))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(content, got))
		for _, offset := range []int64{0, size / 3, max(0, size-1), size} {
			p := make([]byte, min(100, size-offset))
			n, err := s.ReadAt(p, offset)
			if err != io.EOF {
				require.NoError(t, err)
			}
			assert.Equal(t, content[offset:offset+int64(n)], p)
		}
	})
	t.Run("a read across the end tells what there is and io.EOF", func(t *testing.T) {
		p := make([]byte, size+10)
		n, err := s.ReadAt(p, 0)
		assert.Equal(t, io.EOF, err)
		assert.Equal(t, int(size), n)
	})
	t.Run("a read beyond the end is io.EOF", func(t *testing.T) {
		n, err := s.ReadAt(make([]byte, 1), size)
		assert.Equal(t, io.EOF, err)
		assert.Zero(t, n)
	})
	t.Run("concurrent reads are safe", func(t *testing.T) {
		var all sync.WaitGroup
		for i := range int64(8) {
			all.Go(func() {
				offset := size * i / 8
				p := make([]byte, size-offset)
				_, err := s.ReadAt(p, offset)
				if err != io.EOF {
					assert.NoError(t, err)
				}
				assert.True(t, bytes.Equal(content[offset:], p))
			})
		}
		all.Wait()
	})
	t.Run("its digest is that of the content", func(t *testing.T) {
		r, err := digest.SumAt(t.Context(), s, digest.Options{})
		require.NoError(t, err)
		assert.Equal(t, digest.FromBytes(content).Set(), r.Digests)
	})
}
