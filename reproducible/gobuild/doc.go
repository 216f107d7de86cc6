// Package gobuild plans builds of Go programs that a stranger can repeat from
// their provenance alone.
//
// A directory with a main module flows in, a reproducible.Spec flows out: Plan puts
// the source, the part of the Go toolchain that compiles, and the modules of go.sum
// into a store and names each by digest. Nothing else reaches the build: the
// command line is fixed (-trimpath, -buildvcs=false), and so is every environment
// variable that changes what the go command makes, with its value spelled out,
// GOAMD64 and CGO_* among them, which "go version -m" does not show under -trimpath.
// So the record that reproducible.Describe makes of a run holds all that it takes:
// FromProvenance turns it back into the same Spec, and refuses a record of a build
// that was not planned here, not pinned, or changed.
//
// A program in C parts needs a C compiler: Config.C pins one as the trees of a
// system, and CGO_ENABLED is 1, with CC and all of CGO_* fixed and on record.
// Without it CGO_ENABLED is 0.
//
// Plan runs the go command through Config.Run, for "go env" where no GOROOT is
// given and for "go mod download", with an environment that the Config alone
// decides. Functions are safe for concurrent use, if Config.Temp is not shared.
package gobuild
