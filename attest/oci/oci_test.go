package oci_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	orasoci "oras.land/oras-go/v2/content/oci"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/batch"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/oci"
	"github.com/sealwright/sealwright/attest/sigstore"
)

func subject() oci.Descriptor {
	return oci.Descriptor{MediaType: oci.MediaTypeManifest, Digest: digest.FromBytes([]byte("an image")), Size: 8}
}

func attestation(i int) attest.Attestation {
	return attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: fmt.Appendf(nil, `{"number":%d}`, i)}
}

// bodies lists what a store has for a subject, and demands that nothing is amiss.
func bodies(t *testing.T, s *oci.Store, of digest.Digest) []string {
	t.Helper()
	var out []string
	for r, err := range s.List(t.Context(), of, oci.Query{}) {
		require.NoError(t, err)
		out = append(out, string(r.Attestation.Body))
	}
	return out
}

// codes lists what is wrong with the list of a subject.
func codes(t *testing.T, s *oci.Store, of digest.Digest) (found int, wrong []attest.Code) {
	t.Helper()
	for r, err := range s.List(t.Context(), of, oci.Query{}) {
		if err == nil {
			found++
			continue
		}
		assert.Empty(t, r.Attestation, "an error comes with no attestation")
		for _, reason := range attest.Reasons(err) {
			wrong = append(wrong, reason.Code)
		}
	}
	return found, wrong
}

func openLayout(t testing.TB, dir string) *oci.Store {
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	s, err := oci.OpenLayout(root, true, oci.Limits{})
	require.NoError(t, err)
	return s
}

// stores are all kinds of store, empty.
func stores(t *testing.T) map[string]*oci.Store {
	api, tags, conditional := newFake(t), newFake(t), newFake(t)
	api.referrersAPI, conditional.etags = true, true
	return map[string]*oci.Store{
		"a registry with the referrers API": api.open(t),
		"a registry without it":             tags.open(t),
		"a registry with ETags":             conditional.open(t),
		"an image layout":                   openLayout(t, t.TempDir()),
	}
}

func TestWhatIsAttachedIsListed(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			require.Empty(t, bodies(t, s, subject().Digest))
			var want []string
			for i := range 5 {
				first, err := s.Attach(ctx, subject(), attestation(i), map[string]string{"com.example.number": fmt.Sprint(i)})
				require.NoError(t, err)
				again, err := s.Attach(ctx, subject(), attestation(i), map[string]string{"com.example.number": fmt.Sprint(i)})
				require.NoError(t, err)
				require.Equal(t, first, again)
				want = append(want, string(attestation(i).Body))
			}
			_, err := s.Attach(ctx, subject(), attest.Attestation{MediaType: "application/spdx+json", Body: []byte("{}")}, nil)
			require.NoError(t, err)
			other := subject()
			other.Digest = digest.FromBytes([]byte("another image"))
			_, err = s.Attach(ctx, other, attestation(99), nil)
			require.NoError(t, err)

			require.ElementsMatch(t, want, bodies(t, s, subject().Digest))
			require.Equal(t, []string{`{"number":99}`}, bodies(t, s, other.Digest))
			for r, err := range s.List(ctx, subject().Digest, oci.Query{MediaTypes: []string{"application/spdx+json"}}) {
				require.NoError(t, err)
				require.Equal(t, "{}", string(r.Attestation.Body))
				require.Nil(t, r.Annotations)
			}
			for r, err := range s.List(ctx, subject().Digest, oci.Query{}) {
				require.NoError(t, err)
				require.Contains(t, string(r.Attestation.Body), r.Annotations["com.example.number"])
				break
			}
		})
	}
}

func TestAnArtifactIsPulledByItsDigest(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			a := oci.Artifact{Type: "application/vnd.example", Annotations: map[string]string{"a": "b"},
				Layers: []oci.Layer{{"text/plain", []byte("one"), nil}, {"text/plain", []byte("two"), map[string]string{"c": "d"}}}}
			d, err := s.Push(ctx, a, "latest")
			require.NoError(t, err)
			tagged, err := s.Resolve(ctx, "latest")
			require.NoError(t, err)
			require.Equal(t, d, tagged)
			got, err := s.Pull(ctx, d.Digest)
			require.NoError(t, err)
			require.Equal(t, a, got)

			a.Layers = a.Layers[:1]
			newer, err := s.Push(ctx, a, "latest")
			require.NoError(t, err)
			tagged, err = s.Resolve(ctx, "latest")
			require.NoError(t, err)
			require.Equal(t, newer, tagged)
			_, err = s.Pull(ctx, d.Digest)
			require.NoError(t, err, "a digest stays")
			_, err = s.Pull(ctx, digest.FromBytes([]byte("nothing")))
			require.ErrorIs(t, err, attest.Is(oci.CodeNotFound))
			_, err = s.Resolve(ctx, "nothing")
			require.ErrorIs(t, err, attest.Is(oci.CodeNotFound))
		})
	}
}

