package graph

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A walk is one query: it knows nodes by where the parts have them, and joins them to
// artifacts. Its memory is used again by other queries; what it hands out is not in it.
type walk struct {
	ctx      context.Context
	parts    []part
	query    Query
	limits   Limits
	answer   Answer
	vouchers *voucherCache

	start   []byte  // the key of the first node
	nodes   idTable // from spots of nodes to answer.Nodes
	spans   []span  // of each node of the answer, in refs
	refs    []ref
	places  []place
	queued  []bool     // nodes of the answer that are followed
	cited   idTable    // from hashes of citations to answer.Statements
	cites   []citation // of each statement of the answer
	seals   idTable    // from spots of nodes to sealed
	sealed  []*sealed
	sources []source  // for selected
	order   []sortKey // of sources
	sorted  []source  // the result of selected
	queue   []int     // for spread
	reached []int     // for follow

	slab      slab
	pointers  [64]knownPointer
	head      record // for load
	current   record // the statement whose hops are added
	scratch   record // one that is looked at meanwhile
	looked    int
	cut       bool // a limit was reached since it was last false
	truncated [len(limitNames)]bool
}

// Limits by their place in limitNames.
const (
	byDepth = iota
	byNodes
	byHops
	byStatements
)

var limitNames = [...]string{"depth", "nodes", "hops", "statements"}

// A ref is a node: its key, valid while the store's lock is held, and where it is.
type ref struct {
	key    []byte
	places span
}

// A span is a part of a slice.
type span struct{ lo, hi int }

// A place is where a part has a node, with a bit for each role that it may have there,
// and how many statements are in the parts before.
type place struct {
	spot
	roles uint32
	base  uint64
}

// A spot is a node, or a statement, of a part.
type spot struct {
	part   int32
	number uint32
}

func (s spot) id() uint64 { return uint64(s.part)<<32 | uint64(s.number) }

// A sealed is who vouches, and whether that is selected.
type sealed struct {
	key      string
	voucher  *voucher
	selected bool
}

// A source is a selected statement. Its record is there once it is opened.
type source struct {
	spot
	citation
	seal   *sealed
	record *record
	index  int // in answer.Statements, or -1
}

// A sortKey is the beginning of a source's citation, and its place in sources.
type sortKey struct {
	prefix uint64
	at     int
}

// begin starts a query; the store's lock is held until done has been called.
func (s *Store) begin(ctx context.Context, q Query) (*walk, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	if q.Select == nil || !q.Select.valid() {
		return nil, attest.Refuse(CodeSelection, "Query.Select", "somebody to believe", "nobody")
	}
	w, _ := s.walks.Get().(*walk)
	if w == nil {
		w = &walk{nodes: newIDTable(), cited: newIDTable(), seals: newIDTable()}
	}
	w.ctx, w.query, w.limits, w.vouchers = ctx, q, q.Limits.withDefaults(), &s.vouchers
	w.parts = append(append(w.parts[:0], s.segments...), s.delta)
	return w, nil
}

// done forgets everything and lets other queries have the memory.
func (s *Store) done(w *walk) {
	a := &w.answer
	*a = Answer{
		Nodes: empty(a.Nodes), Hops: empty(a.Hops), Statements: empty(a.Statements), Frontier: a.Frontier[:0],
	}
	w.nodes.reset()
	w.cited.reset()
	w.seals.reset()
	w.slab.reset()
	w.ctx, w.query, w.vouchers, w.start = nil, Query{}, nil, nil
	w.parts, w.refs, w.sealed = empty(w.parts), empty(w.refs), empty(w.sealed)
	w.sources, w.sorted = empty(w.sources), empty(w.sorted)
	w.spans, w.places, w.queued, w.cites = w.spans[:0], w.places[:0], w.queued[:0], w.cites[:0]
	w.looked, w.cut, w.truncated = 0, false, [len(limitNames)]bool{}
	s.walks.Put(w)
}

// empty forgets what is in a slice and keeps its memory.
func empty[T any](s []T) []T {
	clear(s)
	return s[:0]
}

// exactly returns a copy of a slice in memory of its size, never nil.
func exactly[T any](s []T) []T {
	out := make([]T, len(s))
	copy(out, s)
	return out
}

// limit notes that a limit was reached.
func (w *walk) limit(which int) { w.truncated[which], w.cut = true, true }

