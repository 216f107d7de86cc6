// Package gobinary lists the Go modules that an executable says it was built
// from, out of the build information that the Go linker writes into ELF, PE,
// Mach-O, XCOFF and Plan 9 files (package debug/buildinfo).
//
// The binary's word is as good as its origin: whoever links it can write what he
// likes. What this package can tell is that a word is missing. A file that bears
// other marks of the Go linker but no build information is a gap, and so is one
// packed by UPX, one built without modules, and an executable that does not
// parse: each is a way to hide what is inside. A native executable without any
// mark of Go is none of this scanner's (scan.ErrNotMine): its packages are not known, so
// it is skipped, and where nothing else is claimed the scan says so
// (scan.CodeNothingClaimed) instead of telling that there are none.
package gobinary
