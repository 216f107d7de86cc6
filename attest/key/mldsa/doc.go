// Package mldsa signs and verifies with ML-DSA-44, ML-DSA-65 and ML-DSA-87 (FIPS
// 204), and joins them with classical signatures.
//
// Keys are read from PEM: PKCS #8 with the seed, and SubjectPublicKeyInfo (RFC
// 9881). The key alone decides the parameter set. Messages are signed as they are,
// never pre-hashed, with an empty context; a signature made for another context
// does not verify.
//
// # Hybrid
//
// NewHybridAttestor adds ML-DSA signatures to DSSE envelopes of a classical
// attestor, and NewHybridVerifier demands both kinds of each principal who counts:
// the evidence holds as long as one of the two algorithms does. A verifier that
// knows only the classical keys accepts the same envelope. Across
// two attestations, one of each kind, the same rule is a rule.Quorum over
//
//	rule.AllOf(rule.Key(classical), rule.Key(postQuantum))
//
// For C2SP cosignatures pass Verify44 to package tlog.
//
// The arithmetic is that of filippo.io/mldsa.
package mldsa
