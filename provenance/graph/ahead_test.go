package graph

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A hub with more statements than are read together, in a delta, in a segment and in one
// that is not mapped.
func TestAHubIsToldInTheOrderOfAddingHoweverItIsRead(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := openAt(t, dir, Config{})
	want := []string{"tool"}
	for i := range 3*batchSize + 5 {
		name := "out" + strconv.Itoa(i)
		add(t, s, []string{"alice", "mallory"}[i%7/6], builds(t, name, "lib"+strconv.Itoa(i), "tool", "base"))
		if i%7 < 6 {
			want = append(want, name)
		}
	}
	ask := func(s *Store) string {
		up, down := lineage(t, s, sum("out50"), trusting("alice")), impact(t, s, sum("tool"), trusting("alice"))
		assert.Equal(t, want, labels(down))
		b, err := json.Marshal([]any{up.Answer, down.Answer})
		require.NoError(t, err)
		return string(b)
	}
	delta := ask(s)
	require.NoError(t, s.Flush(ctx))
	assert.Equal(t, delta, ask(s))
	require.NoError(t, s.Close())
	assert.Equal(t, delta, ask(openAt(t, dir, Config{NoMapping: true})))
}

func TestLargeRecordsAreReadFewAtATime(t *testing.T) {
	s := newStore(t)
	var facts []*fact
	for i := range 5 {
		f := generated(i)
		for range batchBytes / 20 { // six bytes each
			f.mentions = append(f.mentions, factMention{role: roleInput, digests: []string{digestKey(sum("tool"))}})
		}
		facts = append(facts, f)
	}
	_, err := s.add(context.Background(), facts)
	require.NoError(t, err)
	require.NoError(t, s.Flush(context.Background()))
	assert.Len(t, impact(t, s, sum("tool"), trusting("alice")).Statements, 5)

	w, err := s.begin(context.Background(), trusting("alice"))
	require.NoError(t, err)
	defer s.done(w)
	key := []byte(digestKey(sum("tool")))
	r, err := w.find(fingerprint(key), key)
	require.NoError(t, err)
	list, err := w.postings(r.places.lo, roleInput)
	require.NoError(t, err)
	require.EqualValues(t, 5, list.count())
	n, err := w.ahead(&w.source, w.places[r.places.lo].part, &list, 0, 0)
	require.NoError(t, err)
	assert.Less(t, n, 5)
}

// randomRecord returns a record of a build or of a bill, in the order of statements.
func randomRecord(random *rand.Rand, nodes uint32) *record {
	r := &record{}
	r.evidence[0] = byte(random.IntN(256))
	if random.IntN(2) == 0 {
		r.payload = r.evidence
	}
	order := [][]role{{roleOutput, roleByproduct, roleInput}, {roleAbout, roleComponent}}[random.IntN(2)]
	for _, ro := range order {
		for i := range random.IntN(4) {
			m := mention{role: ro, index: uint32(i * random.IntN(3)), place: random.Uint32N(2), label: random.Uint32N(2)}
			for range random.IntN(7) {
				m.digests = append(m.digests, random.Uint32N(nodes))
			}
			r.mentions = append(r.mentions, m)
		}
	}
	return r
}

func TestWhatIsTouchedIsWhatRecordsLeadTo(t *testing.T) {
	const nodes = 100
	random := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		r := randomRecord(random, nodes)
		wire := r.append(nil)
		for _, dir := range directions {
			for _, step := range dir {
				var want []uint32
				for _, m := range r.mentions {
					if step.to>>m.role&1 == 1 {
						want = append(want, m.digests...)
					}
				}
				var reader mentionReader
				require.Equal(t, want, reader.appendTargets(nil, wire, step.to, nodes))
				for n := range wire { // a record that is cut is refused later, and does no harm here
					for _, id := range reader.appendTargets(nil, wire[:n], step.to, nodes) {
						require.Less(t, id, uint32(nodes))
					}
				}
			}
		}
	}
}

func TestFewNodesOfALargeRecordAreTouched(t *testing.T) {
	r := &record{}
	for range mostTouched {
		r.mentions = append(r.mentions, mention{role: roleInput, digests: make([]uint32, 100)})
	}
	var reader mentionReader
	assert.Len(t, reader.appendTargets(nil, r.append(nil), 1<<roleInput, 2), mostTouched)
}
