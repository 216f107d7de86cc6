package slsa1

import (
	"strings"

	"github.com/sealwright/sealwright/attest"
)

// complete reports that provenance.Build.Validate has nothing to say of b, but for its
// outputs.
func (b *Build) complete() bool {
	if b.Internal == "null" {
		b.Internal = ""
	}
	return attest.CheckTypeURI(b.BuildType) == nil && attest.CheckTypeURI(b.BuilderID) == nil &&
		isObject(b.External) && (b.Internal == "" || isObject(b.Internal)) &&
		(b.Started.IsZero() || b.Finished.IsZero() || !b.Finished.Before(b.Started)) &&
		named(b.Inputs) && named(b.Platform) && named(b.Byproducts)
}

func isObject(raw string) bool { return strings.HasPrefix(raw, "{") }

// named reports whether each artifact is named.
func named(list []Artifact) bool {
	for i := range list {
		if a := &list[i]; len(a.Digests) == 0 && a.URI == "" && len(a.Content) == 0 {
			return false
		}
	}
	return true
}

// identified reports whether there are artifacts, each with a digest.
func identified(list []Artifact) bool {
	for i := range list {
		if len(list[i].Digests) == 0 {
			return false
		}
	}
	return len(list) > 0 && len(list) <= maxSubjects
}
