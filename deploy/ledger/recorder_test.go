package ledger_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/sealwright/sealwright/deploy/ledger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notary signs records in tests.
func notary() *deploytest.Authority { return deploytest.NewAuthority("recorder") }

func recorderConfig(dir ledger.Dir) ledger.RecorderConfig {
	return ledger.RecorderConfig{Ledger: config(dir), Attestor: notary(), Verifier: notary()}
}

func newRecorder(t testing.TB, dir ledger.Dir) *ledger.Recorder {
	t.Helper()
	r, err := ledger.CreateRecorder(t.Context(), recorderConfig(dir))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, r.Close()) })
	return r
}

func chain(t testing.TB, n int) []*deploy.Record {
	t.Helper()
	c, err := deploytest.Chain(t.Context(), deploytest.At("production", "web"), n)
	require.NoError(t, err)
	return c
}

func verifyReceipt(ctx context.Context, r deploy.Receipt) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if r, err = deploy.ParseReceipt(b); err != nil {
		return err
	}
	_, err = ledger.VerifyReceipt(ctx, r, trust(), notary())
	return err
}

func TestARecorderKeepsTheContract(t *testing.T) {
	dirs := map[deploytest.Store]ledger.Dir{}
	var open []*ledger.Recorder
	defer func() {
		for _, r := range open {
			assert.NoError(t, r.Close())
		}
	}()
	keep := func(dir ledger.Dir, r *ledger.Recorder, err error) (deploytest.Store, error) {
		if err != nil {
			return nil, err
		}
		dirs[r], open = dir, append(open, r)
		return r, nil
	}
	require.NoError(t, deploytest.CheckRecorder(t.Context(), deploytest.Harness{
		New: func(ctx context.Context) (deploytest.Store, error) {
			dir := realDir(t)
			r, err := ledger.CreateRecorder(ctx, recorderConfig(dir))
			return keep(dir, r, err)
		},
		Reopen: func(ctx context.Context, s deploytest.Store) (deploytest.Store, error) {
			if err := s.(*ledger.Recorder).Close(); err != nil {
				return nil, err
			}
			r, err := ledger.OpenRecorder(ctx, recorderConfig(dirs[s]))
			return keep(dirs[s], r, err)
		},
		VerifyReceipt: verifyReceipt,
	}))
}

func TestARecorderIsRefusedWithoutItsParts(t *testing.T) {
	for _, change := range []func(*ledger.RecorderConfig){
		func(c *ledger.RecorderConfig) { c.Attestor = nil },
		func(c *ledger.RecorderConfig) { c.Verifier = nil },
		func(c *ledger.RecorderConfig) { c.Ledger.Admit = func(uint64, ledger.Entry) error { return nil } },
	} {
		c := recorderConfig(newMemDir())
		change(&c)
		_, err := ledger.CreateRecorder(t.Context(), c)
		requireCode(t, err, ledger.CodeNil)
		_, err = ledger.OpenRecorder(t.Context(), c)
		requireCode(t, err, ledger.CodeNil)
	}
}

func TestARecorderLogsNothingThatItsVerifierRefuses(t *testing.T) {
	c := recorderConfig(newMemDir())
	c.Attestor = mallory()
	r, err := ledger.CreateRecorder(t.Context(), c)
	require.NoError(t, err)
	defer r.Close()
	_, err = r.Record(t.Context(), chain(t, 1)[0])
	requireCode(t, err, deploytest.CodeSignature)
	assert.Zero(t, r.Checkpoint().Size)
}