// startKey returns the key of a digest that a query may ask for.
func startKey(d digest.Digest, allowWeak bool) ([]byte, error) {
	if err := d.Validate(); err != nil {
		return nil, attest.Refuse(CodeDigest, "digest", "a well-formed digest", excerpt.Quote(d.String())).Because(err)
	}
	key := appendDigestKey(make([]byte, 0, 1+sha256.Size), d)
	if !allowWeak && !strong(key) {
		return nil, attest.Refuse(CodeWeak, "digest", "one that resists collisions, or Query.AllowWeak", excerpt.Quote(d.String()))
	}
	return key, nil
}

// find returns where the parts have the node with the key.
func (w *walk) find(fp uint64, key []byte) (ref, error) {
	return w.locate(fp, key, spot{part: -1})
}

// locate is find for a node of which one spot is known.
func (w *walk) locate(fp uint64, key []byte, at spot) (ref, error) {
	base, start := uint64(0), len(w.places)
	for i, p := range w.parts {
		number, found := at.number, int32(i) == at.part
		if !found && p.nodes() > 0 {
			var err error
			if number, found, err = p.find(fp, key); err != nil {
				return ref{}, err
			}
		}
		if found {
			roles, err := p.roles(number)
			if err != nil {
				return ref{}, err
			}
			w.places = append(w.places, place{spot{int32(i), number}, roles, base})
		}
		base += uint64(p.statements())
	}
	return ref{key, span{start, len(w.places)}}, nil
}

// each calls visit for the statements in which the node has the role, until visit
// returns false. seen tells whether there was any, believed or not.
func (w *walk) each(r ref, ro role, visit func(at spot) (bool, error)) (seen bool, err error) {
	for _, at := range w.places[r.places.lo:r.places.hi] {
		if at.roles>>ro&1 == 0 {
			continue
		}
		list, err := w.parts[at.part].postings(at.number, ro)
		if err != nil {
			return seen, err
		}
		for j := range list.count() {
			seen = true
			if w.looked++; w.looked > w.limits.Statements {
				w.limit(byStatements)
				return seen, nil
			}
			if w.looked%checkEvery == 0 && w.ctx.Err() != nil {
				return seen, canceled(w.ctx)
			}
			statement, err := list.at(j)
			if err != nil {
				return seen, err
			}
			if more, err := visit(spot{at.part, statement}); err != nil || !more {
				return seen, err
			}
		}
	}
	return seen, nil
}

// selected returns the selected statements in which the nodes have the role, each once,
// in the order of their envelopes. The result is good until the next call.
func (w *walk) selected(refs []ref, ro role) (list []source, seen bool, err error) {
	w.sources, w.sorted = empty(w.sources), empty(w.sorted)
	for _, r := range refs {
		if !w.followed(r.key) {
			continue
		}
		any, err := w.each(r, ro, func(at spot) (bool, error) {
			src := source{spot: at, index: -1}
			ok, err := w.load(&src)
			if ok && err == nil {
				w.sources = append(w.sources, src)
			}
			return len(w.sources) <= w.limits.Hops, err
		})
		seen = seen || any
		if err != nil {
			return nil, seen, err
		}
	}
	if len(w.sources) > w.limits.Hops {
		w.sources = w.sources[:w.limits.Hops]
		w.limit(byHops)
	}
	if len(w.sources) < 2 {
		return w.sources, seen, nil
	}
	return w.sort(), seen, nil
}

// sort returns the sources in order, each once.
func (w *walk) sort() []source {
	w.order = w.order[:0]
	for i := range w.sources {
		w.order = append(w.order, sortKey{binary.BigEndian.Uint64(w.sources[i].evidence[:]), i})
	}
	slices.SortFunc(w.order, func(a, b sortKey) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		return cmp.Or(compareSources(&w.sources[a.at], &w.sources[b.at]), a.at-b.at)
	})
	for _, k := range w.order {
		if n := len(w.sorted); n == 0 || w.sorted[n-1].citation != w.sources[k.at].citation {
			w.sorted = append(w.sorted, w.sources[k.at])
		}
	}
	return w.sorted
}

// compareSources orders by what does not depend on how statements are kept. Of several
// vouchers for one statement the greatest comes first, nobody last.
func compareSources(a, b *source) int {
	if c := bytes.Compare(a.evidence[:], b.evidence[:]); c != 0 {
		return c
	}
	return cmp.Or(bytes.Compare(a.payload[:], b.payload[:]), strings.Compare(b.seal.key, a.seal.key))
}

