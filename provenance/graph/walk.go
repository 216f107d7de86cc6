package graph

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"strconv"

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
	number uint64 // of the query: what words and kinds remember is of one

	nodes      []nodeRow
	hops       []hopRow
	statements []statementRow
	frontier   []Frontier
	text       []byte
	kinds      []hopKind

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

	tarjan     tarjan // for finish
	words      [256]knownWord
	knownKinds [64]knownKind
	source     source // of which tell tells
	mention    mention
	other      source   // one that is looked at meanwhile
	keys       [][]byte // of the digests of one node
	name       []byte
	ids        []uint32 // that are touched
	touched    byte     // what was there, so that it is read
	looked     int
	cut        bool // a limit was reached since it was last false
	reached    [len(limitNames)]bool
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
type span struct{ lo, hi uint32 }

// A place is where a part has a node, and how it is mentioned there.
type place struct {
	spot
	mentioned
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
	lookahead
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
	w := s.walks.get()
	w.number++
	w.ctx, w.query, w.limits, w.cache = ctx, q, q.Limits.withDefaults(), &s.vouchers
	w.parts = append(append(w.parts[:0], s.segments...), s.delta)
	w.text = appendWord(w.text, nil)
	return w, nil
}

// done forgets everything and lets other queries have the memory, unless it is much.
func (s *Store) done(w *walk) {
	if w.isLarge() {
		return
	}
	w.spots.reset()
	w.cited.reset()
	w.seals.reset()
	w.ctx, w.query, w.cache, w.start = nil, Query{}, nil, nil
	w.parts, w.refs, w.sealed, w.kinds, w.keys = empty(w.parts), empty(w.refs), empty(w.sealed), empty(w.kinds), empty(w.keys)
	w.nodes, w.hops, w.statements, w.frontier, w.text = w.nodes[:0], w.hops[:0], w.statements[:0], w.frontier[:0], w.text[:0]
	w.spans, w.places, w.queued, w.told, w.as = w.spans[:0], w.places[:0], w.queued[:0], w.told[:0], w.as[:0]
	w.source.forget()
	w.other.forget()
	w.mention = mention{}
	w.looked, w.turn, w.cut, w.last.ok, w.reached = 0, 0, false, false, [len(limitNames)]bool{}
	s.walks.put(w)
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
	return w.locate(view{fingerprint: fp, key: key}, spot{part: -1})
}

// locate is find for a node that the part of a spot told; of a spot of none, only the
// key is known.
func (w *walk) locate(told view, at spot) (ref, error) {
	start := uint32(len(w.places))
	for i, p := range w.parts {
		if int32(i) == at.part {
			w.places = append(w.places, place{at, told.mentioned})
		} else if p.nodes() > 0 {
			number, found, err := p.find(told.fingerprint, told.key)
			if err != nil {
				return ref{}, err
			}
			if found {
				v, err := p.node(number)
				if err != nil {
					return ref{}, err
				}
				w.places = append(w.places, place{spot{int32(i), number}, v.mentioned})
			}
		}
	}
	return ref{told.key, span{start, uint32(len(w.places))}, w.follows(told.key)}, nil
}

// each calls visit for the selected statements in which the node has the role, in the
// order in which they were added, until visit returns false. A statement comes as often
// as somebody else vouches for it. seen tells whether there was any, believed or not. The
// nodes in the roles to are those that visit will ask for.
func (w *walk) each(r ref, ro role, to uint32, src *source, visit func() (bool, error)) (seen bool, err error) {
	for k := r.places.lo; k < r.places.hi; k++ {
		if w.places[k].roles>>ro&1 == 0 {
			continue
		}
		list, err := w.postings(k, ro)
		if err != nil {
			return seen, err
		}
		seen = seen || list.count() > 0
		if more, err := w.eachOf(&list, w.places[k].part, to, src, visit); err != nil || !more {
			return seen, err
		}
	}
	return seen, nil
}

// eachOf is each for a list of a part. It reports whether there is to be more.
func (w *walk) eachOf(list *postings, part int32, to uint32, src *source, visit func() (bool, error)) (more bool, err error) {
	for i := uint64(0); i < list.count(); {
		n, err := w.ahead(src, part, list, i, to)
		if err != nil {
			return false, err
		}
		i += uint64(n)
		for j := range n {
			if w.looked++; w.looked > w.limits.Statements {
				w.limit(byStatements)
				return false, nil
			}
			if w.looked%checkEvery == 0 && w.ctx.Err() != nil {
				return false, canceled(w.ctx)
			}
			selected, err := w.open(spot{part, src.numbers[j]}, src.records[j], src)
			if err != nil {
				return false, err
			}
			if !selected {
				continue
			}
			if more, err := visit(); err != nil || !more {
				return false, err
			}
		}
	}
	return true, nil
}

// postings returns the statements at a place in which the node has the role.
func (w *walk) postings(at uint32, ro role) (postings, error) {
	p := &w.places[at]
	if list, ok := p.mentioned.postings(ro); ok {
		return list, nil
	}
	return w.parts[p.part].postings(p.number, ro)
}

