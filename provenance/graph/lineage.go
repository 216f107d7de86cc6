package graph

import (
	"cmp"
	"context"
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
	defer s.done(w)
	if err := w.spread(key, dir, func() bool { return false }); err != nil {
		return nil, err
	}
	return w.finish(), nil
}

// spread follows provenance from the node with the key, breadth first, until done.
func (w *walk) spread(key []byte, dir int, done func() bool) error {
	w.start = key
	start, err := w.artifact(fingerprint(key), key, spot{part: -1}, 0)
	if err != nil || start < 0 {
		return err
	}
	w.queue = append(w.queue[:0], start)
	w.queued[start] = true
	for next := 0; next < len(w.queue) && !done(); next++ {
		i := w.queue[next]
		if w.answer.Nodes[i].Depth >= w.limits.Depth {
			w.limit(byDepth)
			w.end(i, Limited)
			continue
		}
		if err := w.follow(i, dir); err != nil {
			return err
		}
		for _, j := range w.reached {
			if !w.queued[j] {
				w.queued[j] = true
				w.queue = append(w.queue, j)
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

// follow adds the hops from a node, and notes in reached where they lead.
func (w *walk) follow(i, dir int) error {
	w.reached = w.reached[:0]
	refs := w.of(i)
	if !w.followed(refs[0].key) {
		cause := Nameless
		if len(w.answer.Nodes[i].Digests) > 0 {
			cause = WeakDigest
		}
		w.end(i, cause)
		return nil
	}
	w.cut = false
	list, seen, err := w.selected(refs, directions[dir].from)
	if err != nil {
		return err
	}
	hops := len(w.answer.Hops)
	for k := range list {
		if err := w.open(&list[k], &w.current); err != nil {
			return err
		}
		if k == 0 && w.answer.Nodes[i].Label == "" {
			if err := w.label(i, &list[k]); err != nil {
				return err
			}
		}
		if err := w.hops(i, &list[k], dir); err != nil {
			return err
		}
	}
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
	return nil
}

// hops adds the hops of one statement.
func (w *walk) hops(from int, src *source, dir int) error {
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
			return err
		}
		if to < 0 {
			continue
		}
		h := Hop{From: from, To: to, Relation: relationOf(m.role)}
		if m.role == roleInput {
			h.Role = inputRoles[m.use]
		}
		if err := w.hop(h, src, m); err != nil {
			return err
		}
		w.reached = append(w.reached, to)
	}
	return nil
}

// label names a node as a statement that mentions it does.
func (w *walk) label(node int, src *source) error {
	for k := range src.record.mentions {
		m := &src.record.mentions[k]
		for _, id := range m.digests {
			if i, ok := w.nodes.get(spot{src.part, id}.id()); !ok || int(i) != node || m.label == 0 {
				continue
			}
			var err error
			w.answer.Nodes[node].Label, err = w.text(src, m.label-1, false)
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
	w.limit(byHops)
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
	id, err := w.best(src, m)
	if err != nil || id == 0 {
		return -1, err
	}
	i, err := w.node(spot{src.part, id - 1}, depth)
	if err != nil || i < 0 || w.answer.Nodes[i].Label != "" {
		return i, err
	}
	if label := cmp.Or(m.label, m.place); label > 0 {
		w.answer.Nodes[i].Label, err = w.text(src, label-1, false)
	}
	return i, err
}

// best returns an id plus one, or 0.
func (w *walk) best(src *source, m *mention) (uint32, error) {
	switch len(m.digests) {
	case 0:
		return cmp.Or(m.place, m.label), nil
	case 1:
		return m.digests[0] + 1, nil
	}
	for _, id := range m.digests {
		_, key, err := w.key(src, id)
		if err != nil || strong(key) {
			return id + 1, err
		}
	}
	return m.digests[0] + 1, nil
}

// A knownPointer is a pointer, and what it follows from.
type knownPointer struct {
	shape shape
	role  role
	use   uint8
	index uint32
	text  string
}

// pointer returns where a statement holds a descriptor. Queries ask for few different
// ones, over and over.
func (w *walk) pointer(sh shape, m *mention) string {
	k := &w.pointers[(m.index*uint32(roles)+uint32(m.role))%uint32(len(w.pointers))]
	if k.text == "" || k.shape != sh || k.role != m.role || k.use != m.use || k.index != m.index {
		*k = knownPointer{sh, m.role, m.use, m.index, pointer(sh, m)}
	}
	return k.text
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
