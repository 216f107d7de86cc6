package oci

import (
	"context"
	"path"
	"strconv"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/collect"
)

// The keys that only images have. An image inherits labels from its base, so that what
// it says of its source may be true of that.
const (
	Source       collect.Key = "oci.source"
	Revision     collect.Key = "oci.revision"
	Architecture collect.Key = "oci.architecture"
	System       collect.Key = "oci.os"
)

const (
	mostLayers      = 1000
	dockerManifest  = "application/vnd.docker.distribution.manifest.v2+json"
	dockerConfig    = "application/vnd.docker.container.image.v1+json"
	sourceLabel     = v1.AnnotationSource
	revisionLabel   = v1.AnnotationRevision
	baseDigestLabel = v1.AnnotationBaseImageDigest
	baseNameLabel   = v1.AnnotationBaseImageName
)

// A Collector reads an image.
type Collector struct {
	// Dir is the layout's directory in Root; "" means Root itself.
	Dir string
	// Manifest is the digest of the image's manifest. If it is zero, the layout's
	// index must name exactly one.
	Manifest digest.Digest
	// Name is what the image is called in the build.
	Name string
	// Role is the role of an input; "" makes the image an output.
	Role provenance.Role
}

// Collect is of the interface collect.Collector.
func (c Collector) Collect(ctx context.Context, env collect.Environment) (*collect.Facts, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	l := layout{ctx, env, c.Dir}
	want, err := c.choose(l)
	if err != nil {
		return nil, err
	}
	document, err := l.blob(want, -1)
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(document.Body)
	if err != nil {
		return nil, err
	}
	if err := l.verifyLayers(m); err != nil {
		return nil, err
	}
	wanted, err := parse(m.Config)
	if err != nil {
		return nil, err
	}
	config, err := l.blob(wanted, m.Config.Size)
	if err != nil {
		return nil, err
	}
	return c.image(document, m, config)
}

// Read collects the facts of an image of which only the manifest and the configuration
// are at hand. They are held against each other, and the manifest, if it is not zero,
// against c.Manifest; c.Dir is not used. The layers' digests are those of the manifest,
// and a gap says that the layers were not read.
func (c Collector) Read(manifest, config []byte) (*collect.Facts, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	document := &collect.Document{Body: manifest, Digest: digest.FromBytes(manifest)}
	if !c.Manifest.IsZero() && c.Manifest != document.Digest {
		return nil, attest.Refuse(CodeBlob, "manifest", c.Manifest.String(), document.Digest.String())
	}
	m, err := parseManifest(manifest)
	if err != nil {
		return nil, err
	}
	want, err := parse(m.Config)
	if err != nil {
		return nil, err
	}
	if digest.FromBytes(config) != want || int64(len(config)) != m.Config.Size {
		return nil, attest.Refuse(CodeBlob, "config", want.String(), "other bytes")
	}
	f, err := c.image(document, m, &collect.Document{Body: config, Digest: want})
	if err != nil {
		return nil, err
	}
	f.Gap("layers", "the layers themselves were not read")
	return f, nil
}

func (c Collector) check() error {
	if c.Name == "" || c.Role != "" && !c.Role.Known() {
		return attest.Refuse(collect.CodeOption, "Name, Role", "a name, and a known role or none", "something else")
	}
	return nil
}

// image adds up the facts of a manifest and its configuration.
func (c Collector) image(manifest *collect.Document, m *v1.Manifest, config *collect.Document) (*collect.Facts, error) {
	f := &collect.Facts{}
	at := attest.Descriptor{Name: c.Name, Digest: manifest.Digest.Set(), MediaType: v1.MediaTypeImageManifest}
	if m.MediaType != "" {
		at.MediaType = m.MediaType
	}
	if c.Role == "" {
		f.Output(at, collect.Measured, "manifest", manifest.Digest)
	} else {
		f.Input(c.Role, at, collect.Measured, "manifest", manifest.Digest)
	}
	if err := addLayers(f, m, manifest.Digest); err != nil {
		return nil, err
	}
	if err := addConfig(f, m, config); err != nil {
		return nil, err
	}
	says(f, m.Annotations, "annotation", manifest.Digest)
	return f, nil
}

// choose returns the digest of the manifest.
func (c Collector) choose(l layout) (digest.Digest, error) {
	var version v1.ImageLayout
	if err := l.read(v1.ImageLayoutFile, &version); err != nil {
		return digest.Digest{}, err
	}
	if version.Version != v1.ImageLayoutVersion {
		return digest.Digest{}, attest.Refuse(CodeLayout, v1.ImageLayoutFile, v1.ImageLayoutVersion, excerpt.Quote(version.Version))
	}
	if !c.Manifest.IsZero() {
		return c.Manifest, nil
	}
	var index v1.Index
	if err := l.read(v1.ImageIndexFile, &index); err != nil {
		return digest.Digest{}, err
	}
	if len(index.Manifests) != 1 {
		return digest.Digest{}, attest.Refuse(CodeManifest, v1.ImageIndexFile, "one manifest, or the caller's choice", strconv.Itoa(len(index.Manifests)))
	}
	return parse(index.Manifests[0])
}

func parse(d v1.Descriptor) (digest.Digest, error) {
	got, err := digest.Parse(d.Digest.String())
	if err != nil || got.Algorithm != digest.SHA256 || d.Size < 0 {
		return digest.Digest{}, attest.Refuse(CodeBlob, "descriptor", "a SHA-256 digest and a size", "something else")
	}
	return got, nil
}

func parseManifest(body []byte) (*v1.Manifest, error) {
	var m v1.Manifest
	if err := collect.DecodeJSON(body, &m, "manifest"); err != nil {
		return nil, err
	}
	if err := checkManifest(&m); err != nil {
		return nil, err
	}
	return &m, nil
}

