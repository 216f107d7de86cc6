//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/sandbox"
)

func TestTheTreeOfAMachineIsItsDirectoriesWithoutItsState(t *testing.T) {
	got, err := sandbox.HostTree(fstest.MapFS{
		"usr/bin/sh": {}, "etc/passwd": {}, "dev/null": {}, "proc/1/exe": {}, "run/x": {}, "sys/x": {}, "tmp/x": {}, "out/x": {}, "boot/x": {}, "initrd": {},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"/etc", "/usr"}, got)
	_, err = sandbox.HostTree(unreadable{})
	require.ErrorIs(t, err, attest.Is(sandbox.CodeMachine))
}

type unreadable struct{}

func (unreadable) Open(string) (fs.File, error) { return nil, errors.New("no") }

func TestACommandOfTheMachineRunsIsolatedOverTheMachinesFiles(t *testing.T) {
	l := newLab(t)
	paths, err := sandbox.HostTree(os.DirFS("/"))
	require.NoError(t, err)
	s := l.spec("none")
	s.Inputs, s.HostPaths = nil, paths
	s.Command = []string{"/bin/sh", "-c", "ls /etc >/out/result; if touch /etc/new 2>/dev/null; then exit 9; fi"}
	s.Require = reproducible.ReadOnlyInputs | reproducible.ConfinedFiles | reproducible.NoNetwork | reproducible.PIDIsolation |
		reproducible.NoCapabilities | reproducible.Seccomp | reproducible.KillTree
	r, err := l.build(t, s)
	require.NoError(t, err, "%s", logOf(err))
	require.False(t, r.Achieved.Has(reproducible.InputsPinned))
	var told []string
	for _, f := range r.Findings {
		require.Equal(t, reproducible.CodeHostPath, f.Code)
		told = append(told, f.Path)
	}
	require.Subset(t, told, paths)
	require.NotContains(t, strings.Join(paths, " "), "/run")
}
