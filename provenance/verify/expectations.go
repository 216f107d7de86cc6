package verify

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
)

// Expectations are how an artifact must have been built. There is no zero value
// that expects nothing.
type Expectations struct {
	// BuilderID and BuildType are compared exactly, but for Refs. Both are required.
	BuilderID string
	BuildType string
	// Refs, if not nil, are the versions at which the builder may be. BuilderID is then
	// its id without '@' and ref.
	Refs *Refs
	// Level is the lowest SLSA Build level that suffices, 1 to 3. Required.
	Level int
	// Sources are all sources of the build; at least one.
	Sources Sources
	// Parameters are all external parameters of the build.
	Parameters Parameters
	// Name, if not empty, is the name that the subject with the artifact's digest must
	// have, compared exactly.
	Name string
	// Rebuilders are builders that may have built the artifact too, from the same
	// source with the same parameters. Each statement is by BuilderID or one of them,
	// and at least one by BuilderID.
	Rebuilders []string
	// Clock bounds when the evidence was made.
	Clock Clock
	// Profiles, if not nil, are the build types that are understood: one of them must
	// read the build, its source must be expected, nothing in it may contradict the
	// claims, and a level above 2 needs somebody beside the user to vouch for the
	// source. See package buildtype.
	Profiles []buildtype.Profile
	// Triggers, if not empty, are the events that may have started the build, as its
	// profile reads them. They need Profiles.
	Triggers []string
	// Depth is over how many steps the inputs of inputs are followed; 0 means
	// DefaultDepth, and MaxDepth is the most.
	Depth int
	// AllowLegacy accepts provenance v0.1 and v0.2, with the parameters that package
	// slsa gives them.
	AllowLegacy bool
}

// Sources are expected sources.
type Sources []Source

// A Source is an expected source. The input must have a digest that resists
// collisions, whether or not Digest pins it.
type Source struct {
	// URI is compared in canonical form (provenance.ParseSource). A ref in it is
	// expected of the input; without one, any ref will do.
	URI string
	// Digest, if not empty, must match the input's (digest.Set.Match).
	Digest digest.Set
	// AllowSHA1 lets a gitCommit or gitTree of a repository that uses SHA-1 count
	// as a digest, in the input and in Digest. SHA-1 does not resist collisions.
	AllowSHA1 bool
}

// Parameters are expected external parameters. Whatever they do not name is
// refused.
type Parameters struct {
	// Equal holds the values, by name at the top level of externalParameters. They
	// are compared as provenance.EqualJSON does.
	Equal map[string]json.RawMessage
	// Ignore names parameters that may be there, with any value.
	Ignore []string
}

// Validate reports every fault of x, joined.
func (x Expectations) Validate() error {
	var errs []error
	refuse := func(where, want, got string) {
		errs = append(errs, attest.Refuse(CodeExpectations, where, want, got))
	}
	if attest.CheckTypeURI(x.BuilderID) != nil {
		refuse("BuilderID", "an absolute URI", strconv.Quote(x.BuilderID))
	}
	if attest.CheckTypeURI(x.BuildType) != nil {
		refuse("BuildType", "an absolute URI", strconv.Quote(x.BuildType))
	}
	if x.Level < 1 || x.Level > MaxLevel {
		refuse("Level", "1 to 3", strconv.Itoa(x.Level))
	}
	if len(x.Triggers) > 0 && x.Profiles == nil {
		refuse("Triggers", "profiles that read them", "none")
	}
	if x.Depth < 0 || x.Depth > MaxDepth {
		refuse("Depth", "0 to "+strconv.Itoa(MaxDepth), strconv.Itoa(x.Depth))
	}
	for i, id := range x.Rebuilders {
		if attest.CheckTypeURI(id) != nil || id == x.BuilderID || slices.Contains(x.Rebuilders[:i], id) {
			refuse("Rebuilders["+strconv.Itoa(i)+"]", "each another absolute URI", strconv.Quote(id))
		}
	}
	if x.Profiles != nil {
		if _, ok := buildtype.Find(x.Profiles, x.BuildType); !ok {
			refuse("Profiles", "one that knows BuildType", "none")
		}
	}
	return errors.Join(errors.Join(errs...), x.Refs.validate(CodeExpectations, "Refs"), x.Clock.validate(), x.Sources.Validate(), x.Parameters.Validate())
}

// Validate reports every fault of s, joined: no sources, locations that cannot be
// compared, a repository twice, a digest that would never match.
func (s Sources) Validate() error {
	var errs []error
	if len(s) == 0 {
		errs = append(errs, attest.Refuse(CodeExpectations, "Sources", "at least one source", "none"))
	}
	seen := map[string]bool{}
	for i, source := range s {
		where := "Sources[" + strconv.Itoa(i) + "]"
		at, err := provenance.ParseSource(source.URI)
		if err != nil {
			errs = append(errs, attest.Refuse(CodeExpectations, where, "a source location", "").Because(err))
			continue
		}
		if seen[at.Repository] {
			errs = append(errs, attest.Refuse(CodeExpectations, where, "each repository once", at.Repository))
		}
		seen[at.Repository] = true
		if len(source.Digest) == 0 {
			continue
		}
		if err := source.match(source.Digest); err != nil {
			errs = append(errs, attest.Refuse(CodeExpectations, where, "a digest that suffices to match", "").Because(err))
		}
	}
	return errors.Join(errs...)
}

// Validate reports every fault of p, joined.
func (p Parameters) Validate() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(p.Equal)) {
		where := "Parameters." + strconv.Quote(name)
		if _, err := provenance.CanonicalJSON(p.Equal[name]); err != nil {
			errs = append(errs, attest.Refuse(CodeExpectations, where, "strict JSON", "").Because(err))
		}
		if slices.Contains(p.Ignore, name) {
			errs = append(errs, attest.Refuse(CodeExpectations, where, "a value or no check", "both"))
		}
	}
	return errors.Join(errs...)
}
