package graph

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A walk is one query: it knows nodes by where the parts have them, and joins them to
// artifacts. Its memory is used again by other queries; what it hands out is not in it.
type walk struct {
	ctx    context.Context
	parts  []part
	query  Query
	limits Limits
	cache  *voucherCache
	number uint64 // of the query: what words and pointers remember is of one

	nodes      []nodeRow
	hops       []hopRow
	statements []statementRow
	frontier   []Frontier
	text       []byte
	pointers   []string

	start  []byte  // the key of the first node
	spots  idTable // from spots of nodes to nodes
	spans  []span  // of each node, in refs
	refs   []ref
	places []place
	queued []bool   // nodes that are followed
	queue  []int    // for spread
	cited  idTable  // from hashes of citations to statements
	told   []uint32 // by statement, the last telling in which it was used
	turn   uint32   // of telling
	as     []role   // by statement, for a page
	seals  idTable  // from spots of nodes to sealed
	sealed []sealed
	last   struct { // what seals said last
		spot
		seal uint32
		ok   bool
	}

	words   [256]knownWord
	pointed [64]knownPointer
	source  source // of which tell tells
	mention mention
	other   source // one that is looked at meanwhile
	keys    [][]byte
	looked  int
	cut     bool // a limit was reached since it was last false
	reached [len(limitNames)]bool
}

// Limits by their place in limitNames.
const (
	byDepth = iota
	byNodes
	byHops
	byStatements
)

var limitNames = [...]string{"depth", "nodes", "hops", "statements"}

// A ref is a node: its key, valid while the store's lock is held, where it is, and whether
// it may lead to others.
type ref struct {
	key      []byte
	places   span
	followed bool
}

// A span is a part of a slice.
type span struct{ lo, hi int }

// A place is where a part has a node, how it is mentioned there, and how many statements
// are in the parts before.
type place struct {
	spot
	mentioned
	base uint64
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

// A source is a statement that is being looked at.
type source struct {
	spot
	record
	voucher uint32 // in sealed
}

// A knownWord is a text of a part that the answer has already.
type knownWord struct {
	spot
	number uint64
	word   word
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
		w = &walk{spots: newIDTable(), cited: newIDTable(), seals: newIDTable()}
	}
	w.number++
	w.ctx, w.query, w.limits, w.cache = ctx, q, q.Limits.withDefaults(), &s.vouchers
	w.parts = append(append(w.parts[:0], s.segments...), s.delta)
	return w, nil
}

// done forgets everything and lets other queries have the memory.
func (s *Store) done(w *walk) {
	w.spots.reset()
	w.cited.reset()
	w.seals.reset()
	w.ctx, w.query, w.cache, w.start = nil, Query{}, nil, nil
	w.parts, w.refs, w.sealed, w.pointers, w.keys = empty(w.parts), empty(w.refs), empty(w.sealed), empty(w.pointers), empty(w.keys)
	w.nodes, w.hops, w.statements, w.frontier, w.text = w.nodes[:0], w.hops[:0], w.statements[:0], w.frontier[:0], w.text[:0]
	w.spans, w.places, w.queued, w.told, w.as = w.spans[:0], w.places[:0], w.queued[:0], w.told[:0], w.as[:0]
	w.source.rest, w.other.rest, w.mention = mentionReader{}, mentionReader{}, mention{}
	w.looked, w.turn, w.cut, w.last.ok, w.reached = 0, 0, false, false, [len(limitNames)]bool{}
	s.walks.Put(w)
}

// empty forgets what is in a slice and keeps its memory.
func empty[T any](s []T) []T {
	clear(s)
	return s[:0]
}

// limit notes that a limit was reached.
func (w *walk) limit(which int) { w.reached[which], w.cut = true, true }

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
			v, err := p.node(number)
			if err != nil {
				return ref{}, err
			}
			w.places = append(w.places, place{spot{int32(i), number}, v.mentioned, base})
		}
		base += uint64(p.statements())
	}
	return ref{key, span{start, len(w.places)}, w.follows(key)}, nil
}

