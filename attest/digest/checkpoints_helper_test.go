package digest_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
)

// checkpointsOf returns the checkpoints of b at the least stride.
func checkpointsOf(t testing.TB, b []byte) *digest.Checkpoints {
	t.Helper()
	r, err := digest.Sum(t.Context(), bytes.NewReader(b), digest.Options{CheckpointStride: digest.MinStride})
	require.NoError(t, err)
	return r.Checkpoints
}
