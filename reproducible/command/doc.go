// Package command builds anything that one command makes, and tells it so that a
// stranger can build it again.
//
// A reproducible.Spec flows in; Run has a Builder run it and returns a Record: the
// result, the provenance of type reproducible.BuildType with the isolation that was
// achieved, the limits and the digest of the trace, and the statement to sign.
// FromProvenance goes the other way, from a record's provenance alone back to the
// same Spec; whoever has the inputs under their digests runs it and compares.
//
// The package may import reproducible and provenance. Package gobuild plans the
// specs of Go programs and adds what a record of one must hold.
package command
