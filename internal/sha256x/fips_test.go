//go:build !purego

package sha256x

import (
	"crypto/fips140"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFIPSModeHashesInTheStandardLibrary runs itself in a process in FIPS mode.
func TestFIPSModeHashesInTheStandardLibrary(t *testing.T) {
	if fips140.Enabled() {
		require.Equal(t, "generic", Implementation())
		require.Equal(t, 1, Lanes())
		var dst [3][Size]byte
		SumMany(dst[:], []byte("a"), [][]byte{nil, []byte("b"), make([]byte, 1000)})
		require.Equal(t, want([]byte("a"), make([]byte, 1000)), dst[2])
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=on")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
}
