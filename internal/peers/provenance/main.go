// Peers measures the packages below provenance side by side with the libraries
// that do the same, and prints their goals with what was measured. Run it with the
// script run.
//
// Times are processor times of one thread; ratios are of medians, from samples that
// alternate between the two sides. The library of slsa-verifier is no side: its module
// cannot be required, and its command makes no check without the network.
package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/sealwright/sealwright/internal/peers/goals"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: run [parsing] [checking] [graph]")
		os.Exit(2)
	}
	if err := measure(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// measure runs the parts that are named, or all; dir is for files.
func measure(dir string, names []string) error {
	t := goals.Table{Progress: os.Stderr}
	for _, part := range []struct {
		name string
		run  func(dir string, t *goals.Table) error
	}{{"parsing", parsing}, {"checking", checking}, {"graph", graphs}} {
		if len(names) > 0 && !slices.Contains(names, part.name) {
			continue
		}
		if err := part.run(dir, &t); err != nil {
			return err
		}
	}
	return t.Print(os.Stdout)
}
