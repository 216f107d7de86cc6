//go:build linux && (amd64 || arm64)

package sandbox

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/process"
	"github.com/sealwright/sealwright/reproducible/store"
)

func TestAKernelWithoutLandlockIsRefusedByName(t *testing.T) {
	for name, version := range map[string]func() (int, error){
		"an old version": func() (int, error) { return 5, nil },
		"none":           func() (int, error) { return 0, unix.ENOSYS },
		"switched off":   func() (int, error) { return 0, unix.EOPNOTSUPP },
	} {
		t.Run(name, func(t *testing.T) {
			confiner := thread{65534, 65534, version, &assembled{}}
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

// never is a time that no build may ask for.
func never() time.Time { panic("nothing may start") }

func TestEachGuaranteeOfAThreadThatAKernelLacksIsRefusedByItsName(t *testing.T) {
	s, err := store.Open(t.TempDir(), store.Limits{})
	require.NoError(t, err)
	for kernel, version := range map[string]func() (int, error){
		"without landlock":       func() (int, error) { return 0, unix.ENOSYS },
		"with landlock":          landlockVersion,
		"with a future landlock": func() (int, error) { return 99, nil },
	} {
		t.Run(kernel, func(t *testing.T) {
			confiner := thread{65534, 65534, version, &assembled{}}
			b, err := process.New(process.Config{Store: s, Dir: t.TempDir(), Now: never, Confiner: confiner})
			require.NoError(t, err)
			granted, _ := confiner.Grants()
			for _, name := range (reproducible.AllGuarantees &^ process.Achieved &^ granted).Names() {
				lacking, err := reproducible.ParseGuarantee(name)
				require.NoError(t, err)
				r, err := b.Build(t.Context(), &reproducible.Spec{Command: []string{"/bin/true"}, Outputs: []string{"a"}, Require: lacking})
				require.ErrorIs(t, err, attest.Is(reproducible.CodeRequireUnmet))
				require.ErrorContains(t, err, "missing "+name)
				require.Nil(t, r)
			}
		})
	}
}

func TestADirectoryThatIsNotThereStartsNothing(t *testing.T) {
	cmd := exec.Command("/bin/true")
	err := thread{65534, 65534, landlockVersion, &assembled{}}.Start(cmd, process.Tree{Root: t.TempDir(), Host: []string{"/none such"}})
	require.ErrorIs(t, err, attest.Is(CodeSetUp))
	require.Nil(t, cmd.Process)
}
