package graph

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// Lineage tells what went into the artifact with the digest, or what it contains by a bill
// of materials, and what went into that, as far as the selected statements go. Where they
// end, there is a Frontier.
func (s *Store) Lineage(ctx context.Context, d digest.Digest, q Query) (*Answer, error) {
	return s.closure(ctx, d, q, upstream)
}

// Impact tells what came out of builds that read the artifact with the digest, or what
// contains it by a bill of materials, and what came of that.
func (s *Store) Impact(ctx context.Context, d digest.Digest, q Query) (*Answer, error) {
	return s.closure(ctx, d, q, downstream)
}

// ImpactNaming is Impact for the component that bills of materials give the name, a
// package URL as they write it. A name proves nothing: whoever writes a bill can give
// any component any name.
func (s *Store) ImpactNaming(ctx context.Context, name string, q Query) (*Answer, error) {
	if name == "" || len(name) > maxName {
		return nil, attest.Refuse(CodeNil, "name", "a name", excerpt.Quote(name))
	}
	return s.closureOf(ctx, []byte(nameKey(name)), q, downstream)
}

// A direction is the steps by which a walk goes on from a node: the roles in which it
// finds the node, and to which roles of the same statement it goes from there.
type direction []struct {
	from role
	to   uint32 // a bit for each role
}

// The directions, by their index.
const (
	upstream = iota
	downstream
)

var directions = [...]direction{
	upstream:   {{roleOutput, 1 << roleInput}, {roleContainer, 1 << roleComponent}},
	downstream: {{roleInput, 1<<roleOutput | 1<<roleByproduct}, {roleComponent, 1 << roleAbout}},
}

func (s *Store) closure(ctx context.Context, d digest.Digest, q Query, dir int) (*Answer, error) {
	key, err := startKey(d, q.AllowWeak)
	if err != nil {
		return nil, err
	}
	return s.closureOf(ctx, key, q, dir)
}

