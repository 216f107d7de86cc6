package rules

import (
	"bytes"
	"cmp"
	"errors"
	"hash/maphash"
	"slices"
)

var (
	errTwice    = errors.New("two elements with one spdxId")
	errDangling = errors.New("a licence of an element that the graph does not have")
	errRelation = errors.New("a licence that is not in a relationship to a list of elements")
)

// licensing is what the relationships of an SPDX 3 graph say of licences. They may stand
// anywhere, so they are read before the components, and joined with them by hashes of
// ids: the ids themselves would take more memory than may be used. Two ids with one hash
// are taken for one id twice, which is refused.
type licensing struct {
	*tokens
	seed        maphash.Seed
	ids         list[uint64]   // of all elements
	relations   list[relation] // from elements to licences
	expressions list[named]    // licences
	texts       [][]byte       // of expressions, each once
	known       map[string]int // where they are in texts
	sorted      struct {
		relations   []relation
		expressions []named
	}
	e element
}

// A relation gives a licence to an element.
type relation struct{ from, to uint64 }

// A named text has an id.
type named struct {
	id   uint64
	text int
}

// An element is what is read of one. An id that is not there, or no text, is 0, which is
// nobody's.
type element struct {
	kind, relationship, expression []byte
	id, from                       uint64
	to                             []uint64
}

// readLicensing reads the licences of a graph, whose shape is judged by readSPDX3.
func readLicensing(t *tokens) (*licensing, error) {
	l := &licensing{tokens: t, seed: maphash.MakeSeed(), known: map[string]int{}}
	for _, text := range []string{none, noAssertion} { // as if they were elements, so that none takes their place
		id := l.hash([]byte(text))
		l.ids.add(id)
		l.express(id, text)
	}
	if err := l.open(); err != nil {
		return nil, err
	}
	err := l.object(func(key []byte) error {
		if string(key) == "@graph" {
			return l.objects(l.element)
		}
		return l.skip()
	})
	if err != nil {
		return nil, err
	}
	return l, l.resolve()
}

// element reads an element.
func (l *licensing) element(int) error {
	e := &l.e
	*e = element{kind: e.kind[:0], relationship: e.relationship[:0], expression: e.expression[:0], to: e.to[:0]}
	if err := l.object(l.member); err != nil {
		return err
	}
	if e.id != 0 {
		l.ids.add(e.id)
		if string(e.kind) == "simplelicensing_LicenseExpression" {
			l.express(e.id, string(e.expression))
		}
	}
	switch string(e.relationship) {
	case "hasConcludedLicense", "hasDeclaredLicense":
		return l.relate()
	}
	return nil
}

// member reads a member of an element.
func (l *licensing) member(key []byte) (err error) {
	e := &l.e
	switch string(key) {
	case "type":
		e.kind, err = l.value(e.kind)
	case "spdxId":
		e.id, err = l.id()
	case "relationshipType":
		e.relationship, err = l.value(e.relationship)
	case "from":
		e.from, err = l.id()
	case "to":
		return l.targets()
	case "simplelicensing_licenseExpression":
		e.expression, err = l.value(e.expression)
	default:
		return l.skip()
	}
	return err
}

// begin reads to what a value begins with, and past the value if that is something else.
func (l *licensing) begin(with byte) (ok bool, err error) {
	kind, err := l.next(true)
	if err != nil {
		return false, err
	}
	if kind == with {
		return true, nil
	}
	return false, l.rest(kind)
}

// id reads the id that comes next.
func (l *licensing) id() (hash uint64, err error) {
	if ok, err := l.begin('"'); !ok {
		return 0, err
	}
	err = l.unescape()
	return l.hash(individual(l.text)), err
}

func (l *licensing) hash(id []byte) uint64 { return maphash.Bytes(l.seed, id) }

