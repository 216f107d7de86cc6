package graph

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

func TestAnIDTableIsAMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	table := newIDTable()
	for range 20 {
		want := map[uint64]uint32{}
		for i := range uint32(random.IntN(3000)) {
			key := uint64(random.IntN(4000)) << (i % 2 * 32)
			table.put(key, i)
			if _, taken := want[key]; !taken {
				want[key] = i
			}
		}
		for key := range uint64(4000) {
			for _, key := range []uint64{key, key << 32} {
				got, ok := table.get(key)
				value, told := want[key]
				require.Equal(t, told, ok)
				require.True(t, !ok || value == got)
			}
		}
		table.reset()
	}
}

func TestAnAnswerStaysAsItWasWhileOthersAreGiven(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	both := digest.Set{digest.SHA256: value(digest.SHA256, "a"), digest.SHA512: value(digest.SHA512, "b")}
	add(t, s, "alice", builds(t, "app", "lib", "tool"), encode(t, buildOf("lib", named("joined", both))), builds(t, "other", "app"))
	text := func(v any) string {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		return string(b)
	}
	up, down := lineage(t, s, sum("app"), trusting("alice")), impact(t, s, sum("tool"), trusting("alice"))
	page, err := s.Statements(ctx, sum("app"), trusting("alice"), "", 10)
	require.NoError(t, err)
	before := text([]any{up.Answer, down.Answer, page})
	_ = append(up.Statements[0].Signers, attest.Identity{Subject: "spilled"})
	for range 3 {
		for _, name := range []string{"other", "lib", "nothing"} {
			lineage(t, s, sum(name), trusting("alice", "bob"))
			impact(t, s, sum(name), trusting("bob"))
			_, err := s.Conflicts(ctx, sum(name), trusting("alice"))
			require.NoError(t, err)
			_, err = s.StatementsNaming(ctx, builderID, trusting("alice"), "", 10)
			require.NoError(t, err)
		}
	}
	assert.Equal(t, before, text([]any{up.Answer, down.Answer, page}))
	require.NoError(t, s.Close())
	assert.Equal(t, before, text([]any{up.Answer, down.Answer, page}))
}

// What a query allocates is its answer, whose memory is cut from large pieces.
func TestAnAnswerTakesFewAllocations(t *testing.T) {
	if underRace {
		return // a sync.Pool forgets at random then
	}
	ctx := context.Background()
	s := newStore(t)
	var facts []*fact
	for i := range 400 {
		facts = append(facts, generated(i))
	}
	_, err := s.add(ctx, facts)
	require.NoError(t, err)
	require.NoError(t, s.Flush(ctx))
	d, q := sum(strconv.Itoa(199)), trusting("alice")
	require.Len(t, lineage(t, s, d, q).Nodes, 200)
	assert.Less(t, testing.AllocsPerRun(20, func() {
		_, err := s.Lineage(ctx, d, q)
		require.NoError(t, err)
	}), 20.0)
	assert.Less(t, testing.AllocsPerRun(20, func() {
		_, err := s.Statements(ctx, d, q, "", 1)
		require.NoError(t, err)
	}), 10.0)
}

func TestRawStatementsAreReadInOnePassAsInTwo(t *testing.T) {
	for i, st := range every(t) {
		got, err := payloadFact(st.Bytes(), nil)
		require.NoError(t, err)
		again, err := attest.ParseStatement(st.Bytes(), attest.Limits{})
		require.NoError(t, err)
		want, err := newFact(again, digest.FromBytes(st.Bytes()), unsealed)
		require.NoError(t, err)
		one, two := newBatch(0), newBatch(0)
		one.add(got)
		two.add(want)
		require.Equal(t, two.encode(), one.encode(), "statement %d", i)
	}
}
