package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// rounds bounds the readings of the index in one Attach.
const rounds = 32

// indexTag is the tag of the referrers index (distribution specification,
// "Referrers Tag Schema").
func indexTag(subject digest.Digest) string {
	return string(subject.Algorithm) + "-" + subject.Hex[:min(64, len(subject.Hex))]
}

// ownTag is the tag that one referrer has for itself.
func ownTag(subject digest.Digest, referrer string) string {
	_, hex, _ := strings.Cut(referrer, ":")
	return indexTag(subject) + "." + hex[:40]
}

// byTags visits the index of a subject and the referrers that only their own tag
// tells.
func (r *registry) byTags(ctx context.Context, c *call, subject digest.Digest, visit func(ocispec.Descriptor, error) bool) error {
	index, err := r.index(ctx, c, subject)
	if err != nil {
		return err
	}
	for _, d := range index.entries {
		if !visit(d, nil) {
			return nil
		}
	}
	tags, err := r.ownTags(ctx, subject)
	if err != nil {
		return err
	}
	listed := index.tags(subject)
	for _, tag := range tags {
		if listed[tag] {
			continue
		}
		d, err := r.owner(ctx, c, subject, tag)
		if !visit(d, err) {
			return nil
		}
	}
	return nil
}

// tag makes a stored manifest found where there is no referrers API; see the
// package's documentation.
func (r *registry) tag(ctx context.Context, c *call, subject digest.Digest, d ocispec.Descriptor, b []byte) error {
	if _, err := r.ownTags(ctx, subject); err != nil {
		return err
	}
	if err := r.pushManifest(ctx, c, d, b, ownTag(subject, d.Digest.String())); err != nil {
		return err
	}
	var last error
	for round := range rounds {
		if err := pause(ctx, round, d.Digest.String()); err != nil {
			return err
		}
		done, err := r.amend(ctx, c, subject, d)
		// Registries that keep tags in files fail or tear while one is replaced.
		passing := codeOf(err) == CodeUnavailable || codeOf(err) == CodeDigest
		if done || err != nil && !passing {
			return err
		}
		last = err
	}
	return attest.Refuse(CodeContended, indexTag(subject), "an index that stays", "one that other writers keep changing").Because(last)
}

// pause waits between rounds, longer with each, and not as long as other writers
// do.
func pause(ctx context.Context, round int, own string) error {
	if round < 2 {
		return nil
	}
	step := time.Duration(min(round, 8)) * time.Millisecond
	wait := time.NewTimer(step * time.Duration(1+own[len(own)-1]%16))
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return attest.Refuse(attest.CodeCanceled, "referrers index", "", "").Because(context.Cause(ctx))
	}
}

// amend is one round: it reports that the index has every referrer that is
// tagged, or adds those that it lacks.
func (r *registry) amend(ctx context.Context, c *call, subject digest.Digest, own ocispec.Descriptor) (done bool, err error) {
	ctx, condition := withCondition(ctx)
	index, err := r.index(ctx, c, subject)
	if err != nil {
		return false, err
	}
	// The list of tags is read without the condition, whose ETag is the index's.
	tags, err := r.ownTags(context.WithValue(ctx, conditionKey{}, nil), subject)
	if err != nil {
		return false, err
	}
	listed, added := index.tags(subject), false
	if mine := ownTag(subject, own.Digest.String()); !listed[mine] {
		if err := index.add(own); err != nil {
			return false, err
		}
		listed[mine], added = true, true
	}
	for _, tag := range tags {
		if listed[tag] {
			continue
		}
		d, err := r.owner(context.WithValue(ctx, conditionKey{}, nil), c, subject, tag)
		switch code := codeOf(err); {
		case code == CodeSubject, code == CodeReference, code == CodeManifest, code == CodeMediaType, code == CodeNotFound:
			continue // no referrer of the subject, whatever its tag says
		case err != nil:
			return false, err
		}
		if err := index.add(d); err != nil {
			return false, err
		}
		added = true
	}
	if !added {
		return true, nil
	}
	b, err := index.marshal(c.limits)
	if err != nil {
		return false, err
	}
	err = r.pushManifest(ctx, c, content.NewDescriptorFromBytes(MediaTypeIndex, b), b, indexTag(subject))
	if condition.refused {
		return false, nil
	}
	return false, err
}

