//go:build linux

package measure_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/sealwright/sealwright/reproducible/measure"
)

// large is a tree that every Debian machine has.
const large = "/usr"

func BenchmarkStatSnapshot(b *testing.B) {
	entries := 0
	for b.Loop() {
		tree, err := measure.Snapshot(context.Background(), []string{large}, measure.Options{StatOnly: true})
		if err != nil {
			b.Fatal(err)
		}
		entries = len(tree.Entries)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(entries), "ns/entry")
	b.ReportMetric(float64(entries), "entries")
}

// BenchmarkFullSnapshot compares the rate of a full snapshot, listing included,
// with what crypto/sha256 gives on all cores at once in the same run.
func BenchmarkFullSnapshot(b *testing.B) {
	dir := os.Getenv("SEALWRIGHT_BENCH_TREE")
	if dir == "" {
		dir = "/usr/lib"
	}
	var size int64
	for b.Loop() {
		tree, err := measure.Snapshot(context.Background(), []string{dir}, measure.Options{})
		if err != nil {
			b.Fatal(err)
		}
		size = 0
		for _, e := range tree.Entries {
			if e.Kind == measure.File {
				size += e.Size
			}
		}
	}
	rate := float64(size) * float64(b.N) / b.Elapsed().Seconds() / 1e6
	base := sha256Rate()
	b.ReportMetric(rate, "MB/s")
	b.ReportMetric(base, "sha256-MB/s")
	b.ReportMetric(rate/base, "of-sha256")
}

// sha256Rate is what crypto/sha256 gives on all cores, in MB/s.
func sha256Rate() float64 {
	const each = 512 << 20
	data := bytes.Repeat([]byte{7}, 1<<20)
	start := time.Now()
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			h := sha256.New()
			for range each / len(data) {
				_, _ = io.Copy(h, bytes.NewReader(data))
			}
		})
	}
	all.Wait()
	return float64(each) * float64(runtime.GOMAXPROCS(0)) / time.Since(start).Seconds() / 1e6
}
