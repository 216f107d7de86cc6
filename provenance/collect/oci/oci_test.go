package oci_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/oci"
)

const (
	commit = "c27d339ee6075c1f744c5d4b200f7901aad2c369"
	base   = "sha256:b1be740ebf6a45c6cca0c5efe2d5278f4b7a8ef6a9023e84f0951a169ad7c27d"
)

// An image is what is written into a layout.
type image struct {
	dir, config, annotations, layout, index string
	layers                                  []string
	manifest                                digest.Digest
}

func newImage(t testing.TB) *image {
	return &image{
		dir: t.TempDir(), layout: `{"imageLayoutVersion":"1.0.0"}`, layers: []string{"layer a", "layer b"},
		config: `{"architecture":"amd64","os":"linux","created":"2026-11-23T12:00:00Z","author":"CANARY",
		 "config":{"Env":["TOKEN=CANARY"],"Cmd":["--password","CANARY"],"Entrypoint":null,"Volumes":null,
		  "Labels":{"org.opencontainers.image.source":"https://user:CANARY@github.com/octocat/hello-world.git","org.opencontainers.image.revision":"` + commit + `","note":"CANARY"}},
		 "rootfs":{"type":"layers","diff_ids":["sha256:a","sha256:b"]},"history":[{"created_by":"RUN echo CANARY"}]}`,
		annotations: `{"org.opencontainers.image.base.digest":"` + base + `","org.opencontainers.image.base.name":"docker.io/library/debian:12","note":"CANARY"}`,
	}
}

func (i *image) blob(t testing.TB, body string) string {
	d := digest.FromBytes([]byte(body))
	i.file(t, "blobs/sha256/"+d.Hex, body)
	return fmt.Sprintf(`"digest":"%s","size":%d`, d, len(body))
}

