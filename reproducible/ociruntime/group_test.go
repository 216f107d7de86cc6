//go:build linux && (amd64 || arm64)

package ociruntime

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
)

func TestALimitThatIsNotReadBackIsMissing(t *testing.T) {
	for name, groups := range map[string]string{
		"no group":              "",
		"another controller":    "3:cpu:/\n",
		"a group that is gone":  "5:memory:/no/such/group\n6:pids:/no/such/group\n0::/no/such/group\n",
		"a group without limit": "5:memory:/\n6:pids:/\n0::/\n",
		"garbage":               "\xff\n:\n::\n",
	} {
		t.Run(name, func(t *testing.T) {
			proc := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(proc, "cgroup"), []byte(groups), 0o600))
			memory, pids := readGroup(proc, reproducible.Limits{Memory: 12345678, PIDs: 77})
			require.ErrorIs(t, memory, attest.Is(CodeLimits))
			require.ErrorIs(t, pids, attest.Is(CodeLimits))
		})
	}
}

func TestAGroupIsFoundBelowTheRootOfItsMount(t *testing.T) {
	const mounts = "1 0 0:1 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
		"2 0 0:2 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	require.Equal(t, "/sys/fs/cgroup/memory/x", locate(mounts, "cgroup", "memory", "/docker/abc/x"))
	require.Empty(t, locate(mounts, "cgroup", "memory", "/docker/abcd"))
	require.Empty(t, locate(mounts, "cgroup", "pids", "/docker/abc/x"))
	require.Equal(t, "/sys/fs/cgroup/unified/y", locate(mounts, "cgroup2", "", "/y"))
}

func TestAContainerThatIsThisProcessIsRefused(t *testing.T) {
	spec := (&reproducible.Spec{Command: []string{"/bin/probe"}, Dir: "/"}).WithDefaults()
	g, err := inspect(os.Getpid(), spec, Config{HostUID: 65534, HostGID: 65534})
	require.Zero(t, g)
	for _, where := range []string{"user namespace", "Uid", "CapEff", "NoNewPrivs", "at Max", "at /:"} {
		require.ErrorContains(t, err, where)
	}
	require.ErrorIs(t, err, attest.Is(CodeSetUp))
}
