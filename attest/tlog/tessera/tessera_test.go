package tessera_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	upstream "github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/storage/posix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/attest/tlog/dirlog"
	"github.com/sealwright/sealwright/attest/tlog/tessera"
)

// A log is what both packages offer.
type log interface {
	Add(ctx context.Context, entry []byte) (tlog.Proof, error)
	AddAll(ctx context.Context, entries [][]byte) ([]tlog.Proof, error)
	Close() error
}

var _, _ log = (*tessera.Log)(nil), (*dirlog.Log)(nil)

func newSigner(t testing.TB) *tlog.Signer {
	s, err := tlog.NewSigner("example.com/log", tlog.Ed25519, attesttest.Signer("log"), nil)
	require.NoError(t, err)
	return s
}

func open(t testing.TB, dir string) *tessera.Log {
	driver, err := posix.New(t.Context(), posix.Config{Path: dir})
	require.NoError(t, err)
	l, err := tessera.Open(t.Context(), tessera.Config{Driver: driver, Signer: newSigner(t)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func policy(t testing.TB) *tlog.Policy {
	p, err := tlog.NewPolicy(tlog.Trust{Logs: []tlog.Log{{Key: newSigner(t).Key()}}, Quorum: tlog.QuorumNone})
	require.NoError(t, err)
	return p
}

func entries(from, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = fmt.Appendf(nil, "entry %d", from+i)
	}
	return out
}

func TestWhatIsAddedIsProvenAndReadByDirlog(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	l := open(t, dir)
	first, err := l.Add(ctx, []byte("entry 0"))
	require.NoError(t, err)
	head, err := policy(t).Verify(first, []byte("entry 0"))
	require.NoError(t, err)
	require.Equal(t, uint64(1), head.Size)
	_, err = policy(t).Verify(first, []byte("entry 1"))
	require.ErrorIs(t, err, attest.Is(tlog.CodeInclusion))

	proofs, err := l.AddAll(ctx, entries(1, 600))
	require.NoError(t, err)
	for i, p := range proofs {
		_, err := policy(t).Verify(p, fmt.Appendf(nil, "entry %d", 1+i))
		require.NoError(t, err)
		require.Equal(t, proofs[0].Checkpoint, p.Checkpoint, "one checkpoint for all")
	}

	reader, err := l.Reader(ctx)
	require.NoError(t, err)
	require.NoError(t, reader.CheckConsistency(ctx, head.Checkpoint))
	require.Equal(t, uint64(601), reader.Checkpoint().Size)
	counted := 0
	for entry, err := range reader.Entries(ctx, 0) {
		require.NoError(t, err)
		require.Contains(t, string(entry), "entry ")
		counted++
	}
	require.Equal(t, 601, counted)
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	ours, err := dirlog.OpenReader(root, newSigner(t).Key(), nil)
	require.NoError(t, err)
	require.NoError(t, ours.Check(ctx))
	for _, index := range []uint64{0, 255, 256, 511, 512, 600} {
		want, err := ours.Prove(index)
		require.NoError(t, err)
		got, err := reader.Prove(ctx, index)
		require.NoError(t, err)
		require.Equal(t, want, got)
		entry, err := ours.Entry(index)
		require.NoError(t, err)
		same, err := reader.Entry(ctx, index)
		require.NoError(t, err)
		require.Equal(t, entry, same)
	}
}

func TestALogGoesOnAfterItWasClosed(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	l := open(t, dir)
	_, err := l.AddAll(ctx, entries(0, 3))
	require.NoError(t, err)
	before, err := l.Reader(ctx)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	_, err = l.Add(ctx, []byte("late"))
	require.ErrorIs(t, err, attest.Is(tessera.CodeClosed))

	l = open(t, dir)
	p, err := l.Add(ctx, []byte("entry 3"))
	require.NoError(t, err)
	require.Equal(t, uint64(3), p.Index)
	after, err := l.Reader(ctx)
	require.NoError(t, err)
	require.NoError(t, after.CheckConsistency(ctx, before.Checkpoint()))
	require.ErrorIs(t, before.CheckConsistency(ctx, after.Checkpoint()), attest.Is(tlog.CodeRollback))
	_, err = before.Prove(ctx, 3)
	require.ErrorIs(t, err, attest.Is(tessera.CodeIndex))
	_, err = before.Entry(ctx, 3)
	require.ErrorIs(t, err, attest.Is(tessera.CodeIndex))
}

func TestManyAddAtATime(t *testing.T) {
	l := open(t, t.TempDir())
	var group sync.WaitGroup
	for writer := range 16 {
		group.Go(func() {
			for i := range 2 {
				entry := fmt.Appendf(nil, "writer %d entry %d", writer, i)
				p, err := l.Add(t.Context(), entry)
				if assert.NoError(t, err) {
					_, err = policy(t).Verify(p, entry)
					assert.NoError(t, err)
				}
			}
		})
	}
	group.Wait()
}

// The reader of a source that is not the log's own: a directory of dirlog, read by
// Tessera's client.
func TestAReaderReadsDirlog(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	source := client.FileFetcher{Root: dir}
	newDirlog(t, dir, 300)
	r, err := tessera.OpenReader(ctx, source, newSigner(t).Key())
	require.NoError(t, err)
	for index := range uint64(300) {
		p, err := r.Prove(ctx, index)
		require.NoError(t, err)
		_, err = policy(t).Verify(p, fmt.Appendf(nil, "entry %d", index))
		require.NoError(t, err)
	}
}

func newDirlog(t testing.TB, dir string, n int) {
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	config := dirlog.Config{Root: root, Signer: newSigner(t)}
	require.NoError(t, dirlog.Create(t.Context(), config))
	d, err := dirlog.Open(t.Context(), config)
	require.NoError(t, err)
	defer d.Close()
	_, err = d.AddAll(t.Context(), entries(0, n))
	require.NoError(t, err)
}

func TestADamagedLogIsRefused(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	newDirlog(t, dir, 300)
	source := client.FileFetcher{Root: dir}
	r, err := tessera.OpenReader(ctx, source, newSigner(t).Key())
	require.NoError(t, err)
	for _, name := range []string{"tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, filepath.FromSlash(name))
			good, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, bad := range [][]byte{flip(good, 5), good[:len(good)-1], nil} {
				require.NoError(t, os.WriteFile(path, bad, 0o644))
				var failed error
				for _, index := range []uint64{0, 299} {
					_, proveErr := r.Prove(ctx, index)
					_, entryErr := r.Entry(ctx, index)
					failed = errors.Join(failed, proveErr, entryErr)
				}
				require.Error(t, failed)
				require.NotEmpty(t, attest.Reasons(failed))
			}
			require.NoError(t, os.Remove(path))
			_, first := r.Entry(ctx, 0)
			_, last := r.Entry(ctx, 299)
			require.Error(t, errors.Join(first, last))
			require.NoError(t, os.WriteFile(path, good, 0o644))
		})
	}
	checkpoint, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), flip(checkpoint, 17), 0o644))
	_, err = tessera.OpenReader(ctx, source, newSigner(t).Key())
	require.Error(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, "checkpoint")))
	_, err = tessera.OpenReader(ctx, source, newSigner(t).Key())
	require.ErrorIs(t, err, attest.Is(tessera.CodeRead))
}

