// Package attesttest helps to test what signs, verifies or consumes
// attestations.
//
//   - Fake is an Attestor and a Verifier in one, with a key that follows from its
//     label: no privilege, no network, no clock, the same bytes on each run.
//   - Seal makes a Verified of any statement, for tests of policies.
//   - Signer makes a deterministic attest.Signer.
//   - TestAttestor and TestVerifier hold an implementation of attest.Attestor or
//     attest.Verifier against each clause of its contract, in the manner of
//     testing/fstest; CheckAttestor and CheckVerifier do so outside of a test.
//
// Package virtual has the parties behind real attestations: a certificate
// authority, a timestamp authority, logs and witnesses in memory, with any field of
// any artefact breakable on demand. Package corpus has attestations with one defect
// each and the reason that tells it.
//
// Nothing here protects anything: every key is public knowledge. All authorities
// of this package begin with "test:"; no policy may list them.
package attesttest
