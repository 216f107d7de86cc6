package ledger_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/sealwright/sealwright/deploy/ledger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "example.com/deployments"

// logKey signs checkpoints in tests.
func logKey() *deploytest.Authority { return deploytest.NewAuthority("log") }

func trust() ledger.Trust { return ledger.Trust{Origin: origin, Key: logKey().Public()} }

func config(dir ledger.Dir) ledger.Config {
	return ledger.Config{Dir: dir, Origin: origin, Signer: logKey(), SegmentBytes: 400}
}

// realDir returns a directory on disk.
func realDir(t testing.TB) ledger.Dir {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, root.Close()) })
	return ledger.Directory(root)
}

func open(t testing.TB, c ledger.Config) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	return l
}

func entry(i int) ledger.Entry {
	return ledger.Entry{Type: ledger.TypeAttestation, Payload: []byte("media/type\nentry " + strconv.Itoa(i))}
}

func fill(t testing.TB, l *ledger.Ledger, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		p, err := l.Append(t.Context(), entry(i))
		require.NoError(t, err)
		require.Equal(t, uint64(i), p.Index)
		require.Equal(t, uint64(i+1), p.Checkpoint.Size)
	}
}

// filled returns a directory in memory that holds a closed ledger of n entries.
func filled(t testing.TB, n int) *memDir {
	t.Helper()
	dir := newMemDir()
	require.NoError(t, ledger.Create(t.Context(), config(dir)))
	l, err := ledger.Open(t.Context(), config(dir))
	require.NoError(t, err)
	fill(t, l, 0, n)
	require.NoError(t, l.Close())
	return dir
}

func read(ctx context.Context, dir ledger.Dir) (*ledger.Reader, error) {
	return ledger.OpenReader(ctx, ledger.ReaderConfig{Dir: dir, Trust: trust()})
}

func requireCode(t testing.TB, err error, code attest.Code) {
	t.Helper()
	require.ErrorIs(t, err, attest.Is(code))
}

func TestALedgerKeepsWhatWasAppended(t *testing.T) {
	for name, dir := range map[string]ledger.Dir{"on disk": realDir(t), "in memory": newMemDir()} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, ledger.Create(t.Context(), config(dir)))
			l := open(t, config(dir))
			fill(t, l, 0, 20)
			require.NoError(t, l.Close())
			require.NoError(t, l.Close(), "closing twice")
			_, err := l.Append(t.Context(), entry(0))
			requireCode(t, err, ledger.CodeClosed)
			l = open(t, config(dir))
			fill(t, l, 20, 40)
			r, err := read(t.Context(), dir)
			require.NoError(t, err)
			require.Equal(t, l.Checkpoint(), r.Checkpoint())
			n := 0
			for e, err := range r.Entries(t.Context(), 0) {
				require.NoError(t, err)
				require.Equal(t, entry(n), e)
				own, err := l.Entry(t.Context(), uint64(n))
				require.NoError(t, err)
				require.Equal(t, e, own)
				n++
			}
			require.Equal(t, 40, n)
			_, err = r.Entry(t.Context(), 40)
			requireCode(t, err, ledger.CodeIndex)
			_, err = l.Entry(t.Context(), 40)
			requireCode(t, err, ledger.CodeIndex)
		})
	}
}

// TestEveryProofVerifies compares with tlog's own tree over the same leaves.
func TestEveryProofVerifies(t *testing.T) {
	const n = 33
	dir := filled(t, n)
	l := open(t, config(dir))
	var heads []ledger.Checkpoint
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range at {
			out = append(out, hashes[i])
		}
		return out, nil
	})
	for i := range n {
		e := entry(i)
		h, err := tlog.StoredHashes(int64(i), append([]byte{byte(e.Type)}, e.Payload...), reader)
		require.NoError(t, err)
		hashes = append(hashes, h...)
		root, err := tlog.TreeHash(int64(i+1), reader)
		require.NoError(t, err)
		heads = append(heads, ledger.Checkpoint{Origin: origin, Size: uint64(i + 1), Root: deploy.Hash(root)})
	}
	require.Equal(t, heads[n-1].Root, l.Checkpoint().Root)
	for size := 1; size <= n; size++ {
		for i := range size {
			p, err := l.Prove(uint64(i), uint64(size))
			require.NoError(t, err)
			path := make(tlog.RecordProof, len(p))
			for j, h := range p {
				path[j] = tlog.Hash(h)
			}
			require.NoError(t, tlog.CheckRecord(path, int64(size), tlog.Hash(heads[size-1].Root), int64(i), tlog.Hash(entry(i).Leaf())))
			older, err := l.ProveConsistency(uint64(i+1), uint64(size))
			require.NoError(t, err)
			require.NoError(t, ledger.CheckConsistency(heads[i], heads[size-1], older))
			if size > i+1 {
				other := heads[i]
				other.Root[0] ^= 1
				requireCode(t, ledger.CheckConsistency(other, heads[size-1], older), ledger.CodeFork)
			}
		}
	}
	_, err := l.Prove(n, n)
	requireCode(t, err, ledger.CodeIndex)
	_, err = l.Prove(0, n+1)
	requireCode(t, err, ledger.CodeIndex)
	_, err = l.Prove(0, 0)
	requireCode(t, err, ledger.CodeIndex)
	_, err = l.ProveConsistency(2, 1)
	requireCode(t, err, ledger.CodeIndex)
}

