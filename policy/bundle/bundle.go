package bundle

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/oci"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/doc"
)

// Media types of a bundle.
const (
	ArtifactType      = "application/vnd.sealwright.policy.bundle.v1"
	MediaTypeDocument = "application/vnd.sealwright.policy.v1+json"
)

// Bounds of a bundle; a document has at most 1 MiB (package doc).
const (
	maxSignatures = 32
	maxLayer      = 1 << 20
	maxManifest   = 64 << 10
)

// A Bundle is a policy document and what releases it. One that Pull returns is of
// the digest that was asked for and unverified.
type Bundle struct {
	Document   []byte
	Signatures []attest.Attestation
}

// Push stores a bundle and returns the descriptor whose digest readers pin. tag may
// be empty. It refuses a document that is none, and one without a signature;
// whether the signatures suffice is for readers to judge.
func Push(ctx context.Context, s *oci.Store, b Bundle, tag string) (oci.Descriptor, error) {
	if _, err := doc.Parse(b.Document); err != nil {
		return oci.Descriptor{}, err
	}
	if err := b.check(); err != nil {
		return oci.Descriptor{}, err
	}
	a := oci.Artifact{Type: ArtifactType, Layers: []oci.Layer{{MediaType: MediaTypeDocument, Body: b.Document}}}
	for _, signature := range b.Signatures {
		a.Layers = append(a.Layers, oci.Layer{MediaType: signature.MediaType, Body: signature.Body})
	}
	return s.Push(ctx, a, tag)
}

// check refuses what Pull would not read.
func (b Bundle) check() error {
	switch n := len(b.Signatures); {
	case n == 0:
		return attest.Refuse(CodeUnsigned, "Signatures", "a signature", "none")
	case n > maxSignatures:
		return attest.Refuse(CodeLimit, "Signatures", "at most "+strconv.Itoa(maxSignatures), strconv.Itoa(n))
	}
	for i, s := range b.Signatures {
		where := "Signatures[" + strconv.Itoa(i) + "]"
		if s.MediaType == "" || s.MediaType == MediaTypeDocument {
			return attest.Refuse(CodeType, where, "an attestation", excerpt.Quote(s.MediaType))
		}
		if len(s.Body) > maxLayer {
			return attest.Refuse(CodeLimit, where, "at most "+strconv.Itoa(maxLayer)+" bytes", strconv.Itoa(len(s.Body)))
		}
	}
	return nil
}

// Pull reads the bundle that a reference pins: a digest, or a tag, "@" and a digest,
// of which the tag is not looked at.
func Pull(ctx context.Context, s *oci.Store, reference string) (Bundle, error) {
	want, err := pin(reference)
	if err != nil {
		return Bundle{}, err
	}
	s, err = s.Within(oci.Limits{Layers: 1 + maxSignatures, LayerBytes: maxLayer, ManifestBytes: maxManifest})
	if err != nil {
		return Bundle{}, err
	}
	a, err := s.Pull(ctx, want)
	if err != nil {
		return Bundle{}, err
	}
	if a.Type != ArtifactType {
		return Bundle{}, attest.Refuse(CodeType, want.String(), ArtifactType, excerpt.Quote(a.Type))
	}
	if a.Subject != nil {
		return Bundle{}, attest.Refuse(CodeType, want.String(), "no subject", a.Subject.Digest.String())
	}
	if len(a.Layers) == 0 || a.Layers[0].MediaType != MediaTypeDocument {
		return Bundle{}, attest.Refuse(CodeType, want.String(), "a document as the first layer", "something else")
	}
	b := Bundle{Document: a.Layers[0].Body}
	for _, l := range a.Layers[1:] {
		b.Signatures = append(b.Signatures, attest.Attestation{MediaType: l.MediaType, Body: l.Body})
	}
	if err := b.check(); err != nil {
		return Bundle{}, err
	}
	return b, nil
}

func pin(reference string) (digest.Digest, error) {
	_, text, tagged := strings.Cut(reference, "@")
	if !tagged {
		text = reference
	}
	d, err := digest.Parse(text)
	if err != nil || d.Algorithm == digest.SHA1 {
		return digest.Digest{}, attest.Refuse(CodeUnpinned, "reference", "a digest", excerpt.Quote(reference)).Because(err)
	}
	return d, nil
}

// Load pulls the bundle that a reference pins and admits its document as doc.Load
// does: signed by as many as the trust demands, not expired at now, and not older
// than one that the trust's VersionStore has seen.
func Load(ctx context.Context, s *oci.Store, reference string, t doc.Trust, now time.Time) (policy.Config, error) {
	b, err := Pull(ctx, s, reference)
	if err != nil {
		return policy.Config{}, err
	}
	return doc.Load(ctx, t, b.Document, b.Signatures, now)
}
