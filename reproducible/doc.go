// Package reproducible describes builds that can be repeated, what was achieved
// when one ran, and whether two runs gave the same bits. It holds the model and
// the interface Builder; it runs nothing itself.
//
// What flows in is a Spec: the command, its environment, its inputs by digest,
// the outputs that it declares, its limits, and the Guarantees without which it
// must not run. What flows out is a Result: artifacts by digest, the guarantees
// that were really set up, the log, and findings. Describe turns the pair into
// a provenance.Build, from which package provenance/slsa makes a statement;
// Compare turns two results into a Comparison, which ComparisonStatement makes
// attestable, whether the bits agree or not.
//
// Two ideas carry the room. First, soundness by construction: inputs lie in a
// content store, are verified, and are mounted read-only, so what a build could
// have read is known without watching it. Second, isolation is required or
// refused, never silently weakened: a Builder that cannot give what Spec.Require
// names returns an *UnmetError before anything runs, and Result.Achieved never
// tells more than was set up.
//
// In the terms of SLSA v1.2 (Build track, "Build platform: isolation strength"),
// NoNetwork with InputsPinned is what older revisions called hermetic, and the
// other guarantees say how isolated one build is from its machine and from
// other builds. The words are not levels: a verifier decides what they are
// worth under the builder id that reports them.
//
// Leaves: sandbox (Linux namespaces), process (isolates nothing and says so),
// store (content store), reproducibletest (fake and conformance kit). The room
// may import attest and provenance; this package imports no leaf and no third
// party of its own.
package reproducible
