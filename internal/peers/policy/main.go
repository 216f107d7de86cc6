// Peers measures package policy side by side with the engines that judge the same
// evidence by the same conditions, and prints its goals with what was measured. Run it
// with the script run.
//
// Times are processor times of the whole process on one processor, so that garbage
// collection counts; each is the least of samples that alternate between the sides.
// Every side is asked to allow what it should and to deny what it should before it is
// measured. go-witness and AMPEL run in programs of their own.
package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/sealwright/sealwright/internal/peers/goals"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: run")
		os.Exit(2)
	}
	runtime.GOMAXPROCS(1)
	if err := measure(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// measure runs every part; dir holds the programs whose sizes are compared.
func measure(dir string) error {
	t := goals.Table{Progress: os.Stderr}
	for _, part := range []func(dir string, t *goals.Table) error{weight, decoded, fromBytes, bills, cached} {
		if err := part(dir, &t); err != nil {
			return err
		}
	}
	return t.Print(os.Stdout)
}
