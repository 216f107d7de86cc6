package digest_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/digesttest"
)

// computed are the algorithms that the package computes by itself.
var computed = []digest.Algorithm{
	digest.SHA256, digest.SHA384, digest.SHA512, digest.GitBlob, digest.FSVeritySHA256, digest.FSVeritySHA512,
}

// boundaries are sizes around the blocks, leaves and buffers of every part.
func boundaries() []int {
	sizes := []int{0, 1, 2, 3, 55, 56, 57, 111, 112, 113}
	for _, b := range []int{64, 128, 1024, 4096, 8192, 32 << 10, 64 << 10, 128 << 10, 128 * 4096, 1 << 20} {
		for d := -2; d <= 2; d++ {
			sizes = append(sizes, b+d)
		}
	}
	return sizes
}

func TestEveryAlgorithmEqualsThePlainestComputation(t *testing.T) {
	all := content(1<<20 + 2)
	for _, size := range boundaries() {
		b := all[:size]
		want := make(digest.Set)
		for _, a := range computed {
			want[a] = digesttest.Oracle(a, b)
		}
		for _, workers := range []int{1, 4} {
			o := digest.Options{Algorithms: computed, Size: int64(size), Workers: workers}
			got, err := digest.Sum(t.Context(), bytes.NewReader(b), o)
			require.NoError(t, err, "size %d", size)
			assert.Equal(t, want, got.Digests, "size %d workers %d", size, workers)
			assert.Equal(t, int64(size), got.Size)

			o.Size = 0
			got, err = digest.SumAt(t.Context(), bytes.NewReader(b), o)
			require.NoError(t, err, "size %d", size)
			assert.Equal(t, want, got.Digests, "size %d workers %d", size, workers)
		}
	}
}

func TestEverySizeTo70000EqualsTheStandardLibrary(t *testing.T) {
	all := content(70_000)
	step := sizeStep
	if testing.Short() {
		step = 61
	}
	o := digest.Options{Algorithms: []digest.Algorithm{digest.SHA256, digest.FSVeritySHA256}, CheckpointStride: digest.MinStride, Workers: 1}
	for size := 0; size <= len(all); size += step {
		h, err := digest.New(o)
		require.NoError(t, err)
		_, err = h.Write(all[:size])
		require.NoError(t, err)
		got, err := h.Finish()
		require.NoError(t, err)
		sum := sha256.Sum256(all[:size])
		require.Equal(t, hex.EncodeToString(sum[:]), got.Digests[digest.SHA256], "size %d", size)
		require.Equal(t, digesttest.FSVerity(digest.FSVerity{}, all[:size]), got.Digests[digest.FSVeritySHA256], "size %d", size)
	}
}

func TestEveryLegalFSVerityParameterEqualsThePlainestComputation(t *testing.T) {
	all := content(300_000)
	salts := [][]byte{nil, []byte("s"), content(31), content(32)}
	for _, h := range []digest.Algorithm{digest.SHA256, digest.SHA512} {
		for block := 1024; block <= 65536; block *= 2 {
			for i, salt := range salts {
				v := digest.FSVerity{Hash: h, BlockSize: block, Salt: salt}
				for _, size := range []int{0, 1, block - 1, block, block + 1, 2 * block, 33*1024 + 7, 300_000 - i} {
					b := all[:size]
					want := digesttest.FSVerity(v, b)
					for _, flat := range [][]digest.Algorithm{{}, {digest.SHA256}} {
						got, err := digest.SumAt(t.Context(), bytes.NewReader(b), digest.Options{Algorithms: flat, FSVerity: []digest.FSVerity{v}})
						require.NoError(t, err)
						assert.Equal(t, want, hex.EncodeToString(got.FSVerity[0].Digest), "%s of %d bytes beside %v", v, size, flat)
						assert.Equal(t, string(h)+":"+want, got.FSVerity[0].String())
						if len(flat) > 0 {
							assert.Equal(t, digest.FromBytes(b).Hex, got.Digests[digest.SHA256])
						}
					}
				}
			}
		}
	}
}

