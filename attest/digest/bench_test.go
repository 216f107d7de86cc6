//go:build linux

package digest_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
)

const benchSize = 64 << 20

// reportCPU begins to measure the processor time of the whole process, which
// tells more than the time on the wall where others share the machine. The
// function that it returns reports it for each operation.
func reportCPU(b *testing.B) func() {
	begin := cpuTime(b)
	return func() { b.ReportMetric(float64(cpuTime(b)-begin)/float64(b.N)/1e6, "cpu-ms/op") }
}

func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}

// sumOf measures Sum of content in memory.
func sumOf(b *testing.B, content []byte, o digest.Options) {
	b.Helper()
	b.SetBytes(int64(len(content)))
	defer reportCPU(b)()
	for b.Loop() {
		_, err := digest.Sum(b.Context(), onlyReader{bytes.NewReader(content)}, o)
		require.NoError(b, err)
	}
}

type onlyReader struct{ io.Reader }

// The baseline of BenchmarkSum: the standard library, in the usual way.
func BenchmarkStandardLibrary(b *testing.B) {
	c := content(benchSize)
	for name, newHash := range map[string]func() io.Writer{
		"sha256": func() io.Writer { return sha256.New() },
		"sha512": func() io.Writer { return sha512.New() },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(benchSize)
			defer reportCPU(b)()
			buf := make([]byte, 64<<10)
			for b.Loop() {
				_, err := io.CopyBuffer(onlyWriter{newHash()}, onlyReader{bytes.NewReader(c)}, buf)
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkSum(b *testing.B) {
	c := content(benchSize)
	for _, bench := range []struct {
		name string
		o    digest.Options
	}{
		{"sha256", digest.Options{}},
		{"sha256 and checkpoints", digest.Options{CheckpointStride: digest.DefaultStride}},
		{"sha256 and fsverity-sha256", digest.Options{Algorithms: []digest.Algorithm{digest.SHA256, digest.FSVeritySHA256}}},
		{"fsverity-sha256", digest.Options{Algorithms: []digest.Algorithm{digest.FSVeritySHA256}}},
		{"sha512", digest.Options{Algorithms: []digest.Algorithm{digest.SHA512}}},
		{"sha256 and sha512", digest.Options{Algorithms: []digest.Algorithm{digest.SHA256, digest.SHA512}}},
		{"sha256 and sha512 on one worker", digest.Options{Algorithms: []digest.Algorithm{digest.SHA256, digest.SHA512}, Workers: 1}},
	} {
		b.Run(bench.name, func(b *testing.B) { sumOf(b, c, bench.o) })
	}
}

func BenchmarkVerifyAt(b *testing.B) {
	c := content(benchSize)
	r, err := digest.Sum(b.Context(), bytes.NewReader(c), digest.Options{CheckpointStride: digest.DefaultStride})
	require.NoError(b, err)
	dir, root := tempRoot(b)
	write(b, dir, "f", c)
	f, err := root.Open("f")
	require.NoError(b, err)
	b.Cleanup(func() { f.Close() })
	s, err := digest.FileSource(f)
	require.NoError(b, err)
	want := expect(c)
	for _, bench := range []struct {
		name    string
		hints   *digest.Checkpoints
		workers int
	}{{"without checkpoints", nil, 1}, {"on one worker", r.Checkpoints, 1}, {"on two workers", r.Checkpoints, 2}} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(benchSize)
			defer reportCPU(b)()
			for b.Loop() {
				require.NoError(b, digest.VerifyAt(b.Context(), s, want, bench.hints, digest.Options{Workers: bench.workers}))
			}
		})
	}
}

func BenchmarkSumFiles(b *testing.B) {
	dir, root := tempRoot(b)
	c := content(64 << 10)
	var order []string
	total := int64(0)
	for i := range 2000 {
		name := fmt.Sprintf("%02d/%04d", i/40, i)
		size := (i * 7919) % 24_000
		write(b, dir, name, c[:size])
		order = append(order, name)
		total += int64(size)
	}
	b.Run("read only", func(b *testing.B) {
		b.SetBytes(total)
		defer reportCPU(b)()
		for b.Loop() {
			for _, name := range order {
				_, err := os.ReadFile(filepath.Join(dir, name))
				require.NoError(b, err)
			}
		}
	})
	b.Run("standard library", func(b *testing.B) {
		b.SetBytes(total)
		defer reportCPU(b)()
		for b.Loop() {
			for _, name := range order {
				f, err := os.Open(filepath.Join(dir, name))
				require.NoError(b, err)
				h := sha256.New()
				_, err = io.Copy(h, f)
				require.NoError(b, err)
				f.Close()
			}
		}
	})
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("on %d workers", workers), func(b *testing.B) {
			b.SetBytes(total)
			defer reportCPU(b)()
			o := digest.FilesOptions{Options: digest.Options{Workers: workers}}
			for b.Loop() {
				for _, err := range digest.SumFiles(b.Context(), root, slices.Values(order), o) {
					require.NoError(b, err)
				}
			}
		})
	}
}
