package oci

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A backend is a registry or an image layout.
type backend interface {
	content.Fetcher
	// resolve returns the descriptor of a tag or digest, and its content where it
	// came along.
	resolve(ctx context.Context, c *call, reference string) (ocispec.Descriptor, []byte, error)
	pushBlob(ctx context.Context, d ocispec.Descriptor, b []byte) error
	// pushManifest stores a manifest whose blobs are stored. tag may be "".
	pushManifest(ctx context.Context, c *call, d ocispec.Descriptor, b []byte, tag string) error
	// refer makes a stored manifest found by its subject.
	refer(ctx context.Context, c *call, subject digest.Digest, d ocispec.Descriptor, b []byte) error
	// referrers visits what is listed for a subject until visit returns false. Its
	// error tells that the list is not complete.
	referrers(ctx context.Context, c *call, subject digest.Digest, visit func(ocispec.Descriptor, error) bool) error
}

// A Store holds artifacts in a registry's repository or an image layout. Make one
// with OpenRegistry or OpenLayout. It is safe for concurrent use.
type Store struct {
	backend backend
	limits  Limits
}

func (s *Store) begin(ctx context.Context) (*call, error) {
	if s == nil || s.backend == nil {
		return nil, attest.Refuse(attest.CodeNil, "Store", "an opened store", "nil")
	}
	if ctx.Err() != nil {
		return nil, attest.Refuse(attest.CodeCanceled, "", "", "").Because(context.Cause(ctx))
	}
	return &call{limits: s.limits, from: s.backend}, nil
}

// Push stores an artifact and returns its descriptor, under a tag if tag is not
// empty. An artifact with a subject is listed among its referrers. Pushing one
// again changes nothing.
func (s *Store) Push(ctx context.Context, a Artifact, tag string) (Descriptor, error) {
	c, err := s.begin(ctx)
	if err != nil {
		return Descriptor{}, err
	}
	manifest, layers, err := a.encode()
	if err != nil {
		return Descriptor{}, err
	}
	for i, l := range layers {
		if err := s.backend.pushBlob(ctx, l, a.Layers[i].Body); err != nil {
			return Descriptor{}, err
		}
	}
	empty := ocispec.DescriptorEmptyJSON
	if err := s.backend.pushBlob(ctx, empty, empty.Data); err != nil {
		return Descriptor{}, err
	}
	d := content.NewDescriptorFromBytes(MediaTypeManifest, manifest)
	d.ArtifactType, d.Annotations = a.Type, a.Annotations
	if d.Size > s.limits.ManifestBytes {
		return Descriptor{}, attest.Refuse(CodeLimit, "Artifact", "a manifest of at most "+strconv.FormatInt(s.limits.ManifestBytes, 10)+" bytes", strconv.FormatInt(d.Size, 10))
	}
	if err := s.backend.pushManifest(ctx, c, d, manifest, tag); err != nil {
		return Descriptor{}, err
	}
	if a.Subject != nil {
		if err := s.backend.refer(ctx, c, a.Subject.Digest, d, manifest); err != nil {
			return Descriptor{}, err
		}
	}
	return internal(d)
}

// Attach stores an attestation as a referrer of subject and returns the descriptor
// of its manifest. The annotations are the caller's; nothing is added, so that
// attaching the same again changes nothing. An error with CodeContended tells that
// List finds the attestation and that others may not.
func (s *Store) Attach(ctx context.Context, subject Descriptor, a attest.Attestation, annotations map[string]string) (Descriptor, error) {
	if a.MediaType == "" || len(a.Body) == 0 {
		return Descriptor{}, attest.Refuse(CodeArtifact, "Attestation", "a media type and a body", "none")
	}
	return s.Push(ctx, Artifact{
		Type:        a.MediaType,
		Layers:      []Layer{{MediaType: a.MediaType, Body: a.Body}},
		Annotations: annotations,
		Subject:     &subject,
	}, "")
}

