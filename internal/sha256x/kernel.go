package sha256x

import (
	"crypto/fips140"
	"sync"
	"unsafe"
)

const (
	// maxLanes is the width of the widest kernel.
	maxLanes = 16

	// never is more live lanes than there can be.
	never = maxLanes + 1
)

// maxBlocks bounds one call into assembly to 64 KiB in each lane. The Go
// scheduler cannot preempt assembly, so a garbage collection that wants to stop
// the world waits for the end of the call.
const maxBlocks = 64 << 10 / BlockSize

// A stretch is a number of blocks that assembly may be called with: at most
// maxBlocks. Only stretchOf makes one.
type stretch int

// stretchOf returns how many of blocks to do in one call.
func stretchOf(blocks int) stretch { return stretch(min(blocks, maxBlocks)) }

// A kernel is a way to run the compression function over several lanes. All
// kernels compute the same function; they differ in speed and in the processors
// that have them.
type kernel struct {
	name  string
	lanes int     // how many lanes it takes up
	wide  routine // what runs all lanes at once
	least int     // how many live lanes make wide worth it
	rest  routine // what runs fewer than that, one or two at a time
}

// A routine names one body of code that a kernel can call.
type routine uint8

const (
	stdlib    routine = iota // crypto/sha256, one lane
	shaNI                    // SHA extensions, one or two lanes
	shaNIx4                  // SHA extensions, four lanes
	avx2x8                   // AVX2, eight lanes
	avx512x16                // AVX-512F and AVX-512BW, sixteen lanes
)

// generic is the kernel that every platform has. It is crypto/sha256, and so as
// fast on one lane as the standard library is, and inside the Go Cryptographic
// Module when FIPS 140-3 mode is on.
func generic() kernel {
	return kernel{name: "generic", lanes: 1, least: never, rest: stdlib}
}

// features is what the choice of a kernel depends on. All but fips include the
// operating system's word (XCR0) that it preserves the vector registers: a
// processor with SHA under a system that does not keep the XMM and YMM state has
// none of them.
type features struct {
	fips   bool // crypto/fips140 mode: only the standard library may hash
	sha    bool // SHA extensions, usable with VEX-coded moves
	avx2   bool // AVX2, YMM state preserved
	avx512 bool // AVX-512 F and BW, ZMM and mask state preserved
}

// choose returns the kernels that a machine with the features f can run, the
// one that is expected to be the fastest first. It is never empty and depends
// on nothing but f.
func choose(f features) []kernel {
	if f.fips {
		return []kernel{generic()}
	}
	var ks []kernel
	rest, least := stdlib, 3 // three lanes of a wide routine beat three of crypto/sha256 on AVX2
	if f.sha {
		rest, least = shaNI, 6
		ks = append(ks,
			kernel{name: "sha-ni-x4", lanes: 4, wide: shaNIx4, least: 3, rest: shaNI},
			kernel{name: "sha-ni-x2", lanes: 2, least: never, rest: shaNI},
		)
	}
	if f.avx512 {
		ks = append(ks, kernel{name: "avx512-x16", lanes: 16, wide: avx512x16, least: least, rest: rest})
	}
	if f.avx2 {
		ks = append(ks, kernel{name: "avx2-x8", lanes: 8, wide: avx2x8, least: least, rest: rest})
	}
	return append(ks, generic())
}

// selected is the kernel of this process: the fastest of those that the
// processor has. It is settled at the first use and never changes.
var selected = sync.OnceValue(func() *kernel {
	f := detect()
	f.fips = fips140.Enabled()
	k := fastest(choose(f))
	return &k
})

// Implementation names the kernel in use, such as "generic", "sha-ni-x4" or
// "avx2-x8", for reports. No result depends on it.
func Implementation() string { return selected().name }

// Lanes returns the number of messages worth gathering before a call of [Fold]
// or [SumMany]: 1 if there is nothing to gain from several.
func Lanes() int { return selected().lanes }

// A batch is the argument of a routine: the states of the lanes and where the
// next block of each begins. It lives on the stack of the exported functions.
type batch struct {
	state [maxLanes]State
	next  [maxLanes]*byte
}

// run folds the next blocks*BlockSize bytes of each of the first live lanes into
// its state. It is written so that the compiler sees that no pointer in b
// escapes; otherwise every caller would allocate its batch and its blocks.
func (k *kernel) run(b *batch, live, blocks int) {
	if blocks <= maxBlocks {
		if blocks > 0 {
			k.call(b, live, stretchOf(blocks))
		}
		return
	}
	part := *b
	for blocks > 0 {
		n := stretchOf(blocks)
		k.call(&part, live, n)
		if blocks -= int(n); blocks > 0 { // no pointer may point behind its lane
			for i := range live {
				part.next[i] = (*byte)(unsafe.Add(unsafe.Pointer(part.next[i]), int(n)*BlockSize))
			}
		}
	}
	b.state = part.state
}
