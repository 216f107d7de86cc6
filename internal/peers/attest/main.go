// Peers measures attest and sigstore-go v1.3.0 side by side, and prints the goals
// of attest with what was measured. Run it with the script run.
//
// Ratios are of medians of processor time, from turns that alternate between the
// two sides on the same bytes, reading included.
package main

import (
	"fmt"
	"os"

	"github.com/sealwright/sealwright/internal/peers/goals"
)

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "stream":
		streamOn(os.Args[2])
	case len(os.Args) == 2:
		measure(os.Args[1])
	default:
		fmt.Fprintln(os.Stderr, "usage: run")
		os.Exit(2)
	}
}

func measure(dir string) {
	t := goals.Table{Progress: os.Stderr, Peer: "of sigstore-go v1.3.0"}
	bundles(&t)
	predicate(&t)
	envelopes(&t)
	cached(&t)
	stream(dir, &t)
	logs(dir, &t)
	signing(&t)
	weight(dir, &t)
	if err := t.Print(os.Stdout); err != nil {
		panic(err)
	}
}
