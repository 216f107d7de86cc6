package sha256x_test

import (
	"fmt"

	"github.com/sealwright/sealwright/internal/sha256x"
)

// The root of an RFC 6962 tree of four leaves, level by level.
func ExampleSumFixed() {
	leaves := [][]byte{{}, {0x00}, {0x10}, {0x20, 0x21}}
	level := make([][sha256x.Size]byte, len(leaves))
	sha256x.SumMany(level, []byte{0x00}, leaves)

	init := sha256x.Midstate{State: sha256x.IV()}
	for len(level) > 1 {
		var src []byte
		for _, h := range level {
			src = append(src, h[:]...)
		}
		level = level[:len(level)/2]
		sha256x.SumFixed(level, init, []byte{0x01}, src, 2*sha256x.Size)
	}
	fmt.Printf("%x\n", level[0])
	// Output: d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
}

// One read of some bytes gives their SHA-256 and that of each of their leaves.
func ExampleFoldWithLeaves() {
	p := make([]byte, 4*4096)
	flat, leaves := sha256x.IV(), make([]sha256x.State, 4)
	sha256x.FoldWithLeaves(&flat, sha256x.IV(), leaves, p, 4096)

	var digest [1][sha256x.Size]byte
	sha256x.FinishFixed(digest[:], []sha256x.State{flat}, uint64(len(p)))
	fmt.Printf("%x\n", digest[0])

	hashes := make([][sha256x.Size]byte, len(leaves))
	sha256x.FinishFixed(hashes, leaves, 4096)
	fmt.Printf("%x\n", hashes[0])
	// Output:
	// 4fe7b59af6de3b665b67788cc2f99892ab827efae3a467342b3bb4e3bc8e5bfe
	// ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7
}

// Lanes of any length go on from where they were.
func ExampleFold() {
	states := []sha256x.State{sha256x.IV(), sha256x.IV()}
	a, b := make([]byte, 128), make([]byte, 64)
	sha256x.Fold(states, [][]byte{a, b})
	fmt.Println(states[0] == states[1])

	sha256x.Fold(states, [][]byte{nil, b})
	fmt.Println(states[0] == states[1])
	// Output:
	// false
	// true
}
