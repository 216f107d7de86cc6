package scan

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealwright/sealwright/attest"
)

// A Package is one version of a software package that a scanner found. Its
// identity is Ecosystem, Name and Version; PURL says the same for other tools.
type Package struct {
	// Ecosystem is the name that the OSV schema gives it, such as "Go".
	Ecosystem string `json:"ecosystem"`
	Name      string `json:"name"`
	// Version is as the ecosystem writes it. Empty or "(devel)" means that the
	// place where the package was found does not tell its version.
	Version string `json:"version,omitempty"`
	PURL    string `json:"purl,omitempty"`
	// Main tells the package that is itself the subject, Direct one that the main
	// package requires by itself.
	Main   bool `json:"main,omitempty"`
	Direct bool `json:"direct,omitempty"`
	// Replaces is the package in whose place this one is built.
	Replaces *Ref `json:"replaces,omitempty"`
	// Hash is what the ecosystem recorded of the content, such as "h1:...".
	Hash string `json:"hash,omitempty"`
	// Settings tell how the package was built, where a binary says so. They are
	// its own claim.
	Settings map[string]string `json:"settings,omitempty"`
	// Locations are where it was found, in ascending order.
	Locations []Location `json:"locations,omitempty"`
}

// A Ref names a package version.
type Ref struct {
	Ecosystem string `json:"ecosystem"`
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`
	PURL      string `json:"purl,omitempty"`
}

// A Location is a place in the source: a slash-separated path and, where it is
// known, a line counted from 1.
type Location struct {
	Path string `json:"path"`
	Line int    `json:"line,omitempty"`
}

// Ref returns the package's identity.
func (p Package) Ref() Ref { return Ref{p.Ecosystem, p.Name, p.Version, p.PURL} }

// Compare orders packages by identity, then by what they replace, then by hash.
func (p Package) Compare(q Package) int {
	return cmp.Or(
		p.Ref().compare(q.Ref()),
		p.replaced().compare(q.replaced()),
		cmp.Compare(p.Hash, q.Hash),
	)
}

func (p Package) replaced() Ref {
	if p.Replaces == nil {
		return Ref{}
	}
	return *p.Replaces
}

func (r Ref) compare(s Ref) int {
	return cmp.Or(
		strings.Compare(r.Ecosystem, s.Ecosystem),
		strings.Compare(r.Name, s.Name),
		strings.Compare(r.Version, s.Version),
		strings.Compare(r.PURL, s.PURL),
	)
}

func (l Location) compare(m Location) int {
	return cmp.Or(strings.Compare(l.Path, m.Path), cmp.Compare(l.Line, m.Line))
}

// maxText bounds every text of a package: longer ones are no names.
const maxText = 4096

// validate reports whether p can be told in a document.
func (p Package) validate() error {
	if p.Ecosystem == "" || p.Name == "" {
		return attest.Refuse(CodeResult, "package", "an ecosystem and a name", Quote(p.Ecosystem+" "+p.Name))
	}
	texts := []string{p.Ecosystem, p.Name, p.Version, p.PURL, p.Hash}
	for key, value := range p.Settings {
		texts = append(texts, key, value)
	}
	for _, l := range p.Locations {
		texts = append(texts, l.Path)
	}
	for _, s := range texts {
		if len(s) > maxText || !utf8.ValidString(s) {
			return attest.Refuse(CodeResult, "package", "UTF-8 of at most 4096 bytes", Quote(s))
		}
	}
	return nil
}

// merge joins what several places tell of one package, sorts, and reports a gap
// for each package version of which two places record different hashes.
func merge(packages []Package) ([]Package, []Gap) {
	slices.SortFunc(packages, Package.Compare)
	var out []Package
	var gaps []Gap
	for _, p := range packages {
		if len(out) > 0 && sameBuild(out[len(out)-1], p) {
			last := &out[len(out)-1]
			if last.Hash == "" || last.Hash == p.Hash {
				last.absorb(p)
				continue
			}
			gaps = append(gaps, Gap{
				Reason: attest.Reason{Code: CodeHashConflict, Want: last.Hash, Got: p.Hash},
				Record: p.Name + "@" + p.Version,
			})
		}
		p.Locations = sortedLocations(p.Locations)
		out = append(out, p)
	}
	return out, gaps
}

func sameBuild(p, q Package) bool {
	return p.Ref() == q.Ref() && p.replaced() == q.replaced() && p.Main == q.Main
}

// absorb adds what q tells. Settings of a second binary are kept only if the
// first had none: they belong to one file.
func (p *Package) absorb(q Package) {
	p.Direct = p.Direct || q.Direct
	p.Hash = cmp.Or(p.Hash, q.Hash)
	if p.Settings == nil {
		p.Settings = q.Settings
	}
	p.Locations = sortedLocations(slices.Concat(p.Locations, q.Locations))
}

func sortedLocations(locations []Location) []Location {
	sorted := slices.SortedFunc(slices.Values(locations), Location.compare)
	return slices.Compact(sorted)
}
