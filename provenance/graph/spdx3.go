package graph

import (
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// A graphReader reads the packages of a bill in SPDX 3.0, in its JSON-LD form: a list of
// elements that refer to each other by their ids. What would hide a package is refused:
// two elements with one id, which are one element of two types, types that are no text,
// elements within elements, and roots that lead nowhere or to themselves.
type graphReader struct {
	*billReader
	roots map[string][]string // of each element with an id
	order []string            // of those
}

// graph reads the elements of a graph.
func (r *billReader) graph(list strictjson.Part) error {
	if list.IsNull() {
		return nil
	}
	it, err := list.Elements()
	if err != nil {
		return err
	}
	g := graphReader{billReader: r, roots: map[string][]string{}}
	for it.Next() {
		r.outer = it.Index()
		if err := g.element(it.Value()); err != nil {
			return err
		}
	}
	led := map[string]bool{}
	for _, id := range g.order {
		if err := g.lead(id, 0, led); err != nil {
			return err
		}
	}
	return nil
}

// The members of an element that are read.
const (
	memberType = iota
	memberID
	memberNode
	memberName
	memberPURL
	memberIdentifiers
	memberHashes
	memberRoots
	members
)

// element reads an element, and mentions it if it is a package.
func (g *graphReader) element(element strictjson.Part) error {
	var parts [members]strictjson.Part
	if err := element.Members(true, parts[:], "type", "spdxId", "@id", "name", "software_packageUrl", "externalIdentifier", "verifiedUsing", "rootElement"); err != nil {
		return err
	}
	it, err := element.Entries()
	if err != nil {
		return err
	}
	for it.Next() {
		if key := it.Key(); key[:min(1, len(key))] == "@" && key != "@id" {
			return g.refuse("an element in short terms", key)
		}
		if err := g.inner(it.Value()); err != nil {
			return err
		}
	}
	kind, err := parts[memberType].Text()
	if err != nil {
		return err
	}
	if err := g.identify(parts[memberID], parts[memberNode], parts[memberRoots]); err != nil || !isPackage(kind) {
		return err
	}
	return g.mentionPackage(parts[:])
}

// isPackage reports whether a type is that of a package, in whichever profile.
func isPackage(kind string) bool { return strings.HasSuffix(kind, "Package") }

// identify notes an element, and what it is about.
func (g *graphReader) identify(id, node, roots strictjson.Part) error {
	if id.IsNull() {
		id, node = node, nil
	}
	if id.IsNull() && roots.IsNull() {
		return nil
	}
	name, err := id.Text()
	if err != nil {
		return err
	}
	if _, twice := g.roots[name]; twice || !node.IsNull() || name == "" {
		return g.refuse("an id of its own", name)
	}
	g.roots[name], g.order = nil, append(g.order, name)
	return each(roots, func(root strictjson.Part) error {
		to, err := root.Text()
		g.roots[name] = append(g.roots[name], to)
		return err
	})
}

// lead follows what a bill is about, which may be a bill.
func (g *graphReader) lead(id string, depth int, led map[string]bool) error {
	if depth > maxNesting {
		return g.refuse("bills at most "+strconv.Itoa(maxNesting)+" deep in each other, and none in itself", id)
	}
	if led[id] {
		return nil
	}
	for _, root := range g.roots[id] {
		if _, ok := g.roots[root]; !ok {
			return g.refuse("a root that the graph has", root)
		}
		if err := g.lead(root, depth+1, led); err != nil {
			return err
		}
	}
	led[id] = true
	return nil
}

// mentionPackage mentions a package under each of its package URLs, or under none.
func (g *graphReader) mentionPackage(parts []strictjson.Part) error {
	if g.count++; g.count > maxComponents {
		return attest.Refuse(CodeLimit, g.where(), "at most "+strconv.Itoa(maxComponents)+" components", "more")
	}
	set, err := g.hashes(parts[memberHashes], "algorithm", "hashValue")
	if err != nil {
		return err
	}
	own, err := text(parts[memberPURL])
	if err != nil {
		return err
	}
	found := own != ""
	err = each(parts[memberIdentifiers], func(identifier strictjson.Part) error {
		kind, purl, err := pair(identifier, "externalIdentifierType", "identifier")
		if err != nil || kind != "packageUrl" || purl == own {
			return err
		}
		found = true
		return g.add(parts[memberName], set, purl)
	})
	if err != nil || found && own == "" {
		return err
	}
	return g.add(parts[memberName], set, own)
}

// inner refuses elements within the value of a member.
func (g *graphReader) inner(value strictjson.Part) error {
	if len(value) == 0 || value[0] != '{' && value[0] != '[' {
		return nil
	}
	it, err := value.Elements()
	if value[0] == '{' {
		it, err = value.Entries()
	}
	if err != nil {
		return err
	}
	for it.Next() {
		if value[0] == '{' {
			if err := g.innerMember(it.Key(), it.Value()); err != nil {
				return err
			}
		}
		if err := g.inner(it.Value()); err != nil {
			return err
		}
	}
	return nil
}

func (g *graphReader) innerMember(key string, value strictjson.Part) error {
	hidden := key == "spdxId" || strings.HasPrefix(key, "@") && key != "@id"
	if key == "type" {
		kind, err := value.Text()
		if err != nil {
			return err
		}
		hidden = isPackage(kind)
	}
	if hidden {
		return g.refuse("elements that stand in the graph itself", key)
	}
	return nil
}

func (g *graphReader) refuse(want, got string) error {
	return attest.Refuse(CodeStatement, g.where(), want, excerpt.Quote(got))
}
