// Semsort reads versions, one a line, and prints them in the order of Semantic
// Versioning 2.0.0, newest last; lines that are no version are told on standard
// error and make it exit with 1. It is the program that the pipeline example
// builds: small, real, and with a dependency that has to come from somewhere.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/semver"
)

func main() {
	stableOnly := flag.Bool("stable", false, "leave out pre-releases")
	newest := flag.Bool("newest", false, "print only the newest version")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: semsort [-stable] [-newest] < versions")
		flag.PrintDefaults()
	}
	flag.Parse()
	versions, bad, err := read(os.Stdin, *stableOnly)
	if err != nil {
		fmt.Fprintln(os.Stderr, "semsort:", err)
		os.Exit(2)
	}
	semver.Sort(versions)
	if *newest && len(versions) > 0 {
		versions = versions[len(versions)-1:]
	}
	for _, v := range versions {
		fmt.Println(v)
	}
	for _, line := range bad {
		fmt.Fprintf(os.Stderr, "semsort: not a version: %q\n", line)
	}
	if len(bad) > 0 {
		os.Exit(1)
	}
}

// read returns the versions in r and the lines that are none.
func read(r io.Reader, stableOnly bool) (versions, bad []string, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		switch v := lines.Text(); {
		case v == "":
		case !semver.IsValid(v):
			bad = append(bad, v)
		case stableOnly && semver.Prerelease(v) != "":
		default:
			versions = append(versions, v)
		}
	}
	return versions, bad, lines.Err()
}
