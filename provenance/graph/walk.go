package graph

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A walk is one query: it knows nodes by their keys, and joins them to artifacts.
type walk struct {
	ctx    context.Context
	parts  []part
	query  Query
	limits Limits
	answer *Answer

	nodes     map[string]int   // in answer.Nodes
	refs      [][]ref          // of each node of the answer
	cited     map[citation]int // in answer.Statements
	vouchers  *voucherCache
	seals     []map[uint32]*sealed // by part
	texts     []map[uint32]string  // by part
	pointers  map[pointerKey]string
	reached   []int  // for follow
	queued    []bool // nodes of the answer that are followed
	slab      slab
	head      record // for load
	current   record // the statement whose hops are added
	scratch   record // one that is looked at meanwhile
	looked    int
	cut       bool // a limit was reached since it was last false
	truncated map[string]bool
}

// A slab is where many small slices are cut from.
type slab struct {
	refs    []ref
	places  []place
	digests []digest.Digest
}

// A citation is what makes two records the same statement.
type citation struct{ envelope, payload [32]byte }

// A ref is a node and where it is.
type ref struct {
	key    string
	places []place
}

// A place is where a part has a node, and how many statements are in the parts before.
type place struct {
	part int
	node uint32
	base uint64
}

// A spot is a statement in a part.
type spot struct {
	part      int
	statement uint32
}

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

// begin starts a query; the store's lock is held.
func (s *Store) begin(ctx context.Context, q Query) (*walk, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	if q.Select == nil || !q.Select.valid() {
		return nil, attest.Refuse(CodeSelection, "Query.Select", "somebody to believe", "nobody")
	}
	parts := s.parts()
	w := &walk{
		ctx: ctx, parts: parts, query: q, limits: q.Limits.withDefaults(),
		vouchers: &s.vouchers, seals: make([]map[uint32]*sealed, len(parts)),
	}
	return w, nil
}

// answering prepares a walk for an answer; a look-up does without.
func (w *walk) answering() {
	w.answer = &Answer{Nodes: []Node{}, Hops: []Hop{}, Statements: []Statement{}, Frontier: []Frontier{}}
	w.texts = make([]map[uint32]string, len(w.parts))
	w.nodes, w.cited = map[string]int{}, map[citation]int{}
	w.truncated, w.pointers = map[string]bool{}, map[pointerKey]string{}
}

// limit notes that a limit was reached.
func (w *walk) limit(name string) {
	w.truncated[name], w.cut = true, true
}

// startKey returns the key of a digest that a query may ask for.
func startKey(d digest.Digest, allowWeak bool) (string, error) {
	if err := d.Validate(); err != nil {
		return "", attest.Refuse(CodeDigest, "digest", "a well-formed digest", excerpt.Quote(d.String())).Because(err)
	}
	key := digestKey(d)
	if !allowWeak && !strong(key) {
		return "", attest.Refuse(CodeWeak, "digest", "one that resists collisions, or Query.AllowWeak", excerpt.Quote(d.String()))
	}
	return key, nil
}

// find returns where the parts have the node with the key.
func (w *walk) find(fp uint64, key string) (r ref, err error) {
	r.key = key
	base, start := uint64(0), len(w.slab.places)
	for i, p := range w.parts {
		if p.nodes() > 0 {
			node, found, err := p.find(fp, key)
			if err != nil {
				return r, err
			}
			if found {
				w.slab.places = append(w.slab.places, place{i, node, base})
			}
		}
		base += uint64(p.statements())
	}
	r.places = w.slab.places[start:len(w.slab.places):len(w.slab.places)]
	return r, nil
}

