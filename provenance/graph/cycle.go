package graph

import "slices"

// cycles returns the strongly connected components of provenance that lead back to
// themselves, by Tarjan's algorithm without recursion: an attacker chooses the depth.
func cycles(nodes int, hops []hopRow) (found [][]int) {
	back := false // without a hop to a node that came before, there is none
	for i := range hops {
		back = back || hops[i].to <= hops[i].from
	}
	if !back {
		return nil
	}
	const followed = 1<<roleInput | 1<<roleOutput | 1<<roleByproduct | 1<<roleComponent | 1<<roleAbout
	provenance := func(h *hopRow) bool { return followed>>h.relation&1 == 1 }
	numbers := make([]uint32, 4*nodes+2)
	cut := func(n int) (part []uint32) {
		part, numbers = numbers[:n:n], numbers[n:]
		return part
	}
	t := tarjan{first: cut(nodes + 1), order: cut(nodes), low: cut(nodes), open: make([]bool, nodes)}
	for i := range hops {
		if h := &hops[i]; provenance(h) {
			t.first[h.from+1]++
		}
	}
	for i := range nodes {
		t.first[i+1] += t.first[i]
	}
	t.to = make([]uint32, t.first[nodes])
	next := cut(nodes + 1)
	copy(next, t.first)
	for i := range hops {
		if h := &hops[i]; provenance(h) {
			t.to[next[h.from]] = h.to
			next[h.from]++
		}
	}
	for i := range uint32(nodes) {
		if t.order[i] == 0 {
			t.visit(i)
		}
	}
	slices.SortFunc(t.found, func(a, b []int) int { return a[0] - b[0] })
	return t.found
}

type tarjan struct {
	first, to  []uint32 // the edges of node i go to to[first[i]:first[i+1]]
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
