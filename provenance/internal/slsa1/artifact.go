package slsa1

import (
	"cmp"
	"encoding/base64"
	"slices"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/internal/plain"
)

// An Artifact is a resource descriptor.
type Artifact struct {
	Role                                   provenance.Role // of an input
	Name, URI, DownloadLocation, MediaType string
	Digests                                []digest.Digest // in the order of algorithms
	Content                                []byte
	Annotations                            string // a JSON object, with that of the role
}

// maxDigests and maxSubjects bound what is read here. Beyond, somebody counts against the
// limits.
const (
	maxDigests  = 64
	maxSubjects = 1000
)

// list reads an array of descriptors, whose annotations may tell a role.
func (b *Build) list(r *plain.Reader, roles bool) []Artifact {
	if b.artifacts == nil { // else an empty list would be
		b.artifacts, b.digests = make([]Artifact, 0, 8), make([]digest.Digest, 0, 8)
	}
	start := len(b.artifacts)
	r.Array(func() { b.artifacts = append(b.artifacts, b.artifact(r, roles)) })
	return b.artifacts[start:len(b.artifacts):len(b.artifacts)]
}

func (b *Build) artifact(r *plain.Reader, roles bool) (a Artifact) {
	r.Object(func(key string) {
		switch key {
		case "name":
			a.Name = r.Text()
		case "uri":
			a.URI = r.Text()
		case "digest":
			a.Digests = b.digestSet(r)
		case "content":
			a.Content = content(r)
		case "downloadLocation":
			a.DownloadLocation = r.Text()
		case "mediaType":
			a.MediaType = r.Text()
		case "annotations":
			a.Annotations = r.Raw()
		default:
			r.Other(key, "name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations")
		}
	})
	if a.Annotations != "" && !a.annotated(roles) {
		r.GiveUp()
	}
	if roles && a.Role == "" {
		a.Role = provenance.RoleOther
	}
	return a
}

// digestSet reads a digest set that is neither empty nor invalid.
func (b *Build) digestSet(r *plain.Reader) []digest.Digest {
	start := len(b.digests)
	r.Object(func(algorithm string) {
		d := digest.Digest{Algorithm: digest.Algorithm(algorithm), Hex: r.Text()}
		if d.Validate() != nil {
			r.GiveUp()
		}
		b.digests = append(b.digests, d)
	})
	set := b.digests[start:len(b.digests):len(b.digests)]
	if len(set) == 0 || len(set) > maxDigests {
		r.GiveUp()
	}
	if len(set) > 1 {
		slices.SortFunc(set, func(a, b digest.Digest) int { return cmp.Compare(a.Algorithm, b.Algorithm) })
	}
	return set
}

// content reads canonical base64 of something.
func content(r *plain.Reader) []byte {
	content, err := base64.StdEncoding.Strict().DecodeString(r.Text())
	if err != nil || len(content) == 0 {
		r.GiveUp()
	}
	return content
}

// annotated reads the annotations, and the role among them, and reports whether they are
// an object with members.
func (a *Artifact) annotated(roles bool) bool {
	r, any := plain.Read(a.Annotations), false
	r.Object(func(key string) {
		any = true
		if !roles || key != RoleAnnotation {
			r.Span()
			return
		}
		if a.Role = provenance.Role(r.Text()); !a.Role.Known() {
			r.GiveUp()
		}
	})
	return r.Done() && any
}
