package graph

import (
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance/predicate"
)

// Limits of a bill of materials: how many components it has, and how deep they are in
// each other.
const (
	maxComponents = 100_000
	maxNesting    = 24
)

// Formats of bills, as the use of a component. They are part of the format.
const (
	useCycloneDX = iota
	useSPDX
	useSPDX3
)

// componentLists are where bills have their components, by format.
var componentLists = [...]string{useCycloneDX: "components", useSPDX: "packages", useSPDX3: "@graph"}

// bill reads a bill of materials.
func (f *fact) bill(s *attest.Statement) error {
	b, err := predicate.DecodeBill(s)
	if err != nil {
		return unreadable(err)
	}
	f.shape, f.resource = shapeBill, f.nameOrNone(b.Name)
	f.mention(roleAbout, 0, s.Subjects()...)
	r := billReader{fact: f, subjects: s.Subjects()}
	switch s.PredicateType() {
	case predicate.CycloneDXType:
		r.format = useCycloneDX
	case predicate.SPDXType, predicate.SPDX23Type:
		r.format = useSPDX
	case predicate.SPDX3Type:
		r.format = useSPDX3
	}
	raw := s.Predicate()
	parts, err := strictjson.Fields(raw, strictLimits(raw), componentLists[r.format])
	switch {
	case err != nil:
	case r.format == useSPDX3:
		err = r.graph(parts[0])
	default:
		err = r.components(parts[0], 0)
	}
	if err != nil {
		return unreadable(err)
	}
	return nil
}

// A billReader reads the components of a bill, without a copy of the document.
type billReader struct {
	*fact
	format   uint8
	subjects []attest.Descriptor
	count    int
	outer    int // the outermost component that is being read, which is what is cited
}

// components reads a list of components, so many levels down.
func (r *billReader) components(list strictjson.Part, depth int) error {
	if list.IsNull() {
		return nil
	}
	if depth == maxNesting {
		return attest.Refuse(CodeLimit, r.where(), "components at most "+strconv.Itoa(maxNesting)+" deep", "more")
	}
	it, err := list.Elements()
	if err != nil {
		return err
	}
	for it.Next() {
		if depth == 0 {
			r.outer = it.Index()
		}
		if r.count++; r.count > maxComponents {
			return attest.Refuse(CodeLimit, r.where(), "at most "+strconv.Itoa(maxComponents)+" components", "more")
		}
		read := r.cycloneDX
		if r.format == useSPDX {
			read = r.spdx
		}
		if err := read(it.Value(), depth); err != nil {
			return err
		}
	}
	return nil
}

func (r *billReader) where() string {
	return pointer(shapeBill, &mention{role: roleComponent, use: r.format, index: uint32(r.outer)})
}

// cycloneDX reads a component of CycloneDX (ECMA-424), and what is in it.
func (r *billReader) cycloneDX(component strictjson.Part, depth int) error {
	var parts [4]strictjson.Part
	if err := component.Members(true, parts[:], "name", "purl", "hashes", "components"); err != nil {
		return err
	}
	set, err := r.hashes(parts[2], "alg", "content")
	if err != nil {
		return err
	}
	purl, err := text(parts[1])
	if err != nil {
		return err
	}
	if err := r.add(parts[0], set, purl); err != nil {
		return err
	}
	return r.components(parts[3], depth+1)
}

// spdx reads a package of SPDX 2 (section 7), which may have several package URLs.
func (r *billReader) spdx(pkg strictjson.Part, _ int) error {
	var parts [3]strictjson.Part
	if err := pkg.Members(true, parts[:], "name", "checksums", "externalRefs"); err != nil {
		return err
	}
	set, err := r.hashes(parts[1], "algorithm", "checksumValue")
	if err != nil {
		return err
	}
	found := 0
	err = each(parts[2], func(ref strictjson.Part) error {
		kind, locator, err := pair(ref, "referenceType", "referenceLocator")
		if err != nil || kind != "purl" {
			return err
		}
		found++
		return r.add(parts[0], set, locator)
	})
	if err != nil || found > 0 {
		return err
	}
	return r.add(parts[0], set, "")
}

// add mentions a component, unless it is a subject of the bill.
func (r *billReader) add(name strictjson.Part, set digest.Set, purl string) error {
	label, err := text(name)
	if err != nil {
		return err
	}
	for _, s := range r.subjects {
		for algorithm, value := range set {
			if s.Digest[algorithm] == value {
				return nil
			}
		}
	}
	r.mentionAt(roleComponent, r.format, r.outer, attest.Descriptor{Name: label, URI: purl, Digest: set})
	return nil
}

// hashAlgorithm returns the algorithm of a hash, if digests under it are kept. SPDX writes
// the names of algorithms without hyphens.
func hashAlgorithm(name string) (a digest.Algorithm, ok bool) {
	switch strings.ReplaceAll(strings.ToUpper(name), "-", "") {
	case "SHA256":
		return digest.SHA256, true
	case "SHA384":
		return digest.SHA384, true
	case "SHA512":
		return digest.SHA512, true
	case "BLAKE3":
		return digest.BLAKE3, true
	case "SHA1":
		return digest.SHA1, true
	case "MD5":
		return digest.MD5, true
	}
	return "", false
}

// hashes reads the digests of a component. A malformed one, or two by one algorithm that
// differ, would hide what the component is, and are refused.
func (r *billReader) hashes(list strictjson.Part, algorithm, value string) (digest.Set, error) {
	set := digest.Set{}
	err := each(list, func(hash strictjson.Part) error {
		if r.format == useSPDX3 { // which has other ways to verify, also with an algorithm
			if kind, _, err := pair(hash, "type", ""); err != nil || kind != "Hash" {
				return err
			}
		}
		name, hex, err := pair(hash, algorithm, value)
		if err != nil {
			return err
		}
		a, ok := hashAlgorithm(name)
		if !ok {
			return nil
		}
		d := digest.Digest{Algorithm: a, Hex: strings.ToLower(hex)}
		if err := d.Validate(); err != nil {
			return attest.Refuse(CodeStatement, r.where(), "well-formed hashes", excerpt.Quote(name)).Because(err)
		}
		if other, twice := set[a]; twice && other != d.Hex {
			return attest.Refuse(CodeStatement, r.where(), "one hash by an algorithm", excerpt.Quote(name))
		}
		set[a] = d.Hex
		return nil
	})
	return set, err
}

// each calls visit with the elements of a list, which may be absent.
func each(list strictjson.Part, visit func(strictjson.Part) error) error {
	if list.IsNull() {
		return nil
	}
	it, err := list.Elements()
	if err != nil {
		return err
	}
	for it.Next() {
		if err := visit(it.Value()); err != nil {
			return err
		}
	}
	return nil
}

// pair returns two texts of an object.
func pair(object strictjson.Part, first, second string) (a, b string, err error) {
	var parts [2]strictjson.Part
	if err := object.Members(true, parts[:], first, second); err != nil {
		return "", "", err
	}
	if a, err = text(parts[0]); err != nil {
		return "", "", err
	}
	b, err = text(parts[1])
	return a, b, err
}

// text returns a text, which may be absent.
func text(p strictjson.Part) (string, error) {
	if p.IsNull() {
		return "", nil
	}
	return p.Text()
}