func TestAnUnverifiedEntryKeepsTheRecorderClosed(t *testing.T) {
	forged, err := chain(t, 1)[0].Statement()
	require.NoError(t, err)
	bySomebody, err := mallory().Attest(t.Context(), forged)
	require.NoError(t, err)
	approval, err := deploy.NewApproval(chain(t, 1)[0].Authorization.Request(), deploy.Ballot{Decision: deploy.VoteApprove, Expires: deploytest.Epoch()})
	require.NoError(t, err)
	noRecord, err := notary().Attest(t.Context(), approval)
	require.NoError(t, err)
	second, err := chain(t, 2)[1].Statement()
	require.NoError(t, err)
	outOfOrder, err := notary().Attest(t.Context(), second)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		a    attest.Attestation
		code attest.Code
	}{
		"by somebody else": {bySomebody, deploytest.CodeSignature},
		"of no record":     {noRecord, attest.CodeWantPredicateType},
		"out of order":     {outOfOrder, deploy.CodeGeneration},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newMemDir()
			require.NoError(t, ledger.Create(t.Context(), config(dir)))
			l := open(t, config(dir))
			e, err := ledger.AttestationEntry(tt.a)
			require.NoError(t, err)
			_, err = l.Append(t.Context(), e)
			require.NoError(t, err)
			require.NoError(t, l.Close())
			_, err = ledger.OpenRecorder(t.Context(), recorderConfig(dir))
			requireCode(t, err, ledger.CodeAdmit)
			requireCode(t, err, tt.code)
			reader, err := read(t.Context(), dir)
			require.NoError(t, err)
			_, err = ledger.ReadTimeline(t.Context(), reader, notary())
			requireCode(t, err, ledger.CodeAdmit)
		})
	}
}

func TestAReaderOfTheLedgerGivesTheSameAnswers(t *testing.T) {
	dir := realDir(t)
	r := newRecorder(t, dir)
	for _, rec := range chain(t, 5) {
		_, err := r.Record(t.Context(), rec)
		require.NoError(t, err)
	}
	reader, err := read(t.Context(), dir)
	require.NoError(t, err)
	timeline, err := ledger.ReadTimeline(t.Context(), reader, notary())
	require.NoError(t, err)
	for _, q := range []deploy.Querier{timeline} {
		want, err := r.History(t.Context(), deploy.HistoryQuery{Environment: "production"})
		require.NoError(t, err)
		got, err := q.History(t.Context(), deploy.HistoryQuery{Environment: "production"})
		require.NoError(t, err)
		require.Len(t, got.Entries, 5)
		for i := range got.Entries {
			assert.Equal(t, want.Entries[i].Deployment, got.Entries[i].Deployment)
			assert.Equal(t, want.Entries[i].State, got.Entries[i].State)
			assert.Equal(t, "test:recorder", got.Entries[i].Verified.Authority())
		}
	}
	_, err = ledger.ReadTimeline(t.Context(), nil, notary())
	requireCode(t, err, ledger.CodeNil)
}

func TestAFailedRecordCanBeRecordedAgain(t *testing.T) {
	d := newMemDir()
	r := newRecorder(t, d)
	records := chain(t, 2)
	_, err := r.Record(t.Context(), records[0])
	require.NoError(t, err)
	d.fault = failOnce("write", ".seg", 0, syscall.ENOSPC)
	_, err = r.Record(t.Context(), records[1])
	requireCode(t, err, ledger.CodeWrite)
	receipt, err := r.Record(t.Context(), records[1])
	require.NoError(t, err)
	require.NoError(t, verifyReceipt(t.Context(), receipt))
}

func TestARecordOfUnknownOutcomeIsFoundOrRecordedOnReopening(t *testing.T) {
	d := newMemDir()
	r := newRecorder(t, d)
	records := chain(t, 2)
	_, err := r.Record(t.Context(), records[0])
	require.NoError(t, err)
	d.fault = failOnce("sync", "checkpoint.tmp", 0, syscall.EIO)
	_, err = r.Record(t.Context(), records[1])
	requireCode(t, err, ledger.CodeUnknown)
	_, err = r.Record(t.Context(), records[1])
	requireCode(t, err, ledger.CodePoisoned)
	again, err := r.Record(t.Context(), records[0])
	require.NoError(t, err, "what was acknowledged can still be proven")
	require.NoError(t, verifyReceipt(t.Context(), again))
	require.NoError(t, r.Close())
	r, err = ledger.OpenRecorder(t.Context(), recorderConfig(d))
	require.NoError(t, err)
	defer r.Close()
	receipt, err := r.Record(t.Context(), records[1])
	require.NoError(t, err)
	assert.Equal(t, uint64(1), receipt.Index)
	assert.Equal(t, uint64(2), r.Checkpoint().Size)
}

