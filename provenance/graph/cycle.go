package graph

import "slices"

// cycles returns the strongly connected components of provenance that lead back to
// themselves, by Tarjan's algorithm without recursion: an attacker chooses the depth.
func (t *tarjan) cycles(nodes int, hops []hopRow, kinds []hopKind) (found [][]int) {
	t.first = zeros(t.first, nodes+1)
	for i := range hops {
		if h := &hops[i]; kinds[h.kind].isProvenance() {
			t.first[h.from+1]++
		}
	}
	if !t.leadsBack(hops, kinds) {
		return nil
	}
	for i := range nodes {
		t.first[i+1] += t.first[i]
	}
	t.to = zeros(t.to, int(t.first[nodes]))
	t.next = append(t.next[:0], t.first...)
	for i := range hops {
		if h := &hops[i]; kinds[h.kind].isProvenance() {
			t.to[t.next[h.from]] = h.to
			t.next[h.from]++
		}
	}
	t.order, t.low, t.open, t.count = zeros(t.order, nodes), zeros(t.low, nodes), zeros(t.open, nodes), 0
	for i := range uint32(nodes) {
		if t.order[i] == 0 {
			t.visit(i)
		}
	}
	found, t.found = t.found, nil
	slices.SortFunc(found, func(a, b []int) int { return a[0] - b[0] })
	return found
}

// leadsBack reports whether a hop goes to a node that came before, and has hops itself:
// without one there is no cycle.
func (t *tarjan) leadsBack(hops []hopRow, kinds []hopKind) bool {
	return slices.ContainsFunc(hops, func(h hopRow) bool {
		return h.to <= h.from && kinds[h.kind].isProvenance() && t.first[h.to+1] > 0
	})
}

// isProvenance reports whether it can be a part of a cycle.
func (k *hopKind) isProvenance() bool {
	const followed = 1<<roleInput | 1<<roleOutput | 1<<roleByproduct | 1<<roleComponent | 1<<roleAbout
	return followed>>k.relation&1 == 1
}

// zeros returns n zeros, in the memory of s if that is enough.
func zeros[T any](s []T, n int) []T {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// A tarjan is what the algorithm needs. Its memory is used again.
type tarjan struct {
	first, to  []uint32 // the edges of node i go to to[first[i]:first[i+1]]
	next       []uint32 // of to, while it is filled
	order, low []uint32 // 0 is not visited
	open       []bool
	stack      []uint32
	frames     []frame
	count      uint32
	found      [][]int
}

type frame struct{ node, edge uint32 }

func (t *tarjan) edges(node uint32) []uint32 { return t.to[t.first[node]:t.first[node+1]] }

func (t *tarjan) visit(start uint32) {
	frames := append(t.frames[:0], frame{start, 0})
	for len(frames) > 0 {
		f := &frames[len(frames)-1]
		if f.edge == 0 {
			t.count++
			t.order[f.node], t.low[f.node] = t.count, t.count
			t.stack = append(t.stack, f.node)
			t.open[f.node] = true
		}
		if edges := t.edges(f.node); int(f.edge) < len(edges) {
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
	t.frames = frames
}

// close takes a component off the stack, and keeps it if it is a cycle.
func (t *tarjan) close(root uint32) {
	at := len(t.stack) - 1
	for t.stack[at] != root {
		at--
	}
	members := t.stack[at:]
	t.stack = t.stack[:at]
	for _, i := range members {
		t.open[i] = false
	}
	if len(members) > 1 || slices.Contains(t.edges(root), root) {
		component := make([]int, len(members))
		for k, i := range members {
			component[k] = int(i)
		}
		slices.Sort(component)
		t.found = append(t.found, component)
	}
}
