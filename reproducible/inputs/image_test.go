package inputs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible/inputs"
)

// A layout is an OCI image layout in the making.
type layout struct {
	t   testing.TB
	dir string
}

func newLayout(t testing.TB) layout {
	l := layout{t, t.TempDir()}
	require.NoError(t, os.MkdirAll(filepath.Join(l.dir, "blobs", "sha256"), 0o755))
	return l
}

func (l layout) blob(b []byte) map[string]any {
	d := digest.FromBytes(b)
	require.NoError(l.t, os.WriteFile(filepath.Join(l.dir, "blobs", "sha256", d.Hex), b, 0o644))
	return map[string]any{"digest": d.String(), "size": len(b)}
}

func (l layout) json(v any) map[string]any {
	b, err := json.Marshal(v)
	require.NoError(l.t, err)
	return l.blob(b)
}

// image makes one of layers, each gzipped, and returns the parts of its manifest.
func (l layout) image(layers ...[]byte) (manifest map[string]any, config map[string]any) {
	var list, ids []any
	for _, b := range layers {
		d := l.blob(zipped(l.t, b))
		d["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip"
		list, ids = append(list, d), append(ids, digest.FromBytes(b).String())
	}
	config = map[string]any{"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": ids}}
	c := l.json(config)
	c["mediaType"] = "application/vnd.oci.image.config.v1+json"
	return map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": c, "layers": list,
		"annotations": map[string]string{"a": "b"},
	}, config
}

func (l layout) unpack(manifest map[string]any) (*inputs.System, error) {
	d, err := digest.Parse(l.json(manifest)["digest"].(string))
	require.NoError(l.t, err)
	root, err := os.OpenRoot(l.dir)
	require.NoError(l.t, err)
	defer root.Close()
	return config(l.t).Image(l.t.Context(), root, d)
}

func TestLayersAreAppliedInOrderWithTheirWhiteouts(t *testing.T) {
	l := newLayout(t)
	m, _ := l.image(
		archive(t, dir("usr"), dir("usr/a"), file("usr/a/1"), file("usr/a/2"), dir("usr/b"), file("usr/b/1"), file("usr/gone"), file("usr/file"), dir("usr/dir"), file("usr/dir/x")),
		archive(t, dir("usr/a"), file("usr/a/.wh..wh..opq"), file("usr/a/3"), file("usr/.wh.gone"), file("usr/dir"), dir("usr/file"), file("usr/file/y")),
		archive(t, file("usr/b/.wh.1"), file("usr/b/1")),
	)
	c := config(t)
	d, err := digest.Parse(l.json(m)["digest"].(string))
	require.NoError(t, err)
	root, err := os.OpenRoot(l.dir)
	require.NoError(t, err)
	defer root.Close()
	got, err := c.Image(t.Context(), root, d)
	require.NoError(t, err)
	require.Len(t, got.Inputs, 1)
	tree, err := c.Store.Manifest(t.Context(), got.Inputs[0].Digest)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "a/3", "b", "b/1", "dir", "file", "file/y"}, names(tree))
}

func TestAnImageThatDoesNotAgreeWithItselfIsRefused(t *testing.T) {
	base := func() []byte { return archive(t, dir("usr"), file("usr/a")) }
	first := func(m map[string]any) map[string]any { return m["layers"].([]any)[0].(map[string]any) }
	for name, x := range map[string]struct {
		change func(l layout, m, c map[string]any)
		code   attest.Code
	}{
		"an index":                  {func(_ layout, m, _ map[string]any) { m["mediaType"] = "application/vnd.oci.image.index.v1+json" }, inputs.CodeImage},
		"another version":           {func(_ layout, m, _ map[string]any) { m["schemaVersion"] = 1 }, inputs.CodeImage},
		"a layer of another size":   {func(_ layout, m, _ map[string]any) { first(m)["size"] = 7 }, inputs.CodeDigest},
		"a layer that is not there": {func(_ layout, m, _ map[string]any) { first(m)["digest"] = digest.FromBytes(nil).String() }, inputs.CodeImage},
		"a layer that must not be shared": {func(_ layout, m, _ map[string]any) {
			first(m)["mediaType"] = "application/vnd.oci.image.layer.nondistributable.v1.tar"
		}, inputs.CodeImage},
		"a layer under a weak digest":         {func(_ layout, m, _ map[string]any) { first(m)["digest"] = "sha1:" + strings.Repeat("0", 40) }, inputs.CodeImage},
		"a layer named by a path":             {func(_ layout, m, _ map[string]any) { first(m)["digest"] = "sha256:../../../etc/passwd" }, inputs.CodeImage},
		"a config of another size":            {func(_ layout, m, _ map[string]any) { m["config"].(map[string]any)["size"] = 7 }, inputs.CodeDigest},
		"a config of another kind":            {func(_ layout, m, _ map[string]any) { m["config"].(map[string]any)["mediaType"] = "text/plain" }, inputs.CodeImage},
		"a layer more than the config knows":  {func(_ layout, m, _ map[string]any) { m["layers"] = append(m["layers"].([]any), first(m)) }, inputs.CodeImage},
		"a blob that was changed on the disk": {func(l layout, m, _ map[string]any) { l.spoil(first(m)["digest"].(string)) }, inputs.CodeArchive},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLayout(t)
			m, c := l.image(base())
			x.change(l, m, c)
			got, err := l.unpack(m)
			require.ErrorIs(t, err, attest.Is(x.code))
			require.Nil(t, got)
		})
	}
	for name, layers := range map[string][][]byte{
		"a whiteout after what it hides":      {base(), archive(t, file("usr/b"), file("usr/.wh.b"))},
		"an opaque whiteout after entries":    {base(), archive(t, file("usr/x/y"), file("usr/.wh..wh..opq"))},
		"a whiteout of the directory above":   {base(), archive(t, file("usr/.wh..."))},
		"a whiteout of nothing":               {base(), archive(t, file("usr/.wh."))},
		"an entry below a link of before":     {archive(t, dir("usr"), link("usr/l", "/")), archive(t, file("usr/l/x"))},
		"a whiteout below a link of before":   {archive(t, dir("usr"), link("usr/l", "/")), archive(t, file("usr/l/.wh.x"))},
		"a hard link over a link of before":   {archive(t, dir("usr"), link("usr/l", "/etc")), archive(t, hard("usr/x", "usr/l/passwd"))},
		"an entry twice in one of the layers": {base(), archive(t, file("usr/z"), file("usr/z"))},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLayout(t)
			m, _ := l.image(layers...)
			_, err := l.unpack(m)
			require.NotEmpty(t, attest.Reasons(err), "%v", err)
		})
	}
}

// spoil flips a bit in the middle of a blob.
func (l layout) spoil(d string) {
	at := filepath.Join(l.dir, "blobs", "sha256", strings.TrimPrefix(d, "sha256:"))
	b, err := os.ReadFile(at)
	require.NoError(l.t, err)
	b[len(b)-1] ^= 1
	require.NoError(l.t, os.WriteFile(at, b, 0o644))
}

func TestADiffIDThatIsNotTheLayersIsRefused(t *testing.T) {
	l := newLayout(t)
	m, c := l.image(archive(t, dir("usr"), file("usr/a")))
	c["rootfs"].(map[string]any)["diff_ids"] = []any{digest.FromBytes([]byte("other")).String()}
	d := l.json(c)
	d["mediaType"] = "application/vnd.oci.image.config.v1+json"
	m["config"] = d
	_, err := l.unpack(m)
	require.ErrorIs(t, err, attest.Is(inputs.CodeDigest))
}
