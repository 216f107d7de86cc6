package graph

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
)

// The shape of the generated graph: chains of 40 builds, each of which reads the output
// before it, four libraries and a compiler that 10,000 builds share.
const (
	scaleChain = 40
	scaleTool  = 10_000
)

func scaleName(kind string, i int) digest.Digest { return sum(kind + strconv.Itoa(i)) }

func scaleFact(i int) *fact {
	f := &fact{
		shape: shapeSLSA1, envelope: digestKey(scaleName("envelope", i)), typ: string(kindType) + "https://slsa.dev/provenance/v1",
		seal: string(kindSeal) + `{"authority":"test:keys","signers":[{"subject":"alice"}]}`, maker: nameKey(builderID),
		mentions: []factMention{{role: roleOutput, digests: []string{digestKey(scaleName("out", i))}, label: nameKey("app")}},
	}
	input := func(d digest.Digest) {
		f.mentions = append(f.mentions, factMention{role: roleInput, index: uint32(len(f.mentions) - 1), digests: []string{digestKey(d)}})
	}
	if i%scaleChain > 0 {
		input(scaleName("out", i-1))
	}
	for k := range 4 {
		input(scaleName("library", (4*i+k)%1_000_000))
	}
	input(scaleName("tool", i/scaleTool))
	return f
}

// BenchmarkScale answers from a store of 100,000 statements; SEALWRIGHT_STATEMENTS sets
// another number, such as 10,000,000. It begins where parsing ends.
func BenchmarkScale(b *testing.B) {
	count := 100_000
	if text := os.Getenv("SEALWRIGHT_STATEMENTS"); text != "" {
		var err error
		count, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	ctx := context.Background()
	dir := b.TempDir()
	s := openAt(b, dir, Config{DeltaBytes: 1 << 30})
	start := time.Now()
	for from := 0; from < count; from += 10_000 {
		var facts []*fact
		for i := from; i < min(from+10_000, count); i++ {
			facts = append(facts, scaleFact(i))
		}
		_, err := s.add(ctx, facts)
		require.NoError(b, err)
	}
	b.Logf("%d statements in %v", count, time.Since(start))
	start = time.Now()
	require.NoError(b, s.Compact(ctx))
	b.Logf("compacted in %v", time.Since(start))
	require.NoError(b, s.Close())
	runtime.GC()
	start = time.Now()
	s, err := OpenReader(ctx, rootOf(b, dir), Config{})
	require.NoError(b, err)
	defer s.Close()
	b.Logf("opened in %v", time.Since(start))
	start = time.Now()
	require.NoError(b, s.Check(ctx))
	b.Logf("checked in %v", time.Since(start))
	askAtScale(b, s, count)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "Vm") && strings.Contains(line, "RSS") || strings.HasPrefix(line, "Rss") {
			b.Log(strings.TrimSpace(line))
		}
	}
	b.Logf("heap in use %d MiB", m.HeapInuse>>20)
}

func askAtScale(b *testing.B, s *Store, count int) {
	ctx, q := context.Background(), Query{Select: by("alice"), Limits: Limits{Nodes: 20_000}}
	at := func(i int) int { return i * 7919 % (count / scaleChain) * scaleChain }
	percentiles(b, "lineage of 200", func(i int) {
		a, err := s.Lineage(ctx, scaleName("out", at(i)+scaleChain-1), q)
		require.NoError(b, err)
		require.GreaterOrEqual(b, consume(a), 200)
	})
	percentiles(b, "impact of 10000", func(i int) {
		a, err := s.Impact(ctx, scaleName("tool", i%(count/scaleTool)), q)
		require.NoError(b, err)
		require.GreaterOrEqual(b, consume(a), scaleTool)
	})
	percentiles(b, "point", func(i int) {
		p, err := s.Statements(ctx, scaleName("out", at(i)), q, "", 1)
		require.NoError(b, err)
		require.Len(b, p.Mentions, 1)
	})
}

// consume looks at everything in an answer, and returns the number of nodes whose digest
// was read.
func consume(a *Answer) (nodes int) {
	var text []byte
	for _, n := range a.Nodes() {
		if text = n.Digests.AppendFirst(text[:0]); len(text) > 0 && n.Depth >= 0 {
			nodes++
		}
	}
	for _, h := range a.Hops() {
		if h.From < 0 || h.To < 0 || h.Statement < 0 || h.Pointer == "" || h.Relation == "" {
			return 0
		}
	}
	for _, s := range a.Statements() {
		if s.Evidence == (Sum{}) || s.PredicateType == "" || !s.Unverified && s.Authority == "" {
			return 0
		}
	}
	return nodes
}

// percentiles reports the least, the median and the 99th percentile of single calls, after some
// that do not count.
func percentiles(b *testing.B, name string, f func(i int)) {
	b.Run(name, func(b *testing.B) {
		for i := range 50 {
			f(i)
		}
		var took []time.Duration
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			start := time.Now()
			f(i)
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[0].Nanoseconds()), "least-ns")
		b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
		b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
	})
}
