package bundle_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/oci"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/bundle"
	"github.com/sealwright/sealwright/policy/doc"
)

const (
	authority = "example.com/policy-keys"
	id        = "https://example.com/policies/release"
)

func now() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

func document(version int) []byte {
	return fmt.Appendf(nil, `{
		"schema": "https://github.com/sealwright/sealwright/policy/doc/v1",
		"id": %q, "version": %d, "expires": "2027-01-01T00:00:00Z",
		"authorities": ["example.com/release-keys"], "validity": "1h",
		"policy": {"rule": {"use": "signer", "id": "approved", "with": {
			"trust": {"signers": ["alice", "bob"], "threshold": 2}, "predicateTypes": ["https://example.com/approval/v1"]
		}}}
	}`, id, version)
}

func signed(t testing.TB, document []byte, who ...string) bundle.Bundle {
	s, err := doc.NewRelease(document)
	require.NoError(t, err)
	b := bundle.Bundle{Document: document}
	for _, w := range who {
		a, err := dsse.NewAttestor(attesttest.Signer(w))
		require.NoError(t, err)
		signature, err := a.Attest(t.Context(), s)
		require.NoError(t, err)
		b.Signatures = append(b.Signatures, signature)
	}
	return b
}

func trust(t testing.TB, versions doc.VersionStore) doc.Trust {
	keys := dsse.Trust{Authority: authority, Threshold: 1}
	for _, who := range []string{"ann", "ben", "eve"} {
		keys.Keys = append(keys.Keys, dsse.Key{Public: attesttest.Signer(who).Public(), Principal: who})
	}
	v, err := dsse.NewVerifier(keys)
	require.NoError(t, err)
	return doc.Trust{ID: id, Verifier: v, Authorities: []string{authority}, Signers: []string{"ann", "ben"}, Threshold: 2,
		Versions: versions, Catalogue: doc.Builtin()}
}

func openRoot(t testing.TB, dir string) *os.Root {
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return root
}

func newStore(t testing.TB) (*oci.Store, string) {
	dir := t.TempDir()
	s, err := oci.OpenLayout(openRoot(t, dir), true, oci.Limits{})
	require.NoError(t, err)
	return s, dir
}

func newVersions(t testing.TB) (*bundle.Versions, string) {
	dir := t.TempDir()
	require.NoError(t, bundle.CreateVersions(t.Context(), openRoot(t, dir)))
	return openVersions(t, dir), dir
}

func openVersions(t testing.TB, dir string) *bundle.Versions {
	v, err := bundle.OpenVersions(openRoot(t, dir))
	require.NoError(t, err)
	return v
}

func TestABundleIsAPolicy(t *testing.T) {
	s, _ := newStore(t)
	versions, _ := newVersions(t)
	b := signed(t, document(3), "ann", "ben")
	d, err := bundle.Push(t.Context(), s, b, "latest")
	require.NoError(t, err)
	got, err := bundle.Pull(t.Context(), s, d.Digest.String())
	require.NoError(t, err)
	require.Equal(t, b, got)
	for _, reference := range []string{d.Digest.String(), "latest@" + d.Digest.String(), "@" + d.Digest.String()} {
		c, err := bundle.Load(t.Context(), s, reference, trust(t, versions), now())
		require.NoError(t, err)
		require.Equal(t, "3", c.Policy.Version)
		_, err = policy.New(c)
		require.NoError(t, err)
	}
}

func TestATagAloneIsRefused(t *testing.T) {
	s, _ := newStore(t)
	_, err := bundle.Push(t.Context(), s, signed(t, document(3), "ann", "ben"), "latest")
	require.NoError(t, err)
	for _, reference := range []string{"latest", "", "latest@", "latest@next", "sha256:00", "sha1:" + strings.Repeat("0", 40)} {
		_, err := bundle.Pull(t.Context(), s, reference)
		require.ErrorIs(t, err, attest.Is(bundle.CodeUnpinned), reference)
	}
}

// artifact is what Push writes, for tests to break.
func artifact(b bundle.Bundle) oci.Artifact {
	a := oci.Artifact{Type: bundle.ArtifactType, Layers: []oci.Layer{{MediaType: bundle.MediaTypeDocument, Body: b.Document}}}
	for _, s := range b.Signatures {
		a.Layers = append(a.Layers, oci.Layer{MediaType: s.MediaType, Body: s.Body})
	}
	return a
}

