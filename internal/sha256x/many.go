package sha256x

// manyAtOnce is how many messages SumMany takes up together: enough to refill
// lanes while messages end, few enough for the stack.
const manyAtOnce = 16

// SumMany computes dst[i] = SHA-256(prefix || msgs[i]) for messages of any
// lengths and any count. Messages may overlap in memory; [Lanes] or more of
// similar length are the fastest.
//
// SumMany panics if len(dst) != len(msgs). It does not allocate and may be
// called concurrently on distinct destinations.
func SumMany(dst [][Size]byte, prefix []byte, msgs [][]byte) {
	if len(dst) != len(msgs) {
		panic("sha256x: SumMany needs one destination for each message")
	}
	selected().sumMany(dst, prefix, msgs)
}

func (k *kernel) sumMany(dst [][Size]byte, prefix []byte, msgs [][]byte) {
	init, prefix := k.absorb(Midstate{State: IV()}, prefix)
	for len(msgs) > 0 {
		n := min(manyAtOnce, len(msgs))
		k.sumGroup(dst[:n], init, prefix, msgs[:n])
		dst, msgs = dst[n:], msgs[n:]
	}
}

// absorb folds the whole blocks of prefix into init and returns what is left of
// prefix, less than a block.
func (k *kernel) absorb(init Midstate, prefix []byte) (Midstate, []byte) {
	whole := len(prefix) &^ (BlockSize - 1)
	if whole > 0 {
		b := batch{state: [maxLanes]State{init.State}, next: [maxLanes]*byte{&prefix[0]}}
		k.run(&b, 1, whole/BlockSize)
		init = Midstate{b.state[0], init.Length + uint64(whole)}
	}
	return init, prefix[whole:]
}

// sumGroup hashes up to manyAtOnce messages in three rounds over all of them:
// first blocks, blocks that can be hashed where they lie, last blocks. The prefix
// is shorter than a block.
func (k *kernel) sumGroup(dst [][Size]byte, init Midstate, prefix []byte, msgs [][]byte) {
	var (
		states [manyAtOnce]State
		edges  [manyAtOnce]edge
		rounds [3][manyAtOnce][]byte
		l      layout
	)
	for i, m := range msgs {
		states[i] = init.State
		l.plan(init.Length, len(prefix), len(m))
		e := edges[i][:]
		copy(e[l.start:], prefix)
		l.pad(&edges[i])
		l.fill(&edges[i], m)

		if l.body == 0 { // first and last blocks are adjacent
			rounds[2][i] = e[l.first():l.end]
			continue
		}
		rounds[0][i] = e[l.first():BlockSize]
		rounds[1][i] = m[l.head : l.head+l.body]
		rounds[2][i] = e[BlockSize:l.end]
	}
	for r := range rounds {
		k.fold(states[:len(msgs)], rounds[r][:len(msgs)])
	}
	for i := range msgs {
		states[i].put(&dst[i])
	}
}
