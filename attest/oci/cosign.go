package oci

import (
	"context"
	"errors"
	"iter"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// Media types of what stands under cosign's tags.
const (
	// MediaTypeSimpleSigning is a payload whose signature is an annotation of the
	// layer, "dev.cosignproject.cosign/signature".
	MediaTypeSimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"
)

// ListCosign yields what cosign stored for a subject before there were referrers,
// under the tags "sha256-<subject>.att" and ".sig": one attestation for each
// layer, with the layer's annotations. The manifest names no subject; only the tag
// does, which whoever may push can move. This package writes no such tags. Errors
// are as those of List.
func (s *Store) ListCosign(ctx context.Context, subject digest.Digest) iter.Seq2[Referrer, error] {
	return func(yield func(Referrer, error) bool) {
		c, err := s.begin(ctx)
		if err == nil {
			_, err = supported(subject.String())
		}
		if err != nil {
			yield(Referrer{}, incomplete(subject, err))
			return
		}
		for _, legacy := range []struct{ suffix, mediaType string }{{".att", attest.MediaTypeDSSE}, {".sig", MediaTypeSimpleSigning}} {
			if !s.layers(ctx, c, subject, legacy.suffix, legacy.mediaType, yield) {
				return
			}
		}
	}
}

// layers yields the layers of one tag, and reports whether to go on.
func (s *Store) layers(ctx context.Context, c *call, subject digest.Digest, suffix, mediaType string, yield func(Referrer, error) bool) bool {
	tag := indexTag(subject) + suffix
	d, _, err := s.backend.resolve(ctx, c, tag)
	if errors.Is(err, attest.Is(CodeNotFound)) {
		return true
	}
	holder, malformed := internal(d)
	if err = errors.Join(err, malformed); err != nil {
		yield(Referrer{}, incomplete(subject, err))
		return false
	}
	m, err := s.manifest(ctx, c, holder.Digest.String())
	var layers []ocispec.Descriptor
	if err == nil {
		layers, err = s.limits.layersOf(m, tag)
	}
	if err != nil {
		yield(Referrer{}, incomplete(subject, err))
		return false
	}
	for _, layer := range layers {
		r := Referrer{Manifest: holder, Annotations: layer.Annotations}
		err := c.count()
		if err == nil && layer.MediaType != mediaType {
			err = attest.Refuse(CodeMediaType, tag, mediaType, excerpt.Quote(layer.MediaType))
		}
		if err == nil {
			r.Attestation.MediaType = mediaType
			r.Attestation.Body, err = c.fetch(ctx, layer, s.limits.LayerBytes)
		}
		if err != nil {
			r.Attestation = attest.Attestation{}
		}
		if !yield(r, err) {
			return false
		}
	}
	return true
}
