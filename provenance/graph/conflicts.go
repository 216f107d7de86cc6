package graph

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Disagreement is what statements disagree about.
type Disagreement string

// The disagreements.
const (
	DigestsDiffer   Disagreement = "digests"  // one artifact has two digests under the algorithm About
	BuildersDiffer  Disagreement = "builders" // one output was made by two builders
	InputDiffers    Disagreement = "input"    // builds of one output read two contents of the place, by the algorithm, About
	InputsDiffer    Disagreement = "inputs"   // builds of one output list different inputs
	ResultsDiffer   Disagreement = "results"  // the verifier, of the resource, About judged both ways
	RebuildDiffers  Disagreement = "rebuild"  // another run made another output in its place, by the algorithm About
	ContentsOfPlace Disagreement = "place"    // the place, by the algorithm, About has two contents
)

// A Claim is one side of a conflict: a value, and the statements that give it.
type Claim struct {
	Value      string `json:"value"`
	Statements []int  `json:"statements"` // in Conflicts.Statements
}

// A Conflict is two claims or more that cannot, or should not, all be true.
type Conflict struct {
	Kind   Disagreement `json:"kind"`
	About  string       `json:"about,omitempty"`
	Claims []Claim      `json:"claims"`
}

// Conflicts are the disagreements of the selected statements about an artifact or a
// place. None, if Truncated is not empty, does not mean that there are none.
type Conflicts struct {
	Conflicts  []Conflict  `json:"conflicts"`
	Statements []Statement `json:"statements"`
	Truncated  []string    `json:"truncated,omitempty"`
}

// Conflicts compares what the selected statements say about an artifact: its digests,
// who made it and from what, what verifiers found, what rebuilding it gave.
func (s *Store) Conflicts(ctx context.Context, d digest.Digest, q Query) (*Conflicts, error) {
	key, err := startKey(d, q.AllowWeak)
	if err != nil {
		return nil, err
	}
	return s.conflicts(ctx, q, func(w *walk, c claims) error {
		first, err := w.find(fingerprint(key), key)
		if err != nil {
			return err
		}
		names, disputed, err := w.names(first)
		if err != nil {
			return err
		}
		refs := w.refs[names.lo:names.hi]
		if err := w.compareDigests(refs, c); err != nil {
			return err
		}
		if disputed {
			refs = refs[:1]
		}
		if err := w.compareBuilds(refs, c); err != nil {
			return err
		}
		if err := w.compareAbout(refs, c); err != nil {
			return err
		}
		return nil
	})
}

// ConflictsAt compares which contents the selected statements give a place, a URI as
// descriptors have it. A branch, or a tag that moves, has several without anybody lying.
func (s *Store) ConflictsAt(ctx context.Context, uri string, q Query) (*Conflicts, error) {
	if uri == "" || len(uri) > maxName {
		return nil, attest.Refuse(CodeNil, "uri", "a URI", excerpt.Quote(uri))
	}
	key := []byte(nameKey(uri))
	return s.conflicts(ctx, q, func(w *walk, c claims) error {
		r, err := w.find(fingerprint(key), key)
		if err != nil {
			return err
		}
		_, err = w.each(r, rolePlace, 0, &w.source, func() (bool, error) {
			if err := w.source.read(); err != nil {
				return false, err
			}
			return true, w.claimPlaces(c, ContentsOfPlace, func(m *mention, place string) bool { return place == uri })
		})
		return err
	})
}

func (s *Store) conflicts(ctx context.Context, q Query, collect func(*walk, claims) error) (*Conflicts, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	w, err := s.begin(ctx, q)
	if err != nil {
		return nil, err
	}
	defer s.done(w)
	c := claims{}
	if err := collect(w, c); err != nil {
		return nil, err
	}
	found := &Conflicts{Conflicts: c.conflicts(), Statements: make([]Statement, len(w.statements)), Truncated: w.truncated()}
	text := string(w.text)
	for i := range w.statements {
		found.Statements[i] = w.statement(i, text)
	}
	return found, nil
}

// claims are values and their statements, by what they are about.
type claims map[issue]map[string][]int

type issue struct {
	kind  Disagreement
	about string
}

func (c claims) add(i issue, value string, statement int) {
	if c[i] == nil {
		c[i] = map[string][]int{}
	}
	if list := c[i][value]; !slices.Contains(list, statement) {
		c[i][value] = append(list, statement)
	}
}

// conflicts returns the issues on which there are several values.
func (c claims) conflicts() []Conflict {
	found := []Conflict{}
	for i, values := range c {
		if len(values) < 2 {
			continue
		}
		conflict := Conflict{Kind: i.kind, About: i.about}
		for value, statements := range values {
			conflict.Claims = append(conflict.Claims, Claim{value, statements})
		}
		slices.SortFunc(conflict.Claims, func(a, b Claim) int { return strings.Compare(a.Value, b.Value) })
		found = append(found, conflict)
	}
	slices.SortFunc(found, func(a, b Conflict) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.About, b.About))
	})
	return found
}

