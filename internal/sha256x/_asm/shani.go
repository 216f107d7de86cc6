package main

import "fmt"

// The SHA extensions keep a state in two registers, ABEF and CDGH, and run two
// rounds per SHA256RNDS2, whose message words are implicit in X0.
//
// SHA256RNDS2 has a latency of four cycles and can start each cycle (Zen 4), so
// that one chain leaves three of four issue slots empty; the functions here fill
// them with other chains.

// abef is one chain: the registers of its state.
type abef struct{ s0, s1 string }

// loadState reads eight words at off(base) into s.
func (g *generator) loadState(s abef, base string, off int) {
	g.op("VMOVDQU", at(base, off), "X0")
	g.op("VMOVDQU", at(base, off+16), s.s1)
	g.op("VPSHUFD", "$0xB1", "X0", "X0")
	g.op("VPSHUFD", "$0x1B", s.s1, s.s1)
	g.op("VPALIGNR", "$8", s.s1, "X0", s.s0)
	g.op("VPBLENDW", "$0xF0", "X0", s.s1, s.s1)
}

// storeState is the inverse of loadState.
func (g *generator) storeState(s abef, base string, off int) {
	g.op("VPSHUFD", "$0x1B", s.s0, "X0")
	g.op("VPSHUFD", "$0xB1", s.s1, s.s1)
	g.op("VPBLENDW", "$0xF0", s.s1, "X0", s.s0)
	g.op("VPALIGNR", "$8", "X0", s.s1, s.s1)
	g.op("VMOVDQU", s.s0, at(base, off))
	g.op("VMOVDQU", s.s1, at(base, off+16))
}

// fourRounds runs rounds 4i to 4i+3 of the chains with the message words in w.
func (g *generator) fourRounds(i int, w string, chains ...abef) {
	g.op("VPADDD", at("AX", 16*i), w, "X0")
	for _, s := range chains {
		g.op("SHA256RNDS2", "X0", s.s0, s.s1)
	}
	g.op("VPSHUFD", "$0x0E", "X0", "X0")
	for _, s := range chains {
		g.op("SHA256RNDS2", "X0", s.s1, s.s0)
	}
}

// schedule puts the message words 4i to 4i+3 into w[i%4]: the first sixteen from
// the block at p, the others from the sixteen before them.
func (g *generator) schedule(i int, w []string, p, swap, tmp string) {
	w0, w1, w2, w3 := w[i%4], w[(i+1)%4], w[(i+2)%4], w[(i+3)%4]
	if i < 4 {
		g.op("VMOVDQU", at(p, 16*i), w0)
		g.op("VPSHUFB", swap, w0, w0)
		return
	}
	g.op("SHA256MSG1", w1, w0)
	g.op("VPALIGNR", "$4", w2, w3, tmp)
	g.op("VPADDD", tmp, w0, w0)
	g.op("SHA256MSG2", w3, w0)
}

// pointers loads the addresses of n lanes and returns their registers.
func (g *generator) pointers(n int) []string {
	ps := []string{"R8", "R9", "R10", "R11"}[:n]
	for i, p := range ps {
		g.op("MOVQ", at("SI", 8*i), p)
	}
	return ps
}

// prologue loads the arguments (state, next, blocks) into DI, SI and DX.
func (g *generator) prologue() {
	g.op("MOVQ", "state+0(FP)", "DI")
	g.op("MOVQ", "next+8(FP)", "SI")
	g.op("MOVQ", "blocks+16(FP)", "DX")
	g.constants()
}

// constants leaves early if there are no blocks in DX and points AX and CX at
// the constants. Dirty upper halves of a caller would slow down the SHA
// instructions, which have no VEX form.
func (g *generator) constants() {
	g.op("VZEROUPPER")
	g.op("TESTQ", "DX", "DX")
	g.op("JZ", "done")
	g.op("LEAQ", "k256<>(SB)", "AX")
	g.op("LEAQ", "swap<>(SB)", "CX")
}

// chains writes one or two interleaved lanes with their message schedules in
// registers.
func (g *generator) chains(n int) {
	name := fmt.Sprintf("blocksSHANIx%d", n)
	g.function(name, fmt.Sprintf("(state *[%d]State, next *[%d]*byte, blocks int)", n, n), 32*n, 24)
	g.prologue()
	ps := g.pointers(n)

	chain := make([]abef, n)
	w := make([][]string, n)
	for l := range n {
		chain[l] = abef{x(1 + 2*l), x(2 + 2*l)}
		for j := range 4 {
			w[l] = append(w[l], x(1+2*n+4*l+j))
		}
		g.loadState(chain[l], "DI", 32*l)
	}
	tmp, swap := x(14), x(15)
	g.op("VMOVDQU", "(CX)", swap)

	g.line("loop:")
	for l, s := range chain {
		g.op("VMOVDQU", s.s0, at("BX", 32*l))
		g.op("VMOVDQU", s.s1, at("BX", 32*l+16))
	}
	for i := range 16 {
		for l, s := range chain {
			g.schedule(i, w[l], ps[l], swap, tmp)
			g.fourRounds(i, w[l][i%4], s)
		}
	}
	for l, s := range chain {
		g.op("VPADDD", at("BX", 32*l), s.s0, s.s0)
		g.op("VPADDD", at("BX", 32*l+16), s.s1, s.s1)
		g.op("ADDQ", "$64", ps[l])
	}
	g.op("DECQ", "DX")
	g.op("JNZ", "loop")
	for l, s := range chain {
		g.storeState(s, "DI", 32*l)
	}
	g.end()
}

