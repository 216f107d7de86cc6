package rules

import (
	"errors"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest/digest"
)

var (
	errElement = errors.New("an element that is not one of the graph's own, with a type that is known")
	errTypes   = errors.New("types of SPDX 3.0 by their short names")
)

// spdx3 reads the JSON-LD form of SPDX 3.0: a graph of elements, each of which names its
// type and what it refers to. What JSON-LD could also say, and would hide a package, is
// refused: other contexts, other names for types, elements within elements.
type spdx3 struct {
	*tokens
	visit    func(*component)
	subject  digest.Set
	bill     *bill
	c        component
	kind     []byte   // of the element
	roots    []string // what the element is about
	scratch  []byte
	inner    [3][]byte // of an inner object: type, key, value
	context  bool
	document int                 // how many there are
	tops     []string            // what the document is about
	about    map[string][]string // what collections are about
	matching map[string]bool     // packages that have the subject's digest
	licences *licensing          // nil if nobody asks for licences
}

func readSPDX3(t *tokens, subject digest.Set, licences *licensing, visit func(*component)) (*bill, error) {
	r := &spdx3{tokens: t, visit: visit, subject: subject, bill: &bill{}, about: map[string][]string{}, matching: map[string]bool{}, licences: licences}
	if err := r.open(); err != nil {
		return nil, err
	}
	if err := r.object(r.top); err != nil {
		return nil, err
	}
	if !r.context || r.document != 1 {
		return nil, errFormat
	}
	for _, id := range r.tops {
		r.bill.bound = r.bill.bound || r.matching[id] || slices.ContainsFunc(r.about[id], func(id string) bool { return r.matching[id] })
	}
	return r.bill, nil
}

// top reads a member of the document. Other members would change what the graph means.
func (r *spdx3) top(key []byte) (err error) {
	switch string(key) {
	case "@context":
		r.scratch, err = r.value(r.scratch)
		version, begins := strings.CutPrefix(string(r.scratch), "https://spdx.org/rdf/3.0.")
		patch, ends := strings.CutSuffix(version, "/spdx-context.jsonld")
		r.context = begins && ends && len(patch) == 1 && patch[0] >= '0' && patch[0] <= '9'
		return err
	case "@graph":
		return r.objects(r.element)
	}
	return errFormat
}

// element reads an element, which is the subject itself if it has its digest.
func (r *spdx3) element(i int) error {
	c := &r.c
	c.reset("/predicate/@graph", i)
	r.kind, r.roots = r.kind[:0], nil
	if err := r.object(r.member); err != nil {
		return err
	}
	switch kind := string(r.kind); {
	case kind == "SpdxDocument":
		r.document++
		r.tops = r.roots
	case kind == "software_Sbom" || kind == "Bom":
		if len(r.about) == maxDescribed {
			return errDescribed
		}
		if _, twice := r.about[string(c.id)]; twice {
			return errTwice
		}
		r.about[string(c.id)] = r.roots
	case kind == "software_Package" || kind == "ai_AIPackage" || kind == "dataset_DatasetPackage":
		return r.component()
	case !harmless(kind):
		return errTypes
	}
	return nil
}

func (r *spdx3) component() error {
	c := &r.c
	if !c.is(r.subject) {
		r.bill.components++
		if r.licences != nil {
			if err := r.licences.give(c); err != nil {
				return err
			}
		}
		r.visit(c)
		return nil
	}
	if len(r.matching) == maxDescribed {
		return errDescribed
	}
	if len(c.id) > 0 { // two things without an id are not the same
		r.matching[string(c.id)] = true
	}
	return nil
}

// harmless reports whether elements of a type are no packages.
func harmless(kind string) bool {
	profile, name, found := strings.Cut(kind, "_")
	switch {
	case !found:
		return slices.Contains([]string{
			"Agent", "Annotation", "Bundle", "CreationInfo", "IndividualElement", "LifecycleScopedRelationship", "Organization",
			"Person", "Relationship", "SoftwareAgent", "Tool",
		}, kind)
	case profile == "software":
		return name == "File" || name == "Snippet"
	}
	return slices.Contains([]string{"build", "expandedlicensing", "security", "simplelicensing"}, profile)
}

// member reads a member of an element.
func (r *spdx3) member(key []byte) (err error) {
	c := &r.c
	switch string(key) {
	case "type":
		r.kind, err = r.value(r.kind)
	case "spdxId":
		c.id, err = r.value(c.id)
	case "name":
		c.name, err = r.value(c.name)
	case "software_packageVersion":
		c.version, err = r.value(c.version)
	case "software_packageUrl":
		if r.scratch, err = r.value(r.scratch); err == nil {
			r.addPURL(r.scratch)
		}
	case "externalIdentifier":
		return r.few(func() error {
			err := r.pair("externalIdentifierType", "identifier")
			if string(r.inner[1]) == "packageUrl" {
				r.addPURL(r.inner[2])
			}
			return err
		})
	case "verifiedUsing":
		return r.few(func() error {
			err := r.pair("algorithm", "hashValue")
			if string(r.inner[0]) == "Hash" {
				c.hash.algorithm = append(c.hash.algorithm[:0], strings.ToUpper(string(r.inner[1]))...)
				c.hash.content = append(c.hash.content[:0], r.inner[2]...)
				c.addHash()
			}
			return err
		})
	case "rootElement":
		return r.array(r.root)
	case "@type", "@graph":
		return errElement
	default:
		return r.pass()
	}
	return err
}

// root reads the id of what the element is about.
func (r *spdx3) root(_ int, kind byte) error {
	if kind != '"' {
		return errElement
	}
	if len(r.roots) == maxDescribed {
		return errDescribed
	}
	err := r.unescape()
	r.roots = append(r.roots, string(r.text))
	return err
}

// addPURL notes a package URL. Two that differ are none.
func (r *spdx3) addPURL(purl []byte) {
	c := &r.c
	if len(c.purl) > 0 && string(c.purl) != string(purl) {
		c.purl = append(c.purl, ' ')
	}
	if string(c.purl) != string(purl) {
		c.purl = append(c.purl, purl...)
	}
}

// pair reads an inner object: its type and two texts.
func (r *spdx3) pair(first, second string) error {
	for i := range r.inner {
		r.inner[i] = r.inner[i][:0]
	}
	names := [3]string{"type", first, second}
	return r.object(func(key []byte) (err error) {
		at := slices.Index(names[:], string(key))
		if at < 0 {
			return r.pass()
		}
		r.inner[at], err = r.value(r.inner[at])
		return err
	})
}

// pass reads past a value, within which there is no element.
func (r *spdx3) pass() error {
	kind, err := r.next(false)
	if err != nil {
		return err
	}
	return r.rest(kind)
}

// rest reads the rest of a value.
func (r *spdx3) rest(kind byte) error {
	switch kind {
	case '{':
		return r.object(func(key []byte) error {
			switch string(key) {
			case "spdxId", "@type", "@graph":
				return errElement
			}
			return r.pass()
		})
	case '[':
		for {
			kind, err := r.next(false)
			if err != nil || kind == ']' {
				return err
			}
			if err := r.rest(kind); err != nil {
				return err
			}
		}
	}
	return nil
}