func flip(b []byte, at int) []byte {
	b = append([]byte(nil), b...)
	b[at] ^= 1
	return b
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	driver, err := posix.New(t.Context(), posix.Config{Path: t.TempDir()})
	require.NoError(t, err)
	l, err := tessera.Open(t.Context(), tessera.Config{Driver: driver, Signer: newSigner(t),
		Options: upstream.NewAppendOptions().WithCheckpointInterval(2*time.Second).WithBatching(1, time.Millisecond)})
	require.NoError(t, err)
	defer l.Close()
	_, _ = l.Add(shortly(t), []byte("the first is published at once, or not"))
	_, err = l.Add(shortly(t), []byte("entry"))
	require.ErrorIs(t, err, attest.Is(tessera.CodeUncertain))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Add(ctx, []byte("entry"))
	require.ErrorIs(t, err, attest.Is(attest.CodeCanceled))
}

// stuck is a driver that opens no log before its context ends.
type stuck struct{}

func (stuck) Appender(ctx context.Context, _ *upstream.AppendOptions) (*upstream.Appender, upstream.LogReader, error) {
	<-ctx.Done()
	return nil, nil, ctx.Err()
}

func TestOpeningEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := tessera.Open(ctx, tessera.Config{Driver: stuck{}, Signer: newSigner(t)})
	require.ErrorIs(t, err, attest.Is(attest.CodeCanceled))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestTheOutcomeIsNotGuessed(t *testing.T) {
	l := open(t, t.TempDir())
	_, err := l.Add(t.Context(), []byte("entry 0"))
	require.NoError(t, err)
	added := func() (upstream.Index, error) { return upstream.Index{}, nil }
	pushback := func() (upstream.Index, error) { return upstream.Index{}, fmt.Errorf("full: %w", upstream.ErrPushback) }
	broken := func() (upstream.Index, error) { return upstream.Index{}, errors.New("the disk is gone") }
	never := func() (upstream.Index, error) { select {} }
	for name, tc := range map[string]struct {
		futures []upstream.IndexFuture
		code    attest.Code
	}{
		"the log took none":              {[]upstream.IndexFuture{pushback, pushback}, tessera.CodeBusy},
		"the log took one of two":        {[]upstream.IndexFuture{pushback, added}, tessera.CodeUncertain},
		"the log took two, last refused": {[]upstream.IndexFuture{added, pushback}, tessera.CodeUncertain},
		"the driver failed":              {[]upstream.IndexFuture{broken}, tessera.CodeUncertain},
		"the driver does not answer":     {[]upstream.IndexFuture{never}, tessera.CodeUncertain},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, l.AwaitForTest(shortly(t), tc.futures), attest.Is(tc.code))
		})
	}
	require.NoError(t, l.AwaitForTest(t.Context(), []upstream.IndexFuture{added}))
}

