package rules

import (
	"bytes"
	"errors"
	"slices"

	"github.com/sealwright/sealwright/attest/digest"
)

var (
	errFormat = errors.New("the document does not say that it is of this format and version")
	errDeep   = errors.New("components are nested too deeply")
)

// maxNesting bounds components within components.
const maxNesting = 24

// cycloneDX reads CycloneDX JSON (ECMA-424).
type cycloneDX struct {
	*tokens
	visit   func(*component)
	bill    *bill
	levels  []*component // one for each level of nesting, reused
	scratch []byte
	format  bool
	version bool
	root    []byte   // the bom-ref of what the bill is about
	known   bool     // it was read
	early   []string // whose parts compositions are about, before it was
	claimed bool     // the composition claims to be complete
	partial bool     // one does not
	whole   bool     // one is about the parts of what the bill is about
}

func readCycloneDX(t *tokens, subject digest.Set, visit func(*component)) (*bill, error) {
	r := &cycloneDX{tokens: t, visit: visit, bill: &bill{}}
	if err := r.open(); err != nil {
		return nil, err
	}
	if err := r.object(r.top); err != nil {
		return nil, err
	}
	if !r.format || !r.version {
		return nil, errFormat
	}
	r.bill.bound = subject.Match(r.bill.about) == nil
	r.whole = r.whole || slices.Contains(r.early, string(r.root))
	r.bill.complete = r.whole && !r.partial && len(r.root) > 0
	return r.bill, nil
}

// top reads a member of the document.
func (r *cycloneDX) top(key []byte) (err error) {
	switch string(key) {
	case "bomFormat":
		r.scratch, err = r.value(r.scratch)
		r.format = string(r.scratch) == "CycloneDX"
	case "specVersion":
		r.scratch, err = r.value(r.scratch)
		r.version = len(r.scratch) == 3 && string(r.scratch[:2]) == "1." && r.scratch[2] >= '2' && r.scratch[2] <= '7'
	case "metadata":
		if err := r.open(); err != nil {
			return err
		}
		return r.object(r.metadata)
	case "components":
		return r.components("/predicate/components", 0)
	case "compositions":
		return r.objects(func(int) error {
			r.claimed = false
			err := r.object(r.composition)
			r.partial = r.partial || !r.claimed
			return err
		})
	default:
		return r.skip()
	}
	return err
}

// composition reads a member of a composition.
func (r *cycloneDX) composition(key []byte) (err error) {
	switch string(key) {
	case "aggregate":
		r.scratch, err = r.value(r.scratch)
		r.claimed = string(r.scratch) == "complete"
		return err
	case "assemblies":
		return r.array(r.assembly)
	}
	return r.skip()
}

// assembly notes whose parts a composition is about. Of what comes before the metadata
// only so much is remembered.
func (r *cycloneDX) assembly(_ int, kind byte) error {
	if kind != '"' {
		return errShape
	}
	err := r.unescape()
	switch {
	case r.known:
		r.whole = r.whole || bytes.Equal(r.text, r.root)
	case len(r.early) < maxDescribed:
		r.early = append(r.early, string(r.text))
	}
	return err
}

// metadata reads what the bill is about.
func (r *cycloneDX) metadata(key []byte) error {
	if string(key) != "component" {
		return r.skip()
	}
	if err := r.open(); err != nil {
		return err
	}
	c := &component{}
	if err := r.object(func(key []byte) (err error) {
		if string(key) == "bom-ref" {
			r.root, err = r.value(r.root)
			return err
		}
		return r.component(c, key, "/predicate/metadata/component/components", 0)
	}); err != nil {
		return err
	}
	r.bill.about, r.known = c.digests(), true
	return nil
}

// components reads an array of components, depth levels down.
func (r *cycloneDX) components(where string, depth int) error {
	if depth == maxNesting {
		return errDeep
	}
	if depth == len(r.levels) {
		r.levels = append(r.levels, &component{})
	}
	c := r.levels[depth]
	return r.objects(func(i int) error {
		c.reset(where, i)
		if err := r.object(func(key []byte) error { return r.component(c, key, "", depth+1) }); err != nil {
			return err
		}
		r.bill.components++
		r.visit(c)
		return nil
	})
}

// component reads a member of c. below names the array of its parts, empty for the
// usual one.
func (r *cycloneDX) component(c *component, key []byte, below string, depth int) (err error) {
	switch string(key) {
	case "name":
		c.name, err = r.value(c.name)
	case "version":
		c.version, err = r.value(c.version)
	case "purl":
		c.purl, err = r.value(c.purl)
	case "hashes":
		return r.few(func() error {
			c.hash.algorithm, c.hash.content = c.hash.algorithm[:0], c.hash.content[:0]
			err := r.object(func(key []byte) error { return r.hash(c, key) })
			c.addHash()
			return err
		})
	case "licenses":
		return r.few(func() error {
			n := len(c.licences)
			err := r.object(func(key []byte) error { return r.licence(c, key) })
			if len(c.licences) == n {
				c.addLicence(nil, true)
			}
			return err
		})
	case "components":
		if below == "" {
			below = c.pointer() + "/components"
		}
		return r.components(below, depth)
	default:
		return r.skip()
	}
	return err
}

func (r *cycloneDX) hash(c *component, key []byte) (err error) {
	switch string(key) {
	case "alg":
		c.hash.algorithm, err = r.value(c.hash.algorithm)
	case "content":
		c.hash.content, err = r.value(c.hash.content)
	default:
		return r.skip()
	}
	return err
}

// licence reads a member of a licence choice: an expression, or a licence with an id
// or a name.
func (r *cycloneDX) licence(c *component, key []byte) (err error) {
	switch string(key) {
	case "expression":
		r.scratch, err = r.value(r.scratch)
		c.addLicence(r.scratch, false)
		return err
	case "license":
		if err := r.open(); err != nil {
			return err
		}
		return r.object(func(key []byte) error {
			named := string(key) == "name"
			if !named && string(key) != "id" {
				return r.skip()
			}
			if r.scratch, err = r.value(r.scratch); err == nil {
				c.addLicence(r.scratch, named)
			}
			return err
		})
	}
	return r.skip()
}