func TestWhatIsNoBundleIsRefused(t *testing.T) {
	good := signed(t, document(3), "ann", "ben")
	for name, tc := range map[string]struct {
		breaks func(a *oci.Artifact)
		code   attest.Code
	}{
		"another artifact type":            {func(a *oci.Artifact) { a.Type = "application/spdx+json" }, bundle.CodeType},
		"a document of another media type": {func(a *oci.Artifact) { a.Layers[0].MediaType = "application/json" }, bundle.CodeType},
		"a signature before the document":  {func(a *oci.Artifact) { a.Layers[0], a.Layers[1] = a.Layers[1], a.Layers[0] }, bundle.CodeType},
		"two documents": {func(a *oci.Artifact) {
			a.Layers = append(a.Layers, oci.Layer{MediaType: bundle.MediaTypeDocument, Body: document(4)})
		}, bundle.CodeType},
		"a file of data beside the document": {func(a *oci.Artifact) {
			a.Layers = append(a.Layers, oci.Layer{MediaType: "application/json", Body: []byte(`{"testing":true,"authorities":["test:x"]}`)})
		}, doc.CodeSigned},
		"no signature":              {func(a *oci.Artifact) { a.Layers = a.Layers[:1] }, bundle.CodeUnsigned},
		"one signature of two":      {func(a *oci.Artifact) { a.Layers = a.Layers[:2] }, doc.CodeSigned},
		"a document that is larger": {func(a *oci.Artifact) { a.Layers[0].Body = make([]byte, 1<<20+1) }, oci.CodeLimit},
		"a signature that is larger": {func(a *oci.Artifact) {
			a.Layers[1].Body = make([]byte, 1<<20+1)
		}, oci.CodeLimit},
		"more layers than signatures may be": {func(a *oci.Artifact) {
			for i := range 40 {
				a.Layers = append(a.Layers, oci.Layer{MediaType: attest.MediaTypeDSSE, Body: fmt.Append(nil, i)})
			}
		}, oci.CodeLimit},
		"another document under the signatures": {func(a *oci.Artifact) { a.Layers[0].Body = document(4) }, doc.CodeSigned},
		"a document that is none":               {func(a *oci.Artifact) { a.Layers[0].Body = []byte("{}") }, doc.CodeFormat},
		"a signature by somebody else": {func(a *oci.Artifact) {
			a.Layers[1].Body = signed(t, document(3), "eve").Signatures[0].Body
		}, doc.CodeSigned},
		"a bundle about something": {func(a *oci.Artifact) {
			a.Subject = &oci.Descriptor{MediaType: oci.MediaTypeManifest, Digest: digest.FromBytes(nil)}
		}, bundle.CodeType},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newStore(t)
			versions, _ := newVersions(t)
			a := artifact(good)
			tc.breaks(&a)
			d, err := s.Push(t.Context(), a, "")
			require.NoError(t, err)
			c, err := bundle.Load(t.Context(), s, d.Digest.String(), trust(t, versions), now())
			require.Zero(t, c.Policy)
			require.ErrorIs(t, err, attest.Is(tc.code), "%v", attest.Reasons(err))
		})
	}
}

func TestALayerThatWasSwappedInTheStoreIsRefused(t *testing.T) {
	s, dir := newStore(t)
	b := signed(t, document(3), "ann", "ben")
	d, err := bundle.Push(t.Context(), s, b, "")
	require.NoError(t, err)
	later, err := bundle.Push(t.Context(), s, signed(t, document(4), "ann", "ben"), "")
	require.NoError(t, err)
	blob := func(sum digest.Digest) string { return filepath.Join(dir, "blobs", "sha256", sum.Hex) }
	swap := func(at, with string) (restore func()) {
		old, err := os.ReadFile(at)
		require.NoError(t, err)
		other, err := os.ReadFile(with)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(at, other, 0o644))
		return func() { require.NoError(t, os.WriteFile(at, old, 0o644)) }
	}
	restore := swap(blob(digest.FromBytes(b.Document)), blob(digest.FromBytes(document(4))))
	_, err = bundle.Pull(t.Context(), s, d.Digest.String())
	require.ErrorIs(t, err, attest.Is(oci.CodeDigest))
	restore()
	restore = swap(blob(d.Digest), blob(later.Digest))
	_, err = bundle.Pull(t.Context(), s, d.Digest.String())
	require.ErrorIs(t, err, attest.Is(oci.CodeDigest), "another manifest under the digest that is pinned")
	restore()
	_, err = bundle.Pull(t.Context(), s, d.Digest.String())
	require.NoError(t, err)
}