func shortly(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestWhatCannotBeALogIsRefused(t *testing.T) {
	ctx := t.Context()
	_, err := tessera.Open(ctx, tessera.Config{})
	require.ErrorIs(t, err, attest.Is(tessera.CodeConfig))
	driver, err := posix.New(ctx, posix.Config{Path: t.TempDir()})
	require.NoError(t, err)
	witness, err := tlog.NewSigner("w", tlog.CosignatureV1, attesttest.Signer("w"), nil)
	require.NoError(t, err)
	_, err = tessera.Open(ctx, tessera.Config{Driver: driver, Signer: witness})
	require.ErrorIs(t, err, attest.Is(tessera.CodeConfig))
	_, err = tessera.Open(ctx, tessera.Config{Driver: "no driver", Signer: newSigner(t)})
	require.ErrorIs(t, err, attest.Is(tessera.CodeDriver))
	_, err = tessera.OpenReader(ctx, nil, newSigner(t).Key())
	require.ErrorIs(t, err, attest.Is(attest.CodeNil))
	l := open(t, t.TempDir())
	_, err = l.Add(ctx, make([]byte, tlog.MaxEntry+1))
	require.ErrorIs(t, err, attest.Is(tlog.CodeEntrySize))
	_, err = l.AddAll(ctx, make([][]byte, 16_385))
	require.ErrorIs(t, err, attest.Is(attest.CodeLimit))
	require.Len(t, newSigner(t).Key().Public, ed25519.PublicKeySize)
}
