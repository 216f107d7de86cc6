package sha256x

import (
	"crypto/sha256"
	"encoding"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIVIsThatOfTheStandardLibrary(t *testing.T) {
	saved, err := sha256.New().(encoding.BinaryMarshaler).MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, savedSize, len(saved))
	require.Equal(t, savedMagic, string(saved[:len(savedMagic)]))
	require.Equal(t, ParseState([Size]byte(saved[len(savedMagic):])), IV())
}

func TestStatesSurviveTheirBytes(t *testing.T) {
	for seed := range uint64(100) {
		b := [Size]byte(randomBytes(seed, Size))
		require.Equal(t, b, ParseState(b).Sum())
	}
	require.Equal(t, IV(), ParseState(IV().Sum()))
}
