package graph

import (
	"bytes"
	"context"
	"slices"

	"github.com/sealwright/sealwright/attest/digest"
)

// A Path is how one artifact went into another.
type Path struct {
	// Found tells whether there is a path. If not, and Truncated is not empty, there
	// may be one.
	Found bool `json:"found"`
	Answer
}

// Path returns a shortest path from an artifact to one that went into it, directly or
// not, and only what is on it.
func (s *Store) Path(ctx context.Context, artifact, origin digest.Digest, q Query) (*Path, error) {
	key, err := startKey(artifact, q.AllowWeak)
	if err != nil {
		return nil, err
	}
	last, err := startKey(origin, q.AllowWeak)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	q.About = false
	w, err := s.begin(ctx, q)
	if err != nil {
		return nil, err
	}
	defer s.done(w)
	first, err := w.find(fingerprint(last), last)
	if err != nil {
		return nil, err
	}
	goal, disputed, err := w.names(first)
	if err != nil {
		return nil, err
	}
	if disputed {
		goal.hi = goal.lo + 1
	}
	found := -1
	arrived := func() bool {
		for _, r := range w.refs[goal.lo:goal.hi] {
			if i, ok := w.known(r); ok {
				found = i
			}
		}
		return found >= 0
	}
	if err := w.spread(key, upstream, arrived); err != nil {
		return nil, err
	}
	arrived()
	a := w.finish()
	p := &Path{Found: found >= 0, Answer: Answer{
		Nodes: []Node{}, Hops: []Hop{}, Statements: []Statement{}, Frontier: []Frontier{}, Truncated: a.Truncated,
	}}
	if len(a.Nodes) > 0 {
		p.trace(a, max(found, 0))
	}
	return p, nil
}

// known returns the node of the answer that stands for a node, if there is one.
func (w *walk) known(r ref) (int, bool) {
	if bytes.Equal(r.key, w.start) {
		return 0, true // maybe no part has it
	}
	if r.places.lo == r.places.hi {
		return 0, false
	}
	i, ok := w.nodes.get(w.places[r.places.lo].id())
	return int(i), ok
}

// trace copies what leads from the start to a node. The first hop to a node is one from
// a node that is nearer to the start.
func (p *Path) trace(a *Answer, node int) {
	first := map[int]Hop{}
	for _, h := range a.Hops {
		if _, known := first[h.To]; !known {
			first[h.To] = h
		}
	}
	var hops []Hop
	for node != 0 {
		hops = append(hops, first[node])
		node = first[node].From
	}
	slices.Reverse(hops)
	p.Nodes = append(p.Nodes, a.Nodes[0])
	for i, h := range hops {
		p.Nodes = append(p.Nodes, a.Nodes[h.To])
		p.Statements = append(p.Statements, a.Statements[h.Statement])
		h.From, h.To, h.Statement = i, i+1, i
		p.Hops = append(p.Hops, h)
	}
	if len(hops) > 0 {
		p.Truncated = nil
	}
}
