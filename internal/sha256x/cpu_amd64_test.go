//go:build amd64 && !purego

package sha256x

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFeaturesNeedTheProcessorAndTheSystem(t *testing.T) {
	const (
		avx    = uint32(leaf1SSSE3 | leaf1SSE41 | leaf1OSXSAVE | leaf1AVX)
		sha    = uint32(leaf7SHA)
		haswel = uint32(leaf7AVX2)
		zen4   = uint32(leaf7SHA | leaf7AVX2 | leaf7AVX512F | leaf7AVX512BW)
		all    = uint32(xcr0AVX512 | 1)
	)
	for name, c := range map[string]struct {
		leaf1, leaf7, xcr0 uint32
		want               features
	}{
		"everything":                                       {avx, zen4, all, features{sha: true, avx2: true, avx512: true}},
		"SHA, but XCR0 keeps no YMM":                       {avx, zen4, 1 | 1<<1, features{}},
		"SHA, but XCR0 keeps no XMM":                       {avx, zen4, 1 | 1<<2, features{}},
		"SHA, but XCR0 keeps x87 only":                     {avx, zen4, 1, features{}},
		"SHA, but XSAVE is off, so that XCR0 says nothing": {avx &^ leaf1OSXSAVE, zen4, all, features{}},
		"SHA without AVX, as in Goldmont":                  {avx &^ leaf1AVX, sha, all, features{}},
		"SHA without SSSE3":                                {avx &^ leaf1SSSE3, zen4, all, features{}},
		"SHA without SSE4.1":                               {avx &^ leaf1SSE41, zen4, all, features{}},
		"AVX-512, but XCR0 keeps no ZMM":                   {avx, zen4, xcr0AVX | 1, features{sha: true, avx2: true}},
		"AVX-512, but XCR0 keeps no mask registers":        {avx, zen4, all &^ (1 << 5), features{sha: true, avx2: true}},
		"AVX-512, but XCR0 keeps no upper halves":          {avx, zen4, all &^ (1 << 6), features{sha: true, avx2: true}},
		"AVX-512, but XCR0 keeps no ZMM16 to ZMM31":        {avx, zen4, all &^ (1 << 7), features{sha: true, avx2: true}},
		"AVX-512 without BW, as in Knights Landing":        {avx, zen4 &^ leaf7AVX512BW, all, features{sha: true, avx2: true}},
		"AVX-512 without F":                                {avx, zen4 &^ leaf7AVX512F, all, features{sha: true, avx2: true}},
		"AVX-512 hidden with AVX2 by a hypervisor":         {avx, zen4 &^ leaf7AVX2, all, features{sha: true}},
		"AVX2 alone":                    {avx, haswel, all, features{avx2: true}},
		"AVX alone, as in Sandy Bridge": {avx, 0, xcr0AVX | 1, features{}},
		"a processor of 2003":           {0, 0, 0, features{}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, parseFeatures(c.leaf1, c.leaf7, c.xcr0))
		})
	}
}

func TestCalibrationAnswersOneOfItsCandidates(t *testing.T) {
	for _, f := range []features{{}, detect()} {
		for range 20 {
			ks := choose(f)
			require.Contains(t, ks, fastest(ks))
		}
	}
}
