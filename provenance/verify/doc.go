// Package verify judges whether verified provenance shows that an artifact was built
// as its consumer expects: by which builder, from which source, with which
// parameters (SLSA v1.2, verifying artifacts).
//
// [Roots] say which signers may speak for which builders, and how far they are
// trusted; [Expectations] say how the artifact must have been built. [Verify] makes
// every check on every statement and reports all of them in a [Verdict], whose zero
// value refuses.
//
// [Judge] is Verify with more to go by: verified summaries, from which the levels of
// the Source and Dependency tracks come; evidence about the inputs, which is followed
// from input to input ([Dependencies]); appraisals of hardware evidence ([Appraisal],
// of which *tee.Result is one), for the Build Environment track. Who judges often makes a [Checker] with [New] once.
//
// What the certificates of the signers claim is part of the evidence (attest.Claim),
// and the profiles of package buildtype say what of a statement its user could forge:
// where neither the platform nor a certificate vouches for the source, the level ends
// at 2.
//
// [VerifySummary] decides about a verification summary attestation, and
// [Verdict.Summarize] issues one.
//
// A signer for whom others' grants name the builder is refused, where one for whom
// nobody's do is capped at level 1: removing the last grant of a builder is the one
// way in which trusting less can let something pass.
package verify
