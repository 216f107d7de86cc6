package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"strconv"
	"syscall"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content/oci"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// refName is the annotation by which a layout names a manifest.
const refName = ocispec.AnnotationRefName

// layout is an image layout (OCI image specification, image-layout.md). Its files
// are replaced by renaming, blobs before the index that names them; writers hold
// flock(2) on "oci-layout".
type layout struct {
	*oci.ReadOnlyStorage
	root *os.Root
}

// OpenLayout returns the store of an image layout in a directory, which is made
// into one if it has no "oci-layout" and create is set. The caller closes root,
// after the store. Any number of processes may use a layout on a local file
// system; those that do not lock it, as other tools, must not write at the time.
func OpenLayout(root *os.Root, create bool, limits Limits) (*Store, error) {
	if root == nil {
		return nil, attest.Refuse(attest.CodeNil, "OpenLayout", "a directory", "nil")
	}
	limits, err := limits.withDefaults()
	if err != nil {
		return nil, err
	}
	l := &layout{ReadOnlyStorage: oci.NewStorageFromFS(root.FS()), root: root}
	b, err := l.file(ocispec.ImageLayoutFile, 1<<10)
	if create && errors.Is(err, os.ErrNotExist) {
		b = []byte(`{"imageLayoutVersion":"` + ocispec.ImageLayoutVersion + `"}`)
		err = l.replace(ocispec.ImageLayoutFile, b)
	}
	if err != nil {
		return nil, attest.Refuse(CodeNotFound, ocispec.ImageLayoutFile, "an image layout", "").Because(err)
	}
	var version ocispec.ImageLayout
	err = strictjson.Unmarshal(b, &version, strictjson.Options{Bytes: 1 << 10, AllowUnknown: true})
	if err != nil || version.Version != ocispec.ImageLayoutVersion {
		return nil, attest.Refuse(CodeManifest, ocispec.ImageLayoutFile, "version "+ocispec.ImageLayoutVersion, excerpt.Quote(version.Version)).Because(err)
	}
	return &Store{backend: l, limits: limits}, nil
}

// file reads a small file.
func (l *layout) file(name string, most int64) ([]byte, error) {
	f, err := l.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		return nil, attest.Refuse(CodeLimit, name, "at most "+strconv.FormatInt(most, 10)+" bytes", "more")
	}
	return b, err
}

// replace makes a file durable in one step.
func (l *layout) replace(name string, b []byte) error {
	temporary := name + ".tmp"
	f, err := l.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := l.root.Rename(temporary, name); err != nil {
		return err
	}
	dir, err := l.root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// lock waits for the layout's only writer's lock. Each call opens the file anew, so
// that the lock keeps goroutines apart as it does processes.
func (l *layout) lock(ctx context.Context) (unlock func(), err error) {
	f, err := l.root.OpenFile(ocispec.ImageLayoutFile, os.O_RDWR, 0)
	for err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			break
		}
		err = nil
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
	if f != nil {
		f.Close()
	}
	return nil, translate(ctx, err, "lock")
}

// read returns index.json; one that does not exist is empty.
func (l *layout) read(limits Limits) (*referrersIndex, error) {
	b, err := l.file(ocispec.ImageIndexFile, limits.ManifestBytes)
	if errors.Is(err, os.ErrNotExist) {
		b, err = []byte(`{"schemaVersion":2,"mediaType":"`+MediaTypeIndex+`","manifests":[]}`), nil
	}
	if own := (*attest.Error)(nil); errors.As(err, &own) {
		return nil, own
	}
	if err != nil {
		return nil, attest.Refuse(CodeTransport, ocispec.ImageIndexFile, "a readable file", "").Because(err)
	}
	return parseIndex(b, ocispec.ImageIndexFile)
}

func (l *layout) resolve(_ context.Context, c *call, reference string) (ocispec.Descriptor, []byte, error) {
	index, err := l.read(c.limits)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	var found ocispec.Descriptor
	_, noDigest := digest.Parse(reference)
	for _, d := range index.entries {
		if string(d.Digest) != reference && (noDigest == nil || d.Annotations[refName] != reference) {
			continue
		}
		if found.Digest != "" && found.Digest != d.Digest {
			return ocispec.Descriptor{}, nil, attest.Refuse(CodeAmbiguous, excerpt.Quote(reference), "one manifest", "several")
		}
		found = d
	}
	if found.Digest == "" {
		return ocispec.Descriptor{}, nil, attest.Refuse(CodeNotFound, excerpt.Quote(reference), "an entry in index.json", "none")
	}
	return found, nil, nil
}