func TestEightWritersLoseNoUpdate(t *testing.T) {
	for _, etags := range []bool{false, true} {
		t.Run(fmt.Sprintf("with ETags %v", etags), func(t *testing.T) {
			f := newFake(t)
			f.etags = etags
			attachAll(t, func() *oci.Store { return f.open(t) })
			require.Len(t, entriesOf(t, f), 24, "readers of the index alone find all")
		})
	}
	t.Run("in an image layout", func(t *testing.T) {
		dir := t.TempDir()
		attachAll(t, func() *oci.Store { return openLayout(t, dir) })
	})
}

// attachAll has eight writers, each with its own store, attach three each.
func attachAll(t *testing.T, open func() *oci.Store) {
	var group sync.WaitGroup
	for writer := range 8 {
		s := open()
		group.Go(func() {
			for i := range 3 {
				_, err := s.Attach(t.Context(), subject(), attestation(10*writer+i), nil)
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()
	require.Len(t, bodies(t, open(), subject().Digest), 24)
}

func entriesOf(t *testing.T, f *fake) []ocispec.Descriptor {
	tag := "sha256-" + subject().Digest.Hex
	var index ocispec.Index
	require.NoError(t, json.Unmarshal(f.manifests[f.tags[tag]], &index))
	return index.Manifests
}

// A writer that read the index before another wrote it overwrites that one's entry.
func TestAWriterPutsBackWhatItOverwrote(t *testing.T) {
	t.Run("without ETags", func(t *testing.T) { require.Zero(t, interfere(t, newFake(t))) })
	t.Run("with ETags it does not overwrite", func(t *testing.T) {
		f := newFake(t)
		f.etags = true
		require.Equal(t, 1, interfere(t, f))
	})
}

// interfere has one writer write while another is about to, and returns how many
// writes the registry refused.
func interfere(t *testing.T, f *fake) int {
	other := f.open(t)
	_, err := other.Attach(t.Context(), subject(), attestation(0), nil)
	require.NoError(t, err)
	interfered := false
	f.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if !interfered && r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/sha256-"+subject().Digest.Hex) {
			interfered = true
			_, err := other.Attach(context.Background(), subject(), attestation(2), nil)
			assert.NoError(t, err)
		}
		return false
	}
	_, err = f.open(t).Attach(t.Context(), subject(), attestation(1), nil)
	require.NoError(t, err)
	require.True(t, interfered)
	require.Len(t, entriesOf(t, f), 3)
	require.Len(t, bodies(t, other, subject().Digest), 3)
	return f.refused
}

func TestAnAttestationThatACarelessWriterDroppedIsFound(t *testing.T) {
	f := newFake(t)
	s := f.open(t)
	_, err := s.Attach(t.Context(), subject(), attestation(1), nil)
	require.NoError(t, err)
	f.put([]byte(`{"schemaVersion":2,"mediaType":"`+oci.MediaTypeIndex+`","manifests":[],"future":true}`), oci.MediaTypeIndex, "sha256-"+subject().Digest.Hex)
	require.Len(t, bodies(t, s, subject().Digest), 1)
	_, err = s.Attach(t.Context(), subject(), attestation(2), nil)
	require.NoError(t, err)
	require.Len(t, entriesOf(t, f), 2, "the next writer repairs the index")
	require.Contains(t, string(f.manifests[f.tags["sha256-"+subject().Digest.Hex]]), `"future":true`, "and keeps what it does not know")
}

func TestATagThatWasMovedIsNoReferrer(t *testing.T) {
	f := newFake(t)
	s := f.open(t)
	d, err := s.Attach(t.Context(), subject(), attestation(1), nil)
	require.NoError(t, err)
	own := "sha256-" + subject().Digest.Hex + "."
	f.tags[own+strings.Repeat("0", 40)] = d.Digest.String()
	for name, content := range map[string]string{"b": `{"schemaVersion":2,"config":{}}`, "c": "no manifest"} {
		f.put([]byte(content), oci.MediaTypeManifest, own+strings.Repeat(name, 40))
	}
	f.tags[own+strings.Repeat("d", 40)] = "sha256:" + strings.Repeat("0", 64)
	_, err = s.Attach(t.Context(), subject(), attestation(2), nil)
	require.NoError(t, err)
	require.Len(t, entriesOf(t, f), 2)
	delete(f.tags, "sha256-"+subject().Digest.Hex)
	found, wrong := codes(t, s, subject().Digest)
	require.Equal(t, 2, found, "also where the index is lost and a tag on one of them comes first")
	require.ElementsMatch(t, []attest.Code{oci.CodeReference, oci.CodeReference, oci.CodeReference, oci.CodeNotFound}, wrong)
}

func TestAnIndexThatNeverStaysIsReported(t *testing.T) {
	f := newFake(t)
	tag := "sha256-" + subject().Digest.Hex
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, tag) {
			w.WriteHeader(http.StatusCreated) // and forgotten
			return true
		}
		return false
	}
	s := f.open(t)
	_, err := s.Attach(t.Context(), subject(), attestation(1), nil)
	require.ErrorIs(t, err, attest.Is(oci.CodeContended))
	require.Len(t, bodies(t, s, subject().Digest), 1)
}