func (i *image) file(t testing.TB, name, body string) {
	t.Helper()
	at := filepath.Join(i.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
	require.NoError(t, os.WriteFile(at, []byte(body), 0o644))
}

// write writes the layout and returns a world in which it is.
func (i *image) write(t testing.TB) collecttest.World {
	t.Helper()
	var layers []string
	for _, l := range i.layers {
		layers = append(layers, `{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",`+i.blob(t, l)+`}`)
	}
	manifest := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",` +
		i.blob(t, i.config) + `},"layers":[` + strings.Join(layers, ",") + `],"annotations":` + i.annotations + `}`
	at := `{"mediaType":"application/vnd.oci.image.manifest.v1+json",` + i.blob(t, manifest) + `}`
	i.manifest = digest.FromBytes([]byte(manifest))
	if i.index == "" {
		i.index = `{"schemaVersion":2,"manifests":[` + at + `]}`
	}
	i.file(t, "oci-layout", i.layout)
	i.file(t, "index.json", i.index)
	root, err := os.OpenRoot(i.dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return collecttest.World{Root: root}
}

func TestCollectorKeepsTheContract(t *testing.T) {
	collecttest.TestCollector(t, oci.Collector{Name: "app"}, newImage(t).write(t))
}

func TestAnImageIsMeasuredAndWhatItSaysIsSelfAsserted(t *testing.T) {
	i := newImage(t)
	w := i.write(t)
	f, err := oci.Collector{Name: "app"}.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	collecttest.RequireNoSecret(t, f)
	require.Equal(t, i.manifest.Set(), f.Outputs[0].Descriptor.Digest)
	require.Equal(t, collect.Measured, f.Outputs[0].Trust)
	require.Len(t, f.Inputs, 3)
	for n, layer := range i.layers {
		require.Equal(t, digest.FromBytes([]byte(layer)).Set(), f.Inputs[n].Descriptor.Digest)
		require.Equal(t, collect.Measured, f.Inputs[n].Trust)
	}
	require.Equal(t, provenance.RoleBase, f.Inputs[2].Role)
	require.Equal(t, collect.SelfAsserted, f.Inputs[2].Trust)
	require.Equal(t, "docker.io/library/debian:12", f.Inputs[2].Descriptor.Name)
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	at, _ := r.Fact(oci.Revision)
	require.Equal(t, commit, at.Value)
	require.Equal(t, collect.SelfAsserted, at.Trust)
	require.Equal(t, "git+https://github.com/octocat/hello-world", r.Value(oci.Source))
	require.Equal(t, "amd64", r.Value(oci.Architecture))
	require.Empty(t, r.Value(collect.Commit), "labels can be inherited")
	f, err = oci.Collector{Name: "base", Role: provenance.RoleBase, Manifest: i.manifest}.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	require.Empty(t, f.Outputs)
	require.Equal(t, "base", f.Inputs[0].Descriptor.Name)
}

func TestManifestAndConfigurationSuffice(t *testing.T) {
	i := newImage(t)
	w := i.write(t)
	manifest, err := os.ReadFile(filepath.Join(i.dir, "blobs/sha256", i.manifest.Hex))
	require.NoError(t, err)
	c := oci.Collector{Name: "app", Manifest: i.manifest}
	got, err := c.Read(manifest, []byte(i.config))
	require.NoError(t, err)
	collecttest.RequireNoSecret(t, got)
	want, err := c.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	require.Equal(t, want.Inputs, got.Inputs)
	require.Equal(t, want.Facts, got.Facts)
	require.Equal(t, []collect.Gap{{What: "layers", Why: "the layers themselves were not read"}}, got.Gaps)
	for _, pair := range [][2][]byte{{manifest, []byte(i.config + " ")}, {append([]byte(" "), manifest...), []byte(i.config)}, {manifest, nil}} {
		_, err := c.Read(pair[0], pair[1])
		collecttest.RequireCode(t, err, oci.CodeBlob)
	}
	_, err = oci.Collector{Name: "app"}.Read([]byte(`{"schemaVersion":1}`), nil)
	collecttest.RequireCode(t, err, oci.CodeManifest)
	_, err = oci.Collector{}.Read(manifest, []byte(i.config))
	collecttest.RequireCode(t, err, collect.CodeOption)
}

func TestLabelsOfAnotherFormAreGaps(t *testing.T) {
	i := newImage(t)
	i.config = strings.NewReplacer(commit, "v1.2.3-CANARY!").Replace(i.config)
	i.annotations = `{"org.opencontainers.image.base.digest":"CANARY!","org.opencontainers.image.source":"see CANARY"}`
	f, err := oci.Collector{Name: "app"}.Collect(t.Context(), i.write(t).Environment())
	require.NoError(t, err)
	collecttest.RequireNoSecret(t, f)
	require.Len(t, f.Gaps, 3)
}

func TestALayoutThatIsNotWhatItSaysIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*testing.T, *image) (after func())
		code   attest.Code
	}{
		"another version":          {func(_ *testing.T, i *image) func() { i.layout = `{"imageLayoutVersion":"2.0.0"}`; return nil }, oci.CodeLayout},
		"no manifest in the index": {func(_ *testing.T, i *image) func() { i.index = `{"schemaVersion":2,"manifests":[]}`; return nil }, oci.CodeManifest},
		"an index that names a traversal": {func(_ *testing.T, i *image) func() {
			i.index = `{"manifests":[{"digest":"sha256:../../../etc/passwd","size":1}]}`
			return nil
		}, oci.CodeBlob},
		"a weak digest": {func(_ *testing.T, i *image) func() {
			i.index = `{"manifests":[{"digest":"sha1:` + commit + `","size":1}]}`
			return nil
		}, oci.CodeBlob},
		"a key twice":                {func(_ *testing.T, i *image) func() { i.index = `{"manifests":[],"manifests":[]}`; return nil }, collect.CodeJSON},
		"fewer diff ids than layers": {func(_ *testing.T, i *image) func() { i.layers = i.layers[:1]; return nil }, oci.CodeManifest},
		"a missing layer": {func(t *testing.T, i *image) func() {
			return func() {
				require.NoError(t, os.Remove(filepath.Join(i.dir, "blobs/sha256", digest.FromBytes([]byte("layer a")).Hex)))
			}
		}, collect.CodeFile},
		"a changed layer": {func(t *testing.T, i *image) func() {
			return func() { i.file(t, "blobs/sha256/"+digest.FromBytes([]byte("layer a")).Hex, "layer x") }
		}, oci.CodeBlob},
		"a longer layer": {func(t *testing.T, i *image) func() {
			return func() { i.file(t, "blobs/sha256/"+digest.FromBytes([]byte("layer a")).Hex, "layer a ") }
		}, oci.CodeBlob},
		"a changed manifest": {func(t *testing.T, i *image) func() {
			return func() { i.file(t, "blobs/sha256/"+i.manifest.Hex, "{}") }
		}, oci.CodeBlob},
		"a changed configuration": {func(t *testing.T, i *image) func() {
			return func() { i.file(t, "blobs/sha256/"+digest.FromBytes([]byte(i.config)).Hex, i.config+" ") }
		}, oci.CodeBlob},
		"a blob that is a link out": {func(t *testing.T, i *image) func() {
			return func() {
				at := filepath.Join(i.dir, "blobs/sha256", digest.FromBytes([]byte("layer a")).Hex)
				require.NoError(t, os.Remove(at))
				require.NoError(t, os.Symlink("/etc/passwd", at))
			}
		}, collect.CodeFile},
	} {
		t.Run(name, func(t *testing.T) {
			i := newImage(t)
			after := tc.change(t, i)
			w := i.write(t)
			if after != nil {
				after()
			}
			_, err := oci.Collector{Name: "app"}.Collect(t.Context(), w.Environment())
			collecttest.RequireCode(t, err, tc.code)
		})
	}
	_, err := oci.Collector{}.Collect(t.Context(), newImage(t).write(t).Environment())
	collecttest.RequireCode(t, err, collect.CodeOption)
	_, err = oci.Collector{Name: "x", Manifest: digest.Digest{Algorithm: digest.SHA256, Hex: "../../x"}}.Collect(t.Context(), newImage(t).write(t).Environment())
	collecttest.RequireCode(t, err, oci.CodeBlob)
}

func ExampleCollector() {
	_, err := oci.Collector{Name: "app"}.Collect(context.Background(), collect.Environment{})
	fmt.Println(attest.Reasons(err)[0])
	// Output: provenance.collect.capability at Environment.Root: want a directory, got nil
}

func FuzzRead(f *testing.F) {
	i := newImage(f)
	i.write(f)
	manifest, err := os.ReadFile(filepath.Join(i.dir, "blobs/sha256", i.manifest.Hex))
	require.NoError(f, err)
	f.Add(manifest, []byte(i.config))
	f.Add([]byte(`{"schemaVersion":2}`), []byte("{}"))
	f.Fuzz(func(t *testing.T, manifest, config []byte) {
		got, err := oci.Collector{Name: "app"}.Read(manifest, config)
		if (err == nil) == (got == nil) {
			t.Fatal("both or neither")
		}
		if err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatal("a refusal without a reason")
		}
	})
}
