//go:build amd64 && !purego

package sha256x

//go:generate go run -C _asm . -out ../lanes_amd64.s

// The routines in lanes_amd64.s fold blocks blocks of each lane, beginning at
// next[i], into state[i]. They read nothing behind the last block, may be given
// the same block for several lanes, and leave next as it is.

// blocksSHANIx1 needs the SHA extensions and AVX.
//
//go:noescape
func blocksSHANIx1(state *[1]State, next *[1]*byte, blocks int)

// blocksSHANIx2 needs the SHA extensions and AVX.
//
//go:noescape
func blocksSHANIx2(state *[2]State, next *[2]*byte, blocks int)

// blocksSHANIx4 needs the SHA extensions and AVX.
//
//go:noescape
func blocksSHANIx4(state *[4]State, next *[4]*byte, blocks int)

// blocksSHANIShared folds the blocks at p into both chains. It needs the SHA
// extensions and AVX.
//
//go:noescape
func blocksSHANIShared(flat, leaf *State, p *byte, blocks int)

// blocksAVX2x8 needs AVX2.
//
//go:noescape
func blocksAVX2x8(state *[8]State, next *[8]*byte, blocks int)

// blocksAVX512x16 needs AVX-512F and AVX-512BW.
//
//go:noescape
func blocksAVX512x16(state *[16]State, next *[16]*byte, blocks int)

// call folds n blocks of each of the first live lanes. Only run calls it.
func (k *kernel) call(b *batch, live int, n stretch) {
	i := 0
	for ; live-i >= k.least; i += k.lanes {
		for j := live; j < i+k.lanes; j++ {
			b.next[j] = b.next[i] // an idle lane hashes a copy that nobody asks for
		}
		state, next := b.state[i:], b.next[i:]
		switch k.wide {
		case shaNIx4:
			blocksSHANIx4((*[4]State)(state), (*[4]*byte)(next), int(n))
		case avx2x8:
			blocksAVX2x8((*[8]State)(state), (*[8]*byte)(next), int(n))
		case avx512x16:
			blocksAVX512x16((*[16]State)(state), (*[16]*byte)(next), int(n))
		}
	}
	for ; i < live; i++ {
		state, next := b.state[i:], b.next[i:]
		switch {
		case k.rest == stdlib:
			foldStdlib(&state[0], next[0], int(n))
		case i+1 < live:
			blocksSHANIx2((*[2]State)(state), (*[2]*byte)(next), int(n))
			i++
		default:
			blocksSHANIx1((*[1]State)(state), (*[1]*byte)(next), int(n))
		}
	}
}

// callShared folds n blocks at p into both chains with one message schedule.
// Only foldShared calls it.
func callShared(flat, leaf *State, p *byte, n stretch) {
	blocksSHANIShared(flat, leaf, p, int(n))
}

const (
	trials      = 8
	trialBlocks = 32               // blocks of each lane
	trialLanes  = maxLanes * 3 / 4 // wide kernels are seldom full in use either
)

// fastest tries each kernel for some microseconds and returns the best one. The
// trials take turns, so that a change of the clock meets all kernels, and the
// order of ks decides between kernels that are close, so that noise does not.
// All of it takes about half a millisecond.
func fastest(ks []kernel) kernel {
	var data [trialBlocks * BlockSize]byte
	var b batch
	for i := range b.next {
		b.next[i] = &data[0]
	}
	least := make([]uint64, len(ks))
	for trial := range trials {
		for i := range ks {
			start := cycles()
			ks[i].run(&b, trialLanes, trialBlocks)
			if took := cycles() - start; trial == 0 || took < least[i] {
				least[i] = took
			}
		}
	}
	best := 0
	for i := range ks {
		if least[i] < least[best]-least[best]/8 {
			best = i
		}
	}
	return ks[best]
}
