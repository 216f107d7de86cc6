package graph

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// BenchmarkAddUnverified takes bare statements in, from bytes to a durable log.
func BenchmarkAddUnverified(b *testing.B) {
	const perCall = 2000
	s := newStore(b)
	raws := make([][]byte, perCall)
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		for i := range raws {
			id := strconv.Itoa(n*perCall + i)
			raws[i] = builds(b, "out"+id, "a"+id, "tool", "base").Bytes()
		}
		b.StartTimer()
		list := make([]attest.Attestation, perCall)
		for i, raw := range raws {
			list[i] = attest.Attestation{MediaType: attest.MediaTypeInToto, Body: raw}
		}
		if _, err := s.AddUnverified(context.Background(), list...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*perCall/b.Elapsed().Seconds(), "statements/s")
}

// chain stores a random-looking graph: each output has five earlier ones as inputs.
func chain(b *testing.B, n int) *Store {
	b.Helper()
	s := newStore(b)
	for from := 0; from < n; from += 1000 {
		var facts []*fact
		for i := from; i < min(n, from+1000); i++ {
			facts = append(facts, generated(i))
		}
		_, err := s.add(context.Background(), facts)
		require.NoError(b, err)
	}
	require.NoError(b, s.Compact(context.Background()))
	require.NoError(b, s.Check(context.Background()))
	return s
}

// generated returns the fact of a build in groups of 50: every output of a group has
// the five before it as inputs.
func generated(i int) *fact {
	name := func(i int) string { return digestKey(sum(strconv.Itoa(i))) }
	f := &fact{
		shape: shapeSLSA1, envelope: digestKey(sum("e" + strconv.Itoa(i))), typ: string(kindType) + "t",
		seal: string(kindSeal) + `{"authority":"test:keys","signers":[{"subject":"alice"}]}`, maker: nameKey(builderID),
		mentions: []factMention{{role: roleOutput, digests: []string{name(i)}}},
	}
	for k := 1; k <= min(5, i%200); k++ {
		f.mentions = append(f.mentions, factMention{role: roleInput, index: uint32(k - 1), digests: []string{name(i - k)}})
	}
	return f
}

func BenchmarkQueries(b *testing.B) {
	s := chain(b, 40_000)
	ctx := context.Background()
	q := trusting("alice")
	last := func(i int) digest.Digest { return sum(strconv.Itoa(i*200%40_000 + 199)) }
	b.Run("lineage of 200", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			a, err := s.Lineage(ctx, last(i), q)
			if err != nil || a.NumNodes() != 200 {
				b.Fatal(err, a.NumNodes())
			}
		}
	})
	b.Run("point", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			p, err := s.Statements(ctx, last(i), q, "", 1)
			if err != nil || len(p.Mentions) != 1 {
				b.Fatal(err, fmt.Sprint(p))
			}
		}
	})
}
