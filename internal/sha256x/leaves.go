package sha256x

// FoldWithLeaves reads p once and computes two things from it: the chain over
// all of p, *flat = F(*flat, p), and one chain for each leaf of leafSize bytes,
// leaves[i] = F(leafInit, p[i*leafSize:(i+1)*leafSize]). Both need the same
// message schedule, which is expanded once where the processor has the SHA
// extensions; there the leaves cost next to nothing beside the flat chain.
//
// The leaves are not finished: [FinishFixed] pads them. With leafInit [IV] and
// leafSize 4096 they become the leaf hashes of an unsalted fs-verity tree.
//
// FoldWithLeaves panics unless leafSize is a power of two of at least
// [BlockSize] and len(p) == len(leaves)*leafSize. It does not allocate and may
// be called concurrently on distinct states.
func FoldWithLeaves(flat *State, leafInit State, leaves []State, p []byte, leafSize int) {
	if leafSize < BlockSize || leafSize&(leafSize-1) != 0 {
		panic("sha256x: the leaf size must be a power of two of at least one block")
	}
	if len(p)%leafSize != 0 || len(p)/leafSize != len(leaves) {
		panic("sha256x: FoldWithLeaves needs one state for each whole leaf")
	}
	selected().foldWithLeaves(flat, leafInit, leaves, p, leafSize)
}

func (k *kernel) foldWithLeaves(flat *State, leafInit State, leaves []State, p []byte, leafSize int) {
	if k.rest == shaNI {
		foldShared(flat, leafInit, leaves, p, leafSize)
		return
	}
	// Without a shared schedule, take each group of lanes twice while it is in
	// the cache.
	var b, chain batch
	chain.state[0] = *flat
	for len(leaves) > 0 {
		n := min(maxLanes, len(leaves))
		for i := range n {
			b.state[i] = leafInit
			b.next[i] = &p[i*leafSize]
		}
		k.run(&b, n, leafSize/BlockSize)
		copy(leaves[:n], b.state[:n])

		chain.next[0] = &p[0]
		k.run(&chain, 1, n*leafSize/BlockSize)
		leaves, p = leaves[n:], p[n*leafSize:]
	}
	*flat = chain.state[0]
}

// foldShared is foldWithLeaves with one message schedule for both chains.
func foldShared(flat *State, leafInit State, leaves []State, p []byte, leafSize int) {
	for i := range leaves {
		leaves[i] = leafInit
		for leaf := p[i*leafSize : (i+1)*leafSize]; len(leaf) > 0; {
			n := stretchOf(len(leaf) / BlockSize)
			callShared(flat, &leaves[i], &leaf[0], n)
			leaf = leaf[int(n)*BlockSize:]
		}
	}
}