func (l *layout) pushBlob(ctx context.Context, d ocispec.Descriptor, b []byte) error {
	if ctx.Err() != nil {
		return translate(ctx, ctx.Err(), d.Digest.String())
	}
	sum, err := supported(string(d.Digest))
	if err != nil {
		return err
	}
	unlock, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	name := path.Join(ocispec.ImageBlobsDir, string(sum.Algorithm), sum.Hex)
	if old, err := l.file(name, d.Size); err == nil && bytes.Equal(old, b) {
		return nil
	}
	err = l.root.MkdirAll(path.Dir(name), 0o755)
	if err == nil {
		err = l.replace(name, b)
	}
	if err != nil {
		return attest.Refuse(CodeTransport, name, "a durable file", "").Because(err)
	}
	return nil
}

// pushManifest adds the manifest to index.json, once, and moves the name to it.
func (l *layout) pushManifest(ctx context.Context, c *call, d ocispec.Descriptor, b []byte, tag string) error {
	if err := l.pushBlob(ctx, d, b); err != nil {
		return err
	}
	unlock, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	index, err := l.read(c.limits)
	if err != nil {
		return err
	}
	changed, err := index.name(d, tag)
	if err != nil || !changed {
		return err
	}
	b, err = index.marshal(c.limits)
	if err != nil {
		return err
	}
	if err := l.replace(ocispec.ImageIndexFile, b); err != nil {
		return attest.Refuse(CodeTransport, ocispec.ImageIndexFile, "a durable file", "").Because(err)
	}
	return nil
}

// name gives d an entry, and the tag if there is one; other entries lose it.
func (x *referrersIndex) name(d ocispec.Descriptor, tag string) (changed bool, err error) {
	at := -1
	for i, e := range x.entries {
		if e.Digest == d.Digest && (at < 0 || tag != "" && e.Annotations[refName] == tag) {
			at = i
		}
		if tag != "" && e.Digest != d.Digest && e.Annotations[refName] == tag {
			delete(e.Annotations, refName)
			if x.raw[i], err = annotate(x.raw[i], e.Annotations); err != nil {
				return false, err
			}
			changed = true
		}
	}
	if at >= 0 && (tag == "" || x.entries[at].Annotations[refName] == tag) {
		return changed, nil
	}
	if tag != "" {
		annotations := map[string]string{refName: tag}
		for key, value := range d.Annotations {
			if key != refName {
				annotations[key] = value
			}
		}
		d.Annotations = annotations
	}
	return true, x.add(d)
}

// annotate replaces the annotations of an entry and keeps the rest.
func annotate(raw json.RawMessage, annotations map[string]string) (json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	err := strictjson.Unmarshal(raw, &fields, strictjson.Options{})
	if err == nil {
		fields["annotations"], err = strictjson.Marshal(annotations)
	}
	if err == nil {
		raw, err = strictjson.Marshal(fields)
	}
	if err != nil {
		return nil, attest.Refuse(CodeManifest, ocispec.ImageIndexFile, "an index of descriptors", "").Because(err)
	}
	return raw, nil
}

// refer has nothing to do: the subject stands in the manifest.
func (l *layout) refer(context.Context, *call, digest.Digest, ocispec.Descriptor, []byte) error {
	return nil
}

// referrers visits the manifests of index.json that name the subject, and those
// that cannot be read.
func (l *layout) referrers(ctx context.Context, c *call, subject digest.Digest, visit func(ocispec.Descriptor, error) bool) error {
	index, err := l.read(c.limits)
	if err != nil {
		return err
	}
	reading := &call{limits: c.limits, from: l}
	for _, d := range index.entries {
		if d.MediaType != MediaTypeManifest {
			continue
		}
		if err := reading.count(); err != nil {
			return err
		}
		b, err := reading.fetch(ctx, d, c.limits.ManifestBytes)
		var m ocispec.Manifest
		if err == nil {
			m, err = parseManifest(b, d.Digest.String())
		}
		if err == nil && sameSubject(m, subject, "") != nil {
			continue
		}
		d.Data = b // so that it is not read again
		if !visit(d, err) {
			return nil
		}
	}
	return nil
}
