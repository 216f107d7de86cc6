package bundle_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy/bundle"
	"github.com/sealwright/sealwright/policy/doc"
)

const childEnv = "SEALWRIGHT_BUNDLE_CHILD"

// TestMain is also the program that the crash test kills: it advances for ever and
// tells each version that was kept.
func TestMain(m *testing.M) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		os.Exit(1)
	}
	versions, err := bundle.OpenVersions(root)
	if err != nil {
		os.Exit(1)
	}
	held, err := versions.Advance(context.Background(), release(1))
	for err == nil {
		fmt.Println(held.Version)
		held, err = versions.Advance(context.Background(), release(held.Version+1))
	}
	os.Exit(1)
}

func release(version uint64) doc.Release {
	return doc.Release{ID: id, Version: version, Expires: now(), Digest: digest.FromBytes(strconv.AppendUint(nil, version, 10))}
}

func TestAKilledProcessForgetsNothing(t *testing.T) {
	_, dir := newVersions(t)
	last := uint64(0)
	for kill := range 8 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), childEnv+"="+dir)
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		lines := bufio.NewScanner(out)
		for told := 0; told <= 3*kill && lines.Scan(); told++ {
			version, err := strconv.ParseUint(lines.Text(), 10, 64)
			require.NoError(t, err)
			require.GreaterOrEqual(t, version, last)
			last = version
		}
		require.NoError(t, child.Process.Kill())
		require.Error(t, child.Wait())
		held, err := openVersions(t, dir).Advance(t.Context(), release(1))
		require.NoError(t, err)
		require.GreaterOrEqual(t, held.Version, last)
		require.Equal(t, release(held.Version).Digest, held.Digest)
	}
	require.Greater(t, last, uint64(20))
}

func TestWhoWaitsForTheLockCanGiveUp(t *testing.T) {
	versions, dir := newVersions(t)
	lock, err := os.OpenFile(filepath.Join(dir, "versions.lock"), os.O_RDWR, 0)
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	patient := make(chan error, 1)
	go func() { _, err := versions.Advance(context.Background(), release(1)); patient <- err }()
	time.Sleep(20 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = versions.Advance(ctx, release(2))
	require.ErrorIs(t, err, attest.Is(attest.CodeCanceled))
	require.NoError(t, lock.Close())
	require.NoError(t, <-patient)
}
