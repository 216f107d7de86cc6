package oci_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	orasoci "oras.land/oras-go/v2/content/oci"

	"github.com/sealwright/sealwright/attest/oci"
)

// BenchmarkList lists 100 attestations of a layout, against oras opening the same
// layout and finding their manifests, which neither reads nor checks the layers.
func BenchmarkList(b *testing.B) {
	dir := b.TempDir()
	s := openLayout(b, dir)
	image, err := s.Push(b.Context(), oci.Artifact{Type: "application/vnd.example", Layers: []oci.Layer{{MediaType: "text/plain", Body: []byte("hello")}}}, "v1")
	require.NoError(b, err)
	for i := range 100 {
		_, err := s.Attach(b.Context(), image, attestation(i), nil)
		require.NoError(b, err)
	}
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range s.List(b.Context(), image.Digest, oci.Query{}) {
				require.NoError(b, err)
				n++
			}
			require.Equal(b, 100, n)
		}
	})
	b.Run("oras", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			theirs, err := orasoci.NewWithContext(b.Context(), dir)
			require.NoError(b, err)
			d, err := theirs.Resolve(b.Context(), "v1")
			require.NoError(b, err)
			found, err := theirs.Predecessors(b.Context(), d)
			require.NoError(b, err)
			require.Len(b, found, 100)
		}
	})
}