// targets reads what a relationship leads to.
func (l *licensing) targets() error {
	if ok, err := l.begin('['); !ok {
		return err
	}
	for {
		kind, err := l.next(true)
		if err != nil {
			return err
		}
		var to uint64
		switch kind {
		case ']':
			return nil
		case '"':
			err = l.unescape()
			to = l.hash(individual(l.text))
		default:
			err = l.rest(kind)
		}
		if err != nil {
			return err
		}
		l.e.to = append(l.e.to, to)
	}
}

// individual returns the id here of the licences that SPDX 3 itself has, for none and for
// no answer, and others as they are.
func individual(id []byte) []byte {
	name, short := bytes.CutPrefix(id, []byte("expandedlicensing_"))
	if !short {
		var context []byte
		context, name, _ = bytes.Cut(id, []byte("/terms/ExpandedLicensing/"))
		if !bytes.HasPrefix(context, []byte("https://spdx.org/rdf/3.0.")) {
			return id
		}
	}
	switch string(name) {
	case "NoneLicense":
		return []byte(none)
	case "NoAssertionLicense":
		return []byte(noAssertion)
	}
	return id
}

// relate keeps a relationship to licences.
func (l *licensing) relate() error {
	e := &l.e
	switch string(e.kind) {
	case "Relationship", "LifecycleScopedRelationship":
	default:
		return errRelation
	}
	if len(e.to) == 0 {
		return errRelation
	}
	for _, to := range e.to {
		l.relations.add(relation{e.from, to})
	}
	return nil
}

// express keeps an expression.
func (l *licensing) express(id uint64, text string) {
	at, ok := l.known[text]
	if !ok {
		at = len(l.texts)
		l.texts, l.known[text] = append(l.texts, []byte(text)), at
	}
	l.expressions.add(named{id, at})
}

// resolve demands that ids are unique, and that relationships begin at one of them.
func (l *licensing) resolve() error {
	ids := l.ids.flat()
	slices.Sort(ids)
	for i := 1; i < len(ids); i++ {
		if ids[i] == ids[i-1] {
			return errTwice
		}
	}
	l.sorted.relations, l.sorted.expressions = l.relations.flat(), l.expressions.flat()
	slices.SortFunc(l.sorted.relations, func(a, b relation) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	slices.SortFunc(l.sorted.expressions, func(a, b named) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.text, b.text)) })
	for _, r := range l.sorted.relations {
		if _, ok := slices.BinarySearch(ids, r.from); !ok {
			return errDangling
		}
	}
	return nil
}

// give adds its licences to a component.
func (l *licensing) give(c *component) error {
	if len(c.id) == 0 {
		return nil
	}
	from := l.hash(c.id)
	at, _ := slices.BinarySearchFunc(l.sorted.relations, from, func(r relation, id uint64) int { return cmp.Compare(r.from, id) })
	for n, r := range l.sorted.relations[at:] {
		if r.from != from {
			return nil
		}
		if n == maxFew {
			return errMany
		}
		i, ok := slices.BinarySearchFunc(l.sorted.expressions, r.to, func(n named, id uint64) int { return cmp.Compare(n.id, id) })
		if !ok {
			c.addLicence([]byte(noExpression), true)
		} else if text := l.texts[l.sorted.expressions[i].text]; string(text) != noAssertion {
			c.addLicence(text, false)
		}
	}
	return nil
}

const (
	none         = "NONE"
	noAssertion  = "NOASSERTION"
	noExpression = "what is no licence expression of the bill"
)

// A list grows without a copy of what it has.
type list[T any] struct {
	parts [][]T
	n     int
}

// listPart is how many elements a list grows by.
const listPart = 2048

func (l *list[T]) add(v T) {
	if l.n%listPart == 0 {
		l.parts = append(l.parts, make([]T, 0, listPart))
	}
	last := &l.parts[len(l.parts)-1]
	*last = append(*last, v)
	l.n++
}

func (l *list[T]) flat() []T { return slices.Concat(l.parts...) }