func TestSeveralFSVerityDigestsComeFromOneRead(t *testing.T) {
	b := content(200_001)
	vs := []digest.FSVerity{{}, {BlockSize: 1024, Salt: []byte("a")}, {Hash: digest.SHA512, BlockSize: 65536}, {}}
	got, err := digest.Sum(t.Context(), bytes.NewReader(b), digest.Options{FSVerity: vs, Algorithms: []digest.Algorithm{digest.SHA256, digest.FSVeritySHA512}})
	require.NoError(t, err)
	require.Len(t, got.FSVerity, len(vs))
	for i, v := range vs {
		assert.Equal(t, digesttest.FSVerity(v, b), hex.EncodeToString(got.FSVerity[i].Digest), "%d", i)
	}
	assert.Equal(t, digesttest.Oracle(digest.FSVeritySHA512, b), got.Digests[digest.FSVeritySHA512])
}

func TestTheWayBytesAreWrittenDoesNotMatter(t *testing.T) {
	b := content(300_000)
	o := digest.Options{Algorithms: computed, Size: int64(len(b)), CheckpointStride: digest.MinStride}
	want, err := digest.Sum(t.Context(), bytes.NewReader(b), o)
	require.NoError(t, err)
	ways := map[string]func(h *digest.Hasher) error{
		"one write": func(h *digest.Hasher) error { _, err := h.Write(b); return err },
		"a string":  func(h *digest.Hasher) error { _, err := h.WriteString(string(b)); return err },
		"a reader":  func(h *digest.Hasher) error { _, err := h.ReadFrom(bytes.NewReader(b)); return err },
		"small reads": func(h *digest.Hasher) error {
			_, err := h.ReadFrom(&digesttest.Reader{Content: b, Chunk: 777})
			return err
		},
		"io.Copy":      func(h *digest.Hasher) error { _, err := io.Copy(h, bytes.NewReader(b)); return err },
		"bytes":        func(h *digest.Hasher) error { return writeIn(h, b, 1) },
		"odd pieces":   func(h *digest.Hasher) error { return writeIn(h, b, 4097) },
		"large pieces": func(h *digest.Hasher) error { return writeIn(h, b, 99_999) },
		"mixed": func(h *digest.Hasher) error {
			_, err := h.Write(b[:70_001])
			_, err2 := h.ReadFrom(bytes.NewReader(b[70_001:]))
			return errors.Join(err, err2)
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			for _, workers := range []int{1, 3} {
				o.Workers = workers
				h, err := digest.New(o)
				require.NoError(t, err)
				require.NoError(t, way(h))
				got, err := h.Finish()
				require.NoError(t, err)
				assert.Equal(t, want, got)
			}
		})
	}
}

func writeIn(h io.Writer, b []byte, n int) error {
	for len(b) > 0 {
		m := min(n, len(b))
		if _, err := h.Write(b[:m]); err != nil {
			return err
		}
		b = b[m:]
	}
	return nil
}

func TestAGitBlobIDComesInBothObjectFormats(t *testing.T) {
	b := []byte("hello\n")
	o := digest.Options{Algorithms: []digest.Algorithm{digest.GitBlob}, Size: int64(len(b))}
	got, err := digest.Sum(t.Context(), bytes.NewReader(b), o)
	require.NoError(t, err)
	assert.Equal(t, "ce013625030ba8dba906f756967f9e9ca394464a", got.Digests[digest.GitBlob])
	o.Git = digest.GitSHA256
	got, err = digest.Sum(t.Context(), bytes.NewReader(b), o)
	require.NoError(t, err)
	assert.Equal(t, digesttest.GitBlob(sha256.New(), b), got.Digests[digest.GitBlob])
}

func TestAGitBlobIDOfAStreamNeedsItsSize(t *testing.T) {
	o := digest.Options{Algorithms: []digest.Algorithm{digest.GitBlob}}
	_, err := digest.Sum(t.Context(), strings.NewReader("x"), o)
	refused(t, digest.CodeUndeclared, err)

	empty, err := digest.Sum(t.Context(), strings.NewReader(""), o)
	require.NoError(t, err)
	assert.Equal(t, digesttest.GitBlob(sha1.New(), nil), empty.Digests[digest.GitBlob])
}

func TestAnInjectedHashIsComputed(t *testing.T) {
	o := digest.Options{
		Algorithms: []digest.Algorithm{"crc32", digest.SHA256},
		Extra:      map[digest.Algorithm]func() hash.Hash{"crc32": func() hash.Hash { return crc32.NewIEEE() }},
	}
	got, err := digest.Sum(t.Context(), strings.NewReader("abc"), o)
	require.NoError(t, err)
	assert.Equal(t, digest.Set{"crc32": "352441c2", digest.SHA256: digest.FromBytes([]byte("abc")).Hex}, got.Digests)
}

