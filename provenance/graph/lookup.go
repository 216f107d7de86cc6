package graph

import (
	"context"
	"sort"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Page is some of the statements that mention something, in the order in which they
// were added, and those that mention it as the same together.
type Page struct {
	Mentions []Mention `json:"mentions"`
	// Next continues after this page; empty if this is the last.
	Next string `json:"next,omitempty"`
}

// A Mention is a statement, and what the thing asked for is to it: "envelope",
// "output", "input", "byproduct", "subject", "evidence", "policy", "compared",
// "component", "maker", "resource", "place" or "label".
type Mention struct {
	As        string    `json:"as"`
	Statement Statement `json:"statement"`
}

// mentionNames are the names of the roles up to roleLabel.
var mentionNames = [...]string{
	"envelope", "output", "input", "byproduct", "subject", "evidence", "policy", "compared", "component",
	"maker", "resource", "place", "label",
}

// maxPage bounds a page.
const maxPage = 10_000

// Statements returns up to limit of the selected statements that mention a digest,
// exactly this one, from where after says: the Next of the page before, or "". A page
// stays where it is when statements are added or segments merged.
func (s *Store) Statements(ctx context.Context, d digest.Digest, q Query, after string, limit int) (*Page, error) {
	key, err := startKey(d, true) // a look-up joins nothing
	if err != nil {
		return nil, err
	}
	return s.page(ctx, key, q, after, limit)
}

// StatementsNaming is Statements for a builder, a verifier, a place or another name.
func (s *Store) StatementsNaming(ctx context.Context, name string, q Query, after string, limit int) (*Page, error) {
	if name == "" || len(name) > maxName {
		return nil, attest.Refuse(CodeNil, "name", "a name", excerpt.Quote(name))
	}
	return s.page(ctx, []byte(nameKey(name)), q, after, limit)
}

func (s *Store) page(ctx context.Context, key []byte, q Query, after string, limit int) (*Page, error) {
	if limit < 1 || limit > maxPage {
		return nil, attest.Refuse(CodeLimit, "limit", "1 to "+strconv.Itoa(maxPage), strconv.Itoa(limit))
	}
	from, skip, err := parseCursor(after)
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
	p := pager{walk: w, limit: limit}
	if p.ref, err = w.find(fingerprint(key), key); err != nil {
		return nil, err
	}
	mask := uint32(0)
	for _, at := range w.places {
		mask |= at.roles
	}
	for ro := from; ro <= roleLabel && p.next == ""; ro++ {
		if mask>>ro&1 == 0 {
			skip = 0
			continue
		}
		if err := p.list(ro, skip); err != nil {
			return nil, err
		}
		skip = 0
	}
	return p.page(), nil
}

// A pager fills a page.
type pager struct {
	*walk
	next  string
	limit int
	ref   ref
}

// list adds the statements with a role, from the one with the number skip on.
func (p *pager) list(ro role, skip uint64) error {
	for k := p.ref.places.lo; k < p.ref.places.hi; k++ {
		if p.places[k].roles>>ro&1 == 0 {
			continue
		}
		list, err := p.postings(k, ro)
		if err != nil {
			return err
		}
		at := p.places[k].spot
		base := p.before(at.part)
		n := int(list.count())
		first, err := firstFrom(list, base, skip)
		if err != nil {
			return err
		}
		for i := first; i < n; i++ {
			statement, err := list.at(uint64(i))
			if err != nil {
				return err
			}
			p.looked++
			if len(p.as) == p.limit || p.looked > p.limits.Statements {
				p.next = cursor(ro, base+uint64(statement))
				return nil
			}
			if err := p.add(spot{at.part, statement}, ro); err != nil {
				return err
			}
		}
	}
	return nil
}

// before returns how many statements are in the parts before one.
func (w *walk) before(part int32) (n uint64) {
	for _, p := range w.parts[:part] {
		n += uint64(p.statements())
	}
	return n
}

// firstFrom returns the first place in list of a statement with the number skip or above.
func firstFrom(list postings, base, skip uint64) (int, error) {
	if skip <= base {
		return 0, nil
	}
	var failed error
	first := sort.Search(int(list.count()), func(i int) bool {
		statement, err := list.at(uint64(i))
		if err != nil {
			failed = err
		}
		return base+uint64(statement) >= skip
	})
	return first, failed
}

func (p *pager) add(at spot, ro role) error {
	if p.looked%checkEvery == 0 && p.ctx.Err() != nil {
		return canceled(p.ctx)
	}
	b, err := p.parts[at.part].record(at.number)
	if err != nil {
		return err
	}
	ok, err := p.open(at, b, &p.source)
	if err != nil || !ok {
		return err
	}
	row, err := p.row(&p.source)
	p.statements, p.as = append(p.statements, row), append(p.as, ro)
	return err
}

// page returns what was found.
func (p *pager) page() *Page {
	found := &Page{Mentions: make([]Mention, len(p.as)), Next: p.next}
	text := string(p.text)
	for i, ro := range p.as {
		found.Mentions[i] = Mention{mentionNames[ro], p.statement(i, text)}
	}
	return found
}

// A cursor is a role and the number of the statement to go on with.
func cursor(ro role, statement uint64) string {
	var b [24]byte
	return string(strconv.AppendUint(append(strconv.AppendUint(b[:0], uint64(ro), 10), '.'), statement, 10))
}

func parseCursor(s string) (role, uint64, error) {
	if s == "" {
		return 0, 0, nil
	}
	a, b, _ := strings.Cut(s, ".")
	ro, err := strconv.ParseUint(a, 10, 8)
	statement, err2 := strconv.ParseUint(b, 10, 64)
	if err != nil || err2 != nil || ro > uint64(roleLabel) {
		return 0, 0, attest.Refuse(CodeLimit, "after", "the Next of a page", excerpt.Quote(s))
	}
	return role(ro), statement, nil
}