// each calls visit for the selected statements in which the node has the role, in the
// order in which they were added, until visit returns false. A statement comes as often
// as somebody else vouches for it. seen tells whether there was any, believed or not.
func (w *walk) each(r ref, ro role, src *source, visit func() (bool, error)) (seen bool, err error) {
	for k := r.places.lo; k < r.places.hi; k++ {
		list, err := w.postings(k, ro)
		if err != nil {
			return seen, err
		}
		at := w.places[k].spot
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
			ok, err := w.open(spot{at.part, statement}, src)
			if err != nil {
				return seen, err
			}
			if !ok {
				continue
			}
			if more, err := visit(); err != nil || !more {
				return seen, err
			}
		}
	}
	return seen, nil
}

// postings returns the statements at a place in which the node has the role.
func (w *walk) postings(at int, ro role) (postings, error) {
	p := &w.places[at]
	if p.roles>>ro&1 == 0 {
		return postings{}, nil
	}
	if list, ok := p.mentioned.postings(ro); ok {
		return list, nil
	}
	return w.parts[p.part].postings(p.number, ro)
}

// tell calls visit for the selected statements in which the nodes have the role, as
// w.source; see each. It is one telling: see cite.
func (w *walk) tell(refs []ref, ro role, visit func() (bool, error)) (seen bool, err error) {
	w.turn++
	more := true
	for _, r := range refs {
		if !r.followed || !more {
			continue
		}
		any, err := w.each(r, ro, &w.source, func() (_ bool, err error) {
			more, err = visit()
			return more, err
		})
		seen = seen || any
		if err != nil {
			return seen, err
		}
	}
	return seen, nil
}

// follows reports whether a node may lead to others.
func (w *walk) follows(key []byte) bool {
	return strong(key) || w.query.AllowWeak && (known(key) || len(key) > 0 && key[0] == kindForeign)
}

// open reads the head of a statement's record, and reports whether it is selected.
func (w *walk) open(at spot, src *source) (selected bool, err error) {
	p := w.parts[at.part]
	b, err := p.record(at.number)
	if err != nil {
		return false, err
	}
	src.spot = at
	if err = src.begin(b, p.nodes()); err != nil {
		return false, err
	}
	src.voucher, err = w.sealing(spot{at.part, src.record.seal})
	return err == nil && w.sealed[src.voucher].selected, err
}

// sealing asks the selection once for each voucher.
func (w *walk) sealing(at spot) (uint32, error) {
	if w.last.ok && w.last.spot == at {
		return w.last.seal, nil
	}
	seal, ok := w.seals.get(at.id())
	if !ok {
		v, err := w.parts[at.part].node(at.number)
		if err != nil {
			return 0, err
		}
		var s sealed
		if s.key, s.voucher, err = w.cache.get(v.key); err != nil {
			return 0, err
		}
		s.selected = w.query.Select.selects(s.voucher)
		seal = uint32(len(w.sealed))
		w.seals.put(at.id(), seal)
		w.sealed = append(w.sealed, s)
	}
	w.last.spot, w.last.seal, w.last.ok = at, seal, true
	return seal, nil
}

// key returns the key of a node in the part of a statement. It is valid while the
// store's lock is held.
func (w *walk) key(src *source, id uint32) ([]byte, error) {
	v, err := w.parts[src.part].node(id)
	return v.key, err
}

// nameAt returns the name that a node in the part of a statement is.
func (w *walk) nameAt(src *source, id uint32) (string, error) {
	key, err := w.key(src, id)
	if err != nil || len(key) == 0 {
		return "", err
	}
	return string(key[1:]), nil
}

// word returns the text of a name in the part of a statement, in the answer.
func (w *walk) word(src *source, id uint32) (word, error) {
	k := &w.words[(id^id>>8)%uint32(len(w.words))]
	if at := (spot{src.part, id}); k.number != w.number || k.spot != at {
		key, err := w.key(src, id)
		if err != nil {
			return 0, err
		}
		if len(key) > 0 {
			key = key[1:]
		}
		*k = knownWord{at, w.number, w.put(key)}
	}
	return k.word, nil
}

func (w *walk) wordOrNone(src *source, id uint32) (word, error) {
	if id == 0 {
		return 0, nil
	}
	return w.word(src, id-1)
}

// put adds a text to the answer.
func (w *walk) put(b []byte) word {
	start := len(w.text)
	w.text = append(w.text, b...)
	return word(start)<<wordBits | word(len(b))
}

