package cyclonedx

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/scan"
)

// Limits bound a document that somebody else wrote. The zero value of a field
// means its default.
type Limits struct {
	Bytes      int // default 64 MiB
	Depth      int // nesting of JSON values; default 64
	Components int // default 1,000,000
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 64 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Components == 0 {
		l.Components = 1_000_000
	}
	return l
}

// Parse reads a CycloneDX 1.4 to 1.6 JSON document and demands that it is the
// bill of the subject with the digests want: a bill whose metadata.component
// names other digests, or none, is refused with CodeUnbound, and so is an empty
// want.
//
// The bill tells what anybody's document tells: name, version and package URL of
// all components, nested ones too. Complete is true only if the document has a
// composition of the whole subject that says so. Two components with one
// bom-ref, and dependencies on what the document does not hold, are refused;
// dependencies in a circle are not, for they exist.
func Parse(data []byte, want digest.Set, limits Limits) (*Bill, error) {
	limits = limits.withDefaults()
	if len(data) > limits.Bytes {
		return nil, attest.Refuse(CodeLimit, "document", strconv.Itoa(limits.Bytes)+" bytes", strconv.Itoa(len(data)))
	}
	if err := strictjson.Check(data, strictjson.Options{Bytes: limits.Bytes, Depth: limits.Depth}); err != nil {
		return nil, attest.Refuse(CodeJSON, "document", "strict JSON", "").Because(err)
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(data), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		return nil, attest.Refuse(CodeJSON, "document", "a CycloneDX bill", scan.Quote(err.Error()))
	}
	if err := checkFormat(&bom); err != nil {
		return nil, err
	}
	bill := &Bill{}
	if err := bind(bill, &bom, want); err != nil {
		return nil, err
	}
	r := &reader{bill: bill, left: limits.Components, refs: map[string]bool{bom.Metadata.Component.BOMRef: true}}
	if err := errors.Join(r.components(bom.Components), r.components(bom.Metadata.Component.Components), r.dependencies(&bom)); err != nil {
		return nil, err
	}
	bill.Complete = isComplete(&bom)
	return bill, nil
}

func checkFormat(bom *cdx.BOM) error {
	if bom.BOMFormat != cdx.BOMFormat {
		return attest.Refuse(CodeFormat, "/bomFormat", cdx.BOMFormat, scan.Quote(bom.BOMFormat))
	}
	switch bom.SpecVersion {
	case cdx.SpecVersion1_4, cdx.SpecVersion1_5, cdx.SpecVersion1_6:
		return nil
	}
	return attest.Refuse(CodeFormat, "/specVersion", "1.4, 1.5 or 1.6", bom.SpecVersion.String())
}

// bind compares the subject's digests.
func bind(bill *Bill, bom *cdx.BOM, want digest.Set) error {
	const where = "/metadata/component/hashes"
	if err := want.Validate(); err != nil {
		return attest.Refuse(CodeUnbound, "want", "the digest of the subject", "").Because(err)
	}
	if bom.Metadata == nil || bom.Metadata.Component == nil || bom.Metadata.Component.Hashes == nil {
		return attest.Refuse(CodeUnbound, where, want.String(), "none")
	}
	c := bom.Metadata.Component
	got := digest.Set{}
	for _, h := range *c.Hashes {
		for _, alg := range []digest.Algorithm{digest.SHA256, digest.SHA384, digest.SHA512} {
			if h.Algorithm != hashName(alg) {
				continue
			}
			if value, twice := got[alg]; twice && value != h.Value {
				return attest.Refuse(CodeUnbound, where, "one value of "+string(alg), "two")
			}
			got[alg] = h.Value
		}
	}
	if err := got.Match(want); err != nil {
		return attest.Refuse(CodeUnbound, where, want.String(), got.String()).Because(err)
	}
	bill.Subject = attest.Descriptor{Name: c.Name, MediaType: c.MIMEType, Digest: got}
	bill.Version = c.Version
	if bom.Metadata.Timestamp != "" {
		at, err := time.Parse(time.RFC3339, bom.Metadata.Timestamp)
		if err != nil {
			return attest.Refuse(CodeJSON, "/metadata/timestamp", "a time as RFC 3339 writes it", scan.Quote(bom.Metadata.Timestamp))
		}
		bill.Timestamp = at
	}
	return nil
}

// A reader takes components out of a document.
type reader struct {
	bill *Bill
	left int
	refs map[string]bool
}

func (r *reader) components(list *[]cdx.Component) error {
	if list == nil {
		return nil
	}
	for _, c := range *list {
		if r.left--; r.left < 0 {
			return attest.Refuse(CodeLimit, "/components", "fewer components", "more")
		}
		if c.Name == "" {
			return attest.Refuse(CodeReference, "/components", "a name", "none")
		}
		if c.BOMRef != "" && r.refs[c.BOMRef] {
			return attest.Refuse(CodeReference, "/components", "bom-refs that differ", scan.Quote(c.BOMRef))
		}
		r.refs[c.BOMRef] = true
		r.bill.Packages = append(r.bill.Packages, packageOf(c))
		if err := r.components(c.Components); err != nil {
			return err
		}
	}
	return nil
}

func packageOf(c cdx.Component) scan.Package {
	p := scan.Package{Name: c.Name, Version: c.Version, PURL: c.PackageURL}
	if c.Group != "" {
		p.Name = c.Group + "/" + c.Name
	}
	if c.Properties != nil {
		for _, property := range *c.Properties {
			switch property.Name {
			case "sealwright:ecosystem":
				p.Ecosystem = property.Value
			case "sealwright:hash":
				p.Hash = property.Value
			}
		}
	}
	return p
}

func (r *reader) dependencies(bom *cdx.BOM) error {
	if bom.Dependencies == nil {
		return nil
	}
	for _, d := range *bom.Dependencies {
		to := []string{d.Ref}
		if d.Dependencies != nil {
			to = append(to, *d.Dependencies...)
		}
		for _, ref := range to {
			if !r.refs[ref] || ref == "" {
				return attest.Refuse(CodeReference, "/dependencies", "a component of this document", external(ref))
			}
		}
	}
	return nil
}

// external names a reference into another document (BOM-Link) as what it is.
func external(ref string) string {
	if strings.HasPrefix(ref, "urn:cdx:") {
		return "the other document " + scan.Quote(ref)
	}
	return scan.Quote(ref)
}

// isComplete looks for what the document says of the subject as a whole. One
// composition that says otherwise outweighs it.
func isComplete(bom *cdx.BOM) bool {
	if bom.Compositions == nil {
		return false
	}
	whole := false
	for _, c := range *bom.Compositions {
		if c.Aggregate != cdx.CompositionAggregateComplete {
			return false
		}
		if c.Assemblies == nil {
			continue
		}
		for _, a := range *c.Assemblies {
			whole = whole || a != "" && string(a) == bom.Metadata.Component.BOMRef
		}
	}
	return whole
}
