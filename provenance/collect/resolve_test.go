package collect_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/provenance/collect"
)

// TestMoreFactsNeverLowerTrust resolves random facts, then adds weaker ones: either
// that is a conflict, or every key keeps its value and trust.
func TestMoreFactsNeverLowerTrust(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	keys := []collect.Key{collect.Commit, collect.Ref, collect.Actor, collect.Started, "own.key"}
	draw := func(below int) collect.Fact {
		return fact(keys[random.IntN(len(keys))], strconv.Itoa(random.IntN(2)), collect.Trust(random.IntN(below)))
	}
	agreed, refused := 0, 0
	for range 20_000 {
		var known collect.Facts
		for range random.IntN(6) {
			known.Add(draw(5))
		}
		before, err := collect.Resolve(&known)
		if err != nil {
			require.Nil(t, before)
			continue
		}
		added := draw(5)
		if was, ok := before.Fact(added.Key); !ok || added.Trust >= was.Trust {
			continue
		}
		after, err := collect.Resolve(&known, facts(added))
		if err != nil {
			require.NotEqual(t, before.Value(added.Key), added.Value)
			refused++
			continue
		}
		require.Equal(t, before.Facts(), after.Facts())
		agreed++
	}
	require.Greater(t, agreed, 500)
	require.Greater(t, refused, 500)
}