func TestARegistryThatFailsNowAndThenIsAskedAgain(t *testing.T) {
	f := newFake(t)
	failures := 0
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "sha256-"+subject().Digest.Hex) && failures < 5 {
			failures++
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}
		return false
	}
	s := f.open(t)
	_, err := s.Attach(t.Context(), subject(), attestation(1), nil)
	require.NoError(t, err)
	require.Equal(t, 5, failures)
	require.Len(t, entriesOf(t, f), 1)
}

func TestUpdatesThatCouldBeLostAreRefused(t *testing.T) {
	f := newFake(t)
	f.noTagList = true
	_, err := f.open(t).Attach(t.Context(), subject(), attestation(1), nil)
	require.ErrorIs(t, err, attest.Is(oci.CodeUnsafe))
	require.Empty(t, f.tags, "the index was not touched")

	f = newFake(t)
	f.put([]byte(`{"schemaVersion":2,"config":{}}`), oci.MediaTypeManifest, "sha256-"+subject().Digest.Hex)
	_, err = f.open(t).Attach(t.Context(), subject(), attestation(1), nil)
	require.ErrorIs(t, err, attest.Is(oci.CodeMediaType), "a tag that holds something else")
}

func TestARegistryThatForgetsAReferrerIsReported(t *testing.T) {
	f := newFake(t)
	f.referrersAPI = true
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/referrers/") {
			return false
		}
		serve(w, r, []byte(`{"schemaVersion":2,"manifests":[]}`), oci.MediaTypeIndex, true)
		return true
	}
	_, err := f.open(t).Attach(t.Context(), subject(), attestation(1), nil)
	require.ErrorIs(t, err, attest.Is(oci.CodeUnlisted))
}

// manifestOf is the manifest that Attach writes, for tests to break.
func manifestOf(f *fake, body []byte) ocispec.Manifest {
	f.blobs[digest.FromBytes(body).String()] = body
	m := ocispec.Manifest{MediaType: oci.MediaTypeManifest, ArtifactType: attest.MediaTypeDSSE, Config: ocispec.DescriptorEmptyJSON}
	m.SchemaVersion = 2
	layer := ocispec.Descriptor{MediaType: attest.MediaTypeDSSE, Size: int64(len(body))}
	set(&layer.Digest, digest.FromBytes(body).String())
	m.Layers = []ocispec.Descriptor{layer}
	of := ocispec.Descriptor{MediaType: oci.MediaTypeManifest, Size: 8}
	set(&of.Digest, subject().Digest.String())
	m.Subject = &of
	return m
}

// list has the registry answer with these referrers, whatever it holds.
func (f *fake) list(entries ...ocispec.Descriptor) {
	index := ocispec.Index{MediaType: oci.MediaTypeIndex, Manifests: entries}
	index.SchemaVersion = 2
	b, _ := json.Marshal(index)
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/referrers/") {
			serve(w, r, b, oci.MediaTypeIndex, true)
			return true
		}
		return false
	}
}