func (s *Store) closureOf(ctx context.Context, key []byte, q Query, dir int) (*Answer, error) {
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
	start, err := w.artifact(view{fingerprint: fingerprint(key), key: key}, spot{part: -1}, 0)
	if err != nil || start < 0 {
		return err
	}
	w.of(start)[0].followed = true // even if it is a name, for it was asked for
	w.queue = append(w.queue[:0], start)
	w.queued[start] = true
	for next := 0; next < len(w.queue) && !done(); next++ {
		i := w.queue[next]
		if int(w.nodes[i].depth) >= w.limits.Depth {
			w.limit(byDepth)
			w.end(i, Limited)
			continue
		}
		if err := w.follow(i, dir); err != nil {
			return err
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
	w.frontier = append(w.frontier, Frontier{node, cause})
}

// follow adds the hops from a node, and queues where they lead.
func (w *walk) follow(i, dir int) error {
	refs := w.of(i)
	if !refs[0].followed {
		cause := Nameless
		if w.nodes[i].digests {
			cause = WeakDigest
		}
		w.end(i, cause)
		return nil
	}
	w.cut = false
	hops, seen, believed := len(w.hops), false, false
	for _, step := range directions[dir] {
		any, err := w.tell(refs, step.from, step.to, func() (bool, error) {
			if !believed && w.nodes[i].label == 0 {
				if err := w.label(i); err != nil {
					return false, err
				}
			}
			believed = true
			c := citing{walk: w, from: i}
			more, err := c.followHops(step.to)
			return more || c.used, err
		})
		if err != nil {
			return err
		}
		seen = seen || any
	}
	switch {
	case w.cut:
		w.end(i, Limited)
	case !believed && seen:
		w.end(i, Unbelieved)
	case !believed:
		w.end(i, Untold)
	case len(w.hops) == hops:
		w.end(i, NoInputs)
	}
	return nil
}

// label names a node as w.source, which mentions it, does.
func (w *walk) label(node int) (err error) {
	w.other.rest = w.source.rest // which is still to be read
	for m := &w.mention; w.other.rest.next(m); {
		if m.label == 0 || !w.isAbout(m, node) {
			continue
		}
		w.nodes[node].label, err = w.word(&w.source, m.label-1)
		return err
	}
	return w.other.rest.err()
}

// isAbout reports whether a mention of w.source has a digest of the node.
func (w *walk) isAbout(m *mention, node int) bool {
	return slices.ContainsFunc(m.digests, func(id uint32) bool {
		i, ok := w.spots.get(spot{w.source.part, id}.id())
		return ok && int(i) == node
	})
}

// A citing adds the hops from a node that w.source tells.
type citing struct {
	*walk
	from  int
	cited bool
	used  bool // this telling has its hops already, for somebody else vouches for it too
	at    int  // in statements, once it is cited
}

// followHops adds the hops to some roles, and queues where they lead. It reports whether
// there is room for more, as mentioned does.
func (c *citing) followHops(to uint32) (more bool, err error) {
	rest, m := &c.source.rest, &c.mention
	for rest.leads(to) && rest.next(m) {
		if to>>m.role&1 == 0 {
			continue
		}
		to, more, err := c.mentioned(m)
		if err != nil || !more {
			return more, err
		}
		if to >= 0 && !c.queued[to] {
			c.queued[to] = true
			c.queue = append(c.queue, to)
		}
	}
	return true, rest.err()
}

// mentioned adds a hop to what a mention is about, and returns the node; -1 if a limit
// is reached or the mention is about nothing. If there is no room for more hops, or this
// telling has them already, it returns false.
func (c *citing) mentioned(m *mention) (to int, more bool, err error) {
	id, err := c.best(m)
	if err != nil || id == 0 {
		return -1, true, err
	}
	return c.hop(id-1, m, m.role)
}

// hop adds a hop to a node in the part of w.source, as mentioned does.
func (c *citing) hop(id uint32, m *mention, relation role) (to int, more bool, err error) {
	if len(c.hops) >= c.limits.Hops {
		c.limit(byHops)
		return -1, false, nil
	}
	if to, err = c.node(spot{c.source.part, id}, c.nodes[c.from].depth+1); err != nil || to < 0 {
		return to, true, err
	}
	if relation == m.role && c.nodes[to].label == 0 {
		if c.nodes[to].label, err = c.wordOrNone(&c.source, cmp.Or(m.label, m.place)); err != nil {
			return to, false, err
		}
	}
	if !c.cited {
		if c.at, c.used, err = c.cite(); err != nil || c.used {
			return to, false, err
		}
		c.cited = true
	}
	c.hops = append(c.hops, hopRow{
		from: uint32(c.from), to: uint32(to), statement: uint32(c.at), kind: c.kind(c.source.shape, m, relation),
	})
	return to, true, nil
}

// best returns the node that a mention is about: by a strong digest, else by a weak one,
// else by name. It is an id plus one, or 0.
func (w *walk) best(m *mention) (uint32, error) {
	switch len(m.digests) {
	case 0:
		return cmp.Or(m.place, m.label), nil
	case 1:
		return m.digests[0] + 1, nil
	}
	for _, id := range m.digests {
		key, err := w.key(&w.source, id)
		if err != nil || strong(key) {
			return id + 1, err
		}
	}
	return m.digests[0] + 1, nil
}

// A knownKind is a kind, what it follows from, and where the answer of a query has it.
type knownKind struct {
	hopKind
	shape  shape
	role   role
	index  uint32
	number uint64
	at     uint32
}

// kind returns where the answer has the kind of hops that say something of what a
// statement mentions. Queries ask for few different ones, over and over.
func (w *walk) kind(sh shape, m *mention, relation role) uint32 {
	k := &w.knownKinds[(m.index*uint32(roles)+uint32(relation))%uint32(len(w.knownKinds))]
	if k.pointer == "" || k.shape != sh || k.role != m.role || k.use != m.use || k.index != m.index || k.relation != relation {
		*k = knownKind{hopKind: hopKind{pointer(sh, m), relation, m.use}, shape: sh, role: m.role, index: m.index}
	}
	if k.number != w.number {
		k.number, k.at = w.number, uint32(len(w.kinds))
		w.kinds = append(w.kinds, k.hopKind)
	}
	return k.at
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
	case roleComponent:
		return at(componentLists[min(int(m.use), len(componentLists)-1)])
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
