//go:build amd64 && !purego

package sha256x

// cpuid runs CPUID.
//
//go:noescape
func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)

// xgetbv returns the low half of XCR0. CPUID must report OSXSAVE.
//
//go:noescape
func xgetbv() (xcr0 uint32)

// cycles returns the time stamp counter, which the Go runtime relies on too.
//
//go:noescape
func cycles() uint64

// Bits of CPUID and of XCR0, Intel SDM volume 2 (CPUID) and volume 1, 13.3.
const (
	leaf1SSSE3   = 1 << 9
	leaf1SSE41   = 1 << 19
	leaf1OSXSAVE = 1 << 27
	leaf1AVX     = 1 << 28

	leaf7AVX2     = 1 << 5
	leaf7AVX512F  = 1 << 16
	leaf7SHA      = 1 << 29
	leaf7AVX512BW = 1 << 30

	xcr0AVX    = 1<<1 | 1<<2                  // XMM, upper halves of YMM
	xcr0AVX512 = xcr0AVX | 1<<5 | 1<<6 | 1<<7 // masks, upper ZMM, ZMM16-31
)

// detect asks the processor and the operating system.
func detect() features {
	highest, _, _, _ := cpuid(0, 0)
	if highest < 7 {
		return features{}
	}
	_, _, leaf1, _ := cpuid(1, 0)
	if leaf1&leaf1OSXSAVE == 0 {
		return features{}
	}
	_, leaf7, _, _ := cpuid(7, 0)
	return parseFeatures(leaf1, leaf7, xgetbv())
}

// parseFeatures reads CPUID leaf 1 ECX, leaf 7 EBX and XCR0.
func parseFeatures(leaf1, leaf7, xcr0 uint32) features {
	has := func(word, bits uint32) bool { return word&bits == bits }
	if !has(leaf1, leaf1OSXSAVE|leaf1AVX|leaf1SSSE3|leaf1SSE41) || !has(xcr0, xcr0AVX) {
		return features{}
	}
	avx2 := has(leaf7, leaf7AVX2)
	return features{
		sha:    has(leaf7, leaf7SHA),
		avx2:   avx2,
		avx512: avx2 && has(leaf7, leaf7AVX512F|leaf7AVX512BW) && has(xcr0, xcr0AVX512),
	}
}