func TestSixtyFourDeployersOfSixtyFourPlaces(t *testing.T) {
	r := newRecorder(t, realDir(t))
	const deployers, each = 64, 3
	var wg sync.WaitGroup
	for i := range deployers {
		wg.Go(func() {
			place := deploytest.At("production", "web"+strconv.Itoa(i))
			records, err := deploytest.Chain(t.Context(), place, each)
			assert.NoError(t, err)
			for _, rec := range records {
				receipt, err := r.Record(t.Context(), rec)
				if assert.NoError(t, err) {
					assert.NoError(t, verifyReceipt(t.Context(), receipt))
				}
				a, err := r.Live(t.Context(), "production")
				assert.NoError(t, err)
				mine := slices.ContainsFunc(a.Entries, func(e deploy.Entry) bool {
					return e.Deployment.RequestDigest == rec.Authorization.RequestDigest()
				})
				assert.True(t, mine, "an acknowledged record is visible")
			}
		})
	}
	wg.Wait()
	assert.Equal(t, uint64(deployers*each), r.Checkpoint().Size)
}

func TestAWaitingDeployerHonoursItsContext(t *testing.T) {
	slow := &gated{Authority: notary(), enter: make(chan struct{}), leave: make(chan struct{})}
	c := recorderConfig(newMemDir())
	c.Attestor = slow
	r, err := ledger.CreateRecorder(t.Context(), c)
	require.NoError(t, err)
	defer r.Close()
	rec := chain(t, 1)[0]
	first := make(chan error, 1)
	go func() {
		_, err := r.Record(context.Background(), rec)
		first <- err
	}()
	<-slow.enter
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() {
		_, err := r.Record(ctx, rec)
		second <- err
	}()
	cancel()
	require.ErrorIs(t, <-second, context.Canceled)
	close(slow.leave)
	require.NoError(t, <-first)
}

// gated is an attestor that stops until it is let go.
type gated struct {
	*deploytest.Authority
	enter, leave chan struct{}
}

func (g *gated) Attest(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
	close(g.enter)
	<-g.leave
	return g.Authority.Attest(ctx, s)
}