// registry answers every request for a manifest with one and the same.
type registry struct{ manifest []byte }

func (r registry) RoundTrip(req *http.Request) (*http.Response, error) {
	w := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {oci.MediaTypeManifest}}, Request: req,
		ContentLength: int64(len(r.manifest)), Body: io.NopCloser(strings.NewReader(string(r.manifest)))}
	return w, nil
}

func TestARegistryThatAnswersWithAnotherBundleIsRefused(t *testing.T) {
	manifest, err := json.Marshal(map[string]any{"schemaVersion": 2, "artifactType": bundle.ArtifactType, "layers": []any{}})
	require.NoError(t, err)
	s, err := oci.OpenRegistry(oci.Registry{Repository: "registry.example/policy", Transport: registry{manifest}})
	require.NoError(t, err)
	_, err = bundle.Pull(t.Context(), s, digest.FromBytes([]byte("another")).String())
	require.Error(t, err)
	require.NotEmpty(t, attest.Reasons(err))
	_, err = bundle.Pull(t.Context(), s, digest.FromBytes(manifest).String())
	require.ErrorIs(t, err, attest.Is(bundle.CodeType))
}

func TestAnOlderVersionIsRefusedAcrossRestarts(t *testing.T) {
	ctx := t.Context()
	s, _ := newStore(t)
	versions, dir := newVersions(t)
	digests := map[int]string{}
	for _, v := range []int{2, 3} {
		d, err := bundle.Push(ctx, s, signed(t, document(v), "ann", "ben"), "")
		require.NoError(t, err)
		digests[v] = d.Digest.String()
	}
	load := func(v int) error {
		_, err := bundle.Load(ctx, s, digests[v], trust(t, versions), now())
		return err
	}
	require.NoError(t, load(2))
	require.NoError(t, load(3))
	require.ErrorIs(t, load(2), attest.Is(doc.CodeRollback))
	versions = openVersions(t, dir)
	require.ErrorIs(t, load(2), attest.Is(doc.CodeRollback), "after a restart")
	require.NoError(t, load(3))

	other := document(3)
	other = append(other, '\n')
	d, err := bundle.Push(ctx, s, signed(t, other, "ann", "ben"), "")
	require.NoError(t, err)
	_, err = bundle.Load(ctx, s, d.Digest.String(), trust(t, versions), now())
	require.ErrorIs(t, err, attest.Is(doc.CodeRollback), "another document of the same version")
}

func TestAFileOfVersionsThatIsNotWholeRefusesEverything(t *testing.T) {
	versions, dir := newVersions(t)
	r := doc.Release{ID: id, Version: 3, Expires: now(), Digest: digest.FromBytes(document(3))}
	_, err := versions.Advance(t.Context(), r)
	require.NoError(t, err)
	name := filepath.Join(dir, "versions.json")
	good, err := os.ReadFile(name)
	require.NoError(t, err)
	for n := range len(good) {
		require.NoError(t, os.WriteFile(name, good[:n], 0o644))
		_, err := versions.Advance(t.Context(), r)
		require.ErrorIs(t, err, attest.Is(bundle.CodeStore), "cut after %d bytes", n)
	}
	for what, content := range map[string]string{
		"an empty object": "{}",
		"another schema":  strings.Replace(string(good), "/v1", "/v2", 1),
		"no list":         strings.Replace(string(good), "[", "null,\"x\":[", 1),
		"a policy twice":  strings.Replace(string(good), "]", ","+string(good[strings.Index(string(good), "[")+1:strings.LastIndex(string(good), "]")])+"]", 1),
		"a short digest":  strings.Replace(string(good), r.Digest.Hex, r.Digest.Hex[:10], 1),
	} {
		require.NoError(t, os.WriteFile(name, []byte(content), 0o644))
		_, err := versions.Advance(t.Context(), r)
		require.ErrorIs(t, err, attest.Is(bundle.CodeStore), what)
		_, err = bundle.OpenVersions(openRoot(t, dir))
		require.ErrorIs(t, err, attest.Is(bundle.CodeStore), what)
	}
	require.NoError(t, os.Remove(name))
	_, err = bundle.OpenVersions(openRoot(t, dir))
	require.ErrorIs(t, err, attest.Is(bundle.CodeStore), "a file that was removed is not an empty one")
	require.NoError(t, os.WriteFile(name, good, 0o644))
	require.NoError(t, os.WriteFile(name+".tmp", []byte("torn"), 0o644))
	held, err := openVersions(t, dir).Advance(t.Context(), doc.Release{ID: id, Version: 2, Expires: now(), Digest: r.Digest})
	require.NoError(t, err)
	require.Equal(t, r, held, "what a crash left behind is not looked at")
	require.ErrorIs(t, bundle.CreateVersions(t.Context(), openRoot(t, dir)), attest.Is(bundle.CodeExists))
}

