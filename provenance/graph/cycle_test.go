package graph

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// naiveCycles returns the nodes that reach each other, by looking from each of them.
func naiveCycles(nodes int, hops []hopRow, kinds []hopKind) (found [][]int) {
	reach := make([][]bool, nodes)
	for start := range nodes {
		reach[start] = make([]bool, nodes)
		for queue := []int{start}; len(queue) > 0; queue = queue[1:] {
			for _, h := range hops {
				if to := int(h.to); int(h.from) == queue[0] && kinds[h.kind].isProvenance() && !reach[start][to] {
					reach[start][to] = true
					queue = append(queue, to)
				}
			}
		}
	}
	told := make([]bool, nodes)
	for i := range nodes {
		var component []int
		for j := i; j < nodes; j++ {
			if !told[j] && reach[i][j] && reach[j][i] {
				told[j] = true
				component = append(component, j)
			}
		}
		if component != nil {
			found = append(found, component)
		}
	}
	return found
}

func TestCyclesAreThoseOfANaiveSearch(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	kinds := []hopKind{{relation: roleInput}, {relation: roleMaker}, {relation: roleComponent}}
	var again tarjan // serves one query after the other
	several := 0
	for range 2000 {
		nodes := 1 + random.IntN(12)
		hops := make([]hopRow, random.IntN(2*nodes))
		for i := range hops {
			hops[i] = hopRow{from: uint32(random.IntN(nodes)), to: uint32(random.IntN(nodes)), kind: uint32(random.IntN(len(kinds)))}
		}
		want := naiveCycles(nodes, hops, kinds)
		require.Equal(t, want, again.cycles(nodes, hops, kinds), "%d nodes, %+v", nodes, hops)
		several += len(want) / 2
	}
	require.Positive(t, several)
}
