package layout

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/in-toto/in-toto-golang/in_toto"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// Artifacts are the artifacts of a link by their paths.
type Artifacts map[string]digest.Set

// A report is what the functionaries of a step, or an inspection, agree on.
type report struct {
	materials, products Artifacts
	command             []string
	otherCommand        bool // than the layout expects, by at least one functionary
}

// newReport reads the artifacts of a link.
func (w *work) newReport(l *in_toto.Link, where string) (*report, error) {
	materials, err := w.artifacts(l.Materials, where+"/materials")
	if err != nil {
		return nil, err
	}
	products, err := w.artifacts(l.Products, where+"/products")
	if err != nil {
		return nil, err
	}
	return &report{materials: materials, products: products, command: l.Command}, nil
}

func (w *work) artifacts(in map[string]in_toto.HashObj, where string) (Artifacts, error) {
	if err := w.spendArtifacts(len(in), where); err != nil {
		return nil, err
	}
	out := make(Artifacts, len(in))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		clean := path.Clean(name)
		switch {
		case name == "" || len(name) > maxPath || !utf8.ValidString(name) || strings.Contains(name, "\x00"),
			clean == "." || clean == ".." || strings.HasPrefix(clean, "../"):
			return nil, attest.Refuse(CodePath, where, "a path that stays below its root", excerpt.Quote(name))
		case out[clean] != nil:
			return nil, attest.Refuse(CodePath, where, "one name for an artifact", excerpt.Quote(name))
		}
		set := make(digest.Set, len(in[name]))
		for algorithm, value := range in[name] {
			set[digest.Algorithm(algorithm)] = value
		}
		strong := set[digest.SHA256] != "" || set[digest.SHA384] != "" || set[digest.SHA512] != ""
		if err := set.Validate(); err != nil || !strong {
			return nil, attest.Refuse(CodeDigest, where+" "+excerpt.Quote(name), "a SHA-2 digest", excerpt.Quote(set.String())).Because(err)
		}
		out[clean] = set
	}
	return out, nil
}

// equal compares as the specification does: every digest of the one is of the
// other.
func (a Artifacts) equal(b Artifacts) bool {
	return maps.EqualFunc(a, b, digest.Set.Equal)
}

// A rule is an artifact rule that was read.
type rule struct {
	kind     string
	pattern  pattern
	from     string
	products bool
	// The prefixes of MATCH end in a slash, or are empty.
	source, destination string
	text                string
}

// parseRules reads the rules of an item. known are the names to which MATCH may
// refer.
func parseRules(in [][]string, known map[string]bool, where string) ([]rule, error) {
	out := make([]rule, 0, len(in))
	for i, tokens := range in {
		at := where + "/" + strconv.Itoa(i)
		if len(tokens) < 2 {
			return nil, attest.Refuse(CodeRule, at, "a rule", excerpt.Quote(strings.Join(tokens, " ")))
		}
		fields, err := in_toto.UnpackRule(tokens)
		if err != nil {
			return nil, attest.Refuse(CodeRule, at, "a rule", excerpt.Quote(strings.Join(tokens, " ")))
		}
		r := rule{kind: fields["type"], from: fields["dstName"], products: fields["dstType"] == "products", text: excerpt.Quote(strings.Join(tokens, " "))}
		if r.kind == "require" {
			// The one rule that names a file and not a pattern.
			r.pattern = pattern{text: fields["pattern"], literal: fields["pattern"]}
			if path.Clean(r.pattern.text) != r.pattern.text {
				return nil, attest.Refuse(CodeRule, at, "a path in its shortest form", r.text)
			}
		} else if r.pattern, err = parsePattern(fields["pattern"], at); err != nil {
			return nil, err
		}
		if r.kind == "match" {
			if !known[r.from] || !r.products && fields["dstType"] != "materials" {
				return nil, attest.Refuse(CodeRule, at, "materials or products of a step", r.text)
			}
			if r.source, err = prefix(fields["srcPrefix"], at); err != nil {
				return nil, err
			}
			if r.destination, err = prefix(fields["dstPrefix"], at); err != nil {
				return nil, err
			}
		}
		out = append(out, r)
	}
	return out, nil
}

func prefix(text, where string) (string, error) {
	if text == "" {
		return "", nil
	}
	clean := path.Clean(text)
	if clean == ".." || strings.HasPrefix(clean, "../") || strings.TrimSuffix(text, "/") != clean {
		return "", attest.Refuse(CodeRule, where, "a prefix in its shortest form", excerpt.Quote(text))
	}
	if clean == "." {
		return "", nil
	}
	return strings.TrimSuffix(clean, "/") + "/", nil
}

// apply lets rules consume the artifacts of an item, in order.
func (w *work) apply(rules []rule, own *report, products bool, reports map[string]*report, where string) error {
	artifacts := own.materials
	if products {
		artifacts = own.products
	}
	queue := maps.Clone(artifacts)
	for _, r := range rules {
		if r.kind == "require" {
			if _, ok := queue[r.pattern.text]; !ok {
				return attest.Refuse(CodeRequired, where, r.text, "no such artifact")
			}
			continue
		}
		consumed, err := w.consumed(r, queue, own, reports, where)
		if err != nil {
			return err
		}
		if r.kind == "disallow" && len(consumed) > 0 {
			slices.Sort(consumed)
			return attest.Refuse(CodeDisallowed, where, r.text, excerpt.Quote(strings.Join(consumed[:min(3, len(consumed))], " ")))
		}
		for _, name := range consumed {
			delete(queue, name)
		}
	}
	return nil
}

// consumed returns what a rule takes from the queue.
func (w *work) consumed(r rule, queue Artifacts, own *report, reports map[string]*report, where string) ([]string, error) {
	var names []string
	for name, set := range queue {
		below, under := strings.CutPrefix(name, r.source)
		if !under {
			continue
		}
		if err := w.spend(r.pattern.cost(below), where); err != nil {
			return nil, err
		}
		if !r.pattern.match(below) {
			continue
		}
		material, before := own.materials[name]
		product, after := own.products[name]
		switch r.kind {
		case "allow", "disallow":
		case "create":
			if before || !after {
				continue
			}
		case "delete":
			if !before || after {
				continue
			}
		case "modify":
			if !before || !after || material.Equal(product) {
				continue
			}
		case "match":
			other := reports[r.from].materials
			if r.products {
				other = reports[r.from].products
			}
			if found, ok := other[path.Clean(r.destination+below)]; !ok || !found.Equal(set) {
				continue
			}
		}
		names = append(names, name)
	}
	return names, nil
}