// Resolve returns the descriptor that a tag or a digest has now. A tag is a hint:
// what it names may change at any time, so resolve it once and go on with the
// digest.
func (s *Store) Resolve(ctx context.Context, reference string) (Descriptor, error) {
	c, err := s.begin(ctx)
	if err != nil {
		return Descriptor{}, err
	}
	d, _, err := s.resolve(ctx, c, reference)
	if err != nil {
		return Descriptor{}, err
	}
	return internal(d)
}

// resolve is the backend's, whose answer for a digest must be of that digest: a
// server may err, and a layout may name a manifest like the digest of another.
func (s *Store) resolve(ctx context.Context, c *call, reference string) (ocispec.Descriptor, []byte, error) {
	d, b, err := s.backend.resolve(ctx, c, reference)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	if _, err := digest.Parse(reference); err == nil && string(d.Digest) != reference {
		return ocispec.Descriptor{}, nil, attest.Refuse(CodeDigest, reference, "content of that digest", excerpt.Quote(string(d.Digest)))
	}
	return d, b, nil
}

// Pull returns the artifact whose manifest has the digest.
func (s *Store) Pull(ctx context.Context, want digest.Digest) (Artifact, error) {
	c, err := s.begin(ctx)
	if err != nil {
		return Artifact{}, err
	}
	if _, err := supported(want.String()); err != nil {
		return Artifact{}, err
	}
	m, err := s.manifest(ctx, c, want.String())
	if err != nil {
		return Artifact{}, err
	}
	layers, err := s.limits.layersOf(m, want.String())
	if err != nil {
		return Artifact{}, err
	}
	a := Artifact{Type: artifactType(m), Annotations: m.Annotations}
	if m.Subject != nil {
		subject, err := internal(*m.Subject)
		if err != nil {
			return Artifact{}, err
		}
		a.Subject = &subject
	}
	for _, l := range layers {
		body, err := c.fetch(ctx, l, s.limits.LayerBytes)
		if err != nil {
			return Artifact{}, err
		}
		a.Layers = append(a.Layers, Layer{l.MediaType, body, l.Annotations})
	}
	return a, nil
}

// manifest reads the image manifest that a reference names; a digest is checked.
func (s *Store) manifest(ctx context.Context, c *call, reference string) (ocispec.Manifest, error) {
	d, b, err := s.resolve(ctx, c, reference)
	if err != nil {
		return ocispec.Manifest{}, err
	}
	if d.MediaType != MediaTypeManifest {
		return ocispec.Manifest{}, attest.Refuse(CodeMediaType, excerpt.Quote(reference), MediaTypeManifest, excerpt.Quote(d.MediaType))
	}
	if err := c.count(); err != nil {
		return ocispec.Manifest{}, err
	}
	if b == nil {
		if b, err = c.fetch(ctx, d, s.limits.ManifestBytes); err != nil {
			return ocispec.Manifest{}, err
		}
	}
	return parseManifest(b, excerpt.Quote(reference))
}

// A Query selects attestations. The zero Query selects those of all media types
// that this module's verifiers read.
type Query struct {
	// MediaTypes are the kinds of attestation that are wanted. Referrers of other
	// kinds are passed over without being fetched.
	MediaTypes []string
}

func (q Query) wanted() []string {
	if len(q.MediaTypes) > 0 {
		return q.MediaTypes
	}
	return []string{
		attest.MediaTypeDSSE,
		"application/vnd.sealwright.batch.v1+json",
		"application/vnd.dev.sigstore.bundle+json;version=0.1",
		"application/vnd.dev.sigstore.bundle+json;version=0.2",
		"application/vnd.dev.sigstore.bundle+json;version=0.3",
		"application/vnd.dev.sigstore.bundle.v0.3+json",
	}
}

