package graph

import (
	"context"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest/digest"
)

// Lineage tells what went into the artifact with the digest, and into that, as far as
// the selected statements go. Where they end, there is a Frontier.
func (s *Store) Lineage(ctx context.Context, d digest.Digest, q Query) (*Answer, error) {
	return s.closure(ctx, d, q, upstream)
}

// Impact tells what came out of builds that read the artifact with the digest, and out
// of builds that read that.
func (s *Store) Impact(ctx context.Context, d digest.Digest, q Query) (*Answer, error) {
	return s.closure(ctx, d, q, downstream)
}

// A direction is in which role a walk finds a node, and to which roles of the same
// statement it goes from there.
type direction struct {
	from role
	to   [2]role
}

// The directions, by their index.
const (
	upstream = iota
	downstream
)

var directions = [...]direction{
	upstream:   {roleOutput, [2]role{roleInput, roleInput}},
	downstream: {roleInput, [2]role{roleOutput, roleByproduct}},
}

func (s *Store) closure(ctx context.Context, d digest.Digest, q Query, dir int) (*Answer, error) {
	key, err := startKey(d, q.AllowWeak)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	w, err := s.begin(ctx, q)
	if err != nil {
		return nil, err
	}
	w.answering()
	if err := w.spread(key, dir, func() bool { return false }); err != nil {
		return nil, err
	}
	return w.finish(), nil
}