// claim calls add for the selected statements in which the artifact has the role, read
// and cited.
func (w *walk) claim(refs []ref, ro role, add func(at int) error) error {
	_, err := w.tell(refs, ro, 0, func() (bool, error) {
		if err := w.source.read(); err != nil {
			return false, err
		}
		at, _, err := w.cite()
		if err == nil {
			err = add(at)
		}
		return len(w.statements) <= w.limits.Hops, err
	})
	if len(w.statements) > w.limits.Hops {
		w.limit(byHops)
	}
	return err
}

// compareDigests looks at the descriptors that give the artifact several digests.
func (w *walk) compareDigests(refs []ref, c claims) error {
	return w.claim(refs, roleAlias, func(at int) error {
		for _, r := range refs {
			together, err := w.together(&w.source, r.key, nil)
			if err != nil {
				return err
			}
			for _, k := range together {
				if d, ok := digestOf(string(k)); ok {
					c.add(issue{DigestsDiffer, string(d.Algorithm)}, d.Hex, at)
				}
			}
		}
		return nil
	})
}

func (w *walk) compareBuilds(refs []ref, c claims) error {
	return w.claim(refs, roleOutput, func(at int) error {
		if maker := w.source.maker; maker > 0 {
			name, err := w.nameAt(&w.source, maker-1)
			if err != nil {
				return err
			}
			c.add(issue{BuildersDiffer, ""}, name, at)
		}
		if err := w.claimPlaces(c, InputDiffers, func(m *mention, _ string) bool { return m.role == roleInput }); err != nil {
			return err
		}
		inputs, err := w.inputs()
		if err != nil {
			return err
		}
		c.add(issue{InputsDiffer, ""}, inputs, at)
		return nil
	})
}

// inputs returns the digests of all inputs that have one, in order and on one line.
func (w *walk) inputs() (string, error) {
	var all []string
	for i := range w.source.mentions {
		m := &w.source.mentions[i]
		if m.role != roleInput {
			continue
		}
		value, err := w.content(m)
		if err != nil {
			return "", err
		}
		if value != "" {
			all = append(all, value)
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " "), nil
}

// content returns the digests of a descriptor; "" if it has none.
func (w *walk) content(m *mention) (string, error) {
	var all []string
	for _, id := range m.digests {
		key, err := w.key(&w.source, id)
		if err != nil {
			return "", err
		}
		if d, ok := digestOf(string(key)); ok {
			all = append(all, d.String())
		}
	}
	slices.Sort(all)
	return strings.Join(all, ","), nil
}

// claimPlaces adds, for each descriptor with a place and a digest that which accepts,
// the content of the place under each algorithm: two that share none do not disagree.
func (w *walk) claimPlaces(c claims, kind Disagreement, which func(m *mention, place string) bool) error {
	for i := range w.source.mentions {
		m := &w.source.mentions[i]
		if m.place == 0 {
			continue
		}
		place, err := w.nameAt(&w.source, m.place-1)
		if err != nil {
			return err
		}
		if !which(m, place) {
			continue
		}
		at, _, err := w.cite()
		if err != nil {
			return err
		}
		for _, id := range m.digests {
			key, err := w.key(&w.source, id)
			if err != nil {
				return err
			}
			if d, ok := digestOf(string(key)); ok {
				c.add(issue{kind, place + " " + string(d.Algorithm)}, d.Hex, at)
			}
		}
	}
	return nil
}

// compareAbout looks at summaries and comparisons.
func (w *walk) compareAbout(refs []ref, c claims) error {
	_, err := w.tell(refs, roleAbout, 0, func() (bool, error) {
		shape := w.source.shape
		if shape != shapeSummary && shape != shapeComparison {
			return true, nil
		}
		if err := w.source.read(); err != nil {
			return false, err
		}
		at, _, err := w.cite()
		if err != nil {
			return false, err
		}
		if shape == shapeSummary {
			return true, w.claimResult(c, at)
		}
		return true, w.claimRebuild(refs, at, c)
	})
	return err
}

// claimResult adds what a verifier found about a resource.
func (w *walk) claimResult(c claims, at int) error {
	var about [2]string
	for i, id := range [...]uint32{w.source.maker, w.source.resource} {
		if id > 0 {
			var err error
			if about[i], err = w.nameAt(&w.source, id-1); err != nil {
				return err
			}
		}
	}
	c.add(issue{ResultsDiffer, about[0] + " " + about[1]}, results[w.source.verdict], at)
	return nil
}

// claimRebuild adds what both runs of a comparison made under the artifact's path.
func (w *walk) claimRebuild(refs []ref, at int, c claims) error {
	labels := map[uint32]bool{}
	for _, ro := range [...]role{roleAbout, roleCompared} {
		for i := range w.source.mentions {
			m := &w.source.mentions[i]
			if m.role != ro || ro == roleCompared && !labels[m.label] {
				continue
			}
			for _, id := range m.digests {
				key, err := w.key(&w.source, id)
				if err != nil {
					return err
				}
				if ro == roleAbout && !slices.ContainsFunc(refs, func(r ref) bool { return bytes.Equal(r.key, key) }) {
					continue
				}
				labels[m.label] = true
				if d, ok := digestOf(string(key)); ok {
					c.add(issue{RebuildDiffers, string(d.Algorithm)}, d.Hex, at)
				}
			}
		}
	}
	return nil
}
