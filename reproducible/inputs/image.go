package inputs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// The media types of images (OCI image specification, "media-types.md", and the
// formats of Docker that it is compatible with).
const (
	mediaManifest       = "application/vnd.oci.image.manifest.v1+json"
	mediaDockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	mediaConfig         = "application/vnd.oci.image.config.v1+json"
	mediaDockerConfig   = "application/vnd.docker.container.image.v1+json"
)

func layerTypes() []string {
	return []string{
		"application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip",
		"application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.docker.image.rootfs.diff.tar.gzip",
	}
}

// maxDocument bounds a manifest and a configuration, maxLayers what one lists.
const (
	maxDocument = 4 << 20
	maxLayers   = 512
)

// A blob is a descriptor of the image specification. Fields that do not matter here
// are free.
type blob struct {
	MediaType string        `json:"mediaType"`
	Digest    digest.Digest `json:"digest"`
	Size      int64         `json:"size"`
}

type manifest struct {
	SchemaVersion int    `json:"schemaVersion"`
	MediaType     string `json:"mediaType"`
	Config        blob   `json:"config"`
	Layers        []blob `json:"layers"`
}

type configuration struct {
	RootFS struct {
		Type    string          `json:"type"`
		DiffIDs []digest.Digest `json:"diff_ids"`
	} `json:"rootfs"`
}

// Image unpacks an image from an OCI image layout (OCI image specification,
// "image-layout.md"), by the SHA-256 digest of its manifest: not of an index, which
// leaves open what it means. Every blob is held against the digest and size by which
// it is named, every layer, unpacked, against its diff id; layers are applied in
// order with their whiteouts ("layer.md").
func (c Config) Image(ctx context.Context, layout *os.Root, want digest.Digest) (*System, error) {
	if layout == nil {
		return nil, attest.Refuse(CodeConfig, "layout", "a directory", "nil")
	}
	m, cfg, err := readImage(layout, want)
	if err != nil {
		return nil, err
	}
	var s *System
	err = c.inPrivate(func(root *os.Root) error {
		u := newUnpacking(ctx, c, root)
		u.layered = true
		for i, layer := range m.Layers {
			if err := u.layer(layout, layer, cfg.RootFS.DiffIDs[i]); err != nil {
				return err
			}
		}
		var err error
		s, err = c.system(ctx, root, u.dropped)
		return err
	})
	return s, err
}

func readImage(layout *os.Root, want digest.Digest) (*manifest, *configuration, error) {
	var m manifest
	if err := document(layout, blob{Digest: want, Size: -1}, &m); err != nil {
		return nil, nil, err
	}
	if m.SchemaVersion != 2 || m.MediaType != mediaManifest && m.MediaType != mediaDockerManifest && m.MediaType != "" {
		return nil, nil, attest.Refuse(CodeImage, "manifest", mediaManifest, excerpt.Quote(m.MediaType))
	}
	if m.Config.MediaType != mediaConfig && m.Config.MediaType != mediaDockerConfig {
		return nil, nil, attest.Refuse(CodeImage, "manifest/config", mediaConfig, excerpt.Quote(m.Config.MediaType))
	}
	var cfg configuration
	if err := document(layout, m.Config, &cfg); err != nil {
		return nil, nil, err
	}
	if cfg.RootFS.Type != "layers" || len(cfg.RootFS.DiffIDs) != len(m.Layers) || len(m.Layers) > maxLayers {
		return nil, nil, attest.Refuse(CodeImage, "config/rootfs", strconv.Itoa(len(m.Layers))+" diff ids of layers, at most "+strconv.Itoa(maxLayers),
			strconv.Itoa(len(cfg.RootFS.DiffIDs)))
	}
	for i, layer := range m.Layers {
		if !slices.Contains(layerTypes(), layer.MediaType) {
			return nil, nil, attest.Refuse(CodeImage, "manifest/layers/"+strconv.Itoa(i), "a layer that can be distributed", excerpt.Quote(layer.MediaType))
		}
	}
	return &m, &cfg, nil
}

// document reads a JSON document by its digest, and its size unless that is -1.
func document(layout *os.Root, d blob, v any) error {
	f, err := openBlob(layout, d.Digest)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return machineError(d.Digest.String(), err)
	}
	if len(body) > maxDocument {
		return attest.Refuse(CodeLimit, d.Digest.String(), strconv.Itoa(maxDocument)+" bytes", "more")
	}
	if got := digest.FromBytes(body); got != d.Digest || d.Size >= 0 && d.Size != int64(len(body)) {
		return attest.Refuse(CodeDigest, "blob", d.Digest.String()+" of "+strconv.FormatInt(d.Size, 10)+" bytes",
			got.String()+" of "+strconv.Itoa(len(body))+" bytes")
	}
	if err := strictjson.Unmarshal(body, v, strictjson.Options{AllowUnknown: true}); err != nil {
		return attest.Refuse(CodeImage, d.Digest.String(), "a strict JSON document", "").Because(err)
	}
	return nil
}

func openBlob(layout *os.Root, d digest.Digest) (*os.File, error) {
	if d.Algorithm != digest.SHA256 || d.Validate() != nil {
		return nil, attest.Refuse(CodeImage, "descriptor", "a SHA-256 digest", excerpt.Quote(d.String()))
	}
	f, err := layout.Open(path.Join("blobs", "sha256", d.Hex))
	if err != nil {
		return nil, attest.Refuse(CodeImage, "blobs", d.String(), "").Because(err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(attest.Refuse(CodeImage, "blobs", "a file", "").Because(err), f.Close())
	}
	return f, nil
}

// layer applies one layer.
func (u *unpacking) layer(layout *os.Root, layer blob, diffID digest.Digest) error {
	f, err := openBlob(layout, layer.Digest)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != layer.Size {
		return attest.Refuse(CodeDigest, "blob "+layer.Digest.String(), strconv.FormatInt(layer.Size, 10)+" bytes", "another size").Because(err)
	}
	return u.pinned(f, layer.Digest, func(r io.Reader) error {
		plain, done, err := u.decompress(r)
		if err != nil {
			return err
		}
		defer done()
		return u.pinned(plain, diffID, u.archive)
	})
}

// whiteout takes away what earlier layers hold: one name, or everything in a
// directory if the name is ".wh..opq". It is refused after entries of its own layer
// that it would concern, where programs do not agree on what it means; the
// specification has it come before them.
func (u *unpacking) whiteout(dir, hidden string) error {
	if err := u.noLinkAbove(dir); err != nil {
		return err
	}
	opaque := hidden == ".wh..opq"
	if !opaque && (hidden == "" || hidden == "." || hidden == "..") {
		return attest.Refuse(CodeName, excerpt.Quote(dir), "the name that a whiteout hides", excerpt.Quote(hidden))
	}
	names := []string{hidden}
	if opaque {
		entries, err := fs.ReadDir(u.root.FS(), dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return machineError(dir, err)
		}
		names = nil
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	for _, name := range names {
		at := path.Join(dir, name)
		if u.holds(at) {
			return attest.Refuse(CodeImage, excerpt.Quote(at), "a whiteout before the entries of its layer", "one after them")
		}
		if err := u.root.RemoveAll(at); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return machineError(at, err)
		}
	}
	return nil
}

// holds reports whether the layer at hand has an entry at or below a path.
func (u *unpacking) holds(at string) bool {
	for name := range u.seen {
		if name == at || strings.HasPrefix(name, at+"/") {
			return true
		}
	}
	return false
}
