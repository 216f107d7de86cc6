package verify

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance/buildtype"
)

// Refs bound at which versions a builder may be, where its id is a location with '@'
// and a ref, as reusable workflows have it. They must bound something.
type Refs struct {
	// From and Below are semantic versions "X.Y.Z". Where From is not empty the ref must
	// be the tag of a release, "refs/tags/vX.Y.Z" without a pre-release, from From on and
	// below Below; an empty Below is the next major version.
	From, Below string
	// Commits, if not empty, pin what a tag can be moved away from: the ref is one of
	// these commits, or the signer's certificate says that the builder was at one.
	Commits []string
}

// validate refuses refs that bound nothing, or cannot hold.
func (r *Refs) validate(code attest.Code, where string) error {
	if r == nil {
		return nil
	}
	var errs []error
	refuse := func(want, got string) { errs = append(errs, attest.Refuse(code, where, want, got)) }
	if r.From == "" && len(r.Commits) == 0 {
		refuse("versions or commits", "neither")
	}
	from, ok := parseVersion(r.From)
	if r.From != "" && !ok || r.Below != "" && r.From == "" {
		refuse("a version X.Y.Z", excerpt.Quote(r.From))
	}
	if below, ok := parseVersion(r.Below); r.Below != "" && (!ok || !from.less(below)) {
		refuse("a later version X.Y.Z", excerpt.Quote(r.Below))
	}
	for _, commit := range r.Commits {
		if (digest.Digest{Algorithm: digest.GitCommit, Hex: commit}).Validate() != nil {
			refuse("whole commit ids", excerpt.Quote(commit))
		}
	}
	return errors.Join(errs...)
}

// allow reports whether the builder may be at the ref, as far as the ref itself and
// the claims of a signer tell.
func (r *Refs) allow(builderID, ref string, claims buildtype.Claims) bool {
	if r == nil {
		return ref == ""
	}
	if slices.Contains(r.Commits, ref) {
		return true
	}
	if len(r.Commits) > 0 && (claims.Builder != builderID || !slices.Contains(r.Commits, claims.BuilderCommit)) {
		return false
	}
	if r.From == "" {
		return true
	}
	tag, ok := strings.CutPrefix(ref, "refs/tags/v")
	v, release := parseVersion(tag)
	from, _ := parseVersion(r.From)
	below, bounded := parseVersion(r.Below)
	if !bounded {
		below = version{from[0] + 1}
	}
	return ok && release && !v.less(from) && v.less(below)
}

// split takes the ref off a builder's id, if it is the builder base at some ref. An id
// without a ref has the empty one.
func (r *Refs) split(builderID, base string) (ref string, ok bool) {
	rest, ok := strings.CutPrefix(builderID, base)
	if !ok || rest == "" || r == nil {
		return "", ok && rest == ""
	}
	ref, ok = strings.CutPrefix(rest, "@")
	return ref, ok && ref != ""
}

// String tells the bounds.
func (r *Refs) String() string {
	if r == nil {
		return "no ref"
	}
	var parts []string
	if r.From != "" {
		below := r.Below
		if below == "" {
			below = "the next major version"
		}
		parts = append(parts, "a release from "+r.From+" below "+below)
	}
	if len(r.Commits) > 0 {
		parts = append(parts, "one of "+strconv.Itoa(len(r.Commits))+" commits")
	}
	return strings.Join(parts, ", at ")
}

func (r *Refs) clone() *Refs {
	if r == nil {
		return nil
	}
	return &Refs{r.From, r.Below, slices.Clone(r.Commits)}
}

// A version is that of a release (Semantic Versioning 2.0.0, section 2).
type version [3]int

func parseVersion(s string) (v version, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != len(v) {
		return version{}, false
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || len(part) > 9 || strconv.Itoa(n) != part || n < 0 {
			return version{}, false
		}
		v[i] = n
	}
	return v, true
}

func (v version) less(w version) bool { return slices.Compare(v[:], w[:]) < 0 }
