package dirlog_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/attest/tlog/dirlog"
)

// writerEnv makes the test binary a writer of the directory that it names.
const writerEnv = "DIRLOG_TEST_WRITER"

// TestMain is the writer when TestAKilledWriterLosesNothing starts it: it adds
// entries until it is killed and tells each checkpoint that it acknowledged.
func TestMain(m *testing.M) {
	dir := os.Getenv(writerEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	ctx := context.Background()
	root, err := os.OpenRoot(dir)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	signer, err := tlog.NewSigner(origin, tlog.Ed25519, attesttest.Signer("log"), nil)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	l, err := dirlog.Open(ctx, dirlog.Config{Root: root, Signer: signer})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	for n := 1; ; n = 1 + n*7%300 {
		size := int(l.Reader().Checkpoint().Size)
		if _, err := l.AddAll(ctx, numbered(size, n)); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(l.Reader().Checkpoint().Size, l.Reader().Checkpoint().Root)
	}
}

func TestAKilledWriterLosesNothing(t *testing.T) {
	rounds := 12
	if os.Getenv("CI_LONG") != "" {
		rounds = 400
	}
	c := config(t, t.TempDir())
	require.NoError(t, dirlog.Create(t.Context(), c))
	known := []tlog.Checkpoint{}
	for round := range rounds {
		known = append(known, killWriter(t, c.Root.Name())...)
		l, err := dirlog.Open(t.Context(), c)
		require.NoError(t, err, "round %d", round)
		for _, k := range known {
			require.NoError(t, l.Reader().CheckConsistency(k), "round %d: acknowledged size %d", round, k.Size)
		}
		require.NoError(t, l.Close())
		known = known[max(0, len(known)-5):]
	}
	r, err := dirlog.OpenReader(c.Root, c.Signer.Key(), nil)
	require.NoError(t, err)
	require.NoError(t, r.Check(t.Context()))
	require.NotZero(t, r.Checkpoint().Size)
}

// killWriter runs a writer, kills it at some moment, and returns what it
// acknowledged.
func killWriter(t *testing.T, dir string) []tlog.Checkpoint {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), writerEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	require.NoError(t, err)
	time.Sleep(time.Duration(rand.IntN(30_000)) * time.Microsecond)
	require.NoError(t, cmd.Process.Kill())
	rest, err := io.ReadAll(lines)
	require.NoError(t, err)
	require.Error(t, cmd.Wait())
	var acknowledged []tlog.Checkpoint
	for line := range strings.Lines(first + string(rest)) {
		size, root, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		n, err := strconv.ParseUint(size, 10, 64)
		if !ok || err != nil {
			require.NotContains(t, line, "error")
			continue
		}
		c, err := tlog.ParseCheckpoint(origin + "\n" + size + "\n" + root + "\n")
		require.NoError(t, err)
		require.Equal(t, n, c.Size)
		acknowledged = append(acknowledged, c)
	}
	return acknowledged
}
