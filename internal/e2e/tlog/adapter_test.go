package tlog_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/attest/tlog/tessera"
)

func TestALogOfTheAdapterIsSound(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	signer, err := tlog.NewSigner(origin, tlog.Ed25519, attesttest.Signer("log"), nil)
	require.NoError(t, err)
	verifier, err := note.NewVerifier(signer.Key().String())
	require.NoError(t, err)
	driver, err := posix.New(ctx, posix.Config{Path: dir})
	require.NoError(t, err)
	l, err := tessera.Open(ctx, tessera.Config{Driver: driver, Signer: signer})
	require.NoError(t, err)
	defer l.Close()
	batch := make([][]byte, 700)
	for i := range batch {
		batch[i] = fmt.Appendf(nil, "entry %d", i)
	}
	_, err = l.AddAll(ctx, batch)
	require.NoError(t, err)
	require.NoError(t, fsck.New(origin, verifier, client.FileFetcher{Root: dir}, hashes, fsck.Opts{N: 2}).Check(ctx))
}
