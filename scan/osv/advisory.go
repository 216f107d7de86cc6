package osv

import (
	"cmp"
	"errors"
	"slices"

	"golang.org/x/mod/semver"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
)

// An Advisory is one record as it concerns one package. It is immutable.
type Advisory struct {
	scan.Advisory
	Summary  string
	Severity scan.Severity
	Scores   []scan.Score

	spans    []span
	versions []string
	all      bool // the record names no version at all
	opaque   bool // the record names commits only
}

// newAdvisory joins all entries of a record that concern one package.
func newAdvisory(r *record, entries []affected) *Advisory {
	a := &Advisory{
		Advisory: scan.Advisory{ID: r.ID, Aliases: r.Aliases, Record: r.digest},
		Summary:  clip(r.Summary),
		Severity: scan.None,
	}
	if r.modified.Year() > 1 {
		a.Modified = r.modified.UTC()
	}
	for _, e := range entries {
		severity, scores := rate(r, e)
		a.Severity = maxSeverity(a.Severity, severity)
		a.Scores = append(a.Scores, scores...)
		spans, git := compile(e.Ranges)
		a.spans = append(a.spans, spans...)
		a.versions = append(a.versions, e.Versions...)
		none := len(spans) == 0 && len(e.Versions) == 0
		a.opaque = a.opaque || none && git
		a.all = a.all || none && !git
		a.Imports = append(a.Imports, e.imports()...)
		a.Fixed = append(a.Fixed, fixes(e.Ranges)...)
	}
	slices.SortFunc(a.Fixed, func(x, y string) int { return cmp.Or(semver.Compare("v"+x, "v"+y), cmp.Compare(x, y)) })
	a.Fixed = slices.Compact(a.Fixed)
	a.Scores = slices.Compact(a.Scores)
	return a
}

func fixes(ranges []versionRange) []string {
	var out []string
	for _, r := range ranges {
		for _, e := range r.Events {
			if e.Fixed != nil && r.Type != "GIT" {
				out = append(out, *e.Fixed)
			}
		}
	}
	return out
}

// clip bounds a text of the database for people to read.
func clip(s string) string {
	const most = 1000
	if len(s) <= most {
		return s
	}
	for i := range s { // the start of a character
		if i >= most {
			return s[:i]
		}
	}
	return s
}

// Affects reports whether a version is affected. An error (CodeVersion or
// CodeRange) says that this could not be decided; then the answer is true.
//
// A version is affected if it is enumerated, or included by any range (OSV
// schema, "Evaluation"). A record that names no versions affects all.
// Enumerated versions are compared by semantic version, without build metadata:
// 2.0.0 stands for 2.0.0+incompatible too.
func (a *Advisory) Affects(version string) (bool, error) {
	if a.all || slices.Contains(a.versions, version) {
		return true, nil
	}
	v, ok := canonical(version)
	if !ok {
		return true, attest.Refuse(CodeVersion, a.ID, "a semantic version", scan.Quote(version))
	}
	var broken []error
	for _, s := range a.spans {
		if s.broken != nil {
			broken = append(broken, s.broken)
		} else if s.includes(v) {
			return true, nil
		}
	}
	for _, enumerated := range a.versions {
		if e, ok := canonical(enumerated); !ok {
			broken = append(broken, attest.Refuse(CodeRange, "versions", "a semantic version", scan.Quote(enumerated)))
		} else if semver.Compare(e, v) == 0 {
			return true, nil
		}
	}
	if a.opaque {
		broken = append(broken, attest.Refuse(CodeRange, "type", "SEMVER", "GIT only"))
	}
	return len(broken) > 0, errors.Join(broken...)
}