func (f *fake) entry(t *testing.T, m ocispec.Manifest) ocispec.Descriptor {
	b, err := json.Marshal(m)
	require.NoError(t, err)
	d := ocispec.Descriptor{MediaType: oci.MediaTypeManifest, Size: int64(len(b)), ArtifactType: m.ArtifactType}
	set(&d.Digest, f.put(b, oci.MediaTypeManifest, "").String())
	return d
}

func TestABrokenReferrerIsRefusedAndHidesNoOther(t *testing.T) {
	type change = func(f *fake, m *ocispec.Manifest, d *ocispec.Descriptor)
	for name, tc := range map[string]struct {
		manifest, entry change
		code            attest.Code
	}{
		"a manifest without a subject": {manifest: func(_ *fake, m *ocispec.Manifest, _ *ocispec.Descriptor) { m.Subject = nil }, code: oci.CodeSubject},
		"a manifest about something else": {manifest: func(_ *fake, m *ocispec.Manifest, _ *ocispec.Descriptor) {
			set(&m.Subject.Digest, digest.FromBytes([]byte("another")).String())
		}, code: oci.CodeSubject},
		"a layer of another media type": {manifest: func(_ *fake, m *ocispec.Manifest, _ *ocispec.Descriptor) {
			m.Layers[0].MediaType = "text/html"
		}, code: oci.CodeMediaType},
		"an entry of another type than the manifest": {entry: func(_ *fake, _ *ocispec.Manifest, d *ocispec.Descriptor) {
			d.ArtifactType = "application/vnd.dev.sigstore.bundle.v0.3+json"
		}, code: oci.CodeMediaType},
		"an index as a referrer": {entry: func(_ *fake, _ *ocispec.Manifest, d *ocispec.Descriptor) {
			d.MediaType = oci.MediaTypeIndex
		}, code: oci.CodeMediaType},
		"two layers": {manifest: func(_ *fake, m *ocispec.Manifest, _ *ocispec.Descriptor) {
			m.Layers = append(m.Layers, m.Layers[0])
		}, code: oci.CodeLayers},
		"no layer": {manifest: func(_ *fake, m *ocispec.Manifest, _ *ocispec.Descriptor) { m.Layers = nil }, code: oci.CodeLayers},
		"a layer with other bytes": {manifest: func(f *fake, m *ocispec.Manifest, _ *ocispec.Descriptor) {
			f.blobs[string(m.Layers[0].Digest)] = []byte(`{"number":7}`)
		}, code: oci.CodeDigest},
		"a layer with more bytes": {manifest: func(f *fake, m *ocispec.Manifest, _ *ocispec.Descriptor) {
			sum := string(m.Layers[0].Digest)
			f.blobs[sum] = append(f.blobs[sum], ' ')
		}, code: oci.CodeTransport},
		"a layer in its descriptor with other bytes": {manifest: func(_ *fake, m *ocispec.Manifest, _ *ocispec.Descriptor) {
			m.Layers[0].Data = []byte(`{"number":7}`)
		}, code: oci.CodeDigest},
		"a layer that is missing": {manifest: func(f *fake, m *ocispec.Manifest, _ *ocispec.Descriptor) {
			delete(f.blobs, string(m.Layers[0].Digest))
		}, code: oci.CodeNotFound},
		"a layer of a negative size": {manifest: func(_ *fake, m *ocispec.Manifest, _ *ocispec.Descriptor) { m.Layers[0].Size = -1 }, code: oci.CodeLimit},
		"a layer of 2^62 bytes":      {manifest: func(_ *fake, m *ocispec.Manifest, _ *ocispec.Descriptor) { m.Layers[0].Size = 1 << 62 }, code: oci.CodeLimit},
		"a manifest of 2^62 bytes":   {entry: func(_ *fake, _ *ocispec.Manifest, d *ocispec.Descriptor) { d.Size = 1 << 62 }, code: oci.CodeLimit},
		"a digest by SHA-1": {entry: func(_ *fake, _ *ocispec.Manifest, d *ocispec.Descriptor) {
			set(&d.Digest, "sha1:"+strings.Repeat("a", 40))
		}, code: oci.CodeDigest},
		"a digest that is a path": {entry: func(_ *fake, _ *ocispec.Manifest, d *ocispec.Descriptor) {
			set(&d.Digest, "sha256:../../secret")
		}, code: oci.CodeDigest},
		"a manifest that is gone": {entry: func(f *fake, _ *ocispec.Manifest, d *ocispec.Descriptor) {
			delete(f.manifests, string(d.Digest))
		}, code: oci.CodeNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.referrersAPI = true
			m := manifestOf(f, []byte(`{"number":5}`))
			if tc.manifest != nil {
				tc.manifest(f, &m, nil)
			}
			d := f.entry(t, m)
			if tc.entry != nil {
				tc.entry(f, &m, &d)
			}
			good := f.entry(t, manifestOf(f, []byte(`{"number":6}`)))
			f.list(d, good)
			found, wrong := codes(t, f.open(t), subject().Digest)
			require.Equal(t, 1, found, "the good one behind it")
			require.Contains(t, wrong, tc.code)
			require.NotContains(t, wrong, oci.CodeIncomplete)
		})
	}
}

