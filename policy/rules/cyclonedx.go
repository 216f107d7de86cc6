package rules

import (
	"errors"

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
	visit      func(*component)
	bill       *bill
	levels     []*component // one for each level of nesting, reused
	scratch    []byte
	format     bool
	version    bool
	aggregates int // compositions
	partial    int // those that do not claim to be complete
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
	r.bill.complete = r.aggregates > 0 && r.partial == 0
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
			r.aggregates, r.partial = r.aggregates+1, r.partial+1
			return r.object(r.composition)
		})
	default:
		return r.skip()
	}
	return err
}

// composition reads a member of a composition, which counted as partial until it says
// that it is complete.
func (r *cycloneDX) composition(key []byte) (err error) {
	if string(key) != "aggregate" {
		return r.skip()
	}
	r.scratch, err = r.value(r.scratch)
	if string(r.scratch) == "complete" {
		r.partial--
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
	if err := r.object(func(key []byte) error { return r.component(c, key, "/predicate/metadata/component/components", 0) }); err != nil {
		return err
	}
	r.bill.about = c.digests()
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
		return r.objects(func(_ int) error {
			c.hash.algorithm, c.hash.content = c.hash.algorithm[:0], c.hash.content[:0]
			err := r.object(func(key []byte) error { return r.hash(c, key) })
			c.addHash()
			return err
		})
	case "licenses":
		return r.objects(func(_ int) error {
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
