// Peers measures package attest/digest side by side with the programs and
// libraries that do the same, and prints its goals with what was measured. Run it
// with the script run.
//
// All ratios are of medians, from samples that alternate between the two sides.
// Rows "in memory" compare the CPU time of one thread; rows of whole processes
// compare wall time or CPU time as the kernel accounts it to the child. Files are
// in the page cache.
package main

import (
	"fmt"
	"os"

	"github.com/sealwright/sealwright/internal/peers/goals"
	"github.com/sealwright/sealwright/internal/sha256x"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "dirhash":
		err = dirHash(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "in-toto":
		err = recordArtifacts(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "read":
		err = readOnly(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "sumfiles":
		err = sumFiles(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "verify-mapped":
		err = verifyMapped(os.Args[2], os.Args[3])
	case len(os.Args) == 3:
		err = measure(os.Args[1], os.Args[2])
	default:
		err = fmt.Errorf("usage: run")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// measure runs everything. The processes come first: the kernel accounts the
// memory of the parent to a child until it has started. dir is for files; source
// is a directory of text to compress.
func measure(dir, source string) error {
	t := goals.Table{Progress: os.Stderr}
	for _, part := range []func(string, *goals.Table) error{files, manyFiles, memory, trees, states} {
		if err := part(dir, &t); err != nil {
			return err
		}
	}
	if err := layers(source, &t); err != nil {
		return err
	}
	return t.Print(os.Stdout, "kernel of sha256x: "+sha256x.Implementation())
}
