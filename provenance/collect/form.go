package collect

import (
	"net/url"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
)

// mostText bounds every value.
const mostText = 1024

// A Form is what a value must look like.
type Form uint8

// The forms. All bound the length.
const (
	Word      Form = iota // letters, digits and ._-:/@+[] as in names, slugs and paths
	Phrase                // the same with spaces, round brackets, commas
	Number                // decimal digits
	Object                // a Git object id: 40 or 64 lower-case hexadecimal digits
	Reference             // refs/...
	Branch                // a ref without its refs/heads/ or refs/tags/
	Location              // a repository, as CanonicalRepository gives it
	Address               // an https or http URL without user information, query or fragment
	Instant               // RFC 3339, given in UTC
	Truth                 // true or false
)

// String says what the form wants.
func (f Form) String() string {
	switch f {
	case Word:
		return "a plain word"
	case Phrase:
		return "plain words"
	case Number:
		return "a decimal number"
	case Object:
		return "a Git object id"
	case Reference:
		return "a full ref"
	case Branch:
		return "the name of a branch or tag"
	case Location:
		return "the location of a Git repository"
	case Address:
		return "a URL without user information, query or fragment"
	case Instant:
		return "an RFC 3339 instant"
	case Truth:
		return "true or false"
	}
	return "a known form"
}

// Parse returns the value in canonical form, and whether it has the form.
func (f Form) Parse(s string) (string, bool) {
	if s == "" || len(s) > mostText {
		return "", false
	}
	switch f {
	case Word:
		return s, only(s, "._-:/@+[]")
	case Phrase:
		return s, only(s, "._-:/@+[] (),") && strings.TrimSpace(s) == s
	case Number:
		return s, len(s) <= 20 && strings.Trim(s, "0123456789") == ""
	case Object:
		return s, digest.Digest{Algorithm: digest.GitCommit, Hex: s}.Validate() == nil
	case Reference:
		return s, strings.HasPrefix(s, "refs/") && plainRef(s)
	case Branch:
		return s, plainRef(s)
	case Location:
		at, err := CanonicalRepository(s)
		return at, err == nil
	case Address:
		return s, plainAddress(s)
	case Instant:
		t, err := time.Parse(time.RFC3339Nano, s)
		return t.UTC().Format(time.RFC3339Nano), err == nil
	case Truth:
		return s, s == "true" || s == "false"
	}
	return "", false
}

// only reports whether s is of letters, digits and others.
func only(s, others string) bool {
	for _, r := range s {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(others, r) {
			continue
		}
		return false
	}
	return true
}

// plainRef holds a ref to what provenance.ParseSource takes behind '@'.
func plainRef(s string) bool {
	at, err := provenance.ParseSource("git+https://h/p@" + s)
	return err == nil && at.Ref == s && !strings.HasPrefix(s, "-") && only(s, "._-/@+=,")
}

func plainAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.Opaque == "" &&
		u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && !strings.HasSuffix(s, "#") &&
		only(s, "._-:/@+~%[]")
}

// CanonicalRepository brings the location of a Git repository into the form of
// provenance.ParseSource, in the scheme git+https, git+http or git+ssh. It reads URLs
// and the form user@host:path, cuts out user information, and refuses what is no such
// location without repeating it.
func CanonicalRepository(location string) (string, error) {
	refused := refuse(CodeValue, "", Location.String(), location)
	if len(location) > mostText {
		return "", refused
	}
	text := strings.TrimPrefix(location, "git+")
	if !strings.Contains(text, "://") {
		host, path, ok := strings.Cut(text, ":")
		if !ok || host == "" || strings.HasPrefix(path, "/") || strings.Contains(host, "/") {
			return "", refused
		}
		text = "ssh://" + host + "/" + path
	}
	scheme, rest, _ := strings.Cut(text, "://")
	authority, path, _ := strings.Cut(rest, "/")
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	switch scheme {
	case "https", "http", "ssh":
	default:
		return "", refused
	}
	at, err := provenance.ParseSource("git+" + scheme + "://" + authority + "/" + path)
	if err != nil || at.Ref != "" || !only(at.Repository, "._-:/+~[]") {
		return "", refused
	}
	return at.Repository, nil
}
