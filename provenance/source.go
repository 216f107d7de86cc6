package provenance

import (
	"net/url"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Source is a source location in canonical form. Two locations are the same
// exactly when their Sources are equal with ==.
type Source struct {
	// Repository is scheme, host and path: scheme and host in lower case, the path
	// as it was written but without a final ".git".
	Repository string
	// Ref is what follows '@' in the path of a version control location (SPDX 2.3
	// section 7.7, "git+https://host/path@ref"); empty if nothing does.
	Ref string
}

// String returns the location as ParseSource reads it.
func (s Source) String() string {
	if s.Ref == "" {
		return s.Repository
	}
	return s.Repository + "@" + s.Ref
}

// ParseSource brings a source location into canonical form, or refuses it with
// CodeSource. It refuses whatever two readers might take for different places:
// user information, queries, fragments, percent-encoding, '.', '..' and empty path
// segments, back slashes, and anything but printable ASCII. It does not equate
// schemes, ports, or the spelling of paths: forges do not agree on those.
func ParseSource(uri string) (Source, error) {
	if s, ok := plainSource(uri); ok {
		return s, nil
	}
	return parseSource(uri)
}

// plainSource reads a location that is canonical already and has nothing unusual; it
// spares most locations the general way.
func plainSource(uri string) (Source, bool) {
	const scheme = "git+https://"
	rest, ok := strings.CutPrefix(uri, scheme)
	host, path, found := strings.Cut(rest, "/")
	path, ref, told := strings.Cut(path, "@")
	if !ok || !found || host == "" || strings.HasSuffix(host, ".") || strings.HasSuffix(path, ".git") || strings.Contains(ref, "..") ||
		!validSegments(path) || told && !validSegments(ref) {
		return Source{}, false
	}
	for i := range len(rest) {
		c := rest[i]
		usual := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-'
		if i >= len(host) {
			usual = usual || c >= 'A' && c <= 'Z' || c == '_' || c == '/' || told && i == len(host)+1+len(path)
		}
		if !usual {
			return Source{}, false
		}
	}
	return Source{uri[:len(scheme)+len(host)+1+len(path)], ref}, true
}

func parseSource(uri string) (Source, error) {
	refuse := func(want string) (Source, error) {
		return Source{}, attest.Refuse(CodeSource, "", want, excerpt.Quote(uri))
	}
	if i := strings.IndexFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`%\?#"<>`, r) }); i >= 0 {
		return refuse("printable ASCII without escapes, query or fragment")
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" || u.Opaque != "" {
		return refuse("scheme://host/path")
	}
	if u.User != nil || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || strings.HasSuffix(u.Hostname(), ".") {
		return refuse("a host, and no user information")
	}
	path, ref := u.Path, ""
	if strings.Contains(u.Scheme, "+") {
		var found bool
		if path, ref, found = strings.Cut(path, "@"); found && !validRef(ref) {
			return refuse("a ref after '@'")
		}
	}
	path = strings.TrimSuffix(path, ".git")
	if !validSegments(strings.TrimPrefix(path, "/")) || strings.HasSuffix(path, ".git") {
		return refuse("a path of plain segments")
	}
	return Source{strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Host) + path, ref}, nil
}

func validSegments(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// validRef is the part of git-check-ref-format(1) that keeps a ref unambiguous.
func validRef(ref string) bool {
	return validSegments(ref) && !strings.ContainsAny(ref, "~^:?*[") && !strings.Contains(ref, "..") && !strings.Contains(ref, "@{")
}
