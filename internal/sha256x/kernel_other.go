//go:build !amd64 || purego

package sha256x

// detect finds no feature that the Go code here could use.
func detect() features { return features{} }

// fastest returns the only kernel that there is.
func fastest(ks []kernel) kernel { return ks[0] }

// call folds n blocks of each of the first live lanes.
func (k *kernel) call(b *batch, live int, n stretch) {
	for i := range live {
		foldStdlib(&b.state[i], b.next[i], int(n))
	}
}

// callShared folds n blocks at p into both chains.
func callShared(flat, leaf *State, p *byte, n stretch) {
	foldStdlib(flat, p, int(n))
	foldStdlib(leaf, p, int(n))
}