func TestABrokenEntryHidesNoGoodOneOfTheSameManifest(t *testing.T) {
	f := newFake(t)
	f.referrersAPI = true
	good := f.entry(t, manifestOf(f, []byte(`{"number":5}`)))
	broken := good
	broken.Size++
	f.list(broken, good, good)
	found, wrong := codes(t, f.open(t), subject().Digest)
	require.Equal(t, 1, found)
	require.Len(t, wrong, 1)
}

func TestAManifestThatIsNoStrictJSONIsRefused(t *testing.T) {
	f := newFake(t)
	b, err := json.Marshal(manifestOf(f, []byte(`{"number":5}`)))
	require.NoError(t, err)
	b = append([]byte(`{"artifactType":"text/html",`), b[1:]...)
	d := ocispec.Descriptor{MediaType: oci.MediaTypeManifest, Size: int64(len(b))}
	set(&d.Digest, f.put(b, oci.MediaTypeManifest, "").String())
	f.list(d)
	found, wrong := codes(t, f.open(t), subject().Digest)
	require.Zero(t, found)
	require.Equal(t, []attest.Code{oci.CodeManifest}, wrong)
}

func TestAListIsBounded(t *testing.T) {
	f := newFake(t)
	var entries []ocispec.Descriptor
	for i := range 10 {
		entries = append(entries, f.entry(t, manifestOf(f, attestation(i).Body)))
	}
	f.list(append(entries, entries...)...)
	found, wrong := codes(t, f.open(t), subject().Digest)
	require.Equal(t, 10, found, "what is listed twice is given once")
	require.Empty(t, wrong)

	for name, limits := range map[string]oci.Limits{
		"manifests":            {Manifests: 5},
		"bytes of a list":      {ManifestBytes: 512},
		"bytes of an envelope": {LayerBytes: 5},
		"bytes in all":         {TotalBytes: 2_000},
	} {
		t.Run("by "+name, func(t *testing.T) {
			s := f.open(t, func(r *oci.Registry) { r.Limits = limits })
			found, wrong := codes(t, s, subject().Digest)
			require.Less(t, found, 10)
			require.NotEmpty(t, wrong)
		})
	}
	t.Run("by bytes of a tagged index", func(t *testing.T) {
		f := newFake(t)
		f.put(make([]byte, 5<<20), oci.MediaTypeIndex, "sha256-"+subject().Digest.Hex)
		_, wrong := codes(t, f.open(t), subject().Digest)
		require.Equal(t, []attest.Code{oci.CodeIncomplete, oci.CodeLimit}, wrong)
		_, err := f.open(t).Attach(t.Context(), subject(), attestation(1), nil)
		require.ErrorIs(t, err, attest.Is(oci.CodeLimit), "and not replaced by a small one")
	})
	t.Run("by pages", func(t *testing.T) {
		f.before = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Link", "<"+r.URL.String()+`>; rel="next"`)
			serve(w, r, []byte(`{"schemaVersion":2,"manifests":[]}`), oci.MediaTypeIndex, true)
			return true
		}
		_, wrong := codes(t, f.open(t), subject().Digest)
		require.Equal(t, []attest.Code{oci.CodeIncomplete, oci.CodeLimit}, wrong)
	})
}

