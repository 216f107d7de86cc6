package policy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// No API takes evidence that nobody verified: programs that try do not compile.
func TestUnverifiedEvidenceDoesNotCompile(t *testing.T) {
	vet := func(dir string) (string, error) {
		cmd := exec.Command("go", "build", "-o", os.DevNull, "./"+filepath.ToSlash(dir))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := vet("testdata/verified")
	require.NoError(t, err, "the control must compile: %s", out)

	programs, err := os.ReadDir("testdata/unverified")
	require.NoError(t, err)
	require.Len(t, programs, 4)
	for _, p := range programs {
		t.Run(p.Name(), func(t *testing.T) {
			out, err := vet(filepath.Join("testdata/unverified", p.Name()))
			require.Error(t, err)
			require.Regexp(t, `main\.go:\d+:\d+: cannot use .* as .*(attest\.Verified|policy\.Decision)`, out)
		})
	}
}