// each calls visit for the statements in which the node has the role, until visit
// returns false. seen tells whether there was any, believed or not.
func (w *walk) each(r ref, ro role, visit func(at spot) (bool, error)) (seen bool, err error) {
	for _, at := range r.places {
		list, err := w.parts[at.part].postings(at.node, ro)
		if err != nil {
			return seen, err
		}
		for j := range list.count() {
			seen = true
			if w.looked++; w.looked > w.limits.Statements {
				w.limit("statements")
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
// in the order of their envelopes.
func (w *walk) selected(refs []ref, ro role) (list []source, seen bool, err error) {
	for _, r := range refs {
		if !w.followed(r.key) {
			continue
		}
		any, err := w.each(r, ro, func(at spot) (bool, error) {
			src := source{spot: at, index: -1}
			ok, err := w.load(&src)
			if ok && err == nil {
				list = append(list, src)
			}
			return len(list) <= w.limits.Hops, err
		})
		seen = seen || any
		if err != nil {
			return nil, seen, err
		}
	}
	if len(list) > w.limits.Hops {
		list = list[:w.limits.Hops]
		w.limit("hops")
	}
	if len(list) > 1 {
		slices.SortStableFunc(list, compareSources)
		list = slices.CompactFunc(list, func(a, b source) bool {
			return a.citation == b.citation
		})
	}
	return list, seen, nil
}

// compareSources orders by what does not depend on how statements are kept. Of several
// vouchers for one statement the greatest comes first, nobody last.
func compareSources(a, b source) int {
	if c := bytes.Compare(a.envelope[:], b.envelope[:]); c != 0 {
		return c
	}
	return cmp.Or(bytes.Compare(a.payload[:], b.payload[:]), strings.Compare(b.seal.key, a.seal.key))
}

// followed reports whether a node may lead to others.
func (w *walk) followed(key string) bool {
	_, isDigest := digestKind(key)
	return isDigest && (strong(key) || w.query.AllowWeak)
}

// digestKind reports whether key is that of a digest.
func digestKind(key string) (byte, bool) {
	if key == "" {
		return 0, false
	}
	k := key[0]
	return k, k >= 1 && int(k) <= len(algorithms) || k == kindForeign
}

// load reads the beginning of the statement's record, and reports whether it is
// selected.
func (w *walk) load(src *source) (ok bool, err error) {
	p := w.parts[src.part]
	b, err := p.record(src.statement)
	if err == nil {
		_, err = w.head.parseHead(b, p.nodes())
	}
	if err != nil {
		return false, err
	}
	if src.seal, err = w.sealed(src.part, w.head.seal); err != nil || !src.seal.selected {
		return false, err
	}
	_, envelope, err := p.key(w.head.envelope)
	if err == nil && (len(envelope) != 1+sha256.Size || envelope[0] != kindSHA256) {
		err = damaged("the SHA-256 digest of an envelope", "another node")
	}
	if err != nil {
		return false, err
	}
	src.payload = w.head.payload
	copy(src.envelope[:], envelope[1:])
	return true, nil
}

// open reads the statement's whole record.
func (w *walk) open(src *source, into *record) error {
	src.record = into
	return parseRecord(w.parts[src.part], src.statement, into)
}

// sealed asks the selection once for each voucher.
func (w *walk) sealed(p int, id uint32) (*sealed, error) {
	if s := w.seals[p][id]; s != nil {
		return s, nil
	}
	_, key, err := w.parts[p].key(id)
	if err != nil {
		return nil, err
	}
	s := &sealed{}
	if s.key, s.voucher, err = w.vouchers.get(key); err != nil {
		return nil, err
	}
	s.voucher = s.voucher.clone() // a caller may change an answer, but not the cache
	if w.seals[p] == nil {
		w.seals[p] = map[uint32]*sealed{}
	}
	s.selected = w.query.Select.selects(s.voucher)
	w.seals[p][id] = s
	return s, nil
}

// key returns the key of a node in the part of a statement, and its fingerprint. It is
// valid while the store's lock is held.
func (w *walk) key(src *source, id uint32) (fp uint64, key []byte, err error) {
	return w.parts[src.part].key(id)
}

// text returns the text of a name in the part of a statement.
func (w *walk) text(src *source, id uint32) (string, error) {
	if w.texts != nil {
		if s, ok := w.texts[src.part][id]; ok {
			return s, nil
		}
	}
	_, key, err := w.key(src, id)
	s := nameOf(string(key))
	if w.texts == nil {
		return s, err
	}
	if w.texts[src.part] == nil {
		w.texts[src.part] = map[uint32]string{}
	}
	w.texts[src.part][id] = s
	return s, err
}

// cite returns where the answer lists the statement.
func (w *walk) cite(src *source) (int, error) {
	if src.index >= 0 {
		return src.index, nil
	}
	at, ok := w.cited[src.citation]
	if !ok {
		s, err := w.statement(src)
		if err != nil {
			return 0, err
		}
		at = len(w.answer.Statements)
		w.answer.Statements = append(w.answer.Statements, s)
		w.cited[src.citation] = at
	}
	src.index = at
	return at, nil
}

func (w *walk) statement(src *source) (s Statement, err error) {
	r := src.record
	var both [64]byte
	copy(both[copy(both[:], src.envelope[:]):], src.payload[:])
	text := hexOf(both[:])
	s.Evidence = digest.Digest{Algorithm: digest.SHA256, Hex: text[:64]}
	s.Payload = digest.Digest{Algorithm: digest.SHA256, Hex: text[64:]}
	s.Result = [...]string{"", "good", "bad"}[r.verdict]
	if s.PredicateType, err = w.text(src, r.typ); err != nil {
		return s, err
	}
	if r.maker > 0 {
		if s.Maker, err = w.text(src, r.maker-1); err != nil {
			return s, err
		}
	}
	if r.resource > 0 {
		if s.Resource, err = w.text(src, r.resource-1); err != nil {
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

// node returns the node of the answer with the key; -1 if the limit of nodes is reached.
// A new one is joined with the digests that selected statements give the same artifact.
func (w *walk) node(fp uint64, key []byte, label string, depth int) (int, error) {
	if i, ok := w.nodes[string(key)]; ok {
		if n := &w.answer.Nodes[i]; n.Label == "" {
			n.Label = label
		}
		return i, nil
	}
	if len(w.answer.Nodes) >= w.limits.Nodes {
		w.limit("nodes")
		return -1, nil
	}
	refs, disputed, err := w.names(fp, string(key))
	if err != nil {
		return 0, err
	}
	if disputed {
		refs = refs[:1]
	}
	n := Node{Label: label, Depth: depth, Disputed: disputed, Weak: true}
	start := len(w.slab.digests)
	for _, r := range refs {
		if d, ok := digestOf(r.key); ok {
			w.slab.digests = append(w.slab.digests, d)
		}
		n.Weak = n.Weak && !strong(r.key)
	}
	n.Digests = w.slab.digests[start:len(w.slab.digests):len(w.slab.digests)]
	if len(n.Digests) == 0 {
		n.Digests = nil
		n.Name, n.Weak = nameOf(string(key)), false
	}
	if len(n.Digests) > 1 {
		slices.SortFunc(n.Digests, func(a, b digest.Digest) int {
			return cmp.Or(cmp.Compare(a.Algorithm, b.Algorithm), cmp.Compare(a.Hex, b.Hex))
		})
	}
	i := len(w.answer.Nodes)
	w.answer.Nodes = append(w.answer.Nodes, n)
	w.refs, w.queued = append(w.refs, refs), append(w.queued, false)
	for _, r := range refs {
		if _, taken := w.nodes[r.key]; !taken {
			w.nodes[r.key] = i
		}
	}
	return i, nil
}

// names returns the nodes of one artifact, beginning with the one with the key: the
// closure of what selected statements say in one descriptor, over strong digests. If it
// has two values under one algorithm, it is disputed, and only the first node is certain.
func (w *walk) names(fp uint64, key string) (refs []ref, disputed bool, err error) {
	first, err := w.find(fp, key)
	if err != nil {
		return nil, false, err
	}
	w.slab.refs = append(w.slab.refs, first)
	refs = w.slab.refs[len(w.slab.refs)-1 : len(w.slab.refs) : len(w.slab.refs)]
	if !strong(key) {
		return refs, false, nil
	}
	var keys []string
	for i := 0; i < len(refs); i++ {
		_, err := w.each(refs[i], roleAlias, func(at spot) (bool, error) {
			src := source{spot: at, index: -1}
			ok, err := w.load(&src)
			if err == nil && ok {
				err = w.open(&src, &w.scratch)
			}
			if err == nil && ok {
				keys, err = w.together(&src, refs[i].key, keys)
			}
			return len(keys) <= 2*len(algorithms), err // more are a contradiction anyway
		})
		if err != nil {
			return nil, false, err
		}
		for _, k := range keys {
			if slices.ContainsFunc(refs, func(r ref) bool { return r.key == k }) {
				continue
			}
			disputed = disputed || slices.ContainsFunc(refs, func(r ref) bool { return r.key[0] == k[0] })
			r, err := w.find(fingerprint(k), k)
			if err != nil {
				return nil, false, err
			}
			refs = append(refs, r)
		}
		if disputed {
			break
		}
	}
	return refs, disputed, nil
}

// together appends the strong digests that stand in one descriptor with key.
func (w *walk) together(src *source, key string, keys []string) ([]string, error) {
	for i := range src.record.mentions {
		m := &src.record.mentions[i]
		if len(m.digests) < 2 {
			continue
		}
		var others []string
		found := false
		for _, id := range m.digests {
			_, b, err := w.key(src, id)
			if err != nil {
				return keys, err
			}
			k := string(b)
			found = found || k == key
			if strong(k) {
				others = append(others, k)
			}
		}
		for _, k := range others {
			if found && !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	return keys, nil
}

// finish names the limits that were reached.
func (w *walk) finish() *Answer {
	for _, limit := range [...]string{"depth", "nodes", "hops", "statements"} {
		if w.truncated[limit] {
			w.answer.Truncated = append(w.answer.Truncated, limit)
		}
	}
	w.answer.Cycles = cycles(len(w.answer.Nodes), w.answer.Hops)
	return w.answer
}