func TestManyWritersShareBatches(t *testing.T) {
	dir := realDir(t)
	require.NoError(t, ledger.Create(t.Context(), config(dir)))
	c := config(dir)
	c.SegmentBytes = 1 << 16
	l := open(t, c)
	const writers, each = 64, 8
	var mu sync.Mutex
	got := map[uint64][]byte{}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				e := entry(w*each + i)
				p, err := l.Append(t.Context(), e)
				if !assert.NoError(t, err) {
					return
				}
				path, err := l.Prove(p.Index, p.Checkpoint.Size)
				assert.NoError(t, err)
				assert.NotNil(t, path)
				mu.Lock()
				assert.Nil(t, got[p.Index], "index %d twice", p.Index)
				got[p.Index] = e.Payload
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Len(t, got, writers*each)
	r, err := read(t.Context(), dir)
	require.NoError(t, err)
	i := uint64(0)
	for e, err := range r.Entries(t.Context(), 0) {
		require.NoError(t, err)
		require.Equal(t, got[i], e.Payload)
		i++
	}
	require.Equal(t, uint64(writers*each), i)
}

func TestAReaderSeesOnlyWhatIsSealedWhileAWriterAppends(t *testing.T) {
	dir := realDir(t)
	require.NoError(t, ledger.Create(t.Context(), config(dir)))
	l := open(t, config(dir))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 60 {
			_, err := l.Append(context.Background(), entry(i))
			assert.NoError(t, err)
		}
	}()
	var last ledger.Checkpoint
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		r, err := read(t.Context(), dir)
		require.NoError(t, err)
		if last.Note != nil {
			require.NoError(t, r.CheckConsistency(last))
		}
		last = r.Checkpoint()
	}
	require.Equal(t, uint64(60), last.Size)
}

func TestASecondWriterIsRefused(t *testing.T) {
	for name, dir := range map[string]ledger.Dir{"on disk": realDir(t), "in memory": newMemDir()} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, ledger.Create(t.Context(), config(dir)))
			l := open(t, config(dir))
			_, err := ledger.Open(t.Context(), config(dir))
			requireCode(t, err, ledger.CodeLocked)
			requireCode(t, ledger.Create(t.Context(), config(dir)), ledger.CodeLocked)
			require.NoError(t, l.Close())
			open(t, config(dir))
		})
	}
}

func TestALedgerIsCreatedOnceAndNeverByOpening(t *testing.T) {
	dir := newMemDir()
	_, err := ledger.Open(t.Context(), config(dir))
	requireCode(t, err, ledger.CodeMissing)
	_, err = read(t.Context(), dir)
	requireCode(t, err, ledger.CodeMissing)
	require.NoError(t, ledger.Create(t.Context(), config(dir)))
	requireCode(t, ledger.Create(t.Context(), config(dir)), ledger.CodeExists)
	r, err := read(t.Context(), dir)
	require.NoError(t, err)
	assert.Zero(t, r.Checkpoint().Size)

	full := filled(t, 3)
	delete(full.names, "checkpoint")
	requireCode(t, ledger.Create(t.Context(), config(full)), ledger.CodeExists)
	_, err = ledger.Open(t.Context(), config(full))
	requireCode(t, err, ledger.CodeMissing)
}