func TestAnInjectedHashOfTheWrongLengthIsRefused(t *testing.T) {
	o := digest.Options{
		Algorithms: []digest.Algorithm{digest.BLAKE3},
		Extra:      map[digest.Algorithm]func() hash.Hash{digest.BLAKE3: sha1.New},
	}
	_, err := digest.Sum(t.Context(), strings.NewReader("abc"), o)
	refused(t, digest.CodeLength, err)
}

func TestOptionsThatContradictAreRefused(t *testing.T) {
	extra := func(a digest.Algorithm) map[digest.Algorithm]func() hash.Hash {
		return map[digest.Algorithm]func() hash.Hash{a: sha256.New}
	}
	cases := map[string]struct {
		o    digest.Options
		code digest.Code
	}{
		"an algorithm twice":                      {digest.Options{Algorithms: []digest.Algorithm{digest.SHA256, digest.SHA256}}, digest.CodeAlgorithm},
		"no algorithm at all":                     {digest.Options{Algorithms: []digest.Algorithm{}}, digest.CodeAlgorithm},
		"MD5":                                     {digest.Options{Algorithms: []digest.Algorithm{digest.MD5}}, digest.CodeAlgorithm},
		"SHA-1":                                   {digest.Options{Algorithms: []digest.Algorithm{digest.SHA1}}, digest.CodeAlgorithm},
		"a commit":                                {digest.Options{Algorithms: []digest.Algorithm{digest.GitCommit}}, digest.CodeAlgorithm},
		"BLAKE3 without a constructor":            {digest.Options{Algorithms: []digest.Algorithm{digest.BLAKE3}}, digest.CodeAlgorithm},
		"an unknown algorithm":                    {digest.Options{Algorithms: []digest.Algorithm{"SHA256"}}, digest.CodeAlgorithm},
		"an injected SHA-256":                     {digest.Options{Extra: extra(digest.SHA256)}, digest.CodeAlgorithm},
		"a nil constructor":                       {digest.Options{Extra: map[digest.Algorithm]func() hash.Hash{digest.BLAKE3: nil}}, digest.CodeAlgorithm},
		"a negative size":                         {digest.Options{Size: -1}, digest.CodeOption},
		"a size beyond SHA-256":                   {digest.Options{Size: 1 << 61}, digest.CodeOption},
		"negative workers":                        {digest.Options{Workers: -1}, digest.CodeOption},
		"an unknown object format":                {digest.Options{Git: "md5"}, digest.CodeOption},
		"a stride of one":                         {digest.Options{CheckpointStride: 1}, digest.CodeCheckpointStride},
		"a negative stride":                       {digest.Options{CheckpointStride: -65536}, digest.CodeCheckpointStride},
		"a stride that is not a multiple":         {digest.Options{CheckpointStride: 65537}, digest.CodeCheckpointStride},
		"a stride beyond the largest":             {digest.Options{CheckpointStride: 2 << 30}, digest.CodeCheckpointStride},
		"checkpoints without SHA-256":             {digest.Options{Algorithms: []digest.Algorithm{digest.SHA512}, CheckpointStride: 65536}, digest.CodeOption},
		"fs-verity with SHA-1":                    {digest.Options{FSVerity: []digest.FSVerity{{Hash: digest.SHA1}}}, digest.CodeFSVerity},
		"fs-verity with a block of 512":           {digest.Options{FSVerity: []digest.FSVerity{{BlockSize: 512}}}, digest.CodeFSVerity},
		"fs-verity with a block of 4097":          {digest.Options{FSVerity: []digest.FSVerity{{BlockSize: 4097}}}, digest.CodeFSVerity},
		"fs-verity with a block of 128 KiB":       {digest.Options{FSVerity: []digest.FSVerity{{BlockSize: 128 << 10}}}, digest.CodeFSVerity},
		"fs-verity with a block of minus 4096":    {digest.Options{FSVerity: []digest.FSVerity{{BlockSize: -4096}}}, digest.CodeFSVerity},
		"fs-verity with a salt of 33 bytes":       {digest.Options{FSVerity: []digest.FSVerity{{Salt: make([]byte, 33)}}}, digest.CodeFSVerity},
		"fs-verity with another unknown function": {digest.Options{FSVerity: []digest.FSVerity{{Hash: "sha999"}}}, digest.CodeFSVerity},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := digest.New(c.o)
			refused(t, c.code, err)
			_, err = digest.Sum(t.Context(), strings.NewReader("x"), c.o)
			refused(t, c.code, err)
		})
	}
}