func TestManyAdvanceAtATime(t *testing.T) {
	_, dir := newVersions(t)
	var group sync.WaitGroup
	for writer := range 8 {
		v := openVersions(t, dir) // as another process would
		group.Go(func() {
			for i := range 10 {
				version := uint64(10*i + writer + 1)
				held, err := v.Advance(context.Background(), doc.Release{ID: id, Version: version, Expires: now(), Digest: digest.FromBytes(nil)})
				if assert.NoError(t, err) {
					assert.GreaterOrEqual(t, held.Version, version)
				}
				_, err = v.Advance(context.Background(), doc.Release{ID: fmt.Sprint(writer), Version: version, Expires: now(), Digest: digest.FromBytes(nil)})
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()
	v := openVersions(t, dir)
	held, err := v.Advance(t.Context(), doc.Release{ID: id, Version: 1, Expires: now(), Digest: digest.FromBytes(nil)})
	require.NoError(t, err)
	require.Equal(t, uint64(98), held.Version)
	for writer := range 8 {
		held, err := v.Advance(t.Context(), doc.Release{ID: fmt.Sprint(writer), Version: 1, Expires: now(), Digest: digest.FromBytes(nil)})
		require.NoError(t, err)
		require.Equal(t, uint64(91+writer), held.Version)
	}
}

func TestWhatCannotBeABundleIsNotPushed(t *testing.T) {
	s, _ := newStore(t)
	good := signed(t, document(3), "ann")
	_, err := bundle.Push(t.Context(), s, bundle.Bundle{Document: []byte("{}"), Signatures: good.Signatures}, "")
	require.ErrorIs(t, err, attest.Is(doc.CodeFormat))
	_, err = bundle.Push(t.Context(), s, bundle.Bundle{Document: good.Document}, "")
	require.ErrorIs(t, err, attest.Is(bundle.CodeUnsigned))
	_, err = bundle.Push(t.Context(), s, bundle.Bundle{Document: good.Document, Signatures: make([]attest.Attestation, 33)}, "")
	require.ErrorIs(t, err, attest.Is(bundle.CodeLimit))
	_, err = bundle.Push(t.Context(), s, bundle.Bundle{Document: good.Document, Signatures: make([]attest.Attestation, 1)}, "")
	require.ErrorIs(t, err, attest.Is(bundle.CodeType))
	large := attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: make([]byte, 1<<20+1)}
	_, err = bundle.Push(t.Context(), s, bundle.Bundle{Document: good.Document, Signatures: []attest.Attestation{large}}, "")
	require.ErrorIs(t, err, attest.Is(bundle.CodeLimit))
	_, err = bundle.Push(t.Context(), nil, good, "")
	require.ErrorIs(t, err, attest.Is(attest.CodeNil))
	_, err = bundle.Pull(t.Context(), nil, digest.FromBytes(nil).String())
	require.ErrorIs(t, err, attest.Is(attest.CodeNil))
	require.ErrorIs(t, bundle.CreateVersions(t.Context(), nil), attest.Is(bundle.CodeNil))
	_, err = bundle.OpenVersions(nil)
	require.ErrorIs(t, err, attest.Is(bundle.CodeNil))
	_, err = new(bundle.Versions).Advance(t.Context(), doc.Release{})
	require.ErrorIs(t, err, attest.Is(bundle.CodeNil))
	v, _ := newVersions(t)
	_, err = v.Advance(t.Context(), doc.Release{ID: id})
	require.ErrorIs(t, err, attest.Is(bundle.CodeStore))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = v.Advance(ctx, doc.Release{ID: id, Digest: digest.FromBytes(nil)})
	require.ErrorIs(t, err, attest.Is(attest.CodeCanceled))
}

func FuzzVersions(f *testing.F) {
	f.Add([]byte(`{"schema":"https://github.com/sealwright/sealwright/policy/bundle/versions/v1","releases":[]}`))
	dir := f.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { root.Close() })
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := root.WriteFile("versions.json", b, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := bundle.OpenVersions(root); err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatal("no reason")
		}
	})
}
