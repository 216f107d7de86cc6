package cgroup

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeHost describes a machine in files below a temporary directory.
func fakeHost(t *testing.T, own, mounts string) (Host, string) {
	t.Helper()
	top := t.TempDir()
	h := Host{SelfCgroup: filepath.Join(top, "self"), MountInfo: filepath.Join(top, "mountinfo")}
	require.NoError(t, os.WriteFile(h.SelfCgroup, []byte(own), 0o600))
	require.NoError(t, os.WriteFile(h.MountInfo, []byte(expand(mounts, top)), 0o600))
	return h, top
}

func expand(text, top string) string {
	return os.Expand(text, func(string) string { return top })
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestAVersion2GroupIsMadeWhereControllersAreDelegated(t *testing.T) {
	const mounts = "30 20 0:26 / ${top}/cg rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
	for name, delegate := range map[string]string{"in the own group": "/user/job", "beside the own group": "/user"} {
		t.Run(name, func(t *testing.T) {
			h, top := fakeHost(t, "0::/user/job\n", mounts)
			parent := filepath.Join(top, "cg", delegate)
			write(t, filepath.Join(top, "cg/user/job/cgroup.procs"), "")
			write(t, filepath.Join(parent, "cgroup.subtree_control"), "memory pids\n")
			tab, err := readTable(h)
			require.NoError(t, err)
			p, err := tab.enter("memory", "")
			require.NoError(t, err)
			require.Equal(t, parent, filepath.Dir(p.dir))
			require.Equal(t, 2, p.version)
		})
	}
}

func TestLimitsAreWrittenAsVersion2HasThem(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cgroup.procs"} {
		write(t, filepath.Join(dir, name), "")
	}
	write(t, filepath.Join(dir, "memory.events"), "low 0\noom 3\noom_kill 2\n")
	g := &Group{memory: part{dir, 2}, pids: part{dir, 2}}
	require.NoError(t, g.limitMemory(4096))
	require.NoError(t, g.limitPIDs(7))
	require.NoError(t, g.Add(42))
	for name, want := range map[string]string{
		"memory.max": "4096", "memory.swap.max": "0", "memory.oom.group": "1", "pids.max": "7", "cgroup.procs": "42",
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, want, string(got), name)
	}
	n, err := g.OOMKills()
	require.NoError(t, err)
	require.Equal(t, 2, n)
}

func TestALimitThatCannotBeWrittenIsNotInForce(t *testing.T) {
	g := &Group{memory: part{t.TempDir(), 2}, pids: part{t.TempDir(), 1}}
	require.Error(t, g.limitMemory(4096))
	require.False(t, g.Memory())
	require.Error(t, g.limitPIDs(4))
	require.False(t, g.PIDs())
}

func TestAMissingControllerIsAnError(t *testing.T) {
	h, _ := fakeHost(t, "0::/\n3:cpu:/\n", "30 20 0:26 / ${top}/cg rw - cgroup cgroup rw,cpu\n")
	g, err := Create(h, Limits{Memory: 1, PIDs: 1})
	require.ErrorContains(t, err, "memory")
	require.ErrorContains(t, err, "pids")
	require.False(t, g.Memory() || g.PIDs())
	require.NoError(t, g.Remove())
}

func TestAVersion1PathIsFoundBelowTheRootOfItsMount(t *testing.T) {
	const mounts = "1 0 0:1 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
		"2 0 0:2 /other /elsewhere rw - cgroup cgroup rw,memory\n"
	dir, top := locate(parseMounts(mounts), "cgroup", "memory", "/docker/abc/x")
	require.Equal(t, "/sys/fs/cgroup/memory/x", dir)
	require.Equal(t, "/sys/fs/cgroup/memory", top)
	dir, _ = locate(parseMounts(mounts), "cgroup", "memory", "/docker/abcd")
	require.Empty(t, dir)
	dir, _ = locate(parseMounts(mounts), "cgroup", "cpu", "/docker/abc")
	require.Empty(t, dir)
}

