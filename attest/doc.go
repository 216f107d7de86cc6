// Package attest holds what all rooms of this module say to each other:
// statements about artifacts, evidence for them, and evidence that was believed.
//
// A statement flows in, which NewStatement makes and an Attestor signs, or bytes
// that somebody else signed: an Attestation. A Verified flows out, or an error
// that tells every reason against it. Nothing else comes out: bytes that no
// Verifier accepted have no type by which a policy could take them for more.
//
//	Statement --Attestor--> Attestation --Verifier, Want--> Verified --> policy
//
// A Statement is an in-toto Statement v1; its subjects are artifacts by digest
// (package digest), its predicate stays the exact bytes that are signed. What a
// Verifier checks is fixed when it is made. A Want tells what the caller is
// looking for, and asking for nothing is refused.
//
// Every refusal is an *Error with a stable Code; Reasons collects them from a
// joined error, and errors.Is(err, attest.Is(code)) looks for one.
//
// This package and package digest import the standard library and this module's
// internal packages only. Implementations live below it and are values that the
// caller passes on: dsse signs and verifies DSSE envelopes, key makes signers,
// attesttest has fakes and the conformance kits for both interfaces.
package attest
