package graph

import "slices"

// cycles returns the strongly connected components of provenance that lead back to
// themselves, by Tarjan's algorithm without recursion: an attacker chooses the depth.
func cycles(nodes int, hops []Hop) (found [][]int) {
	provenance := func(h Hop) bool { return h.Relation == Input || h.Relation == Output || h.Relation == Byproduct }
	t := tarjan{first: make([]int, nodes+1), order: make([]int, nodes), low: make([]int, nodes), open: make([]bool, nodes)}
	for _, h := range hops {
		if provenance(h) {
			t.first[h.From+1]++
		}
	}
	for i := range nodes {
		t.first[i+1] += t.first[i]
	}
	t.to = make([]int, t.first[nodes])
	next := slices.Clone(t.first)
	for _, h := range hops {
		if provenance(h) {
			t.to[next[h.From]] = h.To
			next[h.From]++
		}
	}
	for i := range nodes {
		if t.order[i] == 0 {
			t.visit(i)
		}
	}
	slices.SortFunc(t.found, func(a, b []int) int { return a[0] - b[0] })
	return t.found
}

type tarjan struct {
	first, to  []int // the edges of node i go to to[first[i]:first[i+1]]
	order, low []int // 0 is not visited
	open       []bool
	stack      []int
	count      int
	found      [][]int
}

func (t *tarjan) edges(node int) []int { return t.to[t.first[node]:t.first[node+1]] }

func (t *tarjan) visit(start int) {
	type frame struct{ node, edge int }
	frames := []frame{{start, 0}}
	for len(frames) > 0 {
		f := &frames[len(frames)-1]
		if f.edge == 0 {
			t.count++
			t.order[f.node], t.low[f.node] = t.count, t.count
			t.stack = append(t.stack, f.node)
			t.open[f.node] = true
		}
		if edges := t.edges(f.node); f.edge < len(edges) {
			to := edges[f.edge]
			f.edge++
			if t.order[to] == 0 {
				frames = append(frames, frame{to, 0})
			} else if t.open[to] {
				t.low[f.node] = min(t.low[f.node], t.order[to])
			}
			continue
		}
		node := f.node
		frames = frames[:len(frames)-1]
		if len(frames) > 0 {
			parent := frames[len(frames)-1].node
			t.low[parent] = min(t.low[parent], t.low[node])
		}
		if t.low[node] == t.order[node] {
			t.close(node)
		}
	}
}

// close takes a component off the stack, and keeps it if it is a cycle.
func (t *tarjan) close(root int) {
	at := len(t.stack) - 1
	for t.stack[at] != root {
		at--
	}
	component := slices.Clone(t.stack[at:])
	t.stack = t.stack[:at]
	for _, i := range component {
		t.open[i] = false
	}
	if len(component) > 1 || slices.Contains(t.edges(root), root) {
		slices.Sort(component)
		t.found = append(t.found, component)
	}
}
