package graph

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
)

// TestMain lets the test binary be the writer that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SEALWRIGHT_GRAPH_WRITER"); dir != "" {
		if err := writeUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeUntilKilled adds statements, some of them again, and prints each number once it
// is acknowledged.
func writeUntilKilled(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	s, err := Open(context.Background(), root, Config{DeltaBytes: 20_000})
	if err != nil {
		return err
	}
	size, err := s.Size()
	if err != nil {
		return err
	}
	for i := max(0, int(size.Statements)-3); ; i++ {
		if _, err := s.add(context.Background(), []*fact{generated(i)}); err != nil {
			return err
		}
		fmt.Println(i)
	}
}

func TestNothingAcknowledgedIsLostWhenTheWriterIsKilled(t *testing.T) {
	dir := t.TempDir()
	rounds := 12
	if os.Getenv("SEALWRIGHT_LONG") != "" {
		rounds = 300
	}
	acknowledged := -1
	for round := range rounds {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "SEALWRIGHT_GRAPH_WRITER="+dir)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		timer := time.AfterFunc(time.Duration(50+round*23)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			n, err := strconv.Atoi(lines.Text())
			if err == nil { // the last line may be cut
				acknowledged = max(acknowledged, n)
			}
		}
		_ = cmd.Wait()
		timer.Stop()
		require.Empty(t, stderr.String())
	}
	require.Positive(t, acknowledged, "the writer never got anywhere")
	s := openAt(t, dir, Config{})
	size, err := s.Size()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, size.Statements, uint64(acknowledged+1))
	assert.LessOrEqual(t, size.Statements, uint64(acknowledged+1+rounds), "no duplicates")
	for i := range acknowledged + 1 {
		p, err := s.Statements(context.Background(), sum("e"+strconv.Itoa(i)), trusting("alice"), "", 10)
		require.NoError(t, err)
		require.Len(t, p.Mentions, 1, "statement %d is there once", i)
	}
	t.Logf("%d statements acknowledged", acknowledged+1)
}

func TestARecordTornAtAnyByteWasNeverAcknowledged(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Config{})
	add(t, s, "alice", builds(t, "app", "lib"))
	log := filepath.Join(dir, s.manifest.Log)
	before, err := os.ReadFile(log)
	require.NoError(t, err)
	want, err := answers(t, s)
	require.NoError(t, err)
	add(t, s, "alice", builds(t, "app", "lib2"))
	after, err := os.ReadFile(log)
	require.NoError(t, err)
	more, err := answers(t, s)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	whole := len(after) - frameHeader // the frame without its acknowledgement

	for n := len(before); n < len(after); n++ {
		for _, tail := range [][]byte{after[:n], append(bytes.Clone(after[:n]), make([]byte, 64)...)} {
			require.NoError(t, os.WriteFile(log, tail, 0o644))
			got, err := readAs(t, dir, Config{})
			require.NoError(t, err, "byte %d", n)
			if !bytes.HasPrefix(tail, after[:whole]) { // zeros may be what was cut off
				require.Equal(t, want, got, "byte %d", n)
			} else {
				require.Equal(t, more, got, "byte %d: a whole frame counts", n)
			}
		}
	}
	t.Run("and a writer goes on behind it", func(t *testing.T) {
		for _, n := range []int{len(before) + 5, whole - 1, whole, whole + 7} {
			require.NoError(t, os.WriteFile(log, after[:n], 0o644))
			root := rootOf(t, dir)
			s, err := Open(context.Background(), root, Config{})
			require.NoError(t, err)
			add(t, s, "alice", builds(t, "app", "lib2"))
			require.NoError(t, s.Close())
			got, err := readAs(t, dir, Config{})
			require.NoError(t, err)
			require.Equal(t, more, got)
		}
	})
}

func TestADamagedRecordThatWasAcknowledgedIsAnError(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Config{})
	for i := range 3 {
		add(t, s, "alice", builds(t, "app", "lib"+strconv.Itoa(i)))
	}
	log := filepath.Join(dir, s.manifest.Log)
	require.NoError(t, s.Close())
	good, err := os.ReadFile(log)
	require.NoError(t, err)
	for i := 0; i < len(good)-frameHeader; i++ {
		bad := bytes.Clone(good)
		bad[i] ^= 0x40
		require.NoError(t, os.WriteFile(log, bad, 0o644))
		_, err := readAs(t, dir, Config{})
		require.ErrorIs(t, err, attest.Is(CodeDamaged), "byte %d", i)
	}
	t.Run("also for a writer, which must not cut it off", func(t *testing.T) {
		for _, i := range []int{logHeader + 30, len(good) / 2, len(good) - frameHeader - 1} {
			bad := bytes.Clone(good)
			bad[i] ^= 1
			require.NoError(t, os.WriteFile(log, bad, 0o644))
			_, err := Open(context.Background(), rootOf(t, dir), Config{})
			require.ErrorIs(t, err, attest.Is(CodeDamaged), "byte %d", i)
			kept, err := os.ReadFile(log)
			require.NoError(t, err)
			require.Equal(t, bad, kept)
		}
	})
}

func TestACrashDuringACompactionLeavesTheStoreAsItWas(t *testing.T) {
	dir, want := filled(t)
	for _, stray := range []string{"segment-77.records", "segment-77.nodes", "log-99", manifestTemp} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, stray), []byte("half written"), 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("somebody else's"), 0o644))
	got, err := readAs(t, dir, Config{})
	require.NoError(t, err)
	assert.Equal(t, want, got)
	s := openAt(t, dir, Config{})
	got, err = answers(t, s)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	assert.NotContains(t, strings.Join(names, " "), "77")
	assert.NotContains(t, names, "log-99")
	assert.Contains(t, names, "notes.txt")
}
