package oci

import (
	"cmp"
	"strconv"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// Media types of manifests.
const (
	MediaTypeManifest = ocispec.MediaTypeImageManifest
	MediaTypeIndex    = ocispec.MediaTypeImageIndex
)

// A Descriptor names content by digest and size (OCI image specification,
// descriptor.md).
type Descriptor struct {
	MediaType string
	Digest    digest.Digest // sha256, sha384 or sha512
	Size      int64
}

// A Layer is a part of an artifact.
type Layer struct {
	MediaType   string
	Body        []byte
	Annotations map[string]string
}

// An Artifact is a manifest with what it is made of: no image, but anything else
// that a store can hold (OCI image specification, "Guidelines for Artifact
// Usage"). One that Pull returns is of the digest that was asked for; nothing
// else about it is verified.
type Artifact struct {
	Type        string // artifactType, a media type
	Layers      []Layer
	Annotations map[string]string
	// Subject is what the artifact is about, if anything.
	Subject *Descriptor
}

// encode returns the artifact's manifest and the descriptors of its layers. Equal
// artifacts have equal manifests.
func (a Artifact) encode() (manifest []byte, layers []ocispec.Descriptor, err error) {
	if a.Type == "" || len(a.Layers) == 0 {
		return nil, nil, attest.Refuse(CodeArtifact, "Artifact", "a type and a layer", "none")
	}
	m := ocispec.Manifest{MediaType: MediaTypeManifest, ArtifactType: a.Type, Config: ocispec.DescriptorEmptyJSON, Annotations: a.Annotations}
	m.SchemaVersion = 2
	for i, l := range a.Layers {
		if l.MediaType == "" {
			return nil, nil, attest.Refuse(CodeArtifact, "Layers["+strconv.Itoa(i)+"]", "a media type", "none")
		}
		d := content.NewDescriptorFromBytes(l.MediaType, l.Body)
		d.Annotations = l.Annotations
		m.Layers = append(m.Layers, d)
	}
	if err := uniqueLayers(m.Layers, ""); err != nil {
		return nil, nil, err
	}
	if a.Subject != nil {
		if err := a.Subject.validate(); err != nil {
			return nil, nil, err
		}
		subject := a.Subject.external()
		m.Subject = &subject
	}
	manifest, err = strictjson.Marshal(m)
	if err != nil {
		return nil, nil, attest.Refuse(CodeArtifact, "Artifact", "text in UTF-8", "").Because(err)
	}
	return manifest, m.Layers, nil
}

func (d Descriptor) validate() error {
	if _, err := supported(d.Digest.String()); err != nil {
		return attest.Refuse(CodeArtifact, "Descriptor.Digest", "sha256, sha384 or sha512", d.Digest.String())
	}
	if d.MediaType == "" || d.Size < 0 {
		return attest.Refuse(CodeArtifact, "Descriptor", "a media type and a size", excerpt.Quote(d.MediaType)+", "+strconv.FormatInt(d.Size, 10))
	}
	return nil
}

// external returns d as the OCI modules have it.
func (d Descriptor) external() ocispec.Descriptor {
	e := ocispec.Descriptor{MediaType: d.MediaType, Size: d.Size}
	assign(&e.Digest, d.Digest.String())
	return e
}

// assign spares this package an import for the name of a string type.
func assign[T ~string](field *T, text string) { *field = T(text) }

// internal returns d as this package has it. Its digest is of an algorithm that
// collides for nobody.
func internal(d ocispec.Descriptor) (Descriptor, error) {
	sum, err := supported(string(d.Digest))
	if err != nil {
		return Descriptor{}, err
	}
	return Descriptor{MediaType: d.MediaType, Digest: sum, Size: d.Size}, nil
}

func supported(text string) (digest.Digest, error) {
	d, err := digest.Parse(text)
	if err != nil {
		return digest.Digest{}, attest.Refuse(CodeDigest, "", "a digest", excerpt.Quote(text)).Because(err)
	}
	switch d.Algorithm {
	case digest.SHA256, digest.SHA384, digest.SHA512:
		return d, nil
	}
	return digest.Digest{}, attest.Refuse(CodeDigest, "", "sha256, sha384 or sha512", excerpt.Quote(text))
}

// parseManifest reads an image manifest. where names it in reasons.
func parseManifest(b []byte, where string) (ocispec.Manifest, error) {
	var m ocispec.Manifest
	err := strictjson.Unmarshal(b, &m, strictjson.Options{Bytes: len(b) + 1, Depth: 16, AllowUnknown: true})
	if err != nil {
		return ocispec.Manifest{}, attest.Refuse(CodeManifest, where, "an image manifest", "").Because(err)
	}
	if m.SchemaVersion != 2 || m.MediaType != "" && m.MediaType != MediaTypeManifest {
		return ocispec.Manifest{}, attest.Refuse(CodeManifest, where, "schemaVersion 2 of "+MediaTypeManifest, excerpt.Quote(m.MediaType))
	}
	return m, nil
}

// layersOf returns the layers of a manifest: not too many, and each once.
func (l Limits) layersOf(m ocispec.Manifest, where string) ([]ocispec.Descriptor, error) {
	if len(m.Layers) > l.Layers {
		return nil, attest.Refuse(CodeLimit, where, "at most "+strconv.Itoa(l.Layers)+" layers", strconv.Itoa(len(m.Layers)))
	}
	return m.Layers, uniqueLayers(m.Layers, where)
}

// artifactType is the type by which the specification lists a manifest.
func artifactType(m ocispec.Manifest) string { return cmp.Or(m.ArtifactType, m.Config.MediaType) }

func uniqueLayers(layers []ocispec.Descriptor, where string) error {
	seen := map[string]bool{}
	for _, l := range layers {
		if seen[string(l.Digest)] {
			return attest.Refuse(CodeLayers, where, "each layer once", excerpt.Quote(string(l.Digest))+" again")
		}
		seen[string(l.Digest)] = true
	}
	return nil
}

// sameSubject demands that m is about the digest.
func sameSubject(m ocispec.Manifest, want digest.Digest, where string) error {
	if m.Subject == nil {
		return attest.Refuse(CodeSubject, where, want.String(), "no subject")
	}
	if string(m.Subject.Digest) != want.String() {
		return attest.Refuse(CodeSubject, where, want.String(), excerpt.Quote(string(m.Subject.Digest)))
	}
	return nil
}