func TestOneByteMoreOrLessThanDeclaredIsRefused(t *testing.T) {
	for _, size := range []int{1, 64, 4096, 65536, 300_000} {
		b := content(size + 1)
		for _, workers := range []int{1, 2} {
			for _, n := range []int{size - 1, size + 1} {
				o := digest.Options{Size: int64(size), Algorithms: computed, Workers: workers}
				_, err := digest.Sum(t.Context(), bytes.NewReader(b[:n]), o)
				refused(t, digest.CodeSize, err)
			}
		}
		_, err := digest.Sum(t.Context(), bytes.NewReader(b[:size]), digest.Options{Size: int64(size)})
		require.NoError(t, err)
	}
}

func TestASourceThatLiesAboutItsSizeIsRefused(t *testing.T) {
	for _, bias := range []int64{-1, 1, -1000, 1000} {
		s := &digesttest.Source{Content: content(200_000), SizeBias: bias}
		_, err := digest.SumAt(t.Context(), s, digest.Options{})
		refused(t, digest.CodeSize, err)
	}
	for _, bias := range []int64{-200_001, 1 << 61} {
		_, err := digest.SumAt(t.Context(), &digesttest.Source{Content: content(200_000), SizeBias: bias}, digest.Options{})
		refused(t, digest.CodeReader, err)
		want := digest.Expect{Size: -1, Digests: digest.FromBytes(content(200_000)).Set()}
		err = digest.VerifyAt(t.Context(), &digesttest.Source{Content: content(200_000), SizeBias: bias}, want, nil, digest.Options{})
		refused(t, digest.CodeReader, err)
	}
}

func TestMemoryDoesNotGrowWithTheContent(t *testing.T) {
	allocated := func(size int64) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		o := digest.Options{Algorithms: computed, Size: size, Workers: 2}
		_, err := digest.Sum(t.Context(), io.LimitReader(zeros{}, size), o)
		require.NoError(t, err)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := allocated(1<<20), allocated(64<<20)
	assert.Less(t, small, uint64(1<<20))
	assert.Less(t, large, small+1<<19, "bytes allocated for 64 MiB")
}

func TestAReaderThatBreaksItsContractIsRefused(t *testing.T) {
	b := content(200_000)
	failure := errors.New("disk on fire")
	cases := map[string]struct {
		r    digesttest.Reader
		code digest.Code
	}{
		"bytes together with an error":       {digesttest.Reader{Content: b, Fail: failure, FailAt: 150_000, WithEnd: true}, digest.CodeRead},
		"an error after bytes":               {digesttest.Reader{Content: b, Fail: failure, FailAt: 150_000}, digest.CodeRead},
		"io.ErrUnexpectedEOF":                {digesttest.Reader{Content: b, Fail: io.ErrUnexpectedEOF, FailAt: 150_000}, digest.CodeRead},
		"io.ErrUnexpectedEOF with all bytes": {digesttest.Reader{Content: b, Fail: io.ErrUnexpectedEOF, FailAt: len(b), WithEnd: true}, digest.CodeRead},
		"a wrapped io.EOF":                   {digesttest.Reader{Content: b, Fail: fmt.Errorf("truncated: %w", io.EOF), FailAt: 10}, digest.CodeRead},
		"nothing and no error for ever":      {digesttest.Reader{Content: b, Empty: 1 << 30}, digest.CodeReader},
		"more bytes than asked for":          {digesttest.Reader{Content: b, Lie: 1 << 20}, digest.CodeReader},
		"a negative count":                   {digesttest.Reader{Content: b, Lie: -1 << 20}, digest.CodeReader},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, workers := range []int{1, 2} {
				r := c.r
				got, err := digest.Sum(t.Context(), &r, digest.Options{Algorithms: []digest.Algorithm{digest.SHA256, digest.SHA512}, Workers: workers})
				refused(t, c.code, err)
				assert.Nil(t, got)
				r = c.r
				refused(t, c.code, digest.Verify(t.Context(), &r, digest.Expect{Size: -1, Digests: digest.FromBytes(b).Set()}, digest.Options{}))
			}
		})
	}
}

