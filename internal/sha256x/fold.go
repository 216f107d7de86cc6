package sha256x

// Fold compresses whole blocks of each lane into its state:
// states[i] = F(states[i], data[i]), where F is the compression function of
// FIPS 180-4 section 6.2.2 applied to one block after the other.
//
// Lanes may differ in length, be empty, overlap in memory, and be any in number;
// [Lanes] or more of similar length are the fastest. Lanes start in order of
// their index, so that callers with very unequal lanes put the longest first.
//
// Fold panics if len(states) != len(data) or if the length of a lane is not a
// multiple of [BlockSize], before it touches any state. It does not allocate and
// may be called concurrently on distinct states.
func Fold(states []State, data [][]byte) {
	if len(states) != len(data) {
		panic("sha256x: Fold needs one state for each lane")
	}
	for _, p := range data {
		if len(p)%BlockSize != 0 {
			panic("sha256x: Fold takes whole blocks only")
		}
	}
	selected().fold(states, data)
}

// fold keeps as many lanes busy as the kernel has: it folds the shortest
// remaining length of all live lanes, retires those that are done and starts the
// next ones in their place.
func (k *kernel) fold(states []State, data [][]byte) {
	var (
		b      batch
		lane   [maxLanes]int // index into states and data
		offset [maxLanes]int // bytes of the lane already folded
		live   int
	)
	for next := 0; ; {
		for ; live < k.lanes && next < len(data); next++ {
			if len(data[next]) > 0 {
				lane[live], offset[live], b.state[live] = next, 0, states[next]
				live++
			}
		}
		if live == 0 {
			return
		}
		n := len(data[lane[0]]) - offset[0]
		for i := range live {
			n = min(n, len(data[lane[i]])-offset[i])
			b.next[i] = &data[lane[i]][offset[i]]
		}
		k.run(&b, live, n/BlockSize)
		for i := live - 1; i >= 0; i-- {
			if offset[i] += n; offset[i] == len(data[lane[i]]) {
				states[lane[i]] = b.state[i]
				live--
				lane[i], offset[i], b.state[i] = lane[live], offset[live], b.state[live]
			}
		}
	}
}
