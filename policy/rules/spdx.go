package rules

import (
	"errors"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/predicate"
)

var errDescribed = errors.New("the document describes too many packages")

// maxDescribed bounds what a document describes.
const maxDescribed = 1000

// spdx reads the JSON form of SPDX 2 (ISO/IEC 5962, annex on JSON).
type spdx struct {
	*tokens
	visit     func(*component)
	subject   digest.Set
	only23    bool
	bill      *bill
	c         component
	scratch   []byte
	document  bool
	version   bool
	described map[string]bool
	matching  map[string]bool // packages that have the subject's digest
	relation  [3][]byte       // from, kind, to
}

func readSPDX(t *tokens, predicateType string, subject digest.Set, visit func(*component)) (*bill, error) {
	r := &spdx{tokens: t, visit: visit, subject: subject, only23: predicateType == predicate.SPDX23Type, bill: &bill{},
		described: map[string]bool{}, matching: map[string]bool{}}
	if err := r.open(); err != nil {
		return nil, err
	}
	if err := r.object(r.top); err != nil {
		return nil, err
	}
	if !r.document || !r.version {
		return nil, errFormat
	}
	for id := range r.matching {
		r.bill.bound = r.bill.bound || r.described[id]
	}
	return r.bill, nil
}

// top reads a member of the document.
func (r *spdx) top(key []byte) (err error) {
	switch string(key) {
	case "SPDXID":
		r.scratch, err = r.value(r.scratch)
		r.document = string(r.scratch) == "SPDXRef-DOCUMENT"
	case "spdxVersion":
		r.scratch, err = r.value(r.scratch)
		v := string(r.scratch)
		r.version = v == "SPDX-2.3" || !r.only23 && v == "SPDX-2.2"
	case "documentDescribes":
		return r.array(func(_ int, kind byte) error {
			if kind != '"' {
				return errShape
			}
			if err := r.unescape(); err != nil {
				return err
			}
			return r.describe(r.text)
		})
	case "relationships":
		return r.objects(func(_ int) error {
			for i := range r.relation {
				r.relation[i] = r.relation[i][:0]
			}
			if err := r.object(r.relationship); err != nil {
				return err
			}
			if string(r.relation[0]) == "SPDXRef-DOCUMENT" && string(r.relation[1]) == "DESCRIBES" {
				return r.describe(r.relation[2])
			}
			return nil
		})
	case "packages":
		return r.objects(r.readPackage)
	default:
		return r.skip()
	}
	return err
}

// describe notes what the document describes, if it has an id: two things without one
// are not the same.
func (r *spdx) describe(id []byte) error {
	if len(id) == 0 {
		return nil
	}
	if len(r.described) == maxDescribed {
		return errDescribed
	}
	r.described[string(id)] = true
	return nil
}

func (r *spdx) relationship(key []byte) (err error) {
	for i, name := range []string{"spdxElementId", "relationshipType", "relatedSpdxElement"} {
		if string(key) == name {
			r.relation[i], err = r.value(r.relation[i])
			return err
		}
	}
	return r.skip()
}

// readPackage reads a package, which is the subject itself if it has its digest.
func (r *spdx) readPackage(i int) error {
	c := &r.c
	c.reset("/predicate/packages", i)
	if err := r.object(r.member); err != nil {
		return err
	}
	if c.is(r.subject) {
		if len(r.matching) == maxDescribed {
			return errDescribed
		}
		r.matching[string(c.id)] = true
		return nil
	}
	r.bill.components++
	r.visit(c)
	return nil
}

// member reads a member of a package.
func (r *spdx) member(key []byte) (err error) {
	c := &r.c
	switch string(key) {
	case "SPDXID":
		c.id, err = r.value(c.id)
	case "name":
		c.name, err = r.value(c.name)
	case "versionInfo":
		c.version, err = r.value(c.version)
	case "licenseConcluded", "licenseDeclared":
		if r.scratch, err = r.value(r.scratch); err == nil && string(r.scratch) != noAssertion {
			c.addLicence(r.scratch, false)
		}
	case "checksums":
		return r.few(func() error {
			c.hash.algorithm, c.hash.content = c.hash.algorithm[:0], c.hash.content[:0]
			err := r.object(r.checksum)
			c.addHash()
			return err
		})
	case "externalRefs":
		return r.few(func() error {
			c.ref[0], c.ref[1] = c.ref[0][:0], c.ref[1][:0]
			err := r.object(r.externalRef)
			if string(c.ref[0]) == "purl" {
				if len(c.purl) > 0 {
					c.purl = append(c.purl, ' ') // two are none
				}
				c.purl = append(c.purl, c.ref[1]...)
			}
			return err
		})
	default:
		return r.skip()
	}
	return err
}

func (r *spdx) checksum(key []byte) (err error) {
	switch string(key) {
	case "algorithm":
		r.c.hash.algorithm, err = r.value(r.c.hash.algorithm)
	case "checksumValue":
		r.c.hash.content, err = r.value(r.c.hash.content)
	default:
		return r.skip()
	}
	return err
}

func (r *spdx) externalRef(key []byte) (err error) {
	switch string(key) {
	case "referenceType":
		r.c.ref[0], err = r.value(r.c.ref[0])
	case "referenceLocator":
		r.c.ref[1], err = r.value(r.c.ref[1])
	default:
		return r.skip()
	}
	return err
}