// cite returns where the answer lists w.source, and whether this telling already used
// it, which somebody else may vouch for as well. Of several the answer names the one
// with the greatest key, and nobody only if there is nobody else.
func (w *walk) cite() (at int, used bool, err error) {
	src := &w.source
	// Two may have one hash: then the next one is tried.
	for hash := binary.LittleEndian.Uint64(src.evidence[:]); ; hash++ {
		found, ok := w.cited.get(hash)
		if !ok {
			w.cited.put(hash, uint32(len(w.statements)))
			break
		}
		r := &w.statements[found]
		if r.citation != src.citation {
			continue
		}
		if w.sealed[src.voucher].key > w.sealed[r.voucher].key {
			r.voucher = src.voucher
		}
		used = w.told[found] == w.turn
		w.told[found] = w.turn
		return int(found), used, nil
	}
	row, err := w.row(src)
	w.statements, w.told = append(w.statements, row), append(w.told, w.turn)
	return len(w.statements) - 1, false, err
}

func (w *walk) row(src *source) (r statementRow, err error) {
	r.citation, r.verdict, r.voucher = src.citation, src.verdict, src.voucher
	if r.typ, err = w.word(src, src.typ); err != nil {
		return r, err
	}
	if r.maker, err = w.wordOrNone(src, src.maker); err != nil {
		return r, err
	}
	r.resource, err = w.wordOrNone(src, src.resource)
	return r, err
}

// node returns the node of the answer that is at a spot; -1 if the limit of nodes is
// reached.
func (w *walk) node(at spot, depth uint32) (int, error) {
	if i, ok := w.spots.get(at.id()); ok {
		return int(i), nil
	}
	v, err := w.parts[at.part].node(at.number)
	if err != nil {
		return 0, err
	}
	return w.artifact(v.fingerprint, v.key, at, depth)
}

// artifact makes a node of the answer, if the limit allows it, and joins it with the
// digests that selected statements give the same artifact.
func (w *walk) artifact(fp uint64, key []byte, at spot, depth uint32) (int, error) {
	i := len(w.nodes)
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
	n := nodeRow{depth: depth, disputed: disputed, weak: true}
	w.keys = w.keys[:0]
	for _, r := range w.refs[names.lo:names.hi] {
		if known(r.key) || len(r.key) > 0 && r.key[0] == kindForeign {
			if len(r.key) > maxName {
				return 0, damaged("a digest that is not too long", "a longer one")
			}
			w.keys = append(w.keys, r.key)
		}
		n.weak = n.weak && !strong(r.key)
		for _, p := range w.places[r.places.lo:r.places.hi] {
			w.spots.put(p.id(), uint32(i))
		}
	}
	if n.digests = len(w.keys) > 0; n.digests {
		if len(w.keys) > 1 {
			slices.SortFunc(w.keys, compareKeys)
		}
		start := len(w.text)
		w.text = appendDigests(w.text, w.keys)
		n.name = word(start)<<wordBits | word(len(w.text)-start)
	} else {
		n.name, n.weak = w.put(key[min(1, len(key)):]), false
	}
	w.nodes = append(w.nodes, n)
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
		_, err := w.each(r, roleAlias, &w.other, func() (bool, error) {
			err := w.other.read()
			if err == nil {
				keys, err = w.together(&w.other, r.key, keys)
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
	for i := range src.mentions {
		m := &src.mentions[i]
		if len(m.digests) < 2 {
			continue
		}
		var others [][]byte
		found := false
		for _, id := range m.digests {
			k, err := w.key(src, id)
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
	return &Answer{
		nodes: slices.Clone(w.nodes), hops: slices.Clone(w.hops), statements: slices.Clone(w.statements),
		vouchers: w.vouchers(), pointers: slices.Clone(w.pointers), text: string(w.text),
		Frontier: slices.Clone(w.frontier), Cycles: cycles(len(w.nodes), w.hops), Truncated: w.truncated(),
	}
}

// vouchers returns who vouches, by their place in sealed.
func (w *walk) vouchers() []*voucher {
	list := make([]*voucher, len(w.sealed))
	for i := range w.sealed {
		list[i] = w.sealed[i].voucher
	}
	return list
}

func (w *walk) truncated() (names []string) {
	for i, name := range limitNames {
		if w.reached[i] {
			names = append(names, name)
		}
	}
	return names
}
