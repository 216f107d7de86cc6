package rules

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/slsa"
)

// A BaseImage demands SLSA provenance v1 in which every base image (an input with the
// role of a base) comes from an allowed repository and is pinned by a digest that
// resists collisions.
type BaseImage struct {
	ID string // "base-image" if empty
	Trust
	// Repositories are URIs without tag and digest, compared exactly; or up to and
	// with a '/', for everything below. At least one.
	Repositories []string
	// Digests, if there are any, are the only images allowed.
	Digests []digest.Set
	// Scratch allows an image without a base.
	Scratch bool
}

// Spec implements policy.Rule.
func (r BaseImage) Spec() (policy.Spec, error) {
	if len(r.Repositories) == 0 {
		return policy.Spec{}, refuse("Repositories", "at least one", "none")
	}
	for _, uri := range r.Repositories {
		if attest.CheckTypeURI(uri) != nil || !plainURI(uri) || strings.Contains(uri, "@") {
			return policy.Spec{}, refuse("Repositories", "absolute URIs without digest or escapes", excerpt.Quote(uri))
		}
	}
	for _, set := range r.Digests {
		if _, resists := set.Strongest(); set.Validate() != nil || !resists {
			return policy.Spec{}, refuse("Digests", "digests that resist collisions", excerpt.Quote(set.String()))
		}
	}
	return r.spec(r.ID, "base-image", "the base image is allowed and pinned", slsa.PredicateType), nil
}

// Check implements policy.Rule.
func (r BaseImage) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return judge(facts, func(e policy.Evidence, _ *attest.Statement) ([]policy.Reason, error) {
		b, err := builds().Of(e)
		if err != nil {
			return nil, err
		}
		var f faults
		bases := 0
		for i, in := range b.Inputs {
			if in.Role == provenance.RoleBase {
				bases++
				r.judge(in.Descriptor, "/predicate/buildDefinition/resolvedDependencies/"+strconv.Itoa(i), &f)
			}
		}
		if bases == 0 && !r.Scratch {
			f.add(CodeBaseImage, "/predicate/buildDefinition/resolvedDependencies", "a base image", "none", "have the build tell its base image")
		}
		return f.list(), nil
	})
}

func (r BaseImage) judge(d attest.Descriptor, where string, f *faults) {
	if _, resists := d.Digest.Strongest(); !resists {
		f.add(CodeUnpinned, where+"/digest", "a digest that resists collisions", excerpt.Quote(d.Digest.String()), "pin the base image by its digest")
	}
	if !slices.ContainsFunc(r.Repositories, func(repository string) bool { return inRepository(d.URI, repository) }) {
		f.add(CodeBaseImage, where+"/uri", "an image of an allowed repository", excerpt.Quote(d.URI), "build on an allowed base image")
	}
	if len(r.Digests) > 0 && !slices.ContainsFunc(r.Digests, func(want digest.Set) bool { return want.Match(d.Digest) == nil }) {
		f.add(CodeBaseImage, where+"/digest", "one of the allowed images", excerpt.Quote(d.Digest.String()), "build on an allowed base image")
	}
}

// inRepository reports whether the image, less its digest and tag, is the repository
// or lies below it.
func inRepository(image, repository string) bool {
	image, _, _ = strings.Cut(image, "@")
	image, _, _ = strings.Cut(image, "?")
	if slash := strings.LastIndexByte(image, '/'); slash >= 0 {
		name, _, _ := strings.Cut(image[slash:], ":")
		image = image[:slash] + name
	}
	if !plainURI(image) {
		return false
	}
	if strings.HasSuffix(repository, "/") {
		return len(image) > len(repository) && strings.HasPrefix(image, repository)
	}
	return image == repository
}

// plainURI reports whether a URI can be compared as it stands.
func plainURI(uri string) bool {
	return !strings.ContainsAny(uri, "%\\?# ") && !strings.Contains(uri+"/", "/../") && !strings.Contains(uri+"/", "/./")
}
