package ledger_test

import (
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy/ledger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failOnce makes the n-th operation of that kind on a file fail, from 0.
func failOnce(op, suffix string, n int, err error) func(string, string) error {
	return func(o, name string) error {
		if o != op || !strings.HasSuffix(name, suffix) {
			return nil
		}
		n--
		if n == -1 {
			return err
		}
		return nil
	}
}

func TestAFailedFsyncPoisonsTheLedgerAlthoughTheNextSucceeds(t *testing.T) {
	for name, fault := range map[string]func(string, string) error{
		"of a segment":       failOnce("sync", ".seg", 0, syscall.EIO),
		"of the checkpoint":  failOnce("sync", "checkpoint.tmp", 0, syscall.EIO),
		"of the directory":   failOnce("syncdir", ".", 0, syscall.EIO),
		"and a lost rename":  failOnce("rename", "checkpoint", 0, syscall.EIO),
		"and a full disk":    failOnce("write", "checkpoint.tmp", 0, syscall.ENOSPC),
		"and no second file": failOnce("replace", "checkpoint.tmp", 0, syscall.ENOSPC),
	} {
		t.Run(name, func(t *testing.T) {
			d := filled(t, 3)
			l := open(t, config(d))
			d.fault = fault
			_, err := l.Append(t.Context(), entry(3))
			requireCode(t, err, ledger.CodeUnknown)
			for range 3 {
				_, err = l.Append(t.Context(), entry(4))
				requireCode(t, err, ledger.CodePoisoned)
			}
			require.Equal(t, uint64(3), l.Checkpoint().Size)
			_, err = l.Entry(t.Context(), 2)
			require.NoError(t, err, "what was acknowledged can still be read")
			require.NoError(t, l.Close())
			d.fault = nil
			l = open(t, config(d))
			require.GreaterOrEqual(t, l.Checkpoint().Size, uint64(3))
			require.LessOrEqual(t, l.Checkpoint().Size, uint64(4))
		})
	}
}

func TestAFullDiskInTheMiddleOfAnEntryKeepsNothing(t *testing.T) {
	for short := range 60 {
		d := filled(t, 3)
		l := open(t, config(d))
		d.short, d.fault = short, failOnce("write", ".seg", 0, syscall.ENOSPC)
		_, err := l.Append(t.Context(), entry(3))
		requireCode(t, err, ledger.CodeWrite)
		require.ErrorIs(t, err, syscall.ENOSPC)
		fill(t, l, 3, 5)
		require.NoError(t, l.Close())
		_, err = read(t.Context(), d)
		require.NoError(t, err)
	}
}

func TestAWriteThatCannotBeUndonePoisonsTheLedger(t *testing.T) {
	d := filled(t, 3)
	l := open(t, config(d))
	d.fault = func(op, name string) error {
		if op == "write" || op == "truncate" {
			return syscall.EIO
		}
		return nil
	}
	_, err := l.Append(t.Context(), entry(3))
	requireCode(t, err, ledger.CodeUnknown)
	d.fault = nil
	_, err = l.Append(t.Context(), entry(3))
	requireCode(t, err, ledger.CodePoisoned)
}

func TestASegmentThatCannotBeBegunIsUndone(t *testing.T) {
	for _, op := range []string{"create", "write"} {
		d := newMemDir()
		require.NoError(t, ledger.Create(t.Context(), config(d)))
		l := open(t, config(d))
		d.short, d.fault = 7, failOnce(op, ".seg", 0, syscall.ENOSPC)
		_, err := l.Append(t.Context(), entry(0))
		requireCode(t, err, ledger.CodeWrite)
		fill(t, l, 0, 2)
		require.NoError(t, l.Close())
	}
	d := newMemDir()
	require.NoError(t, ledger.Create(t.Context(), config(d)))
	l := open(t, config(d))
	d.fault = failOnce("sync", ".seg", 0, syscall.EIO)
	_, err := l.Append(t.Context(), entry(0))
	requireCode(t, err, ledger.CodeUnknown)
	_, err = l.Append(t.Context(), entry(0))
	requireCode(t, err, ledger.CodePoisoned)
}

// TestAPowerCutAtAnyOperationLosesNothing cuts the power at each operation in
// turn, loses any part of what was not synced, and opens what is left.
func TestAPowerCutAtAnyOperationLosesNothing(t *testing.T) {
	rounds := 600
	if long() {
		rounds = 10_000
	}
	random := rand.New(rand.NewPCG(9, 10))
	adopted := 0
	for round := range rounds {
		d := filled(t, round%4)
		acked := round % 4
		l, err := ledger.Open(t.Context(), config(d))
		require.NoError(t, err)
		left := random.IntN(40)
		d.short = 1 << 20
		d.fault = func(string, string) error {
			if left--; left < 0 {
				return syscall.EIO
			}
			return nil
		}
		for {
			if _, err := l.Append(t.Context(), entry(acked)); err != nil {
				break
			}
			acked++
		}
		require.NoError(t, l.Close())
		// A reader may have seen this checkpoint before the power failed.
		seen := d.get("checkpoint")
		after := d.cut(random)
		c := config(after)
		c.Known = seen
		l, err = ledger.Open(t.Context(), c)
		require.NoError(t, err, "round %d", round)
		size := int(l.Checkpoint().Size)
		require.GreaterOrEqual(t, size, acked, "round %d lost an acknowledged entry", round)
		require.LessOrEqual(t, size, acked+1)
		adopted += size - acked
		fill(t, l, size, size+2)
		require.NoError(t, l.Close())
		r, err := read(t.Context(), after)
		require.NoError(t, err)
		i := 0
		for e, err := range r.Entries(t.Context(), 0) {
			require.NoError(t, err)
			require.Equal(t, entry(i), e, "round %d", round)
			i++
		}
	}
	assert.Positive(t, adopted, "no cut fell between the entry and its checkpoint")
}

// TestAPowerCutDuringRecoveryLosesNothing cuts the power while the ledger is
// opened after a first cut.
func TestAPowerCutDuringRecoveryLosesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for range 200 {
		d, _ := behind(t, 2)
		last := spans(d)[4]
		torn := last.start + random.IntN(last.end-last.start)
		d.put(last.file, d.get(last.file)[:torn])
		left := random.IntN(8)
		d.short = 1 << 20
		d.fault = func(string, string) error {
			if left--; left < 0 {
				return syscall.EIO
			}
			return nil
		}
		if l, err := ledger.Open(t.Context(), config(d)); err == nil {
			require.NoError(t, l.Close())
		} else {
			require.NotEmpty(t, attest.Reasons(err))
		}
		after := d.cut(random)
		l, err := ledger.Open(t.Context(), config(after))
		require.NoError(t, err)
		require.Equal(t, uint64(4), l.Checkpoint().Size)
		fill(t, l, 4, 5)
		require.NoError(t, l.Close())
	}
}
