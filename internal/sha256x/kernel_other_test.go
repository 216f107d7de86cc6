//go:build !amd64 || purego

package sha256x

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASharedCallFoldsBothChains(t *testing.T) {
	before, p := randomBytes(1, BlockSize), randomBytes(2, 3*BlockSize)
	states := []State{IV()}
	Fold(states, [][]byte{before})
	flat, leaf := states[0], IV()
	callShared(&flat, &leaf, &p[0], 3)
	require.Equal(t, want(before, p), finish(selected(), flat, 4*BlockSize))
	require.Equal(t, want(nil, p), finish(selected(), leaf, 3*BlockSize))
}
