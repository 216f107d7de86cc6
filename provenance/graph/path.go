package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/sealwright/sealwright/attest/digest"
)

// A Path is how one artifact went into another.
type Path struct {
	// Found tells whether there is a path. If not, and Truncated is not empty, there
	// may be one.
	Found bool
	*Answer
}

// MarshalJSON writes the path's Document, and found.
func (p *Path) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Found bool `json:"found"`
		Document
	}{p.Found, p.Document()})
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
	p := &Path{Found: found >= 0, Answer: w.finish()}
	p.Frontier, p.Cycles = nil, nil
	p.trace(max(found, 0))
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
	i, ok := w.spots.get(w.places[r.places.lo].id())
	return int(i), ok
}

// trace leaves only what leads from the start to a node. The first hop to a node is one
// from a node that is nearer to the start.
func (p *Path) trace(node int) {
	all := *p.Answer
	p.nodes, p.hops, p.statements = nil, nil, nil
	if len(all.nodes) == 0 {
		return
	}
	first := map[uint32]hopRow{}
	for _, h := range all.hops {
		if _, known := first[h.to]; !known {
			first[h.to] = h
		}
	}
	var hops []hopRow
	for at := uint32(node); at != 0; at = first[at].from {
		hops = append(hops, first[at])
	}
	slices.Reverse(hops)
	p.nodes = append(p.nodes, all.nodes[0])
	for i, h := range hops {
		p.nodes = append(p.nodes, all.nodes[h.to])
		p.statements = append(p.statements, all.statements[h.statement])
		h.from, h.to, h.statement = uint32(i), uint32(i+1), uint32(i)
		p.hops = append(p.hops, h)
	}
	if len(hops) > 0 {
		p.Truncated = nil
	}
}
