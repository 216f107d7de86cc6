package dirlog_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/attest/tlog/dirlog"
)

const origin = "example.com/log"

func config(t testing.TB, dir string) dirlog.Config {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	s, err := tlog.NewSigner(origin, tlog.Ed25519, attesttest.Signer("log"), nil)
	require.NoError(t, err)
	return dirlog.Config{Root: root, Signer: s}
}

func create(t testing.TB) (dirlog.Config, *dirlog.Log) {
	t.Helper()
	c := config(t, t.TempDir())
	require.NoError(t, dirlog.Create(t.Context(), c))
	return c, open(t, c)
}

func open(t testing.TB, c dirlog.Config) *dirlog.Log {
	t.Helper()
	l, err := dirlog.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

func policy(t testing.TB, c dirlog.Config) *tlog.Policy {
	t.Helper()
	p, err := tlog.NewPolicy(tlog.Trust{Logs: []tlog.Log{{Key: c.Signer.Key()}}, Quorum: tlog.QuorumNone})
	require.NoError(t, err)
	return p
}

func numbered(from, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = fmt.Appendf(nil, "entry %d", from+i)
	}
	return all
}

func requireCode(t testing.TB, code attest.Code, err error) {
	t.Helper()
	require.ErrorIs(t, err, attest.Is(code))
}

func TestEveryEntryIsProvenAtEverySize(t *testing.T) {
	c, l := create(t)
	p := policy(t, c)
	size := 0
	for _, n := range []int{1, 1, 2, 250, 2, 1, 255, 256, 3, 700, 1} {
		before := l.Reader()
		proofs, err := l.AddAll(t.Context(), numbered(size, n))
		require.NoError(t, err)
		for i, proof := range proofs {
			require.Equal(t, uint64(size+i), proof.Index)
			_, err := p.Verify(proof, numbered(size+i, 1)[0])
			require.NoError(t, err)
		}
		size += n
		r := l.Reader()
		require.Equal(t, uint64(size), r.Checkpoint().Size)
		require.NoError(t, r.CheckConsistency(before.Checkpoint()))
		require.NoError(t, r.Check(t.Context()), "%d entries", size)
	}
	require.NoError(t, l.Close())
	l = open(t, c)
	for i := range size {
		entry, err := l.Reader().Entry(uint64(i))
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint("entry ", i), string(entry))
	}
	for older := range uint64(size) {
		_, err := l.Reader().ProveConsistency(older)
		require.NoError(t, err)
	}
}

func TestConcurrentAddsShareCommits(t *testing.T) {
	c, l := create(t)
	p := policy(t, c)
	var wg sync.WaitGroup
	var mu sync.Mutex
	checkpoints := map[string]bool{}
	for i := range 64 {
		wg.Go(func() {
			entry := fmt.Appendf(nil, "concurrent %d", i)
			proof, err := l.Add(t.Context(), entry)
			if !assert.NoError(t, err) {
				return
			}
			_, err = p.Verify(proof, entry)
			assert.NoError(t, err)
			mu.Lock()
			checkpoints[string(proof.Checkpoint)] = true
			mu.Unlock()
		})
	}
	wg.Wait()
	require.Less(t, len(checkpoints), 64)
	require.NoError(t, l.Reader().Check(t.Context()))
}

func TestALogThatIsOlderThanAKnownCheckpointIsRefused(t *testing.T) {
	c, l := create(t)
	_, err := l.AddAll(t.Context(), numbered(0, 300))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	backup := t.TempDir()
	require.NoError(t, os.CopyFS(backup, c.Root.FS()))
	l = open(t, c)
	_, err = l.AddAll(t.Context(), numbered(300, 10))
	require.NoError(t, err)
	known := l.Reader().Signed()

	restored := config(t, backup)
	restored.Known = known
	_, err = dirlog.Open(t.Context(), restored)
	requireCode(t, dirlog.CodeRollback, err)

	restored.Known = nil
	forked := open(t, restored)
	_, err = forked.AddAll(t.Context(), numbered(1000, 20))
	require.NoError(t, err)
	require.NoError(t, forked.Close())
	restored.Known = known
	_, err = dirlog.Open(t.Context(), restored)
	requireCode(t, dirlog.CodeFork, err)
	restored.Known = []byte("nonsense")
	_, err = dirlog.Open(t.Context(), restored)
	requireCode(t, tlog.CodeNote, err)
}

