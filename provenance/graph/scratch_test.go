package graph

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
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
			value, taken := want[key]
			if !taken {
				want[key], value = i, i
			}
			got, was := table.claim(key, i)
			require.Equal(t, taken, was)
			require.Equal(t, value, got)
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

func TestTheMemoryOfFewAndSmallQueriesIsKept(t *testing.T) {
	var kept walks
	for range 2 * manyWalks {
		kept.put(&walk{})
	}
	assert.Len(t, kept.idle, manyWalks)

	s := newStore(t)
	add(t, s, "alice", builds(t, "app", "lib"))
	lineage(t, s, sum("app"), trusting("alice"))
	require.Len(t, s.walks.idle, 1)
	w := s.walks.get()
	w.hops = make([]hopRow, manyRows+1)
	s.done(w)
	assert.Empty(t, s.walks.idle)
	lineage(t, s, sum("app"), trusting("alice"))
	assert.Len(t, s.walks.idle, 1)
	_, err := s.Lineage(context.Background(), sum("app"), Query{})
	require.Error(t, err)
	assert.Len(t, s.walks.idle, 1, "a query that is refused takes none")
}

func TestWordsAreReadAsTheyWereWritten(t *testing.T) {
	var text []byte
	var places []word
	words := []string{"", "a", strings.Repeat("b", 255), strings.Repeat("c", 256), strings.Repeat("d", 1<<16+1), "", "e"}
	for _, s := range words {
		places = append(places, word(len(text)))
		text = appendWord(text, []byte(s))
	}
	for i, s := range words {
		assert.Equal(t, s, places[i].in(string(text)))
	}
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
		got, err := newReading(1).payloadFact(st.Bytes(), nil)
		require.NoError(t, err)
		again, err := attest.ParseStatement(st.Bytes(), attest.Limits{})
		require.NoError(t, err)
		want, err := newReading(1).newFact(again, digest.FromBytes(st.Bytes()), unsealed)
		require.NoError(t, err)
		one, two := newBatch(), newBatch()
		one.add(got)
		two.add(want)
		require.Equal(t, two.encode(), one.encode(), "statement %d", i)
	}
}
