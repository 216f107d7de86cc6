package sha256x

import (
	"crypto/sha256"
	"fmt"
	"math"
	"testing"
	"time"
)

// A mean over a second of wall time measures the neighbours on a shared machine.
// The benchmarks here take turns with their baseline in samples well below a
// millisecond, and report the fastest sample of each.

// versus reports the speed of f and its ratio to base; both take in size bytes.
// It returns the nanoseconds of the fastest run of f.
func versus(b *testing.B, size int, base, f func()) float64 {
	b.Helper()
	fBest, baseBest := math.Inf(1), math.Inf(1)
	for range max(20, b.N) {
		baseBest = min(baseBest, nanoseconds(base))
		fBest = min(fBest, nanoseconds(f))
	}
	b.ReportMetric(float64(size)/fBest, "GB/s")
	b.ReportMetric(float64(size)/baseBest, "base-GB/s")
	b.ReportMetric(baseBest/fBest, "x-base")
	b.ReportMetric(0, "ns/op")
	return fBest
}

// nanoseconds returns how long one run of f took.
func nanoseconds(f func()) float64 {
	start := time.Now()
	f()
	return float64(time.Since(start).Nanoseconds())
}

func stdSum(p []byte) { sha256.Sum256(p) }

// BenchmarkFoldLanes folds leaves of 64 KiB. The baseline takes the standard
// library as it is; under GODEBUG=cpu.sha=off it does without the SHA extensions.
func BenchmarkFoldLanes(b *testing.B) {
	const leaf = 64 << 10
	ks := machineKernels()
	for _, name := range sortedNames(ks) {
		k := ks[name]
		b.Run(name, func(b *testing.B) {
			data := make([][]byte, 16)
			for i := range data {
				data[i] = randomBytes(uint64(i), leaf)
			}
			data = data[:max(k.lanes, 4)]
			states := make([]State, len(data))
			versus(b, len(data)*leaf,
				func() {
					for _, p := range data {
						stdSum(p)
					}
				},
				func() { k.fold(states, data) })
		})
	}
}

func BenchmarkSingleLane(b *testing.B) {
	p := randomBytes(1, 1<<20)
	states := []State{IV()}
	versus(b, len(p), func() { stdSum(p) }, func() { Fold(states, [][]byte{p}) })
}

func BenchmarkFoldWithLeaves(b *testing.B) {
	for _, size := range []int{1 << 10, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			p := randomBytes(1, 1<<20)
			flat, leaves := IV(), make([]State, len(p)/size)
			versus(b, len(p), func() { stdSum(p) }, func() { FoldWithLeaves(&flat, IV(), leaves, p, size) })
		})
	}
}

// BenchmarkInteriorNode hashes interior nodes of RFC 6962: 0x01 and two hashes.
func BenchmarkInteriorNode(b *testing.B) {
	const nodes = 1 << 12
	src := randomBytes(1, 64*nodes)
	dst := make([][Size]byte, nodes)
	ks := machineKernels()
	for _, name := range sortedNames(ks) {
		b.Run(name, func(b *testing.B) {
			k := ks[name]
			best := versus(b, 65*nodes,
				func() {
					buf := [65]byte{1}
					for i := range dst {
						copy(buf[1:], src[64*i:])
						dst[i] = sha256.Sum256(buf[:])
					}
				},
				func() { k.sumFixed(dst, Midstate{State: IV()}, []byte{1}, src, 64) })
			b.ReportMetric(best/nodes, "ns/node")
		})
	}
}
