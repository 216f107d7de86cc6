package sha256x

// SumFixed hashes n = len(dst) records of recordSize bytes that lie back to back
// in src: dst[i] = SHA-256(init || prefix || src[i*recordSize:(i+1)*recordSize]),
// where init stands for the bytes that it has taken in. This is a level of a
// Merkle tree: an RFC 6962 (RFC 9162) interior level has init
// Midstate{State: IV()}, prefix 0x01 and two hashes of 32 bytes to a record; a
// level of an fs-verity tree has the salt in init, no prefix, and a block to a
// record.
//
// dst may overlap src if the hash of a record never lands on a later record,
// as when a level of a tree is replaced by the next.
//
// SumFixed panics if recordSize is negative, if len(src) != n*recordSize or if
// init.Length is not a multiple of [BlockSize]. It does not allocate and may be
// called concurrently on distinct destinations.
func SumFixed(dst [][Size]byte, init Midstate, prefix []byte, src []byte, recordSize int) {
	switch {
	case recordSize < 0:
		panic("sha256x: the size of a record is negative")
	case init.Length%BlockSize != 0:
		panic("sha256x: a midstate stands between blocks")
	case recordSize == 0 && len(src) != 0,
		recordSize > 0 && (len(src)%recordSize != 0 || len(src)/recordSize != len(dst)):
		panic("sha256x: SumFixed needs one destination for each record")
	}
	selected().sumFixed(dst, init, prefix, src, recordSize)
}

func (k *kernel) sumFixed(dst [][Size]byte, init Midstate, prefix []byte, src []byte, recordSize int) {
	init, prefix = k.absorb(init, prefix)
	var l layout
	l.plan(init.Length, len(prefix), recordSize)

	// Prefix and padding are the same in all records: write them once.
	var edges [maxLanes]edge
	for i := range min(maxLanes, len(dst)) {
		copy(edges[i][l.start:], prefix)
		l.pad(&edges[i])
	}
	var b batch
	for len(dst) > 0 {
		n := min(maxLanes, len(dst))
		for i := range n {
			b.state[i] = init.State
			l.fill(&edges[i], src[i*recordSize:(i+1)*recordSize])
		}
		last := l.first()
		if l.body > 0 {
			for i := range n {
				b.next[i] = &edges[i][last]
			}
			k.run(&b, n, (BlockSize-last)/BlockSize)
			for i := range n {
				b.next[i] = &src[i*recordSize+l.head]
			}
			k.run(&b, n, l.body/BlockSize)
			last = BlockSize
		}
		for i := range n {
			b.next[i] = &edges[i][last]
		}
		k.run(&b, n, (l.end-last)/BlockSize)
		for i := range n {
			b.state[i].put(&dst[i])
		}
		dst, src = dst[n:], src[n*recordSize:]
	}
}

// FinishFixed finishes chains that have all taken in n bytes, a multiple of
// [BlockSize]: dst[i] is the digest of the message behind states[i]. The states
// stay as they are.
//
// FinishFixed panics if len(dst) != len(states) or if n is not a multiple of
// [BlockSize]. It does not allocate and may be called concurrently on distinct
// destinations.
func FinishFixed(dst [][Size]byte, states []State, n uint64) {
	if len(dst) != len(states) {
		panic("sha256x: FinishFixed needs one destination for each state")
	}
	if n%BlockSize != 0 {
		panic("sha256x: FinishFixed finishes chains of whole blocks")
	}
	selected().finishFixed(dst, states, n)
}

func (k *kernel) finishFixed(dst [][Size]byte, states []State, length uint64) {
	var e edge
	var l layout
	l.plan(length, 0, 0)
	l.pad(&e)
	var b batch
	for len(dst) > 0 {
		n := min(maxLanes, len(dst))
		for i := range n {
			b.next[i] = &e[BlockSize]
		}
		copy(b.state[:n], states)
		k.run(&b, n, 1)
		for i := range n {
			b.state[i].put(&dst[i])
		}
		dst, states = dst[n:], states[n:]
	}
}