func TestAReaderWithinItsContractIsReadToItsEnd(t *testing.T) {
	b := content(200_000)
	cases := map[string]digesttest.Reader{
		"one byte at a time":           {Content: b[:5000], Chunk: 1},
		"io.EOF with the last bytes":   {Content: b, WithEnd: true},
		"empty reads between":          {Content: b, Empty: 99, Chunk: 7777},
		"io.EOF with bytes, in pieces": {Content: b, WithEnd: true, Chunk: 65536},
	}
	for name, r := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := digest.Sum(t.Context(), &r, digest.Options{})
			require.NoError(t, err)
			assert.Equal(t, digest.FromBytes(r.Content).Set(), got.Digests)
		})
	}
}

func TestAReaderAtThatBreaksItsContractIsRefused(t *testing.T) {
	b := content(3 * digest.MinStride)
	hints := checkpointsOf(t, b)
	failure := errors.New("disk on fire")
	cases := map[string]struct {
		make func() *digesttest.Source
		code digest.Code
	}{
		"an error":            {func() *digesttest.Source { return &digesttest.Source{Content: b, Fail: failure, FailAt: 70_000} }, digest.CodeRead},
		"an interrupted call": {func() *digesttest.Source { return &digesttest.Source{Content: b, Fail: syscall.EINTR, FailAt: 70_000} }, digest.CodeRead},
		"io.ErrUnexpectedEOF": {func() *digesttest.Source {
			return &digesttest.Source{Content: b, Fail: io.ErrUnexpectedEOF, FailAt: 70_000}
		}, digest.CodeRead},
		"short reads with no error": {func() *digesttest.Source { return &digesttest.Source{Content: b, Short: true} }, digest.CodeReader},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := digest.SumAt(t.Context(), c.make(), digest.Options{})
			refused(t, c.code, err)
			refused(t, c.code, digest.VerifyAt(t.Context(), c.make(), expect(b), nil, digest.Options{}))
			refused(t, c.code, digest.VerifyAt(t.Context(), c.make(), expect(b), hints, digest.Options{}))
		})
	}
}

func TestAnErrorBesideAllTheBytesIsAnError(t *testing.T) {
	b := content(3*digest.MinStride + 1)
	s := doubtful{bytes.NewReader(b)}
	_, err := digest.SumAt(t.Context(), s, digest.Options{})
	refused(t, digest.CodeRead, err)
	refused(t, digest.CodeRead, digest.VerifyAt(t.Context(), s, expect(b), checkpointsOf(t, b), digest.Options{}))
}

// A doubtful source returns all bytes that were asked for, and an error.
type doubtful struct{ *bytes.Reader }

func (d doubtful) ReadAt(p []byte, offset int64) (int, error) {
	n, err := d.Reader.ReadAt(p, offset)
	if n == len(p) && n > 1 {
		err = errors.New("checksum of the device differs")
	}
	return n, err
}

func TestAHasherFinishesOnce(t *testing.T) {
	h, err := digest.New(digest.Options{})
	require.NoError(t, err)
	_, err = h.WriteString("abc")
	require.NoError(t, err)
	_, err = h.Finish()
	require.NoError(t, err)

	n, err := h.Write([]byte("x"))
	refused(t, digest.CodeFinished, err)
	assert.Zero(t, n)
	_, err = h.ReadFrom(strings.NewReader("x"))
	refused(t, digest.CodeFinished, err)
	_, err = h.State()
	refused(t, digest.CodeFinished, err)
	_, err = h.Finish()
	refused(t, digest.CodeFinished, err)
}

