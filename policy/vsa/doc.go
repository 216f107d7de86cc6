// Package vsa tells others what a policy decided: as a SLSA Verification Summary
// Attestation v1 (slsa.dev/verification_summary/v1) or as an in-toto Simple
// Verification Result v0.1 (in-toto.io/attestation/svr/v0.1).
//
// Encode and EncodeSVR write the statement of a Decision, to be signed. Only
// decisions go in: a policy.Simulation does not compile. Verify and VerifySVR judge
// such statements, whoever made them, by the seven steps of the specification and
// beyond: they also demand the policy's digest, an age, one level per track, and
// that nothing was waived unless the caller accepts that.
//
// A rule that was waived never counts towards a level, and a summary that does not
// say PASSED carries none.
package vsa