// spilledChains writes interleaved lanes whose message schedules live in the
// frame, because four states leave no registers for them.
func (g *generator) spilledChains(n int) {
	name := fmt.Sprintf("blocksSHANIx%d", n)
	signature := fmt.Sprintf("(state *[%d]State, next *[%d]*byte, blocks int)", n, n)
	g.function(name, signature, 96*n, 24)
	g.prologue()
	ps := g.pointers(n)

	chain := make([]abef, n)
	w3 := make([]string, n) // the newest four words of each lane
	for l := range n {
		chain[l] = abef{x(1 + 2*l), x(2 + 2*l)}
		w3[l] = x(1 + 2*n + l)
		g.loadState(chain[l], "DI", 32*l)
	}
	var free []string
	for r := 1 + 3*n; r < 16; r++ {
		free = append(free, x(r))
	}
	spill := func(lane, i int) string { return at("BX", 32*n+64*lane+16*(i%4)) }

	g.line("loop:")
	for l, s := range chain {
		g.op("PREFETCHT0", at(ps[l], 1024))
		g.op("VMOVDQU", s.s0, at("BX", 32*l))
		g.op("VMOVDQU", s.s1, at("BX", 32*l+16))
	}
	turn := 0
	for i := range 16 {
		for l := range chain {
			if i < 4 {
				g.op("VMOVDQU", at(ps[l], 16*i), w3[l])
				g.op("VPSHUFB", "(CX)", w3[l], w3[l])
				g.op("VMOVDQU", w3[l], spill(l, i))
				continue
			}
			w0 := free[turn%len(free)]
			turn++
			g.op("VMOVDQU", spill(l, i), w0)
			g.op("SHA256MSG1", spill(l, i+1), w0) // must be aligned, and is
			g.op("VPALIGNR", "$4", spill(l, i+2), w3[l], "X0")
			g.op("VPADDD", "X0", w0, w0)
			g.op("SHA256MSG2", w3[l], w0)
			g.op("VMOVDQU", w0, w3[l])
			if i < 15 {
				g.op("VMOVDQU", w0, spill(l, i))
			}
		}
		for l, s := range chain {
			g.fourRounds(i, w3[l], s)
		}
	}
	for l, s := range chain {
		g.op("VPADDD", at("BX", 32*l), s.s0, s.s0)
		g.op("VPADDD", at("BX", 32*l+16), s.s1, s.s1)
		g.op("ADDQ", "$64", ps[l])
	}
	g.op("DECQ", "DX")
	g.op("JNZ", "loop")
	for l, s := range chain {
		g.storeState(s, "DI", 32*l)
	}
	g.end()
}

// sharedSchedule writes two chains over the same bytes, with one schedule.
func (g *generator) sharedSchedule() {
	g.function("blocksSHANIShared", "(flat, leaf *State, p *byte, blocks int)", 0, 32)
	g.op("MOVQ", "flat+0(FP)", "DI")
	g.op("MOVQ", "leaf+8(FP)", "SI")
	g.op("MOVQ", "p+16(FP)", "R8")
	g.op("MOVQ", "blocks+24(FP)", "DX")
	g.constants()

	flat, leaf := abef{"X1", "X2"}, abef{"X3", "X4"}
	w, tmp := []string{"X5", "X6", "X7", "X8"}, "X9"
	keep, swap := []string{"X10", "X11", "X12", "X13"}, "X15"
	all := []string{"X1", "X2", "X3", "X4"}
	g.loadState(flat, "DI", 0)
	g.loadState(leaf, "SI", 0)
	g.op("VMOVDQU", "(CX)", swap)

	g.line("loop:")
	for i, s := range all {
		g.op("VMOVDQU", s, keep[i])
	}
	for i := range 16 {
		g.schedule(i, w, "R8", swap, tmp)
		g.fourRounds(i, w[i%4], flat, leaf)
	}
	for i, s := range all {
		g.op("VPADDD", keep[i], s, s)
	}
	g.op("ADDQ", "$64", "R8")
	g.op("DECQ", "DX")
	g.op("JNZ", "loop")
	g.storeState(flat, "DI", 0)
	g.storeState(leaf, "SI", 0)
	g.end()
}