func TestAReceiptIsRefusedWith(t *testing.T) {
	dir := realDir(t)
	r := newRecorder(t, dir)
	var receipts []deploy.Receipt
	for _, rec := range chain(t, 5) {
		receipt, err := r.Record(t.Context(), rec)
		require.NoError(t, err)
		receipts = append(receipts, receipt)
	}
	good, other := receipts[4], receipts[3]
	_, err := ledger.VerifyReceipt(t.Context(), good, trust(), notary())
	require.NoError(t, err)
	empty := newMemDir()
	require.NoError(t, ledger.Create(t.Context(), config(empty)))
	node := good
	node.Index, node.Inclusion, node.LeafHash = 0, good.Inclusion[1:], good.Inclusion[0]
	tests := []struct {
		name   string
		change func(*deploy.Receipt)
		code   attest.Code
	}{
		{"another index", func(r *deploy.Receipt) { r.Index-- }, ledger.CodeProof},
		{"an index outside the tree", func(r *deploy.Receipt) { r.Index = r.TreeSize }, deploy.CodeReceipt},
		{"another size", func(r *deploy.Receipt) { r.TreeSize++ }, ledger.CodeReceiptMismatch},
		{"a smaller tree's checkpoint", func(r *deploy.Receipt) { r.Checkpoint = other.Checkpoint }, ledger.CodeReceiptMismatch},
		{"the empty tree", func(r *deploy.Receipt) { r.Checkpoint, r.TreeSize, r.Index = empty.get("checkpoint"), 0, 0 }, deploy.CodeReceipt},
		{"the empty tree's checkpoint", func(r *deploy.Receipt) { r.Checkpoint = empty.get("checkpoint") }, ledger.CodeReceiptMismatch},
		{"no checkpoint", func(r *deploy.Receipt) { r.Checkpoint = nil }, ledger.CodeCheckpointSignature},
		{"another leaf hash", func(r *deploy.Receipt) { r.LeafHash[0] ^= 1 }, ledger.CodeReceiptMismatch},
		{"a node as leaf", func(r *deploy.Receipt) { *r = node }, ledger.CodeReceiptMismatch},
		{"another record", func(r *deploy.Receipt) { r.Record, r.LeafHash = other.Record, other.LeafHash }, ledger.CodeProof},
		{"no record", func(r *deploy.Receipt) { r.Record = attest.Attestation{} }, ledger.CodeEntryType},
		{"no proof", func(r *deploy.Receipt) { r.Inclusion = nil }, ledger.CodeProof},
		{"a changed proof", func(r *deploy.Receipt) { r.Inclusion = []deploy.Hash{{1}} }, ledger.CodeProof},
		{"a longer proof", func(r *deploy.Receipt) { r.Inclusion = append(slices.Clone(r.Inclusion), deploy.Hash{}) }, ledger.CodeProof},
		{"another generation", func(r *deploy.Receipt) { r.Generation++ }, ledger.CodeReceiptMismatch},
		{"another state", func(r *deploy.Receipt) { r.State = deploy.Failed }, ledger.CodeReceiptMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad := good
			tt.change(&bad)
			_, err := ledger.VerifyReceipt(t.Context(), bad, trust(), notary())
			requireCode(t, err, tt.code)
		})
	}
	_, err = ledger.VerifyReceipt(t.Context(), good, ledger.Trust{Origin: "example.com/other", Key: logKey().Public()}, notary())
	requireCode(t, err, ledger.CodeCheckpointSignature)
	_, err = ledger.VerifyReceipt(t.Context(), good, ledger.Trust{Origin: origin, Key: mallory().Public()}, notary())
	requireCode(t, err, ledger.CodeCheckpointSignature)
	_, err = ledger.VerifyReceipt(t.Context(), good, trust(), mallory())
	requireCode(t, err, deploytest.CodeSignature)
	_, err = ledger.VerifyReceipt(t.Context(), good, trust(), nil)
	requireCode(t, err, ledger.CodeNil)
}

func TestEveryChangedByteOfAReceiptIsRefused(t *testing.T) {
	r := newRecorder(t, newMemDir())
	var last deploy.Receipt
	for _, rec := range chain(t, 2) {
		var err error
		last, err = r.Record(t.Context(), rec)
		require.NoError(t, err)
	}
	b, err := json.Marshal(last)
	require.NoError(t, err)
	for i := range b {
		bad := slices.Clone(b)
		bad[i] ^= 1
		parsed, err := deploy.ParseReceipt(bad)
		if err == nil {
			_, err = ledger.VerifyReceipt(t.Context(), parsed, trust(), notary())
		}
		require.Error(t, err, "byte %d", i)
		require.NotEmpty(t, attest.Reasons(err))
	}
}

func TestALinkOutOfTheDirectoryIsNotFollowed(t *testing.T) {
	outside, path := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(outside+"/checkpoint", filled(t, 1).get("checkpoint"), 0o600))
	require.NoError(t, os.Symlink(outside+"/checkpoint", path+"/checkpoint"))
	root, err := os.OpenRoot(path)
	require.NoError(t, err)
	defer root.Close()
	_, err = read(t.Context(), ledger.Directory(root))
	requireCode(t, err, ledger.CodeRead)
}

func TestCodesAreUnique(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range slices.Concat(ledger.Codes(), deploy.Codes(), deploytest.Codes()) {
		assert.False(t, seen[c], c)
		seen[c] = true
	}
}