func TestNAttestationsCostTwoRequestsEachAndOneMore(t *testing.T) {
	f := newFake(t)
	f.referrersAPI = true
	s := f.open(t)
	for i := range 7 {
		_, err := s.Attach(t.Context(), subject(), attestation(i), nil)
		require.NoError(t, err)
	}
	f.requests = nil
	require.Len(t, bodies(t, s, subject().Digest), 7)
	require.LessOrEqual(t, len(f.requests), 1+2*7)
}

func TestALayerInItsDescriptorCostsNoRequest(t *testing.T) {
	f := newFake(t)
	f.referrersAPI = true
	for i := range 5 {
		m := manifestOf(f, attestation(i).Body)
		m.Layers[0].Data = attestation(i).Body
		f.entry(t, m)
	}
	s := f.open(t)
	require.Len(t, bodies(t, s, subject().Digest), 5)
	require.LessOrEqual(t, len(f.requests), 1+5)
}

func TestEveryKindOfAttestationIsListed(t *testing.T) {
	s := openLayout(t, t.TempDir())
	kinds := []string{attest.MediaTypeDSSE, batch.MediaType, sigstore.MediaTypeBundle01, sigstore.MediaTypeBundle02, sigstore.MediaTypeBundle03, sigstore.MediaTypeBundle03Old}
	for _, kind := range kinds {
		_, err := s.Attach(t.Context(), subject(), attest.Attestation{MediaType: kind, Body: []byte(kind)}, nil)
		require.NoError(t, err)
	}
	require.ElementsMatch(t, kinds, bodies(t, s, subject().Digest))
}

func TestCredentialsStayWithTheRegistry(t *testing.T) {
	var seen []string
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method+" "+r.Header.Get("Authorization"))
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+"http://"+r.Host+`/token"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer evil.Close()
	evilHost := strings.TrimPrefix(evil.URL, "http://")
	password := func(r *oci.Registry) {
		r.Credential = func(context.Context, string) (oci.Credential, error) {
			return oci.Credential{Username: "user", Password: "secret"}, nil
		}
	}
	for name, tc := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		change func(*oci.Registry)
	}{
		"a redirect to another host": {answer: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, evil.URL+"/blob", http.StatusTemporaryRedirect)
		}},
		"a redirect to a listed host that asks for credentials": {answer: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, evil.URL+"/blob", http.StatusTemporaryRedirect)
		}, change: func(r *oci.Registry) { r.RedirectHosts = []string{evilHost} }},
		"a token service at another host": {answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+evil.URL+`/token",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}},
		"a token service at a host for redirects": {answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+evil.URL+`/token",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}, change: func(r *oci.Registry) { r.RedirectHosts = []string{evilHost} }},
	} {
		t.Run(name, func(t *testing.T) {
			seen = nil
			f := newFake(t)
			f.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Authorization") == "" && !strings.Contains(name, "service") {
					w.Header().Set("WWW-Authenticate", "Basic")
					w.WriteHeader(http.StatusUnauthorized)
					return true
				}
				tc.answer(w, r)
				return true
			}
			change := tc.change
			if change == nil {
				change = func(*oci.Registry) {}
			}
			_, err := f.open(t, password, change).Pull(t.Context(), subject().Digest)
			require.Error(t, err)
			for _, request := range seen {
				require.Equal(t, "GET ", request, "no credential leaves")
			}
		})
	}
}

func TestCredentialsAreShownWhereTheyBelong(t *testing.T) {
	f := newFake(t)
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Get("Authorization"), "a mirror needs no credential")
		serve(w, r, f.blobs[r.URL.Query().Get("blob")], "application/octet-stream", true)
	}))
	defer mirror.Close()
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user == "user" && password == "secret" {
			_, _ = w.Write([]byte(`{"token":"granted"}`))
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer tokens.Close()
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "Bearer granted" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+tokens.URL+`/token",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		if _, blob, ok := strings.Cut(r.URL.Path, "/blobs/sha256"); ok && r.Method == http.MethodGet {
			http.Redirect(w, r, mirror.URL+"/?blob=sha256"+blob, http.StatusTemporaryRedirect)
			return true
		}
		return false
	}
	s := f.open(t, func(r *oci.Registry) {
		r.Credential = func(_ context.Context, host string) (oci.Credential, error) {
			assert.Equal(t, f.host(), host)
			return oci.Credential{Username: "user", Password: "secret"}, nil
		}
		r.TokenHosts = []string{strings.TrimPrefix(tokens.URL, "http://")}
		r.RedirectHosts = []string{strings.TrimPrefix(mirror.URL, "http://")}
	})
	_, err := s.Attach(t.Context(), subject(), attestation(1), nil)
	require.NoError(t, err)
	require.Equal(t, []string{`{"number":1}`}, bodies(t, s, subject().Digest))
}