func TestGroupsOfDeadProcessesAreSwept(t *testing.T) {
	parent := t.TempDir()
	dead := exec.Command("/bin/true")
	require.NoError(t, dead.Run())
	swept := filepath.Join(parent, fmt.Sprintf("sealwright-%d-1", dead.Process.Pid))
	kept := []string{
		filepath.Join(parent, fmt.Sprintf("sealwright-%d-2", os.Getpid())),
		filepath.Join(parent, "sealwright-other"), filepath.Join(parent, "user.slice"),
	}
	for _, dir := range append(kept, swept) {
		require.NoError(t, os.Mkdir(dir, 0o700))
	}
	made, err := makeGroup(parent)
	require.NoError(t, err)
	require.NoDirExists(t, swept)
	for _, dir := range append(kept, made) {
		require.DirExists(t, dir)
	}
}

// kernelLimits reads back what the kernel took for the limits of a group.
func kernelLimits(t *testing.T, g *Group) (memory, pids string) {
	name := "memory.max"
	if g.memory.version == 1 {
		name = "memory.limit_in_bytes"
	}
	m, err := os.ReadFile(filepath.Join(g.memory.dir, name))
	require.NoError(t, err)
	p, err := os.ReadFile(filepath.Join(g.pids.dir, "pids.max"))
	require.NoError(t, err)
	return strings.TrimSpace(string(m)), strings.TrimSpace(string(p))
}

// TestThisMachinesGroupsHoldAProcess takes the version that this machine has for
// each controller: 2 where it is delegated.
func TestThisMachinesGroupsHoldAProcess(t *testing.T) {
	g, err := Create(Host{}, Limits{Memory: 64 << 20, PIDs: 16})
	defer func() { require.NoError(t, g.Remove()) }()
	require.Equal(t, err == nil, g.Memory() && g.PIDs(), "what is missing has a reason: %v", err)
	if err != nil {
		return // this user may make no groups; the other tests use files
	}
	t.Logf("memory by version %d, pids by version %d", g.memory.version, g.pids.version)
	memory, pids := kernelLimits(t, g)
	require.Equal(t, "67108864", memory)
	require.Equal(t, "16", pids)
	cmd := exec.Command("/bin/sleep", "60")
	require.NoError(t, cmd.Start())
	require.NoError(t, g.Add(cmd.Process.Pid))
	listed, err := os.ReadFile(filepath.Join(g.memory.dir, "cgroup.procs"))
	require.NoError(t, err)
	require.NotEmpty(t, listed)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	n, err := g.OOMKills()
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestTheDoorsOfAGroupAreWhatEachVersionTakes(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	write(t, filepath.Join(one, "tasks"), "")
	doors, err := (&Group{memory: part{two, 2}, pids: part{one, 1}}).Doors()
	require.NoError(t, err)
	require.Len(t, doors, 2)
	require.Equal(t, two, doors[0].File.Name())
	require.Equal(t, 2, doors[0].Version)
	require.Equal(t, filepath.Join(one, "tasks"), doors[1].File.Name())
	require.Equal(t, 1, doors[1].Version)
	_, err = doors[1].File.WriteString("0")
	require.NoError(t, err)
	for _, d := range doors {
		require.NoError(t, d.File.Close())
	}
	_, err = (&Group{memory: part{two, 2}, pids: part{two + "/gone", 1}}).Doors()
	require.ErrorIs(t, err, os.ErrNotExist)
	doors, err = (&Group{memory: part{two, 2}, pids: part{two, 2}}).Doors()
	require.NoError(t, err)
	require.Len(t, doors, 1, "one directory has one door")
	require.NoError(t, doors[0].File.Close())
	doors, err = (&Group{}).Doors()
	require.NoError(t, err)
	require.Empty(t, doors)
}