// spread follows provenance from the node with the key, breadth first, until done.
func (w *walk) spread(key string, dir int, done func() bool) error {
	start, err := w.node(fingerprint(key), []byte(key), "", 0)
	if err != nil || start < 0 {
		return err
	}
	queue := []int{start}
	w.queued[start] = true
	for ; len(queue) > 0 && !done(); queue = queue[1:] {
		i := queue[0]
		if w.answer.Nodes[i].Depth >= w.limits.Depth {
			w.limit("depth")
			w.end(i, Limited)
			continue
		}
		reached, err := w.follow(i, dir)
		if err != nil {
			return err
		}
		for _, j := range reached {
			if !w.queued[j] {
				w.queued[j] = true
				queue = append(queue, j)
			}
		}
		if w.query.About {
			if err := w.tellAbout(i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walk) end(node int, cause Cause) {
	w.answer.Frontier = append(w.answer.Frontier, Frontier{node, cause})
}

// follow adds the hops from a node, and returns where they lead.
func (w *walk) follow(i, dir int) (reached []int, err error) {
	refs := w.refs[i]
	if !w.followed(refs[0].key) {
		cause := Nameless
		if len(w.answer.Nodes[i].Digests) > 0 {
			cause = WeakDigest
		}
		w.end(i, cause)
		return nil, nil
	}
	w.cut = false
	list, seen, err := w.selected(refs, directions[dir].from)
	if err != nil {
		return nil, err
	}
	hops := len(w.answer.Hops)
	reached = w.reached[:0]
	w.expect(len(list))
	for k := range list {
		if err := w.open(&list[k], &w.current); err != nil {
			return nil, err
		}
		if k == 0 && w.answer.Nodes[i].Label == "" {
			if err := w.label(i, &list[k]); err != nil {
				return nil, err
			}
		}
		if reached, err = w.hops(i, &list[k], dir, reached); err != nil {
			return nil, err
		}
	}
	w.reached = reached
	switch {
	case w.cut:
		w.end(i, Limited)
	case len(list) == 0 && seen:
		w.end(i, Unbelieved)
	case len(list) == 0:
		w.end(i, Untold)
	case len(w.answer.Hops) == hops:
		w.end(i, NoInputs)
	}
	return reached, nil
}

// expect makes room for the hops of n statements, of which each leads to one node.
func (w *walk) expect(n int) {
	if n < 64 {
		return
	}
	a := w.answer
	a.Hops = slices.Grow(a.Hops, min(n, w.limits.Hops-len(a.Hops)))
	a.Statements = slices.Grow(a.Statements, n)
	n = min(n, w.limits.Nodes-len(a.Nodes))
	a.Nodes = slices.Grow(a.Nodes, n)
	w.refs, w.queued = slices.Grow(w.refs, n), slices.Grow(w.queued, n)
	w.slab.refs, w.slab.places, w.slab.digests = slices.Grow(w.slab.refs, n), slices.Grow(w.slab.places, n), slices.Grow(w.slab.digests, n)
}

// hops adds the hops of one statement.
func (w *walk) hops(from int, src *source, dir int, reached []int) ([]int, error) {
	for k := range src.record.mentions {
		m := &src.record.mentions[k]
		if m.role != directions[dir].to[0] && m.role != directions[dir].to[1] {
			continue
		}
		if !w.room() {
			break
		}
		to, err := w.mentioned(src, m, w.answer.Nodes[from].Depth+1)
		if err != nil {
			return nil, err
		}
		if to < 0 {
			continue
		}
		h := Hop{From: from, To: to, Relation: relationOf(m.role)}
		if m.role == roleInput {
			h.Role = inputRoles[m.use]
		}
		if err := w.hop(h, src, m); err != nil {
			return nil, err
		}
		reached = append(reached, to)
	}
	return reached, nil
}

// label names a node as a statement that mentions it does.
func (w *walk) label(node int, src *source) error {
	for k := range src.record.mentions {
		m := &src.record.mentions[k]
		for _, id := range m.digests {
			_, key, err := w.key(src, id)
			if err != nil {
				return err
			}
			if i, ok := w.nodes[string(key)]; !ok || i != node || m.label == 0 {
				continue
			}
			w.answer.Nodes[node].Label, err = w.text(src, m.label-1)
			return err
		}
	}
	return nil
}

func relationOf(ro role) Relation {
	switch ro {
	case roleInput:
		return Input
	case roleOutput:
		return Output
	case roleByproduct:
		return Byproduct
	case roleEvidence:
		return Evidence
	}
	return Compared
}

// room reports whether there may be another hop. It is asked before the node is made to
// which the hop leads, so that none is there without one.
func (w *walk) room() bool {
	if len(w.answer.Hops) < w.limits.Hops {
		return true
	}
	w.limit("hops")
	return false
}

// hop adds a hop, with its citation.
func (w *walk) hop(h Hop, src *source, m *mention) (err error) {
	if h.Statement, err = w.cite(src); err != nil {
		return err
	}
	h.Pointer = w.pointer(src.record.shape, m)
	w.answer.Hops = append(w.answer.Hops, h)
	return nil
}

// mentioned returns the node that a descriptor is about: by a strong digest, else by a
// weak one, else by name. -1 stands for a limit, or a descriptor without any of them.
func (w *walk) mentioned(src *source, m *mention, depth int) (int, error) {
	var fp uint64
	var best []byte
	for _, id := range m.digests {
		f, key, err := w.key(src, id)
		if err != nil {
			return 0, err
		}
		if best == nil || strong(string(key)) && !strong(string(best)) {
			fp, best = f, key
		}
	}
	label := ""
	for _, id := range [...]uint32{m.place, m.label} {
		if id == 0 {
			continue
		}
		f, key, err := w.key(src, id-1)
		if err != nil {
			return 0, err
		}
		if best == nil {
			fp, best = f, key
		}
		if label, err = w.text(src, id-1); err != nil {
			return 0, err
		}
	}
	if best == nil {
		return -1, nil
	}
	return w.node(fp, best, label, depth)
}

// A pointerKey is what a pointer follows from.
type pointerKey struct {
	shape shape
	role  role
	use   uint8
	index uint32
}

// pointer returns where a statement holds a descriptor.
func (w *walk) pointer(sh shape, m *mention) string {
	k := pointerKey{sh, m.role, m.use, m.index}
	p, ok := w.pointers[k]
	if !ok {
		p = pointer(sh, m)
		w.pointers[k] = p
	}
	return p
}

// pointer returns where a statement holds a descriptor.
func pointer(sh shape, m *mention) string {
	at := func(list string) string {
		return "/predicate/" + list + "/" + strconv.FormatUint(uint64(m.index), 10)
	}
	switch m.role {
	case roleOutput, roleAbout:
		return "/subject/" + strconv.FormatUint(uint64(m.index), 10)
	case roleEvidence:
		return at("inputAttestations")
	case rolePolicy:
		return "/predicate/policy"
	case roleCompared:
		return at("outputs") + "/b"
	case roleByproduct:
		return at("runDetails/byproducts")
	}
	switch {
	case sh == shapeSLSA1 && m.use == useOfBuilder:
		return at("runDetails/builder/builderDependencies")
	case sh == shapeSLSA1:
		return at("buildDefinition/resolvedDependencies")
	case m.index == notListed:
		return "/predicate/invocation/configSource"
	}
	return at("materials")
}