func TestPlainHTTPIsRefusedUnlessItIsAllowed(t *testing.T) {
	f := newFake(t)
	s := f.open(t, func(r *oci.Registry) { r.Insecure = false })
	_, err := s.Resolve(t.Context(), "latest")
	require.Error(t, err)
	require.Empty(t, f.requests)
}

func TestARegistryThatFailsIsNoEmptyOne(t *testing.T) {
	f := newFake(t)
	for _, status := range []int{401, 403, 429, 500} {
		f.before = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(status); return true }
		_, wrong := codes(t, f.open(t), subject().Digest)
		require.Contains(t, wrong, oci.CodeIncomplete, status)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stopped"))
	_, err := f.open(t).Pull(ctx, subject().Digest)
	require.ErrorIs(t, err, attest.Is(attest.CodeCanceled))
	require.ErrorContains(t, err, "stopped")
	var none *oci.Store
	_, err = none.Pull(t.Context(), subject().Digest)
	require.ErrorIs(t, err, attest.Is(attest.CodeNil))
	_, err = oci.OpenRegistry(oci.Registry{Repository: "registry.example/app"})
	require.ErrorIs(t, err, attest.Is(oci.CodeConfig), "a transport is the caller's choice")
	_, err = f.open(t).Attach(t.Context(), oci.Descriptor{}, attestation(1), nil)
	require.ErrorIs(t, err, attest.Is(oci.CodeArtifact))
	_, err = f.open(t).Attach(t.Context(), subject(), attest.Attestation{}, nil)
	require.ErrorIs(t, err, attest.Is(oci.CodeArtifact))
}

func TestADamagedLayoutIsRefused(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	s := openLayout(t, dir)
	d, err := s.Attach(ctx, subject(), attestation(1), nil)
	require.NoError(t, err)
	_, err = s.Attach(ctx, subject(), attestation(2), nil)
	require.NoError(t, err)
	name := filepath.Join(dir, "blobs", "sha256", d.Digest.Hex)
	require.NoError(t, os.WriteFile(name, []byte("{}"), 0o644))
	found, wrong := codes(t, s, subject().Digest)
	require.Equal(t, 1, found)
	require.Equal(t, []attest.Code{oci.CodeDigest}, wrong)

	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("{}"), 0o644))
	require.NoError(t, os.Remove(name))
	require.NoError(t, os.Symlink(secret, name))
	_, wrong = codes(t, s, subject().Digest)
	require.Equal(t, []attest.Code{oci.CodeTransport}, wrong, "a link out of the layout")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "index.json"), make([]byte, 5<<20), 0o644))
	_, wrong = codes(t, s, subject().Digest)
	require.Equal(t, []attest.Code{oci.CodeIncomplete, oci.CodeLimit}, wrong)
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	_, err = oci.OpenLayout(root, false, oci.Limits{})
	require.ErrorIs(t, err, attest.Is(oci.CodeNotFound))
}

// Whoever writes index.json can name a manifest as they please, also like the
// digest of another. A digest that is asked for stays what it is.
func TestAManifestThatIsNamedLikeADigestIsNotTakenForIt(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	s := openLayout(t, dir)
	wanted, err := s.Push(ctx, oci.Artifact{Type: "application/vnd.example", Layers: []oci.Layer{{"text/plain", []byte("good"), nil}}}, "")
	require.NoError(t, err)
	forged, err := s.Push(ctx, oci.Artifact{Type: "application/vnd.example", Layers: []oci.Layer{{"text/plain", []byte("forged"), nil}}}, wanted.Digest.String())
	require.NoError(t, err)
	got, err := s.Resolve(ctx, wanted.Digest.String())
	require.NoError(t, err)
	require.Equal(t, wanted, got, "both are there")

	index := filepath.Join(dir, "index.json")
	b, err := os.ReadFile(index)
	require.NoError(t, err)
	var doc struct {
		SchemaVersion int                  `json:"schemaVersion"`
		Manifests     []ocispec.Descriptor `json:"manifests"`
	}
	require.NoError(t, json.Unmarshal(b, &doc))
	doc.Manifests = slices.DeleteFunc(doc.Manifests, func(d ocispec.Descriptor) bool { return string(d.Digest) != forged.Digest.String() })
	require.Len(t, doc.Manifests, 1)
	b, err = json.Marshal(doc)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(index, b, 0o644))
	_, err = s.Resolve(ctx, wanted.Digest.String())
	require.ErrorIs(t, err, attest.Is(oci.CodeNotFound))
	a, err := s.Pull(ctx, wanted.Digest)
	require.ErrorIs(t, err, attest.Is(oci.CodeNotFound))
	require.Empty(t, a)
}

