// Package provenance models where artifacts come from.
//
// A [Build] is the record of one build, whoever told it and in whatever version of
// a format. [Build.Validate] says whether it is complete. Parameters are kept as the
// exact bytes that were signed; [EqualJSON] compares them without rounding numbers,
// and [ParseSource] brings source locations into the one form in which they may be
// compared.
//
// What flows in: the account of a build, from a Builder or out of a statement. What
// flows out: a statement for an attest.Attestor to sign, or a verdict on what others
// signed. This package may import attest; so may its leaves.
//
// Package slsa writes and reads a Build as SLSA provenance; package verify judges
// verified provenance against expectations. Neither this package nor those touch
// keys: what is authentic is decided by an attest.Verifier before.
package provenance
