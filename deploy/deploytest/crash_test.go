package deploytest_test

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACrashCollectsWhatWasAcknowledged(t *testing.T) {
	rounds := 0
	c := deploytest.Crash{
		Rounds: 3, Longest: 100 * time.Millisecond, Seed: 1,
		Command: func(ctx context.Context, _ int) *exec.Cmd {
			return exec.CommandContext(ctx, "sh", "-c", "while :; do echo ok; done")
		},
		Check: func(_ int, lines []string) error {
			rounds++
			for _, l := range lines {
				assert.Equal(t, "ok", l)
			}
			return nil
		},
	}
	_, err := c.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, rounds)
}

func TestAProcessThatEndsByItselfIsNoCrash(t *testing.T) {
	c := deploytest.Crash{
		Rounds: 1, Longest: time.Hour, Seed: 1,
		Command: func(ctx context.Context, _ int) *exec.Cmd {
			return exec.CommandContext(ctx, "sh", "-c", "echo cannot open >&2; exit 3")
		},
		Check: func(int, []string) error { return nil },
	}
	_, err := c.Run(t.Context())
	require.ErrorIs(t, err, attest.Is(deploytest.CodeCrash))
	assert.ErrorContains(t, err, "cannot open")
}
