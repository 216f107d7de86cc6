package main

// Without the SHA extensions, word i of eight lanes is kept in one register and
// the rounds of FIPS 180-4 are written out in vector instructions.

// transpose8 turns rows of eight words in r into columns, with t as scratch. It
// ends in the registers that it returns.
func (g *generator) transpose8(r, t []string) []string {
	for i := range 4 { // pairs of rows: words a0 b0 a1 b1 | a2 b2 a3 b3
		g.op("VPUNPCKLDQ", r[2*i+1], r[2*i], t[2*i])
		g.op("VPUNPCKHDQ", r[2*i+1], r[2*i], t[2*i+1])
	}
	for i := range 2 { // four rows: words a0 b0 c0 d0
		a := t[4*i : 4*i+4]
		g.op("VPUNPCKLQDQ", a[2], a[0], r[4*i])
		g.op("VPUNPCKHQDQ", a[2], a[0], r[4*i+1])
		g.op("VPUNPCKLQDQ", a[3], a[1], r[4*i+2])
		g.op("VPUNPCKHQDQ", a[3], a[1], r[4*i+3])
	}
	for i := range 4 { // both halves
		g.op("VPERM2I128", "$0x20", r[4+i], r[i], t[i])
		g.op("VPERM2I128", "$0x31", r[4+i], r[i], t[4+i])
	}
	return t
}

// avx2 writes eight lanes.
func (g *generator) avx2() {
	const (
		words = 0   // sixteen message words of eight lanes
		saved = 512 // the states before the block
	)
	g.function("blocksAVX2x8", "(state *[8]State, next *[8]*byte, blocks int)", saved+256, 24)
	g.prologue()
	g.op("XORQ", "R9", "R9") // offset of the block in each lane

	low, high := ys(0), ys(8)
	for i, r := range high {
		g.op("VMOVDQU", at("DI", 32*i), r)
	}
	state := g.transpose8(high, low)

	g.line("loop:")
	for i, r := range state {
		g.op("VMOVDQU", r, at("BX", saved+32*i))
	}
	for half := range 2 {
		g.op("VMOVDQU", "(CX)", "Y8")
		for i, r := range low {
			g.op("MOVQ", at("SI", 8*i), "R8")
			g.op("VMOVDQU", at("R8", 32*half)+"(R9*1)", r)
			g.op("VPSHUFB", "Y8", r, r)
		}
		for i, r := range g.transpose8(low, high) {
			g.op("VMOVDQU", r, at("BX", words+32*(8*half+i)))
		}
	}
	for i, r := range state {
		g.op("VMOVDQU", at("BX", saved+32*i), r)
	}
	g.avx2Rounds(state, high, words)
	for i, r := range state {
		g.op("VPADDD", at("BX", saved+32*i), r, r)
	}
	g.op("ADDQ", "$64", "R9")
	g.op("DECQ", "DX")
	g.op("JNZ", "loop")

	for i, r := range g.transpose8(low, high) {
		g.op("VMOVDQU", r, at("DI", 32*i))
	}
	g.end()
}

// avx2Rounds writes the 64 rounds, sixteen at a time. The state moves through
// the registers and is back where it was after each sixteen.
func (g *generator) avx2Rounds(state, t []string, words int) {
	g.op("MOVQ", "AX", "R10")
	g.op("VPXOR", state[2], state[1], t[1]) // b^c, which was a^b one round ago
	g.avx2Sixteen(state, t, words, false)
	g.op("MOVQ", "$3", "R11")
	g.line("rounds:")
	g.op("ADDQ", "$64", "R10")
	g.avx2Sixteen(state, t, words, true)
	g.op("DECQ", "R11")
	g.op("JNZ", "rounds")
}

// avx2Sixteen writes sixteen rounds, which expand the message schedule first if
// they are not those of the message itself.
func (g *generator) avx2Sixteen(state, t []string, words int, expand bool) {
	s := append([]string(nil), state...)
	ab, bc, ch, sum, w, t0, t1 := t[0], t[1], t[2], t[3], t[4], t[5], t[6]
	word := func(i int) string { return at("BX", words+32*((i+16)%16)) }

	for i := range 16 {
		a, b, d, e, f, gg, h := s[0], s[1], s[3], s[4], s[5], s[6], s[7]
		g.op("VPBROADCASTD", at("R10", 4*i), t0)
		g.op("VPADDD", t0, h, h)
		if expand {
			g.op("VMOVDQU", word(i-15), t[7])
			g.rotations(t[7], w, t0, t1, 7, 18, 3, true)
			g.op("VPADDD", word(i-16), w, w)
			g.op("VPADDD", word(i-7), w, w)
			g.op("VMOVDQU", word(i-2), t[7])
			g.rotations(t[7], sum, t0, t1, 17, 19, 10, true)
			g.op("VPADDD", sum, w, w)
			g.op("VMOVDQU", w, word(i))
			g.op("VPADDD", w, h, h)
		} else {
			g.op("VPADDD", word(i), h, h)
		}

		g.op("VPXOR", gg, f, ch) // Ch = g ^ (e & (f ^ g))
		g.op("VPAND", e, ch, ch)
		g.op("VPXOR", gg, ch, ch)
		g.op("VPADDD", ch, h, h)
		g.rotations(e, sum, t0, t1, 6, 11, 25, false)
		g.op("VPADDD", sum, h, h) // T1
		g.op("VPADDD", h, d, d)

		g.op("VPXOR", b, a, ab) // Maj = b ^ ((a ^ b) & (b ^ c))
		g.op("VPAND", ab, bc, bc)
		g.op("VPXOR", b, bc, bc)
		g.op("VPADDD", bc, h, h)
		g.rotations(a, sum, t0, t1, 2, 13, 22, false)
		g.op("VPADDD", sum, h, h)

		ab, bc = bc, ab
		s = append(s[7:], s[:7]...)
	}
}

// rotations computes the exclusive or of src rotated right by p, q and r into
// dst; if shift is set, the last is a shift. AVX2 has no rotation.
func (g *generator) rotations(src, dst, t0, t1 string, p, q, r int, shift bool) {
	g.op("VPSRLD", imm(p), src, dst)
	g.op("VPSLLD", imm(32-p), src, t0)
	g.op("VPSRLD", imm(q), src, t1)
	g.op("VPXOR", t0, dst, dst)
	g.op("VPSLLD", imm(32-q), src, t0)
	g.op("VPXOR", t1, dst, dst)
	g.op("VPSRLD", imm(r), src, t1)
	if !shift {
		g.op("VPXOR", t0, dst, dst)
		g.op("VPSLLD", imm(32-r), src, t0)
	}
	g.op("VPXOR", t0, t1, t1)
	g.op("VPXOR", t1, dst, dst)
}
