// Package mldsa signs and verifies with ML-DSA-44, ML-DSA-65 and ML-DSA-87 (FIPS
// 204), and joins them with classical signatures.
//
// Keys are read from PEM: PKCS #8 with the seed, and SubjectPublicKeyInfo (RFC
// 9881). The key alone decides the parameter set. Messages are signed as they are,
// never pre-hashed, with an empty context; a signature made for another context
// does not verify.
//
// A signer's PublicKey goes where package dsse takes a key: envelopes by ML-DSA
// alone are those of dsse.NewAttestor and dsse.NewVerifier.
//
// # Hybrid
//
// The rule "classical and ML-DSA" has three forms, one for each way in which the
// signatures arrive. In one envelope, under keys that one trust knows, it is
// dsse.Trust.EveryKey with both keys under the principal's name; in one batch,
// batch.Trust.EveryKey. Where the classical half is another verifier's business,
// NewHybridAttestor adds ML-DSA signatures to DSSE envelopes of a classical
// attestor, and NewHybridVerifier demands both kinds of each principal who counts:
// the evidence holds as long as one of the two algorithms does. A verifier that
// knows only the classical keys accepts the same envelope. Across two
// attestations, one of each kind, it is a rule.Quorum over
//
//	rule.Hybrid(classical, postQuantum)
//
// For C2SP cosignatures pass Verify44 to package tlog.
//
// The arithmetic is that of filippo.io/mldsa.
package mldsa