func TestASecondWriterIsRefused(t *testing.T) {
	c, l := create(t)
	_, err := dirlog.Open(t.Context(), c)
	requireCode(t, dirlog.CodeLocked, err)
	requireCode(t, dirlog.CodeLocked, dirlog.Create(t.Context(), c))
	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	requireCode(t, dirlog.CodeExists, dirlog.Create(t.Context(), c))
	_, err = l.Add(t.Context(), []byte("x"))
	requireCode(t, dirlog.CodeClosed, err)
	require.NoError(t, c.Root.Remove("checkpoint"))
	_, err = dirlog.Open(t.Context(), c)
	requireCode(t, dirlog.CodeMissing, err)
}

func TestWhatALogCannotHoldIsRefused(t *testing.T) {
	c, l := create(t)
	_, err := l.Add(t.Context(), make([]byte, tlog.MaxEntry+1))
	requireCode(t, tlog.CodeEntrySize, err)
	_, err = l.AddAll(t.Context(), nil)
	requireCode(t, attest.CodeLimit, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Add(ctx, nil)
	requireCode(t, attest.CodeCanceled, err)
	_, err = l.Reader().Prove(0)
	requireCode(t, dirlog.CodeIndex, err)
	_, err = l.Reader().Entry(0)
	requireCode(t, dirlog.CodeIndex, err)
	_, err = l.Reader().ProveConsistency(1)
	requireCode(t, dirlog.CodeIndex, err)
	requireCode(t, dirlog.CodeConfig, dirlog.Create(t.Context(), dirlog.Config{}))
	witness, err := tlog.NewSigner("w", tlog.CosignatureV1, attesttest.Signer("w"), nil)
	require.NoError(t, err)
	requireCode(t, dirlog.CodeConfig, dirlog.Create(t.Context(), dirlog.Config{Root: c.Root, Signer: witness}))
	_, err = dirlog.OpenReader(nil, c.Signer.Key(), nil)
	requireCode(t, dirlog.CodeConfig, err)
	stranger, err := tlog.NewSigner(origin, tlog.Ed25519, attesttest.Signer("stranger"), nil)
	require.NoError(t, err)
	_, err = dirlog.OpenReader(c.Root, stranger.Key(), nil)
	requireCode(t, tlog.CodeUnsigned, err)
}

func TestACommitWhoseRenameIsMissingIsCompleted(t *testing.T) {
	c, l := create(t)
	_, err := l.AddAll(t.Context(), numbered(0, 5))
	require.NoError(t, err)
	old := l.Reader().Signed()
	_, err = l.AddAll(t.Context(), numbered(5, 255))
	require.NoError(t, err)
	published := l.Reader()
	require.NoError(t, l.Close())

	// As a power failure leaves it that takes back the rename.
	require.NoError(t, c.Root.Rename("checkpoint", ".checkpoint.next"))
	require.NoError(t, c.Root.WriteFile("checkpoint", old, 0o644))
	l = open(t, c)
	require.Equal(t, published.Checkpoint(), l.Reader().Checkpoint())
	require.NoError(t, l.Close())

	for name, next := range map[string]string{"an empty one": "", "a torn one": string(old[:20])} {
		require.NoError(t, c.Root.WriteFile(".checkpoint.next", []byte(next), 0o644))
		l = open(t, c)
		require.Equal(t, published.Checkpoint(), l.Reader().Checkpoint(), name)
		require.NoError(t, l.Close())
	}
	require.NoError(t, c.Root.WriteFile(".checkpoint.next", old, 0o644))
	_, err = dirlog.Open(t.Context(), c)
	requireCode(t, dirlog.CodeDamaged, err)

	interrupted := config(t, t.TempDir())
	require.NoError(t, interrupted.Root.WriteFile(".checkpoint.next", old[:9], 0o644))
	require.NoError(t, dirlog.Create(t.Context(), interrupted))
	open(t, interrupted)
}

func TestEveryDamagedFileIsNoticed(t *testing.T) {
	c, l := create(t)
	_, err := l.AddAll(t.Context(), numbered(0, 256*2+9))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	key := c.Signer.Key()
	var files []string
	require.NoError(t, fs.WalkDir(c.Root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() && path != ".lock" {
			files = append(files, path)
		}
		return err
	}))
	require.Len(t, files, 8)
	check := func() error {
		r, err := dirlog.OpenReader(c.Root, key, nil)
		if err != nil {
			return err
		}
		return r.Check(t.Context())
	}
	require.NoError(t, check())
	for _, name := range files {
		good, err := c.Root.ReadFile(name)
		require.NoError(t, err)
		step := max(1, len(good)/97)
		for at := 0; at < len(good); at += step {
			bad := slices.Clone(good)
			bad[at] ^= 1
			require.NoError(t, c.Root.WriteFile(name, bad, 0o644))
			require.Error(t, check(), "%s byte %d", name, at)
		}
		for what, bad := range map[string][]byte{"empty": nil, "cut": good[:len(good)-1], "longer": append(slices.Clone(good), 0)} {
			require.NoError(t, c.Root.WriteFile(name, bad, 0o644))
			err := check()
			if what == "longer" && strings.Contains(name, "tile/") && !strings.Contains(name, "entries") && strings.Contains(name, ".p/") {
				continue // what follows a partial tile is the full one's, and not looked at
			}
			require.Error(t, err, "%s %s", name, what)
		}
		require.NoError(t, c.Root.Remove(name))
		err = check()
		require.Error(t, err, name)
		require.NotEmpty(t, attest.Reasons(err))
		require.NoError(t, c.Root.WriteFile(name, good, 0o644))
	}
	require.NoError(t, check())
}