func checkManifest(m *v1.Manifest) error {
	image := m.Config.MediaType == v1.MediaTypeImageConfig || m.Config.MediaType == dockerConfig
	if m.SchemaVersion != 2 || !image || m.MediaType != "" && m.MediaType != v1.MediaTypeImageManifest && m.MediaType != dockerManifest {
		return attest.Refuse(CodeManifest, "manifest", "the manifest of an image", "something else")
	}
	if len(m.Layers) > mostLayers {
		return attest.Refuse(collect.CodeLimit, "manifest layers", strconv.Itoa(mostLayers), strconv.Itoa(len(m.Layers)))
	}
	return nil
}

// A layout reads an image layout.
type layout struct {
	ctx context.Context
	env collect.Environment
	dir string
}

func (l layout) read(name string, v any) error {
	document, err := l.env.File(path.Join(l.dir, name))
	if err != nil {
		return err
	}
	return collect.DecodeJSON(document.Body, v, "file "+name)
}

// blob reads a small blob and holds it against its digest and, unless it is negative,
// its size.
func (l layout) blob(want digest.Digest, size int64) (*collect.Document, error) {
	if want.Algorithm != digest.SHA256 || want.Validate() != nil {
		return nil, attest.Refuse(CodeBlob, "digest", "SHA-256", excerpt.Quote(want.String()))
	}
	document, err := l.env.File(path.Join(l.dir, v1.ImageBlobsDir, "sha256", want.Hex))
	if err != nil {
		return nil, err
	}
	if document.Digest != want || size >= 0 && int64(len(document.Body)) != size {
		return nil, attest.Refuse(CodeBlob, "blob "+want.String(), "that digest and size", "other bytes")
	}
	return document, nil
}

// verifyLayers reads every layer.
func (l layout) verifyLayers(m *v1.Manifest) error {
	for i, layer := range m.Layers {
		want, err := parse(layer)
		if err != nil {
			return err
		}
		file, err := l.env.Open(path.Join(l.dir, v1.ImageBlobsDir, "sha256", want.Hex))
		if err != nil {
			return err
		}
		err = digest.Verify(l.ctx, file, digest.Expect{Size: layer.Size, Digests: want.Set()}, digest.Options{})
		file.Close()
		if err != nil {
			return attest.Refuse(CodeBlob, "manifest layers/"+strconv.Itoa(i), want.String(), "other bytes").Because(err)
		}
	}
	return nil
}

// addLayers makes the layers inputs.
func addLayers(f *collect.Facts, m *v1.Manifest, evidence digest.Digest) error {
	for i, layer := range m.Layers {
		want, err := parse(layer)
		if err != nil {
			return err
		}
		at := attest.Descriptor{Name: "layer " + strconv.Itoa(i), Digest: want.Set()}
		if mediaType, ok := collect.Word.Parse(layer.MediaType); ok {
			at.MediaType = mediaType
		}
		f.Input(provenance.RoleOther, at, collect.Measured, "manifest layers/"+strconv.Itoa(i), evidence)
	}
	return nil
}

// A config is what is read of an image's configuration.
type config struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	RootFS       struct {
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
	Config struct {
		Labels map[string]string `json:"Labels"`
	} `json:"config"`
}

func addConfig(f *collect.Facts, m *v1.Manifest, document *collect.Document) error {
	var c config
	if err := collect.DecodeJSON(document.Body, &c, "config"); err != nil {
		return err
	}
	if len(c.RootFS.DiffIDs) != len(m.Layers) {
		return attest.Refuse(CodeManifest, "config rootfs/diff_ids", strconv.Itoa(len(m.Layers)), strconv.Itoa(len(c.RootFS.DiffIDs)))
	}
	values := map[string]string{"architecture": c.Architecture, "os": c.OS}
	err := f.Read(collect.Source{Kind: "config", Trust: collect.Measured, Evidence: document.Digest, Text: in(values)}, []collect.Rule{
		{Name: "architecture", Key: Architecture, Form: collect.Word},
		{Name: "os", Key: System, Form: collect.Word},
	})
	if err != nil {
		return err
	}
	says(f, c.Config.Labels, "label", document.Digest)
	return nil
}

func in(values map[string]string) func(string) (string, bool, error) {
	return func(name string) (string, bool, error) {
		value, ok := values[name]
		return value, ok, nil
	}
}

// says reads what an image says of its source and its base. As anything can stand
// there, what has another form than the specification wants is a gap.
func says(f *collect.Facts, values map[string]string, kind string, evidence digest.Digest) {
	for _, rule := range []collect.Rule{
		{Name: sourceLabel, Key: Source, Form: collect.Location},
		{Name: revisionLabel, Key: Revision, Form: collect.Object},
	} {
		if f.Read(collect.Source{Kind: kind, Evidence: evidence, Text: in(values)}, []collect.Rule{rule}) != nil {
			f.Gap(kind+" "+rule.Name, "it is not "+rule.Form.String())
		}
	}
	value, ok := values[baseDigestLabel]
	if !ok {
		return
	}
	d, err := digest.Parse(value)
	if err != nil || d.Algorithm != digest.SHA256 {
		f.Gap(kind+" "+baseDigestLabel, "it is not a SHA-256 digest")
		return
	}
	base := attest.Descriptor{Digest: d.Set()}
	if name, ok := collect.Word.Parse(values[baseNameLabel]); ok {
		base.Name = name
	}
	f.Input(provenance.RoleBase, base, collect.SelfAsserted, kind+" "+baseDigestLabel, evidence)
}
