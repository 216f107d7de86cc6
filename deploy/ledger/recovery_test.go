package ledger_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/sealwright/sealwright/deploy/ledger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func mallory() *deploytest.Authority { return deploytest.NewAuthority("mallory") }

// long tells whether to run campaigns at full length.
func long() bool { return os.Getenv("SEALWRIGHT_LONG") == "1" }

// behind returns a ledger whose segments are n entries ahead of its checkpoint
// of size 3, as after a crash between the two.
func behind(t *testing.T, n int) (*memDir, []byte) {
	t.Helper()
	d := filled(t, 3)
	old := d.get("checkpoint")
	c := config(d)
	c.SegmentBytes = 1 << 20
	l, err := ledger.Open(t.Context(), c)
	require.NoError(t, err)
	fill(t, l, 3, 3+n)
	require.NoError(t, l.Close())
	newer := d.get("checkpoint")
	d.put("checkpoint", old)
	return d, newer
}

func TestATornTailIsCutAtEveryByte(t *testing.T) {
	whole, _ := behind(t, 2)
	list := spans(whole)
	name := list[4].file
	data := whole.get(name)
	for at := list[2].end; at <= len(data); at++ {
		d := whole.clone()
		d.put(name, data[:at])
		l, err := ledger.Open(t.Context(), config(d))
		require.NoError(t, err, "cut at %d", at)
		want := uint64(3)
		if at >= list[3].end {
			want++
		}
		if at >= list[4].end {
			want++
		}
		require.Equal(t, want, l.Checkpoint().Size, "cut at %d", at)
		fill(t, l, int(want), int(want)+2)
		require.NoError(t, l.Close())
		_, err = read(t.Context(), d)
		require.NoError(t, err)
	}
}

func TestATornTailOfGarbageIsCut(t *testing.T) {
	whole, _ := behind(t, 1)
	s := spans(whole)[3]
	random := rand.New(rand.NewPCG(7, 8))
	for range 50 {
		d := whole.clone()
		tail := make([]byte, random.IntN(200))
		for i := range tail {
			tail[i] = byte(random.Uint32())
		}
		d.put(s.file, append(d.get(s.file)[:s.start], tail...))
		l, err := ledger.Open(t.Context(), config(d))
		require.NoError(t, err)
		require.Equal(t, uint64(3), l.Checkpoint().Size)
		require.NoError(t, l.Close())
	}
}

func TestATailBelowTheCheckpointIsNeverCut(t *testing.T) {
	good := filled(t, 5)
	list := spans(good)
	last := list[4]
	for at := last.start; at < last.end; at++ {
		d := good.clone()
		d.put(last.file, d.get(last.file)[:at])
		refusedAt(t, d, 4)
	}
}

func TestATornHeaderOfANewSegmentIsRemoved(t *testing.T) {
	for n := range headerSize {
		d := filled(t, 4)
		name := "00000000000000000004.seg"
		full := append([]byte("SWLEDG1\n"), make([]byte, 12)...)
		d.put(name, full[:n])
		l, err := ledger.Open(t.Context(), config(d))
		require.NoError(t, err)
		fill(t, l, 4, 8)
		require.NoError(t, l.Close())
		_, err = read(t.Context(), d)
		require.NoError(t, err)
	}
	sealed := filled(t, 12)
	name := sealed.segments()[1]
	sealed.put(name, sealed.get(name)[:10])
	_, err := ledger.Open(t.Context(), config(sealed))
	var damage *ledger.DamageError
	require.ErrorAs(t, err, &damage)
}

func TestEntriesBeyondTheCheckpointAreKeptAndSealed(t *testing.T) {
	d, newer := behind(t, 4)
	r, err := read(t.Context(), d)
	require.NoError(t, err)
	assert.Equal(t, uint64(3), r.Checkpoint().Size, "a reader does not see them")
	c := config(d)
	c.Known = newer
	l := open(t, c)
	assert.Equal(t, uint64(7), l.Checkpoint().Size)
	known, err := ledger.ParseCheckpoint(newer, trust())
	require.NoError(t, err)
	assert.Equal(t, known.Root, l.Checkpoint().Root, "the log does not sign two trees of one size")
}

func TestACheckpointFarBehindTheSegmentsIsRefused(t *testing.T) {
	d, _ := behind(t, 1025)
	_, err := ledger.Open(t.Context(), config(d))
	requireCode(t, err, ledger.CodeRollback)
	many := filled(t, 12)
	empty := newMemDir()
	require.NoError(t, ledger.Create(t.Context(), config(empty)))
	many.put("checkpoint", empty.get("checkpoint"))
	_, err = ledger.Open(t.Context(), config(many))
	requireCode(t, err, ledger.CodeSegment)
}

func TestARestoredBackupIsRefusedByWhoKnowsANewerCheckpoint(t *testing.T) {
	backup := filled(t, 3)
	current := backup.clone()
	l, err := ledger.Open(t.Context(), config(current))
	require.NoError(t, err)
	fill(t, l, 3, 6)
	require.NoError(t, l.Close())
	newer := current.get("checkpoint")

	c := config(backup)
	c.Known = newer
	_, err = ledger.Open(t.Context(), c)
	requireCode(t, err, ledger.CodeRollback)
	_, err = ledger.OpenReader(t.Context(), ledger.ReaderConfig{Dir: backup, Trust: trust(), Known: newer})
	requireCode(t, err, ledger.CodeRollback)
	r, err := read(t.Context(), current)
	require.NoError(t, err)
	older, err := ledger.ParseCheckpoint(backup.get("checkpoint"), trust())
	require.NoError(t, err)
	require.NoError(t, r.CheckConsistency(older))
	proof, err := r.ProveConsistency(older.Size, r.Checkpoint().Size)
	require.NoError(t, err)
	require.NoError(t, ledger.CheckConsistency(older, r.Checkpoint(), proof))

	// The backup goes on with other entries: a fork.
	l, err = ledger.Open(t.Context(), config(backup))
	require.NoError(t, err)
	fill(t, l, 3, 4)
	for i := range 4 {
		_, err := l.Append(t.Context(), entry(100+i))
		require.NoError(t, err)
	}
	require.NoError(t, l.Close())
	_, err = ledger.OpenReader(t.Context(), ledger.ReaderConfig{Dir: backup, Trust: trust(), Known: newer})
	requireCode(t, err, ledger.CodeFork)
	c.Known = newer
	_, err = ledger.Open(t.Context(), c)
	requireCode(t, err, ledger.CodeFork)
	c.Known = []byte("no note")
	_, err = ledger.Open(t.Context(), c)
	requireCode(t, err, ledger.CodeCheckpointSignature)
}

func TestAnEntryThatIsNotAdmittedKeepsTheLedgerClosed(t *testing.T) {
	d := filled(t, 4)
	c := config(d)
	bad := errors.New("not mine")
	var seen []uint64
	c.Admit = func(i uint64, e ledger.Entry) error {
		seen = append(seen, i)
		if !bytes.Equal(e.Payload, entry(int(i)).Payload) || i == 2 {
			return bad
		}
		return nil
	}
	_, err := ledger.Open(t.Context(), c)
	requireCode(t, err, ledger.CodeAdmit)
	require.ErrorIs(t, err, bad)
	var damage *ledger.DamageError
	require.ErrorAs(t, err, &damage)
	assert.Equal(t, uint64(2), damage.Index)
	assert.Equal(t, []uint64{0, 1, 2}, seen)
	open(t, config(d))
}