// A Referrer is an attestation that a store has for a subject. Its content is
// intact; who made it, and whether it is true, is unknown.
type Referrer struct {
	// Manifest is the manifest that holds it.
	Manifest    Descriptor
	Attestation attest.Attestation
	// Annotations are those of the manifest, or of the layer for a legacy tag.
	Annotations map[string]string
}

// List yields the attestations that the store has for a subject, in its order and
// each once. An error with CodeIncomplete ends the list: more may be there. Any
// other is about one referrer alone, and the next follows if the caller goes on,
// so that a broken one hides no other. Whoever counts on having seen all must take
// either as a refusal.
func (s *Store) List(ctx context.Context, subject digest.Digest, q Query) iter.Seq2[Referrer, error] {
	return func(yield func(Referrer, error) bool) {
		c, err := s.begin(ctx)
		if err == nil {
			_, err = supported(subject.String())
		}
		if err != nil {
			yield(Referrer{}, incomplete(subject, err))
			return
		}
		seen, going := map[string]bool{}, true
		var fatal error
		err = s.backend.referrers(ctx, c, subject, func(d ocispec.Descriptor, err error) bool {
			if fatal = c.count(); fatal != nil {
				return false
			}
			var r Referrer
			ok := false
			if err == nil {
				if seen[string(d.Digest)] {
					return true
				}
				r, ok, err = s.referrer(ctx, c, subject, d, q.wanted())
				seen[string(d.Digest)] = ok
			}
			if ok || err != nil {
				going = yield(r, err)
			}
			return going
		})
		if err = errors.Join(fatal, err); err != nil && going {
			yield(Referrer{}, incomplete(subject, err))
		}
	}
}

func incomplete(subject digest.Digest, err error) error {
	return attest.Refuse(CodeIncomplete, subject.String(), "the whole list", "a part").Because(err)
}

// referrer reads one entry of a list. ok is false for one of an unwanted type.
func (s *Store) referrer(ctx context.Context, c *call, subject digest.Digest, d ocispec.Descriptor, wanted []string) (r Referrer, ok bool, err error) {
	if r.Manifest, err = internal(d); err != nil {
		return Referrer{}, false, err
	}
	// Some registries list the type of the empty configuration instead.
	if d.ArtifactType == ocispec.MediaTypeEmptyJSON {
		d.ArtifactType = ""
	}
	if d.ArtifactType != "" && !slices.Contains(wanted, d.ArtifactType) {
		return Referrer{}, false, nil
	}
	where := d.Digest.String()
	if d.MediaType != MediaTypeManifest {
		return r, false, attest.Refuse(CodeMediaType, where, MediaTypeManifest, excerpt.Quote(d.MediaType))
	}
	b, err := c.fetch(ctx, d, s.limits.ManifestBytes)
	if err != nil {
		return r, false, err
	}
	m, err := parseManifest(b, where)
	if err != nil {
		return r, false, err
	}
	if err := sameSubject(m, subject, where); err != nil {
		return r, false, err
	}
	kind := artifactType(m)
	if d.ArtifactType != "" && d.ArtifactType != kind {
		return r, false, attest.Refuse(CodeMediaType, where, excerpt.Quote(d.ArtifactType), excerpt.Quote(kind))
	}
	if !slices.Contains(wanted, kind) {
		return Referrer{}, false, nil
	}
	if len(m.Layers) != 1 {
		return r, false, attest.Refuse(CodeLayers, where, "one layer", strconv.Itoa(len(m.Layers)))
	}
	if m.Layers[0].MediaType != kind {
		return r, false, attest.Refuse(CodeMediaType, where+" layer", excerpt.Quote(kind), excerpt.Quote(m.Layers[0].MediaType))
	}
	body, err := c.fetch(ctx, m.Layers[0], s.limits.LayerBytes)
	if err != nil {
		return r, false, err
	}
	r.Attestation = attest.Attestation{MediaType: kind, Body: body}
	r.Annotations = m.Annotations
	return r, true, nil
}
