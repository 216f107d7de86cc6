//go:build linux && (amd64 || arm64)

package sandbox

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/reproducible"
)

func TestTheFirstProcessorsOfTheAllowedOnesAreTaken(t *testing.T) {
	var allowed unix.CPUSet
	for _, cpu := range []int{3, 5, 700} {
		allowed.Set(cpu)
	}
	set, ok := firstOf(allowed, 2)
	require.True(t, ok)
	require.True(t, set.IsSet(3) && set.IsSet(5))
	require.Equal(t, 2, set.Count())
	set, ok = firstOf(allowed, 3)
	require.True(t, ok)
	require.Equal(t, allowed, set)
	_, ok = firstOf(allowed, 4)
	require.False(t, ok)
}

func TestTreesTooLargeToCopyAreRefusedByName(t *testing.T) {
	var m mount
	m.copyOf(&treehash.Manifest{Entries: []treehash.Entry{{Path: "a", Size: 1}, {Path: "b", Size: maxCopied - 5*4096}}})
	require.Equal(t, int64(3), m.Entries)
	require.NoError(t, checkCopied([]mount{m, {}}))
	err := checkCopied([]mount{m, {Bytes: 4097}})
	var unmet *reproducible.UnmetError
	require.ErrorAs(t, err, &unmet)
	require.Equal(t, reproducible.SortedInputs, unmet.Missing)
	require.ErrorContains(t, err, "sorted-inputs")
}

func TestNamesAreMadeInTheOrderThatTheFileSystemNeeds(t *testing.T) {
	require.Equal(t, []string{"10", "9", "a", "b"}, order{}.arrange([]string{"b", "a", "9", "10"}))
	require.Equal(t, []string{"b", "a", "9", "10"}, order{descending: true}.arrange([]string{"10", "b", "a", "9"}))
}