// tell calls visit for the selected statements in which the nodes have the role, as
// w.source; see each. It is one telling: see cite.
func (w *walk) tell(refs []ref, ro role, to uint32, visit func() (bool, error)) (seen bool, err error) {
	w.turn++
	more := true
	for _, r := range refs {
		if !r.followed || !more {
			continue
		}
		any, err := w.each(r, ro, to, &w.source, func() (_ bool, err error) {
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
func (w *walk) open(at spot, record []byte, src *source) (selected bool, err error) {
	src.spot = at
	if err = src.begin(record, w.parts[at.part].nodes()); err != nil {
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
		w.seals.claim(at.id(), seal)
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
		word, err := w.put(key)
		if err != nil {
			return 0, err
		}
		*k = knownWord{at, w.number, word}
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
func (w *walk) put(b []byte) (word, error) {
	start := len(w.text)
	if start > maxText {
		return 0, attest.Refuse(CodeLimit, "answer", "names of at most "+strconv.Itoa(maxText)+" bytes", "more")
	}
	w.text = appendWord(w.text, b)
	return word(start), nil
}

// cite returns where the answer lists w.source, and whether this telling already used
// it, which somebody else may vouch for as well. Of several the answer names the one
// with the greatest key, and nobody only if there is nobody else.
func (w *walk) cite() (at int, used bool, err error) {
	src := &w.source
	// Two may have one hash: then the next one is tried.
	for hash := citedBy(src.evidence[:]); ; hash++ {
		found, ok := w.cited.claim(hash, uint32(len(w.statements)))
		if !ok {
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
	return w.artifact(v, at, depth)
}

// artifact makes a node of the answer, if the limit allows it, and joins it with the
// digests that selected statements give the same artifact.
func (w *walk) artifact(v view, at spot, depth uint32) (int, error) {
	i := len(w.nodes)
	if i >= w.limits.Nodes {
		w.limit(byNodes)
		return -1, nil
	}
	first, err := w.locate(v, at)
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
	n, name := nodeRow{depth: depth, disputed: disputed, weak: true}, first.key[min(1, len(first.key)):]
	w.keys = w.keys[:0]
	for k := names.lo; k < names.hi; k++ {
		r := &w.refs[k]
		if known(r.key) || len(r.key) > 0 && r.key[0] == kindForeign {
			if len(r.key) > maxName {
				return 0, damaged("a digest that is not too long", "a longer one")
			}
			w.keys = append(w.keys, r.key)
		}
		n.weak = n.weak && !strong(r.key)
		for k := r.places.lo; k < r.places.hi; k++ {
			w.spots.claim(w.places[k].id(), uint32(i))
		}
	}
	if n.digests = len(w.keys) > 0; n.digests {
		if len(w.keys) > 1 {
			slices.SortFunc(w.keys, compareKeys)
		}
		w.name = appendDigests(w.name[:0], w.keys)
		name = w.name
	}
	n.weak = n.weak && n.digests
	if n.name, err = w.put(name); err != nil {
		return 0, err
	}
	w.nodes = append(w.nodes, n)
	w.spans, w.queued = append(w.spans, names), append(w.queued, false)
	return i, nil
}

// of returns the nodes that the node of the answer stands for.
func (w *walk) of(i int) []ref { return w.refs[w.spans[i].lo:w.spans[i].hi] }

// mentionedAs reports whether a statement, believed or not, has the node in a role.
func (w *walk) mentionedAs(r ref, ro role) bool {
	for k := r.places.lo; k < r.places.hi; k++ {
		if w.places[k].roles>>ro&1 == 1 {
			return true
		}
	}
	return false
}

// names returns the nodes of one artifact, in refs, beginning with the first: the
// closure of what selected statements say in one descriptor, over strong digests. If it
// has two values under one algorithm, it is disputed, and only the first is certain.
func (w *walk) names(first ref) (all span, disputed bool, err error) {
	lo := uint32(len(w.refs))
	w.refs = append(w.refs, first)
	if !strong(first.key) || !w.mentionedAs(first, roleAlias) {
		return span{lo, lo + 1}, false, nil
	}
	var keys [][]byte
	for i := lo; i < uint32(len(w.refs)) && !disputed; i++ {
		r := w.refs[i]
		_, err := w.each(r, roleAlias, 0, &w.other, func() (bool, error) {
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
	return span{lo, uint32(len(w.refs))}, disputed, nil
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
		vouchers: w.vouchers(), kinds: slices.Clone(w.kinds), text: string(w.text),
		Frontier: slices.Clone(w.frontier), Cycles: w.tarjan.cycles(len(w.nodes), w.hops, w.kinds), Truncated: w.truncated(),
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

// statement returns the i-th statement, whose words are in text.
func (w *walk) statement(i int, text string) Statement {
	r := &w.statements[i]
	return r.statement(text, w.sealed[r.voucher].voucher)
}

func (w *walk) truncated() (names []string) {
	for i, name := range limitNames {
		if w.reached[i] {
			names = append(names, name)
		}
	}
	return names
}
