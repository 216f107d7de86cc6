package digest_test

import (
	"crypto/fips140"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
)

// The mode is settled when a process starts, so the test runs itself again.
func TestSHA1IsRefusedWhereOnlyFIPS140IsAllowed(t *testing.T) {
	if !fips140.Enforced() {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), "GODEBUG=fips140=only")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	o := digest.Options{Algorithms: []digest.Algorithm{digest.GitBlob}, Size: 1}
	_, err := digest.Sum(t.Context(), strings.NewReader("x"), o)
	refused(t, digest.CodeAlgorithm, err)

	o.Git = digest.GitSHA256
	o.Algorithms = []digest.Algorithm{digest.GitBlob, digest.SHA256, digest.SHA384, digest.SHA512, digest.FSVeritySHA256, digest.FSVeritySHA512}
	o.CheckpointStride = digest.MinStride
	got, err := digest.Sum(t.Context(), strings.NewReader("x"), o)
	require.NoError(t, err)
	require.NoError(t, got.Digests.Match(digest.FromBytes([]byte("x")).Set()))
}