// followed reports whether a node may lead to others.
func (w *walk) followed(key []byte) bool {
	return strong(key) || w.query.AllowWeak && (known(key) || len(key) > 0 && key[0] == kindForeign)
}

// load reads the beginning of the statement's record, and reports whether it is
// selected.
func (w *walk) load(src *source) (ok bool, err error) {
	p := w.parts[src.part]
	b, err := p.record(src.number)
	if err == nil {
		_, err = w.head.parseHead(b, p.nodes())
	}
	if err != nil {
		return false, err
	}
	if src.seal, err = w.sealing(spot{src.part, w.head.seal}); err != nil || !src.seal.selected {
		return false, err
	}
	src.citation = w.head.citation
	return true, nil
}

// open reads the statement's whole record.
func (w *walk) open(src *source, into *record) error {
	src.record = into
	return parseRecord(w.parts[src.part], src.number, into)
}

// sealing asks the selection once for each voucher.
func (w *walk) sealing(at spot) (*sealed, error) {
	if i, ok := w.seals.get(at.id()); ok {
		return w.sealed[i], nil
	}
	_, key, err := w.parts[at.part].key(at.number)
	if err != nil {
		return nil, err
	}
	s := &sealed{}
	if s.key, s.voucher, err = w.vouchers.get(key); err != nil {
		return nil, err
	}
	s.voucher = s.voucher.clone() // a caller may change an answer, but not the cache
	s.selected = w.query.Select.selects(s.voucher)
	w.seals.put(at.id(), uint32(len(w.sealed)))
	w.sealed = append(w.sealed, s)
	return s, nil
}

// key returns the key of a node in the part of a statement, and its fingerprint. It is
// valid while the store's lock is held.
func (w *walk) key(src *source, id uint32) (fp uint64, key []byte, err error) {
	return w.parts[src.part].key(id)
}

// text returns the text of a name in the part of a statement. Names that many statements
// have in common are worth being remembered.
func (w *walk) text(src *source, id uint32, common bool) (string, error) {
	return w.parts[src.part].text(id, common, &w.slab)
}

// cite returns where the answer lists the statement.
func (w *walk) cite(src *source) (int, error) {
	if src.index >= 0 {
		return src.index, nil
	}
	// Two citations may have one hash: then the next one is tried.
	hash := maphash.Comparable(w.cited.seed, src.citation)
	for ; ; hash++ {
		at, ok := w.cited.get(hash)
		if !ok {
			break
		}
		if w.cites[at] == src.citation {
			src.index = int(at)
			return src.index, nil
		}
	}
	s, err := w.statement(src)
	if err != nil {
		return 0, err
	}
	src.index = len(w.answer.Statements)
	w.answer.Statements = append(w.answer.Statements, s)
	w.cites = append(w.cites, src.citation)
	w.cited.put(hash, uint32(src.index))
	return src.index, nil
}

func (w *walk) statement(src *source) (s Statement, err error) {
	r := src.record
	w.slab.room(4 * sha256.Size)
	s.Evidence = digest.Digest{Algorithm: digest.SHA256, Hex: w.slab.hex(src.evidence[:])}
	s.Payload = digest.Digest{Algorithm: digest.SHA256, Hex: w.slab.hex(src.payload[:])}
	s.Result = [...]string{"", "good", "bad"}[r.verdict]
	if s.PredicateType, err = w.text(src, r.typ, true); err != nil {
		return s, err
	}
	if r.maker > 0 {
		if s.Maker, err = w.text(src, r.maker-1, true); err != nil {
			return s, err
		}
	}
	if r.resource > 0 {
		if s.Resource, err = w.text(src, r.resource-1, true); err != nil {
			return s, err
		}
	}
	if v := src.seal.voucher; v != nil {
		s.Authority, s.Signers = v.Authority, v.Signers
	} else {
		s.Unverified = true
	}
	return s, nil
}

// node returns the node of the answer that is at a spot; -1 if the limit of nodes is
// reached.
func (w *walk) node(at spot, depth int) (int, error) {
	if i, ok := w.nodes.get(at.id()); ok {
		return int(i), nil
	}
	fp, key, err := w.parts[at.part].key(at.number)
	if err != nil {
		return 0, err
	}
	return w.artifact(fp, key, at, depth)
}

