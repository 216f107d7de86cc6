package main

// With AVX-512 the sixteen message words of sixteen lanes fit into registers,
// rotations are one instruction, and so is each of Ch, Maj and the sums.

// zs returns n registers from the first.
func zs(first, n int) []string {
	var rs []string
	for i := range n {
		rs = append(rs, z(first+i))
	}
	return rs
}

// transpose16 turns sixteen rows of sixteen words in r into columns in r, with t
// as scratch.
func (g *generator) transpose16(r, t []string) {
	for i := range 8 {
		g.op("VPUNPCKLDQ", r[2*i+1], r[2*i], t[2*i])
		g.op("VPUNPCKHDQ", r[2*i+1], r[2*i], t[2*i+1])
	}
	// r[4i+j] holds, in its quarter q, word 4q+j of the rows 4i to 4i+3.
	for i := range 4 {
		a := t[4*i : 4*i+4]
		g.op("VPUNPCKLQDQ", a[2], a[0], r[4*i])
		g.op("VPUNPCKHQDQ", a[2], a[0], r[4*i+1])
		g.op("VPUNPCKLQDQ", a[3], a[1], r[4*i+2])
		g.op("VPUNPCKHQDQ", a[3], a[1], r[4*i+3])
	}
	// Even quarters, then odd ones, of two groups of rows.
	for j := range 4 {
		g.op("VSHUFI32X4", "$0x88", r[4+j], r[j], t[j])
		g.op("VSHUFI32X4", "$0xDD", r[4+j], r[j], t[4+j])
		g.op("VSHUFI32X4", "$0x88", r[12+j], r[8+j], t[8+j])
		g.op("VSHUFI32X4", "$0xDD", r[12+j], r[8+j], t[12+j])
	}
	for j := range 4 {
		g.op("VSHUFI32X4", "$0x88", t[8+j], t[j], r[j])
		g.op("VSHUFI32X4", "$0x88", t[12+j], t[4+j], r[4+j])
		g.op("VSHUFI32X4", "$0xDD", t[8+j], t[j], r[8+j])
		g.op("VSHUFI32X4", "$0xDD", t[12+j], t[4+j], r[12+j])
	}
}

// avx512 writes sixteen lanes.
func (g *generator) avx512() {
	g.function("blocksAVX512x16", "(state *[16]State, next *[16]*byte, blocks int)", 512, 24)
	g.prologue()
	g.op("XORQ", "R9", "R9") // offset of the block in each lane
	state, t, words := zs(0, 8), zs(8, 8), zs(16, 16)
	g.avx512LoadState(state, words)

	g.line("loop:")
	for i, r := range state {
		g.op("VMOVDQU32", r, at("BX", 64*i))
	}
	g.op("VMOVDQU32", "(CX)", "Z0")
	for i, r := range words {
		g.op("MOVQ", at("SI", 8*i), "R8")
		g.op("VMOVDQU32", "(R8)(R9*1)", r)
		g.op("VPSHUFB", "Z0", r, r)
	}
	g.transpose16(words, zs(0, 16))
	for i, r := range state {
		g.op("VMOVDQU32", at("BX", 64*i), r)
	}

	g.op("MOVQ", "AX", "R10")
	g.op("MOVQ", "$3", "R11")
	g.line("rounds:")
	g.avx512Sixteen(state, t, words, true)
	g.op("ADDQ", "$64", "R10")
	g.op("DECQ", "R11")
	g.op("JNZ", "rounds")
	g.avx512Sixteen(state, t, words, false)

	for i, r := range state {
		g.op("VPADDD", at("BX", 64*i), r, r)
	}
	g.op("ADDQ", "$64", "R9")
	g.op("DECQ", "DX")
	g.op("JNZ", "loop")
	g.avx512StoreState(state, words)
	g.end()
}

// avx512LoadState reads sixteen states at DI: eight by eight, and puts the second
// eight into the upper halves.
func (g *generator) avx512LoadState(state, scratch []string) {
	low, high := ys(0), ys(8)
	for half := range 2 {
		for i, r := range high {
			g.op("VMOVDQU", at("DI", 256*half+32*i), r)
		}
		g.transpose8(high, low)
		for i := range state {
			if half == 0 {
				g.op("VMOVDQA64", state[i], scratch[i])
			} else {
				g.op("VINSERTI64X4", "$1", low[i], scratch[i], state[i])
			}
		}
	}
}

// avx512StoreState is the inverse of avx512LoadState.
func (g *generator) avx512StoreState(state, scratch []string) {
	low, high := ys(0), ys(8)
	for half := range 2 {
		for i := range state {
			if half == 0 {
				g.op("VMOVDQA64", state[i], scratch[i])
			} else {
				g.op("VEXTRACTI64X4", "$1", scratch[i], low[i])
			}
		}
		for i, r := range g.transpose8(low, high) {
			g.op("VMOVDQU", r, at("DI", 256*half+32*i))
		}
	}
}

// ys returns eight registers from the first.
func ys(first int) []string {
	var rs []string
	for i := range 8 {
		rs = append(rs, y(first+i))
	}
	return rs
}

// avx512Sixteen writes sixteen rounds, each of which replaces its message word
// by the one of sixteen rounds later if expand is set.
func (g *generator) avx512Sixteen(state, t, words []string, expand bool) {
	const (
		xor3 = "$0x96" // truth tables of VPTERNLOGD
		ch   = "$0xCA"
		maj  = "$0xE8"
	)
	s := append([]string(nil), state...)
	for i := range 16 {
		a, b, c, d, e, f, gg, h := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
		w := words[i]
		g.op("VPADDD", w, h, h)
		g.op("VPADDD.BCST", at("R10", 4*i), h, h)
		g.op("VMOVDQA64", e, t[0])
		g.op("VPTERNLOGD", ch, gg, f, t[0])
		g.op("VPADDD", t[0], h, h)
		g.op("VPRORD", "$6", e, t[1])
		g.op("VPRORD", "$11", e, t[2])
		g.op("VPRORD", "$25", e, t[3])
		g.op("VPTERNLOGD", xor3, t[3], t[2], t[1])
		g.op("VPADDD", t[1], h, h) // T1
		g.op("VPADDD", h, d, d)

		g.op("VMOVDQA64", a, t[4])
		g.op("VPTERNLOGD", maj, c, b, t[4])
		g.op("VPADDD", t[4], h, h)
		g.op("VPRORD", "$2", a, t[5])
		g.op("VPRORD", "$13", a, t[6])
		g.op("VPRORD", "$22", a, t[7])
		g.op("VPTERNLOGD", xor3, t[7], t[6], t[5])
		g.op("VPADDD", t[5], h, h)
		if expand {
			w1, w9, w14 := words[(i+1)%16], words[(i+9)%16], words[(i+14)%16]
			g.op("VPADDD", w9, w, w)
			g.op("VPRORD", "$7", w1, t[1])
			g.op("VPRORD", "$18", w1, t[2])
			g.op("VPSRLD", "$3", w1, t[3])
			g.op("VPTERNLOGD", xor3, t[3], t[2], t[1])
			g.op("VPADDD", t[1], w, w)
			g.op("VPRORD", "$17", w14, t[5])
			g.op("VPRORD", "$19", w14, t[6])
			g.op("VPSRLD", "$10", w14, t[7])
			g.op("VPTERNLOGD", xor3, t[7], t[6], t[5])
			g.op("VPADDD", t[5], w, w)
		}
		s = append(s[7:], s[:7]...)
	}
}