func TestConcurrentWritesAreRefusedAndSpoilTheHasher(t *testing.T) {
	h, err := digest.New(digest.Options{})
	require.NoError(t, err)
	inside, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var all sync.WaitGroup
	all.Go(func() {
		_, err := h.ReadFrom(readerFunc(func(p []byte) (int, error) {
			once.Do(func() { close(inside) })
			<-release
			return 0, io.EOF
		}))
		assert.NoError(t, err)
	})
	<-inside
	_, err = h.Write([]byte("x"))
	refused(t, digest.CodeConcurrent, err)
	close(release)
	all.Wait()
	_, err = h.Finish()
	refused(t, digest.CodeConcurrent, err)
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestAWriteThatIsRefusedSpoilsTheHasher(t *testing.T) {
	h, err := digest.New(digest.Options{Size: 3})
	require.NoError(t, err)
	_, err = h.WriteString("abcd")
	refused(t, digest.CodeSize, err)
	_, err = h.WriteString("abc")
	refused(t, digest.CodeSize, err)
	_, err = h.Finish()
	refused(t, digest.CodeSize, err)
}

func TestAFailedReadSpoilsTheHasher(t *testing.T) {
	h, err := digest.New(digest.Options{})
	require.NoError(t, err)
	_, err = h.ReadFrom(&digesttest.Reader{Content: []byte("abc"), Fail: io.ErrUnexpectedEOF, FailAt: 2})
	refused(t, digest.CodeRead, err)
	_, err = h.Finish()
	refused(t, digest.CodeRead, err)
}

func TestCancellationEndsTheWorkSoonAndIsAnError(t *testing.T) {
	b := content(1 << 20)
	hints := checkpointsOf(t, b)
	works := map[string]func(ctx context.Context, s digest.Source) error{
		"Sum": func(ctx context.Context, s digest.Source) error {
			_, err := digest.Sum(ctx, io.NewSectionReader(s, 0, 1<<60), digest.Options{Workers: 1})
			return err
		},
		"Sum with a pipeline": func(ctx context.Context, s digest.Source) error {
			_, err := digest.Sum(ctx, io.NewSectionReader(s, 0, 1<<60), digest.Options{Workers: 2, Algorithms: []digest.Algorithm{digest.SHA256, digest.SHA512}})
			return err
		},
		"SumAt": func(ctx context.Context, s digest.Source) error {
			_, err := digest.SumAt(ctx, s, digest.Options{})
			return err
		},
		"VerifyAt with checkpoints": func(ctx context.Context, s digest.Source) error {
			return digest.VerifyAt(ctx, s, expect(b), hints, digest.Options{Workers: 2})
		},
	}
	for name, work := range works {
		t.Run(name, func(t *testing.T) {
			cause := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			reads := 0
			s := &digesttest.Source{Content: b, OnRead: func(int64, int) {
				if reads++; reads == 3 {
					cancel(cause)
				}
			}}
			err := work(ctx, s)
			refused(t, digest.CodeCancelled, err)
			assert.ErrorIs(t, err, cause)
			assert.LessOrEqual(t, reads, 3+2*32, "buffers read after the cancellation")
		})
	}
}

func TestProgressTellsEveryByteInOrder(t *testing.T) {
	b := content(300_000)
	for _, workers := range []int{1, 2} {
		var seen []int64
		o := digest.Options{Workers: workers, Size: int64(len(b)), Algorithms: []digest.Algorithm{digest.SHA256, digest.SHA512}, Progress: func(done, total int64) {
			assert.Equal(t, int64(len(b)), total)
			seen = append(seen, done)
		}}
		_, err := digest.Sum(t.Context(), bytes.NewReader(b), o)
		require.NoError(t, err)
		assert.IsIncreasing(t, seen)
		assert.Equal(t, int64(len(b)), seen[len(seen)-1])
	}
}

func TestProgressDoesNotInventATotal(t *testing.T) {
	o := digest.Options{Progress: func(_, total int64) { assert.Equal(t, int64(-1), total) }}
	_, err := digest.Sum(t.Context(), strings.NewReader("abc"), o)
	require.NoError(t, err)
}

// The property that makes a fs-verity digest no digest of the padded bytes: the
// descriptor binds the size.
func TestContentThatPadsToTheSameBlocksHasAnotherFSVerityDigest(t *testing.T) {
	x := digesttest.Oracle(digest.FSVeritySHA256, []byte("x"))
	got, err := digest.SumAt(t.Context(), strings.NewReader("x\x00"), digest.Options{Algorithms: []digest.Algorithm{digest.FSVeritySHA256}})
	require.NoError(t, err)
	assert.NotEqual(t, x, got.Digests[digest.FSVeritySHA256])
}

func TestAnEmptyFileHasTheSpecialFSVerityRoot(t *testing.T) {
	got, err := digest.Sum(t.Context(), strings.NewReader(""), digest.Options{FSVerity: []digest.FSVerity{{}}})
	require.NoError(t, err)
	assert.Equal(t, make([]byte, 32), got.FSVerity[0].Root)
	// As "fsverity digest" prints it for /dev/null.
	assert.Equal(t, "sha256:3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95", got.FSVerity[0].String())
}

func TestMoreBytesThanSHA256CanCountAreRefused(t *testing.T) {
	h, err := digest.New(digest.Options{})
	require.NoError(t, err)
	digest.SetTaken(h, 1<<61-3)
	_, err = h.Write([]byte("ab"))
	require.NoError(t, err)
	_, err = h.Write([]byte("c"))
	refused(t, digest.CodeTooLong, err)
	_, err = h.Finish()
	refused(t, digest.CodeTooLong, err)
}
