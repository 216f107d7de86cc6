package predicate

import (
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// ReleaseType is the predicate type of a Release.
const ReleaseType = "https://in-toto.io/attestation/release/v0.1"

// A Release ties a release in a package registry to its artifacts: the subjects, each
// with a file name of its own.
type Release struct {
	// PURL is a package URL with a version.
	PURL      string `json:"purl"`
	ReleaseID string `json:"releaseId,omitempty"`
}

// Type returns ReleaseType.
func (*Release) Type() string { return ReleaseType }

func (*Release) about(subjects []attest.Descriptor) error {
	for i, s := range subjects {
		if s.Name == "" {
			return attest.Refuse(CodeMissing, at("/subject", i)+"/name", "the artifact's file name", "none")
		}
	}
	return uniqueNames("/subject", subjects)
}

// Validate holds r to the specification.
func (r *Release) Validate() error {
	if r == nil {
		return attest.Refuse(CodeNil, "Release", "a release", "nil")
	}
	if !strings.HasPrefix(r.PURL, "pkg:") {
		return attest.Refuse(CodeURI, "/purl", "a package URL", excerpt.Quote(r.PURL))
	}
	p, err := packageurl.FromString(r.PURL)
	if err != nil {
		return attest.Refuse(CodeURI, "/purl", "a package URL", excerpt.Quote(r.PURL)).Because(err)
	}
	if p.Version == "" {
		return attest.Refuse(CodeMissing, "/purl", "a package URL with a version", excerpt.Quote(r.PURL))
	}
	return nil
}

// uniqueNames refuses two artifacts of one name.
func uniqueNames(where string, list []attest.Descriptor) error {
	seen := map[string]bool{}
	for i, d := range list {
		if seen[d.Name] {
			return attest.Refuse(CodeDuplicate, at(where, i)+"/name", "each name once", excerpt.Quote(d.Name))
		}
		seen[d.Name] = true
	}
	return nil
}
