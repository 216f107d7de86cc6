package scan

import (
	"cmp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A Finding is something that speaks against the subject.
type Finding struct {
	// Rule names what was checked, stable over releases, such as "osv.affected".
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Scores   []Score  `json:"scores,omitempty"`
	Summary  string   `json:"summary,omitempty"`
	// Assumed tells that the rule could not be evaluated and the worst was
	// assumed. A Gap tells why.
	Assumed   bool       `json:"assumed,omitempty"`
	Package   *Ref       `json:"package,omitempty"`
	Advisory  *Advisory  `json:"advisory,omitempty"`
	Locations []Location `json:"locations,omitempty"`
}

// A Score rates a finding by one method, such as "CVSS_V3" with its vector.
type Score struct {
	Method string `json:"method"`
	Vector string `json:"vector,omitempty"`
	// Score is a decimal number of the method's own scale, such as "7.5".
	Score string `json:"score,omitempty"`
}

// An Advisory names the record of an advisory database that a finding rests on.
type Advisory struct {
	ID      string   `json:"id"`
	Aliases []string `json:"aliases,omitempty"`
	// Fixed are the versions that the record calls fixed, for people to read.
	Fixed []string `json:"fixed,omitempty"`
	// Imports are the vulnerable parts of the package. They never clear a finding:
	// whether they are used is not known here.
	Imports []Import `json:"imports,omitempty"`
	// Modified is when the record says it was changed last; zero if it does not.
	Modified time.Time `json:"modified,omitzero"`
	// Record is the SHA-256 digest of the record's bytes, Snapshot the digest of
	// the database that it was read from.
	Record   digest.Digest `json:"record,omitzero"`
	Snapshot digest.Digest `json:"snapshot,omitzero"`
}

// An Import names vulnerable symbols of a package path; no symbols mean all.
type Import struct {
	Path    string   `json:"path"`
	Symbols []string `json:"symbols,omitempty"`
}

func (f Finding) compare(g Finding) int {
	return cmp.Or(
		-f.Severity.Compare(g.Severity),
		strings.Compare(f.Rule, g.Rule),
		f.ref().compare(g.ref()),
		strings.Compare(f.id(), g.id()),
		cmp.Compare(f.where(), g.where()),
		strings.Compare(f.Summary, g.Summary),
	)
}

func (f Finding) ref() Ref {
	if f.Package == nil {
		return Ref{}
	}
	return *f.Package
}

func (f Finding) id() string {
	if f.Advisory == nil {
		return ""
	}
	return f.Advisory.ID
}

func (f Finding) where() string {
	if len(f.Locations) == 0 {
		return ""
	}
	return f.Locations[0].Path
}

// title names the finding in one short text.
func (f Finding) title() string {
	parts := []string{f.Severity.String(), cmp.Or(f.id(), f.Rule)}
	if f.Package != nil {
		parts = append(parts, f.Package.Name+"@"+f.Package.Version)
	}
	return strings.Join(parts, " ")
}

func (f Finding) validate() error {
	if f.Rule == "" {
		return attest.Refuse(CodeResult, "finding", "a rule", "none")
	}
	for _, s := range []string{f.Rule, f.Summary, f.id(), f.ref().Name, f.ref().Version} {
		if len(s) > maxText || !utf8.ValidString(s) {
			return attest.Refuse(CodeResult, "finding", "UTF-8 of at most 4096 bytes", Quote(s))
		}
	}
	return nil
}
