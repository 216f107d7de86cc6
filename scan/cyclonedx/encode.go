package cyclonedx

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/scan"
)

// A Bill is a software bill of materials.
type Bill struct {
	// Subject is what the bill is of. It needs a name and a digest under SHA-256,
	// SHA-384 or SHA-512.
	Subject attest.Descriptor
	// Version is the subject's own version, if it has one.
	Version  string
	Packages []scan.Package
	// Complete tells that these are all packages. Only then does the bill say so.
	Complete bool
	// Tools made the bill.
	Tools []scan.Descriptor
	// Timestamp is written only if it is not zero.
	Timestamp time.Time
}

// Of makes the bill of a report. It is complete if the report's coverage is.
func Of(r *scan.Report) Bill {
	return Bill{Subject: r.Subject, Packages: r.Packages, Complete: r.Coverage.Complete(), Tools: r.Checks}
}

// Encode writes the bill as CycloneDX 1.6 JSON. Packages that are equal but for
// their locations become one component.
func Encode(b Bill) ([]byte, error) {
	subject, err := subjectOf(b)
	if err != nil {
		return nil, err
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Component: subject, Tools: tools(b.Tools)}
	if !b.Timestamp.IsZero() {
		bom.Metadata.Timestamp = b.Timestamp.UTC().Format(time.RFC3339)
	}
	components, direct := components(b.Packages)
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: subjectRef, Dependencies: &direct}}
	bom.Compositions = &[]cdx.Composition{{
		Aggregate:  aggregate(b.Complete),
		Assemblies: &[]cdx.BOMReference{subjectRef},
	}}
	unnumbered, err := encode(bom)
	if err != nil {
		return nil, err
	}
	bom.SerialNumber = "urn:uuid:" + uuid(unnumbered)
	return encode(bom)
}

func encode(bom *cdx.BOM) ([]byte, error) {
	var out bytes.Buffer
	encoder := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetEscapeHTML(false)
	if err := encoder.EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return nil, attest.Refuse(CodeEncode, "bill", "a CycloneDX 1.6 document", "").Because(err)
	}
	return out.Bytes(), nil
}

// uuid derives a UUID of version 8 from content, by SHA-256 as RFC 9562
// appendix B.2 shows it.
func uuid(content []byte) string {
	h := sha256.Sum256(content)
	h[6] = h[6]&0x0f | 0x80
	h[8] = h[8]&0x3f | 0x80
	s := hex.EncodeToString(h[:16])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// subjectRef is the bom-ref of the subject.
const subjectRef = "subject"

func subjectOf(b Bill) (*cdx.Component, error) {
	if b.Subject.Name == "" {
		return nil, attest.Refuse(CodeSubject, "subject", "a name", "none")
	}
	if err := b.Subject.Digest.Validate(); err != nil {
		return nil, attest.Refuse(CodeSubject, "subject", "well-formed digests", "").Because(err)
	}
	var hashes []cdx.Hash
	for _, alg := range b.Subject.Digest.Algorithms() {
		if name := hashName(alg); name != "" {
			hashes = append(hashes, cdx.Hash{Algorithm: name, Value: b.Subject.Digest[alg]})
		}
	}
	if len(hashes) == 0 {
		return nil, attest.Refuse(CodeSubject, "subject", "a digest under sha256, sha384 or sha512", b.Subject.Digest.String())
	}
	return &cdx.Component{
		BOMRef: subjectRef, Type: cdx.ComponentTypeApplication, Name: b.Subject.Name,
		Version: b.Version, MIMEType: b.Subject.MediaType, Hashes: &hashes,
	}, nil
}

// hashName is CycloneDX's name of an algorithm; empty for one that it does not
// know or that does not resist collisions.
func hashName(alg digest.Algorithm) cdx.HashAlgorithm {
	switch alg {
	case digest.SHA256:
		return cdx.HashAlgoSHA256
	case digest.SHA384:
		return cdx.HashAlgoSHA384
	case digest.SHA512:
		return cdx.HashAlgoSHA512
	}
	return ""
}

func tools(checks []scan.Descriptor) *cdx.ToolsChoice {
	if len(checks) == 0 {
		return nil
	}
	var components []cdx.Component
	for _, c := range slices.SortedFunc(slices.Values(checks), func(a, b scan.Descriptor) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) }) {
		component := cdx.Component{Type: cdx.ComponentTypeApplication, Name: c.Name, Version: c.Version}
		if !c.Data.IsZero() {
			component.Properties = &[]cdx.Property{{Name: "sealwright:data", Value: c.Data.String()}}
		}
		components = append(components, component)
	}
	return &cdx.ToolsChoice{Components: &components}
}

func aggregate(complete bool) cdx.CompositionAggregate {
	if complete {
		return cdx.CompositionAggregateComplete
	}
	return cdx.CompositionAggregateIncomplete
}

// components lists the packages in their order, and the bom-refs of those that
// the subject is made of directly.
func components(packages []scan.Package) ([]cdx.Component, []string) {
	sorted := slices.SortedFunc(slices.Values(packages), scan.Package.Compare)
	refs := map[string]int{}
	list, direct := []cdx.Component{}, []string{}
	for _, p := range sorted {
		c := component(p)
		if n := refs[c.BOMRef]; n > 0 {
			c.BOMRef += "#" + strconv.Itoa(n+1)
		}
		refs[c.BOMRef]++
		list = append(list, c)
		if p.Main || p.Direct {
			direct = append(direct, c.BOMRef)
		}
	}
	slices.Sort(direct)
	return list, direct
}

func component(p scan.Package) cdx.Component {
	kind, ref := cdx.ComponentTypeLibrary, p.PURL
	if p.Main {
		kind = cdx.ComponentTypeApplication
	}
	if ref == "" {
		ref = p.Ecosystem + ":" + p.Name + "@" + p.Version
	}
	c := cdx.Component{BOMRef: ref, Type: kind, Name: p.Name, Version: p.Version, PackageURL: p.PURL}
	if properties := properties(p); len(properties) > 0 {
		c.Properties = &properties
	}
	var at []cdx.EvidenceOccurrence
	for _, l := range p.Locations {
		o := cdx.EvidenceOccurrence{Location: l.Path}
		if l.Line > 0 {
			o.Line = &l.Line
		}
		at = append(at, o)
	}
	if len(at) > 0 {
		c.Evidence = &cdx.Evidence{Occurrences: &at}
	}
	return c
}

// properties hold what CycloneDX has no field for. A Go "h1:" hash is a hash of
// a list of hashes, not of an archive, so it does not stand among the hashes.
func properties(p scan.Package) []cdx.Property {
	out := []cdx.Property{{Name: "sealwright:ecosystem", Value: p.Ecosystem}}
	if p.Hash != "" {
		out = append(out, cdx.Property{Name: "sealwright:hash", Value: p.Hash})
	}
	if p.Replaces != nil {
		out = append(out, cdx.Property{Name: "sealwright:replaces", Value: p.Replaces.Name + "@" + p.Replaces.Version})
	}
	for _, key := range slices.Sorted(maps.Keys(p.Settings)) {
		out = append(out, cdx.Property{Name: "sealwright:setting:" + key, Value: p.Settings[key]})
	}
	return out
}
