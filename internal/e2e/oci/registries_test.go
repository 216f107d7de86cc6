package oci

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/oci"
	"github.com/sealwright/sealwright/policy/bundle"
	"github.com/sealwright/sealwright/policy/doc"
)

func goContainerRegistry(t *testing.T, referrers bool) string {
	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithReferrersSupport(referrers)))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// dockerRegistry starts Debian's docker-registry on a free port.
func dockerRegistry(t *testing.T) string {
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		t.Skip("needs the Debian package docker-registry")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host := l.Addr().String()
	require.NoError(t, l.Close())
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil,
		"version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", filepath.Join(dir, "data"), host), 0o644))
	server := exec.CommandContext(t.Context(), program, "serve", config)
	require.NoError(t, server.Start())
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	require.Eventually(t, func() bool {
		resp, err := http.Get("http://" + host + "/v2/")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, 20*time.Second, 20*time.Millisecond)
	return host
}

func open(t *testing.T, host string) *oci.Store {
	s, err := oci.OpenRegistry(oci.Registry{Repository: host + "/team/app", Transport: http.DefaultTransport.(*http.Transport).Clone(), Insecure: true})
	require.NoError(t, err)
	return s
}

func TestRegistries(t *testing.T) {
	for name, start := range map[string]func(*testing.T) string{
		"go-containerregistry with the referrers API":    func(t *testing.T) string { return goContainerRegistry(t, true) },
		"go-containerregistry without the referrers API": func(t *testing.T) string { return goContainerRegistry(t, false) },
		"docker-registry": dockerRegistry,
	} {
		t.Run(name, func(t *testing.T) {
			host := start(t)
			s := open(t, host)
			image, err := s.Push(t.Context(), oci.Artifact{Type: "application/vnd.example", Layers: []oci.Layer{{MediaType: "text/plain", Body: []byte("hello")}}}, "latest")
			require.NoError(t, err)
			resolved, err := s.Resolve(t.Context(), "latest")
			require.NoError(t, err)
			require.Equal(t, image, resolved)
			pulled, err := s.Pull(t.Context(), image.Digest)
			require.NoError(t, err)
			require.Equal(t, "hello", string(pulled.Layers[0].Body))
			require.Empty(t, list(t, s, image.Digest))

			loadPolicy(t, s)
			attachConcurrently(t, host, image)
			ours := list(t, s, image.Digest)
			require.Len(t, ours, 32)
			require.ElementsMatch(t, ours, asORASLists(t, host, image), "another client finds the same")
		})
	}
}

// loadPolicy has a policy published and admitted.
func loadPolicy(t *testing.T, s *oci.Store) {
	ctx := t.Context()
	document := []byte(`{
		"schema": "https://github.com/sealwright/sealwright/policy/doc/v1",
		"id": "https://example.com/policies/release", "version": 1, "expires": "2027-01-01T00:00:00Z",
		"authorities": ["example.com/release-keys"], "validity": "1h",
		"policy": {"rule": {"use": "signer", "id": "approved", "with": {
			"trust": {"signers": ["alice"]}, "predicateTypes": ["https://example.com/approval/v1"]}}}}`)
	release, err := doc.NewRelease(document)
	require.NoError(t, err)
	attestor, err := dsse.NewAttestor(attesttest.Signer("ann"))
	require.NoError(t, err)
	signature, err := attestor.Attest(ctx, release)
	require.NoError(t, err)
	d, err := bundle.Push(ctx, s, bundle.Bundle{Document: document, Signatures: []attest.Attestation{signature}}, "policy")
	require.NoError(t, err)
	verifier, err := dsse.NewVerifier(dsse.Trust{Authority: "example.com/keys", Threshold: 1,
		Keys: []dsse.Key{{Principal: "ann", Public: attesttest.Signer("ann").Public()}}})
	require.NoError(t, err)
	trust := doc.Trust{ID: "https://example.com/policies/release", Verifier: verifier, Authorities: []string{"example.com/keys"},
		Signers: []string{"ann"}, Versions: new(doc.Versions), Catalogue: doc.Builtin()}
	config, err := bundle.Load(ctx, s, "policy@"+d.Digest.String(), trust, time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Equal(t, "1", config.Policy.Version)
	_, err = bundle.Pull(ctx, s, "policy")
	require.ErrorIs(t, err, attest.Is(bundle.CodeUnpinned))
}

// attachConcurrently has 32 writers attach one attestation each, all at a time.
func attachConcurrently(t *testing.T, host string, image oci.Descriptor) {
	var group sync.WaitGroup
	for i := range 32 {
		group.Go(func() {
			_, err := open(t, host).Attach(t.Context(), image, attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: fmt.Appendf(nil, `{"number":%d}`, i)}, nil)
			assert.NoError(t, err)
		})
	}
	group.Wait()
}

func list(t *testing.T, s *oci.Store, subject digest.Digest) []string {
	var out []string
	for r, err := range s.List(t.Context(), subject, oci.Query{}) {
		require.NoError(t, err)
		out = append(out, r.Manifest.Digest.String())
	}
	return out
}

// asORASLists is what oras lists, by the API or the tag schema.
func asORASLists(t *testing.T, host string, image oci.Descriptor) []string {
	repository, err := remote.NewRepository(host + "/team/app")
	require.NoError(t, err)
	repository.PlainHTTP = true
	d, err := repository.Resolve(t.Context(), image.Digest.String())
	require.NoError(t, err)
	entries, err := repository.Predecessors(t.Context(), d)
	require.NoError(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Digest.String())
	}
	return out
}
