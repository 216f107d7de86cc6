package dirlog_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkAdd tells the median time from an entry to its durable proof.
func BenchmarkAdd(b *testing.B) {
	_, l := create(b)
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := l.Add(context.Background(), fmt.Appendf(nil, "entry %d", len(times))); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkAddAll tells the entries per second of batches of 16,000 with proofs,
// from callers who do not wait for each other.
func BenchmarkAddAll(b *testing.B) {
	_, l := create(b)
	entries := numbered(0, 16_000)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := l.AddAll(context.Background(), entries); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N*len(entries))/b.Elapsed().Seconds(), "entries/s")
}