func TestAnEntryOutsideTheBoundsIsRefused(t *testing.T) {
	dir := filled(t, 1)
	c := config(dir)
	c.MaxEntry = 100
	l := open(t, c)
	_, err := l.Append(t.Context(), ledger.Entry{Type: 1, Payload: make([]byte, 100)})
	requireCode(t, err, ledger.CodeEntrySize)
	_, err = l.Append(t.Context(), ledger.Entry{Payload: []byte("x")})
	requireCode(t, err, ledger.CodeEntryType)
	_, err = l.Append(t.Context(), ledger.Entry{Type: 1, Payload: make([]byte, 99)})
	require.NoError(t, err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Append(ended, entry(0))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, uint64(2), l.Checkpoint().Size)
}

func TestAConfigurationIsRefusedThat(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p256, err := key.FromCryptoSigner(other)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		change func(*ledger.Config)
		code   attest.Code
	}{
		"has no directory":        {func(c *ledger.Config) { c.Dir = nil }, ledger.CodeNil},
		"has no signer":           {func(c *ledger.Config) { c.Signer = nil }, ledger.CodeNil},
		"has a P-256 key":         {func(c *ledger.Config) { c.Signer = p256 }, ledger.CodeKey},
		"has no origin":           {func(c *ledger.Config) { c.Origin = "" }, ledger.CodeOrigin},
		"has an origin with plus": {func(c *ledger.Config) { c.Origin = "a+b" }, ledger.CodeOrigin},
		"has a two-line origin":   {func(c *ledger.Config) { c.Origin = "a\n1" }, ledger.CodeOrigin},
		"has a negative limit":    {func(c *ledger.Config) { c.MaxEntry = -1 }, ledger.CodeConfig},
		"has an enormous limit":   {func(c *ledger.Config) { c.MaxEntry = 1 << 30 }, ledger.CodeConfig},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(newMemDir())
			tt.change(&c)
			requireCode(t, ledger.Create(t.Context(), c), tt.code)
			_, err := ledger.Open(t.Context(), c)
			requireCode(t, err, tt.code)
		})
	}
}

// A lyingSigner signs with a key that is not the one it shows.
type lyingSigner struct{ *deploytest.Authority }

func (lyingSigner) Sign(ctx context.Context, m []byte) ([]byte, error) {
	return deploytest.NewAuthority("another").Sign(ctx, m)
}

func TestACheckpointThatDoesNotVerifyIsNeverPublished(t *testing.T) {
	dir := filled(t, 2)
	before := dir.get("checkpoint")
	c := config(dir)
	c.Signer = lyingSigner{logKey()}
	l := open(t, c)
	_, err := l.Append(t.Context(), entry(2))
	requireCode(t, err, ledger.CodeUnknown)
	_, err = l.Append(t.Context(), entry(3))
	requireCode(t, err, ledger.CodePoisoned)
	assert.True(t, bytes.Equal(before, dir.get("checkpoint")))
}

func TestAnAttestationIsAnEntryAndBack(t *testing.T) {
	a := attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: []byte("a\nb")}
	e, err := ledger.AttestationEntry(a)
	require.NoError(t, err)
	back, err := e.Attestation()
	require.NoError(t, err)
	assert.Equal(t, a, back)
	for _, bad := range []attest.Attestation{{}, {MediaType: "a"}, {Body: []byte("a")}, {MediaType: "a\nb", Body: []byte("a")}} {
		_, err := ledger.AttestationEntry(bad)
		requireCode(t, err, ledger.CodeEntryType)
	}
	for _, bad := range []ledger.Entry{{}, {Type: 1}, {Type: 2, Payload: []byte("a\nb")}, {Type: 1, Payload: []byte("a\n")}, {Type: 1, Payload: []byte("\nb")}} {
		_, err := bad.Attestation()
		requireCode(t, err, ledger.CodeEntryType)
	}
}

func TestALeafIsNeverANode(t *testing.T) {
	// RFC 6962 section 2.1: a leaf is hashed with prefix 0, a node with prefix 1.
	left, right := entry(0).Leaf(), entry(1).Leaf()
	node := tlog.NodeHash(tlog.Hash(left), tlog.Hash(right))
	forged := ledger.Entry{Type: 1, Payload: append(left[:], right[:]...)}
	assert.NotEqual(t, deploy.Hash(node), forged.Leaf())
	prefixed := ledger.Entry{Type: 1, Payload: fmt.Appendf(nil, "\x01%s%s", left[:], right[:])}
	assert.NotEqual(t, deploy.Hash(node), prefixed.Leaf())
}
