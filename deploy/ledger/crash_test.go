package ledger_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/sealwright/sealwright/deploy/ledger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const crashWriters = 4

// TestCrashChild is the process that TestKilledWritersLoseNothing kills: it
// appends with several writers and prints the payload's number and the index of
// each acknowledgement.
func TestCrashChild(t *testing.T) {
	path := os.Getenv("SEALWRIGHT_CRASH_DIR")
	if path == "" {
		return // not the child
	}
	round, err := strconv.Atoi(os.Getenv("SEALWRIGHT_CRASH_ROUND"))
	require.NoError(t, err)
	root, err := os.OpenRoot(path)
	require.NoError(t, err)
	c := config(ledger.Directory(root))
	c.SegmentBytes = 1 << 14
	l, err := ledger.Open(t.Context(), c)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for w := range crashWriters {
		wg.Go(func() {
			for i := 0; ; i++ {
				n := (round*crashWriters+w)*1_000_000 + i
				p, err := l.Append(t.Context(), entry(n))
				if err != nil {
					t.Error(err)
					return
				}
				// One write(2) of a line, which a pipe keeps whole.
				fmt.Fprintf(os.Stdout, "%d %d\n", n, p.Index)
			}
		})
	}
	wg.Wait()
}

func TestKilledWritersLoseNothing(t *testing.T) {
	rounds := 60
	if long() {
		rounds = 10_000
	}
	path := t.TempDir()
	root, err := os.OpenRoot(path)
	require.NoError(t, err)
	defer root.Close()
	dir := ledger.Directory(root)
	require.NoError(t, ledger.Create(t.Context(), config(dir)))
	acknowledged := map[string]uint64{}
	var known []byte
	c := deploytest.Crash{
		Rounds: rounds, Longest: 150 * time.Millisecond, Seed: uint64(time.Now().UnixNano()),
		Command: func(ctx context.Context, round int) *exec.Cmd {
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestCrashChild$")
			cmd.Env = append(os.Environ(), "SEALWRIGHT_CRASH_DIR="+path, "SEALWRIGHT_CRASH_ROUND="+strconv.Itoa(round))
			return cmd
		},
		Check: func(round int, lines []string) error {
			for _, line := range lines {
				var n int
				var index uint64
				if _, err := fmt.Sscanf(line, "%d %d", &n, &index); err != nil {
					return fmt.Errorf("%q: %w", line, err)
				}
				acknowledged[string(entry(n).Payload)] = index
			}
			// A reader sees an intact ledger before anybody repairs it.
			r, err := ledger.OpenReader(t.Context(), ledger.ReaderConfig{Dir: dir, Trust: trust(), Known: known})
			if err != nil {
				return fmt.Errorf("round %d: %w", round, err)
			}
			known = r.Checkpoint().Note
			return nil
		},
	}
	total, err := c.Run(t.Context())
	require.NoError(t, err)
	t.Logf("%d kills, %d acknowledged entries", rounds, total)

	config := config(dir)
	config.Known = known
	l := open(t, config)
	require.Len(t, acknowledged, total)
	seen := map[string]bool{}
	for i := range l.Checkpoint().Size {
		e, err := l.Entry(t.Context(), i)
		require.NoError(t, err)
		require.False(t, seen[string(e.Payload)], "%s twice", e.Payload)
		seen[string(e.Payload)] = true
		if index, ok := acknowledged[string(e.Payload)]; ok {
			require.Equal(t, index, i)
			delete(acknowledged, string(e.Payload))
		}
	}
	assert.Empty(t, acknowledged, "acknowledged entries are lost")
	assert.Positive(t, total)
}