func codeOf(err error) attest.Code {
	if e := (*attest.Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// ownTags lists the tags that referrers of the subject have for themselves.
func (r *registry) ownTags(ctx context.Context, subject digest.Digest) ([]string, error) {
	var own []string
	prefix := indexTag(subject)
	err := r.repository.Tags(ctx, prefix, func(tags []string) error {
		for _, tag := range tags {
			if hex, ok := strings.CutPrefix(tag, prefix+"."); ok && len(hex) == 40 && strings.Trim(hex, "0123456789abcdef") == "" {
				own = append(own, tag)
			}
		}
		return nil
	})
	if err == nil {
		return own, nil
	}
	translated := translate(ctx, err, prefix)
	if codeOf(translated) == CodeTransport { // as 404 or 405
		return nil, attest.Refuse(CodeUnsafe, prefix, "the referrers API or a list of tags", excerpt.Quote(err.Error()))
	}
	return nil, translated
}

// owner reads the manifest that has a tag of its own and returns its entry for the
// index.
func (r *registry) owner(ctx context.Context, c *call, subject digest.Digest, tag string) (ocispec.Descriptor, error) {
	if err := c.count(); err != nil {
		return ocispec.Descriptor{}, err
	}
	d, b, err := r.resolve(ctx, c, tag)
	if err != nil {
		assign(&d.Digest, tag) // what List has seen it as
		return d, err
	}
	if ownTag(subject, d.Digest.String()) != tag {
		return d, attest.Refuse(CodeReference, tag, "the manifest that the tag is made of", excerpt.Quote(string(d.Digest)))
	}
	if d.MediaType != MediaTypeManifest {
		return d, attest.Refuse(CodeMediaType, tag, MediaTypeManifest, excerpt.Quote(d.MediaType))
	}
	m, err := parseManifest(b, tag)
	if err != nil {
		return d, err
	}
	if err := sameSubject(m, subject, tag); err != nil {
		return d, err
	}
	d.ArtifactType, d.Annotations = artifactType(m), m.Annotations
	return d, nil
}

// A referrersIndex is the index as it was read; what this package does not know is
// kept.
type referrersIndex struct {
	document map[string]json.RawMessage
	raw      []json.RawMessage
	entries  []ocispec.Descriptor
}

// index reads the index of a subject; one that does not exist is empty.
func (r *registry) index(ctx context.Context, c *call, subject digest.Digest) (*referrersIndex, error) {
	tag := indexTag(subject)
	d, b, err := r.resolve(ctx, c, tag)
	if codeOf(err) == CodeNotFound {
		return &referrersIndex{document: map[string]json.RawMessage{
			"schemaVersion": json.RawMessage("2"), "mediaType": json.RawMessage(`"` + MediaTypeIndex + `"`),
		}}, nil
	}
	if err != nil {
		return nil, err
	}
	// Some registries resolve the tag to the subject itself.
	if d.MediaType != MediaTypeIndex || string(d.Digest) == subject.String() {
		return nil, attest.Refuse(CodeMediaType, tag, "a referrers index", excerpt.Quote(d.MediaType))
	}
	return parseIndex(b, tag)
}

func parseIndex(b []byte, where string) (*referrersIndex, error) {
	x := new(referrersIndex)
	o := strictjson.Options{Bytes: len(b) + 1, Depth: 16, AllowUnknown: true}
	err := strictjson.Unmarshal(b, &x.document, o)
	var known struct {
		SchemaVersion int               `json:"schemaVersion"`
		MediaType     string            `json:"mediaType"`
		Manifests     []json.RawMessage `json:"manifests"`
	}
	if err == nil {
		err = strictjson.Unmarshal(b, &known, o)
	}
	if err != nil {
		return nil, attest.Refuse(CodeManifest, where, "an index", "").Because(err)
	}
	if known.SchemaVersion != 2 || known.MediaType != "" && known.MediaType != MediaTypeIndex {
		return nil, attest.Refuse(CodeManifest, where, "schemaVersion 2 of "+MediaTypeIndex, excerpt.Quote(known.MediaType))
	}
	x.raw = known.Manifests
	for _, raw := range x.raw {
		var d ocispec.Descriptor
		if err := strictjson.Unmarshal(raw, &d, o); err != nil {
			return nil, attest.Refuse(CodeManifest, where, "an index of descriptors", "").Because(err)
		}
		x.entries = append(x.entries, d)
	}
	return x, nil
}

// tags returns the tags that the entries of the index have, or could have, for
// themselves.
func (x *referrersIndex) tags(subject digest.Digest) map[string]bool {
	tags := make(map[string]bool, len(x.entries))
	for _, d := range x.entries {
		if sum, err := supported(string(d.Digest)); err == nil {
			tags[ownTag(subject, sum.String())] = true
		}
	}
	return tags
}

func (x *referrersIndex) add(d ocispec.Descriptor) error {
	d.Data = nil
	raw, err := strictjson.Marshal(d)
	if err != nil {
		return attest.Refuse(CodeManifest, d.Digest.String(), "text in UTF-8", "").Because(err)
	}
	x.raw, x.entries = append(x.raw, raw), append(x.entries, d)
	return nil
}

func (x *referrersIndex) marshal(limits Limits) ([]byte, error) {
	manifests, err := strictjson.Marshal(x.raw)
	if err == nil {
		x.document["manifests"] = manifests
		manifests, err = strictjson.Marshal(x.document)
	}
	if err != nil {
		return nil, attest.Refuse(CodeManifest, "index", "text in UTF-8", "").Because(err)
	}
	if int64(len(manifests)) > limits.ManifestBytes {
		return nil, attest.Refuse(CodeLimit, "index", "fewer bytes", "more")
	}
	return bytes.Clone(manifests), nil
}
