// Package tlog_test reads logs of package dirlog with the tools of Tessera.
package tlog_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"

	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/attest/tlog/dirlog"
)

const origin = "example.com/log"

func hashes(bundle []byte) ([][]byte, error) {
	var b api.EntryBundle
	if err := b.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var out [][]byte
	for _, e := range b.Entries {
		h := tlog.LeafHash(e)
		out = append(out, h[:])
	}
	return out, nil
}

func TestTesseraReadsOurLogs(t *testing.T) {
	ctx := t.Context()
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	signer, err := tlog.NewSigner(origin, tlog.Ed25519, attesttest.Signer("log"), nil)
	require.NoError(t, err)
	verifier, err := note.NewVerifier(signer.Key().String())
	require.NoError(t, err)
	config := dirlog.Config{Root: root, Signer: signer}
	require.NoError(t, dirlog.Create(ctx, config))
	l, err := dirlog.Open(ctx, config)
	require.NoError(t, err)
	defer l.Close()
	server := httptest.NewServer(http.FileServerFS(root.FS()))
	defer server.Close()
	base, err := url.Parse(server.URL + "/")
	require.NoError(t, err)
	overHTTP, err := client.NewHTTPFetcher(base, server.Client())
	require.NoError(t, err)
	files := client.FileFetcher{Root: root.Name()}
	size := 0
	for _, n := range []int{1, 2, 252, 1, 1, 300, 70_000 - 557} {
		for n > 0 {
			batch := make([][]byte, min(n, 16_000))
			for i := range batch {
				batch[i] = fmt.Appendf(nil, "entry %d", size+i)
			}
			_, err := l.AddAll(ctx, batch)
			require.NoError(t, err)
			size, n = size+len(batch), n-len(batch)
		}
		for _, f := range []fsck.Fetcher{files, overHTTP} {
			require.NoError(t, fsck.New(origin, verifier, f, hashes, fsck.Opts{N: 2}).Check(ctx), "%d entries", size)
		}
		checkProofs(t, overHTTP, verifier, l)
	}
}

// checkProofs demands that Tessera's client makes the proofs that we make.
func checkProofs(t *testing.T, f *client.HTTPFetcher, v note.Verifier, l *dirlog.Log) {
	head, _, _, err := client.FetchCheckpoint(t.Context(), f.ReadCheckpoint, v, origin)
	require.NoError(t, err)
	require.Equal(t, l.Reader().Checkpoint().Size, head.Size)
	builder, err := client.NewProofBuilder(t.Context(), head.Size, f.ReadTile)
	require.NoError(t, err)
	for _, index := range []uint64{0, head.Size / 2, head.Size - 1} {
		theirs, err := builder.InclusionProof(t.Context(), index)
		require.NoError(t, err)
		ours, err := l.Reader().Prove(index)
		require.NoError(t, err)
		require.Len(t, ours.Hashes, len(theirs))
		for i := range theirs {
			require.Equal(t, theirs[i], ours.Hashes[i][:])
		}
	}
}
