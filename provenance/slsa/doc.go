// Package slsa writes and reads a provenance.Build as SLSA provenance v1
// (https://slsa.dev/spec/v1.2/build-provenance), the predicate of an in-toto
// statement whose subjects are the build's outputs.
//
// SLSA v1 has no place for the role of an input. [Encode] keeps it in the
// annotation [RoleAnnotation] of the resolved dependency; [Decode] reads a
// dependency without it as provenance.RoleOther.
//
// [Parse] reads the payload of an envelope at once, for tools that index what they do
// not verify.
//
// [DecodeLegacy] reads the predicates of v0.1 and v0.2, and [DecodeLegacyStatement]
// those in a Statement v0.1, which no attest.Statement can hold; both are opt-in, and
// neither version is written.
package slsa