func TestWhoWaitsForALayoutsLockCanGiveUp(t *testing.T) {
	dir := t.TempDir()
	s := openLayout(t, dir)
	lock, err := os.OpenFile(filepath.Join(dir, "oci-layout"), os.O_RDWR, 0)
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	patient := make(chan error, 1)
	go func() { _, err := s.Attach(context.Background(), subject(), attestation(1), nil); patient <- err }()
	time.Sleep(20 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = s.Attach(ctx, subject(), attestation(2), nil)
	require.ErrorIs(t, err, attest.Is(attest.CodeCanceled))
	require.NoError(t, lock.Close())
	require.NoError(t, <-patient)
}

// Package content/oci of oras finds in our layouts what we find in its.
func TestLayoutsAreThoseOfORAS(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	ours := openLayout(t, dir)
	image, err := ours.Push(ctx, oci.Artifact{Type: "application/vnd.example", Layers: []oci.Layer{{"text/plain", []byte("hello"), nil}}}, "v1")
	require.NoError(t, err)
	first, err := ours.Attach(ctx, image, attestation(1), nil)
	require.NoError(t, err)

	theirs, err := orasoci.NewWithContext(ctx, dir)
	require.NoError(t, err)
	d, err := theirs.Resolve(ctx, "v1")
	require.NoError(t, err)
	require.Equal(t, image.Digest.String(), d.Digest.String())
	found, err := theirs.Predecessors(ctx, d)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, first.Digest.String(), found[0].Digest.String())

	layer := content.NewDescriptorFromBytes(attest.MediaTypeDSSE, attestation(2).Body)
	require.NoError(t, theirs.Push(ctx, layer, bytes.NewReader(attestation(2).Body)))
	_, err = oras.PackManifest(ctx, theirs, oras.PackManifestVersion1_1, attest.MediaTypeDSSE,
		oras.PackManifestOptions{Subject: &d, Layers: []ocispec.Descriptor{layer}})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{`{"number":1}`, `{"number":2}`}, bodies(t, ours, image.Digest))
	again, err := ours.Resolve(ctx, "v1")
	require.NoError(t, err)
	require.Equal(t, image.Digest, again.Digest)
}

func TestWhatCosignTaggedIsListed(t *testing.T) {
	f := newFake(t)
	m := manifestOf(f, []byte(`{"number":1}`))
	second := manifestOf(f, []byte(`{"number":2}`)).Layers[0]
	second.Annotations = map[string]string{"predicateType": "x"}
	m.ArtifactType, m.Subject, m.Layers = "", nil, append(m.Layers, second)
	b, err := json.Marshal(m)
	require.NoError(t, err)
	tag := "sha256-" + subject().Digest.Hex
	f.put(b, oci.MediaTypeManifest, tag+".att")
	var got []string
	for r, err := range f.open(t).ListCosign(t.Context(), subject().Digest) {
		require.NoError(t, err)
		got = append(got, string(r.Attestation.Body))
	}
	require.Equal(t, []string{`{"number":1}`, `{"number":2}`}, got)

	m.Layers = append(m.Layers, m.Layers[0])
	b, err = json.Marshal(m)
	require.NoError(t, err)
	f.put(b, oci.MediaTypeManifest, tag+".att")
	for _, err := range f.open(t).ListCosign(t.Context(), subject().Digest) {
		require.ErrorIs(t, err, attest.Is(oci.CodeIncomplete))
		require.Contains(t, fmt.Sprint(attest.Reasons(err)), oci.CodeLayers)
	}
}
