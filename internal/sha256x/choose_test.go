package sha256x

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChoiceOfKernels(t *testing.T) {
	for name, c := range map[string]struct {
		has  features
		want []string
	}{
		"nothing but Go":                      {features{}, []string{"generic"}},
		"a processor of Zen 4":                {features{sha: true, avx2: true, avx512: true}, []string{"sha-ni-x4", "sha-ni-x2", "avx512-x16", "avx2-x8", "generic"}},
		"a processor of Zen 2":                {features{sha: true, avx2: true}, []string{"sha-ni-x4", "sha-ni-x2", "avx2-x8", "generic"}},
		"a processor of Skylake-X":            {features{avx2: true, avx512: true}, []string{"avx512-x16", "avx2-x8", "generic"}},
		"a processor of Haswell":              {features{avx2: true}, []string{"avx2-x8", "generic"}},
		"FIPS mode on any processor":          {features{fips: true, sha: true, avx2: true, avx512: true}, []string{"generic"}},
		"SHA extensions without AVX2":         {features{sha: true}, []string{"sha-ni-x4", "sha-ni-x2", "generic"}},
		"FIPS mode on a processor of nothing": {features{fips: true}, []string{"generic"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, k := range choose(c.has) {
				got = append(got, k.name)
				require.LessOrEqual(t, k.lanes, maxLanes)
				require.Zero(t, maxLanes%k.lanes, "a batch is cut into whole groups of lanes")
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestTheSelectedKernelIsOneOfThisMachine(t *testing.T) {
	var names []string
	for _, k := range choose(detect()) {
		names = append(names, k.name)
	}
	require.Contains(t, names, Implementation())
	require.Equal(t, selected().lanes, Lanes())
	require.True(t, slices.Contains([]int{1, 2, 4, 8, 16}, Lanes()))
}

func TestNoCallOfAssemblyIsLong(t *testing.T) {
	for _, blocks := range []int{1, maxBlocks - 1, maxBlocks, maxBlocks + 1, 1 << 40} {
		n := stretchOf(blocks)
		require.LessOrEqual(t, int(n)*BlockSize, 64<<10)
		require.LessOrEqual(t, int(n), blocks)
		require.Positive(t, n)
	}
}
