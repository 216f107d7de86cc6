//go:build linux && (amd64 || arm64)

package sandbox

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible/process"
)

func TestAKernelWithoutLandlockIsRefusedByName(t *testing.T) {
	for name, version := range map[string]func() (int, error){
		"an old version": func() (int, error) { return 5, nil },
		"none":           func() (int, error) { return 0, unix.ENOSYS },
		"switched off":   func() (int, error) { return 0, unix.EOPNOTSUPP },
	} {
		t.Run(name, func(t *testing.T) {
			confiner := thread{65534, 65534, version}
			granted, missing := confiner.Grants()
			require.Zero(t, granted)
			require.ErrorIs(t, missing, attest.Is(CodeSetUp))
			require.ErrorContains(t, missing, "landlock")
			cmd := exec.Command("/bin/true")
			require.ErrorIs(t, confiner.Start(cmd, process.Tree{Root: t.TempDir()}), attest.Is(CodeSetUp))
			require.Nil(t, cmd.Process, "nothing was started")
		})
	}
}

func TestADirectoryThatIsNotThereStartsNothing(t *testing.T) {
	cmd := exec.Command("/bin/true")
	err := thread{65534, 65534, landlockVersion}.Start(cmd, process.Tree{Root: t.TempDir(), Host: []string{"/none such"}})
	require.ErrorIs(t, err, attest.Is(CodeSetUp))
	require.Nil(t, cmd.Process)
}