func TestAWriteThatFailsPoisonsTheLog(t *testing.T) {
	c, l := create(t)
	_, err := l.Add(t.Context(), []byte("one"))
	require.NoError(t, err)
	// A file where the next bundle's directory must be.
	dir := filepath.Join(c.Root.Name(), "tile/entries/000.p")
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.WriteFile(dir, nil, 0o644))
	_, err = l.Add(t.Context(), []byte("two"))
	requireCode(t, dirlog.CodeWrite, err)
	require.NoError(t, os.Remove(dir))
	_, err = l.Add(t.Context(), []byte("three"))
	requireCode(t, dirlog.CodePoisoned, err)
	require.Equal(t, uint64(1), l.Reader().Checkpoint().Size)
}

type flaky struct {
	attest.Signer
	fail *bool
}

func (f flaky) Sign(ctx context.Context, m []byte) ([]byte, error) {
	if *f.fail {
		return nil, errors.New("unavailable")
	}
	return f.Signer.Sign(ctx, m)
}

func TestASignerThatFailsLosesOnlyItsCommit(t *testing.T) {
	fail := false
	c := config(t, t.TempDir())
	var err error
	c.Signer, err = tlog.NewSigner(origin, tlog.Ed25519, flaky{attesttest.Signer("log"), &fail}, nil)
	require.NoError(t, err)
	require.NoError(t, dirlog.Create(t.Context(), c))
	l := open(t, c)
	fail = true
	_, err = l.AddAll(t.Context(), numbered(5000, 300))
	requireCode(t, tlog.CodeSigner, err)
	fail = false
	_, err = l.AddAll(t.Context(), numbered(0, 200))
	require.NoError(t, err)
	_, err = l.AddAll(t.Context(), numbered(200, 200))
	require.NoError(t, err)
	require.NoError(t, l.Reader().Check(t.Context()))
	r, err := dirlog.OpenReader(c.Root, c.Signer.Key(), nil)
	require.NoError(t, err)
	require.NoError(t, r.Check(t.Context()))
}