// artifact makes a node of the answer, if the limit allows it, and joins it with the
// digests that selected statements give the same artifact.
func (w *walk) artifact(fp uint64, key []byte, at spot, depth int) (int, error) {
	i := len(w.answer.Nodes)
	if i >= w.limits.Nodes {
		w.limit(byNodes)
		return -1, nil
	}
	first, err := w.locate(fp, key, at)
	if err != nil {
		return 0, err
	}
	names, disputed, err := w.names(first)
	if err != nil {
		return 0, err
	}
	if disputed {
		names.hi = names.lo + 1
	}
	n := Node{Depth: depth, Disputed: disputed, Weak: true}
	list := w.slab.begin()
	for _, r := range w.refs[names.lo:names.hi] {
		list = w.slab.digest(list, r.key)
		n.Weak = n.Weak && !strong(r.key)
		for _, p := range w.places[r.places.lo:r.places.hi] {
			w.nodes.put(p.id(), uint32(i))
		}
	}
	if n.Digests = w.slab.end(list); len(n.Digests) == 0 {
		n.Name, n.Weak = nameOf(string(key)), false
	}
	if len(n.Digests) > 1 {
		slices.SortFunc(n.Digests, func(a, b digest.Digest) int {
			return cmp.Or(cmp.Compare(a.Algorithm, b.Algorithm), cmp.Compare(a.Hex, b.Hex))
		})
	}
	w.answer.Nodes = append(w.answer.Nodes, n)
	w.spans, w.queued = append(w.spans, names), append(w.queued, false)
	return i, nil
}

// of returns the nodes that the node of the answer stands for.
func (w *walk) of(i int) []ref { return w.refs[w.spans[i].lo:w.spans[i].hi] }

// names returns the nodes of one artifact, in refs, beginning with the first: the
// closure of what selected statements say in one descriptor, over strong digests. If it
// has two values under one algorithm, it is disputed, and only the first is certain.
func (w *walk) names(first ref) (all span, disputed bool, err error) {
	lo := len(w.refs)
	w.refs = append(w.refs, first)
	if !strong(first.key) {
		return span{lo, lo + 1}, false, nil
	}
	var keys [][]byte
	for i := lo; i < len(w.refs) && !disputed; i++ {
		r := w.refs[i]
		_, err := w.each(r, roleAlias, func(at spot) (bool, error) {
			src := source{spot: at, index: -1}
			ok, err := w.load(&src)
			if err == nil && ok {
				err = w.open(&src, &w.scratch)
			}
			if err == nil && ok {
				keys, err = w.together(&src, r.key, keys)
			}
			return len(keys) <= 2*len(algorithms), err // more are a contradiction anyway
		})
		if err != nil {
			return all, false, err
		}
		for _, k := range keys {
			if slices.ContainsFunc(w.refs[lo:], func(r ref) bool { return bytes.Equal(r.key, k) }) {
				continue
			}
			disputed = disputed || slices.ContainsFunc(w.refs[lo:], func(r ref) bool { return r.key[0] == k[0] })
			other, err := w.find(fingerprint(k), k)
			if err != nil {
				return all, false, err
			}
			w.refs = append(w.refs, other)
		}
	}
	return span{lo, len(w.refs)}, disputed, nil
}

// together appends the strong digests that stand in one descriptor with key.
func (w *walk) together(src *source, key []byte, keys [][]byte) ([][]byte, error) {
	for i := range src.record.mentions {
		m := &src.record.mentions[i]
		if len(m.digests) < 2 {
			continue
		}
		var others [][]byte
		found := false
		for _, id := range m.digests {
			_, k, err := w.key(src, id)
			if err != nil {
				return keys, err
			}
			found = found || bytes.Equal(k, key)
			if strong(k) {
				others = append(others, k)
			}
		}
		for _, k := range others {
			if found && !slices.ContainsFunc(keys, func(o []byte) bool { return bytes.Equal(o, k) }) {
				keys = append(keys, k)
			}
		}
	}
	return keys, nil
}

// finish returns the answer, with the limits that were reached.
func (w *walk) finish() *Answer {
	a := &w.answer
	return &Answer{
		Nodes: exactly(a.Nodes), Hops: exactly(a.Hops), Statements: exactly(a.Statements), Frontier: exactly(a.Frontier),
		Cycles: cycles(len(a.Nodes), a.Hops), Truncated: w.reachedLimits(),
	}
}

func (w *walk) reachedLimits() (names []string) {
	for i, name := range limitNames {
		if w.truncated[i] {
			names = append(names, name)
		}
	}
	return names
}
