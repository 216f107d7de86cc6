package rules

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// A Dependencies demands that a bill of materials names only allowed components. It
// also demands of the bill what SBOM does of any. A component without a package URL,
// or with one that can be written in more than one way, is not allowed.
type Dependencies struct {
	ID string // "dependencies" if empty
	Trust
	// Allow and Deny are package URLs: in full, "pkg:golang/example.com/m@v1.2.0";
	// without a version, for any version; or up to and with a '/', for everything
	// below: "pkg:golang/example.com/". Qualifiers and subpaths are not looked at.
	// Deny goes before Allow, and denies other spellings too: in other case, with '+'
	// and ':' escaped or not, in PyPI with any of '-', '_' and '.'. Allow is required:
	// "pkg:" allows every package.
	Allow, Deny []string
}

// Spec implements policy.Rule.
func (r Dependencies) Spec() (policy.Spec, error) {
	if len(r.Allow) == 0 {
		return policy.Spec{}, refuse("Allow", "at least one pattern", "none")
	}
	for _, list := range [][]string{r.Allow, r.Deny} {
		for _, pattern := range list {
			if !plainPattern(pattern) {
				return policy.Spec{}, refuse("Allow, Deny", "package URLs in lower case, without qualifiers", excerpt.Quote(pattern))
			}
		}
	}
	return r.spec(r.ID, "dependencies", "every dependency is allowed", billTypes()...), nil
}

// Check implements policy.Rule.
func (r Dependencies) Check(_ context.Context, facts *policy.Facts) policy.Result {
	denied := make([]string, len(r.Deny))
	for i, pattern := range r.Deny {
		denied[i] = string(folded(nil, []byte(pattern)))
	}
	var spelling []byte // reused from one component to the next
	return judgeBill(facts, false, func(c *component, f *faults) {
		const remedy = "replace the dependency, or have it allowed"
		if len(denied) > 0 {
			spelling = folded(spelling[:0], c.purl)
		}
		switch {
		case !plainPURL(c.purl):
			f.add(CodeUnidentified, c.pointer(), "a package URL that can be compared", c.label(), "make the bill with a tool that identifies packages")
		case len(denied) > 0 && matches(denied, spelling):
			f.add(CodeDenied, c.pointer(), "no dependency that is denied", c.label(), remedy)
		case !matches(r.Allow, c.purl):
			f.add(CodeDependency, c.pointer(), "one of "+strconv.Itoa(len(r.Allow))+" allowed patterns", c.label(), remedy)
		}
	})
}

// plainPURL reports whether a package URL can be compared as it stands: the type in
// lower case, a name, no empty or relative segment, a version only at the end, and no
// escape but those of characters that are always escaped ('@', '+', ':').
func plainPURL(purl []byte) bool {
	rest, ok := bytes.CutPrefix(purl, []byte("pkg:"))
	rest = trunk(rest)
	if !ok || len(rest) == 0 || rest[0] < 'a' || rest[0] > 'z' || bytes.ContainsAny(rest, " \t\r\n\\") {
		return false
	}
	kind, path, ok := bytes.Cut(rest, []byte{'/'})
	if !ok || bytes.ContainsAny(kind, "@%ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		return false
	}
	for ok {
		var segment []byte
		segment, path, ok = bytes.Cut(path, []byte{'/'})
		if ok && bytes.IndexByte(segment, '@') >= 0 || !plainSegment(segment) {
			return false
		}
	}
	return true
}

func plainSegment(segment []byte) bool {
	switch string(segment) {
	case "", ".", "..":
		return false
	}
	for i, c := range segment {
		if c == '%' && !escaped(segment[i:]) {
			return false
		}
	}
	return segment[0] != '@'
}

// plainPattern reports whether p is a pattern that matches can use.
func plainPattern(p string) bool {
	if strings.HasSuffix(p, "/") {
		p += "x"
	}
	return p == "pkg:" || plainPURL([]byte(p)) && !strings.ContainsAny(p, "?#")
}

func escaped(b []byte) bool {
	return len(b) >= 3 && (string(b[:3]) == "%40" || string(b[:3]) == "%2B" || string(b[:3]) == "%3A")
}

// folded appends a package URL to out in one form for all the spellings that
// registries take for one package, so that a denied package cannot hide.
func folded(out, purl []byte) []byte {
	start := len(out)
	purl = trunk(purl)
	for i := 0; i < len(purl); {
		r, size := utf8.DecodeRune(purl[i:])
		switch escape := purl[i:min(i+3, len(purl))]; {
		case bytes.EqualFold(escape, []byte("%2b")):
			r, size = '+', 3
		case bytes.EqualFold(escape, []byte("%3a")):
			r, size = ':', 3
		}
		out = utf8.AppendRune(out, unicode.ToLower(r))
		i += size
	}
	if rest, ok := bytes.CutPrefix(out[start:], []byte("pkg:pypi/")); ok {
		name, _, _ := bytes.Cut(rest, []byte{'@'})
		for i, c := range name {
			if c == '_' || c == '.' {
				name[i] = '-'
			}
		}
	}
	return out
}

// trunk cuts qualifiers and subpath off a package URL.
func trunk(purl []byte) []byte {
	if i := bytes.IndexAny(purl, "?#"); i >= 0 {
		return purl[:i]
	}
	return purl
}

// matches reports whether a pattern covers the package URL.
func matches(patterns []string, purl []byte) bool {
	purl = trunk(purl)
	name := purl
	if i := bytes.LastIndexByte(purl, '@'); i >= 0 {
		name = purl[:i]
	}
	for _, p := range patterns {
		below := p == "pkg:" || p[len(p)-1] == '/'
		if p == string(purl) || p == string(name) || below && len(purl) > len(p) && string(purl[:len(p)]) == p {
			return true
		}
	}
	return false
}
