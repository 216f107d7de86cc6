package buildtype

import (
	"maps"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance"
)

// A Profile reads the builds of one family of build types.
type Profile struct {
	// Name identifies the profile, such as "github-actions-workflow".
	Name string
	// BuildTypes are compared exactly.
	BuildTypes []string
	// Parameters are the external parameters that the build type defines, at the top
	// level. Others are refused.
	Parameters []string
	// Vouched are the fields that the platform sets where a build cannot reach. All
	// others a user can forge.
	Vouched []Name
	// BuilderIsSigner tells that the builder signs under its own id: the id must be
	// the signer's subject.
	BuilderIsSigner bool

	matches func(buildType string) bool // more build types, if not nil
	read    func(*document, *Canonical)
	whole   bool // the source is a repository, which must be an input by commit
}

// Profiles returns the profiles that this package knows.
func Profiles() []Profile {
	return []Profile{
		gitHubWorkflow(), slsaGenerator("generic"), slsaGenerator("go"), slsaGenerator("container"), delegated(),
		npm(), cloudBuild(), gitLab(), tekton(), buildkite(), goBuild(), command(),
	}
}

// Find returns the profile that knows the build type.
func Find(profiles []Profile, buildType string) (Profile, bool) {
	for _, p := range profiles {
		if p.Knows(buildType) {
			return p, true
		}
	}
	return Profile{}, false
}

// Knows reports whether the build type is one of the profile's.
func (p Profile) Knows(buildType string) bool {
	return slices.Contains(p.BuildTypes, buildType) || p.matches != nil && p.matches(buildType)
}

// Normalize reads b. It refuses a build of another type (CodeUnknown), parameters
// that the build type does not define or that have another form (CodeParameter), a
// source that is no repository (CodeSource), one whose commit is not among the inputs
// (CodeCommit) or is there under another ref (CodeRef), and a tree with changes that
// no commit holds (CodeDirty). Builds of v0.2 are read as package slsa decodes them.
func (p Profile) Normalize(b *provenance.Build) (*Canonical, error) {
	if b == nil {
		return nil, attest.Refuse(CodeNil, "build", "a build", "nil")
	}
	if !p.Knows(b.BuildType) || p.read == nil {
		return nil, attest.Refuse(CodeUnknown, "BuildType", "a build type of "+p.Name, excerpt.Quote(b.BuildType))
	}
	d := &document{build: b, external: object(b.External), internal: map[string]any{}}
	if b.Internal != nil {
		d.internal = object(b.Internal)
	}
	if d.external == nil || d.internal == nil {
		return nil, attest.Refuse(CodeParameter, "External, Internal", "strict JSON objects", "something else")
	}
	for _, name := range slices.Sorted(maps.Keys(d.external)) {
		if !slices.Contains(p.Parameters, name) {
			return nil, attest.Refuse(CodeParameter, "External", "parameters of "+p.Name, excerpt.Quote(name))
		}
	}
	c := &Canonical{Profile: p.Name, Invocation: b.InvocationID, BuilderIsSigner: p.BuilderIsSigner, vouched: slices.Clone(p.Vouched)}
	p.read(d, c)
	if d.err == nil && p.whole {
		d.locate(c)
	}
	if d.err != nil {
		return nil, d.err
	}
	for _, name := range slices.Sorted(maps.Keys(d.external)) {
		if hides(d.external[name]) {
			c.Masked = append(c.Masked, name)
		}
	}
	return c, nil
}

// hides reports whether a value is hidden somewhere in v, as GitLab or GitHub do it.
func hides(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "[MASKED]") || v == "***"
	case []any:
		return slices.ContainsFunc(v, hides)
	case map[string]any:
		for _, part := range v {
			if hides(part) {
				return true
			}
		}
	}
	return false
}
