// Package tlog reads, judges and writes the C2SP formats of transparency logs:
//
//   - tlog-checkpoint: the signed head of a log's tree (Checkpoint);
//   - tlog-cosignature: what witnesses add to it, version 1 with Ed25519 and
//     ML-DSA-44 (Signer);
//   - tlog-policy: which logs are believed, and which witnesses must have seen a
//     checkpoint (Policy);
//   - tlog-proof: an entry's place in a log, to be verified offline (Proof);
//   - tlog-tiles: where a log keeps hashes and entries (Tile).
//
// The tree is that of RFC 6962 section 2.1 over SHA-256; its mathematics and the
// parsing of signed notes are those of golang.org/x/mod/sumdb. Everything else is
// read in its only form: decimal numbers without leading zeros, canonical base64,
// line feeds, a final newline. Each defect has its own code.
//
//	policy, err := tlog.ParsePolicy(file, nil)
//	proof, err := tlog.ParseProof(evidence)
//	head, err := policy.Verify(proof, entry)
//
// What must be checked follows from the Policy alone. A signature by an unknown
// key is ignored, as the signed-note specification demands; one that names a
// trusted key and is not by it refuses the whole checkpoint.
//
// Who trusts a log's key by other means takes Witnesses: a policy without logs.
//
// This package needs no post-quantum module: where a key is of ML-DSA-44 the
// caller passes a VerifyMLDSA44; package attest/key/mldsa has one.
//
// Package dirlog is a log in a directory, package witness a witness.
//
// # Limits
//
// A checkpoint has at most 512 KiB and 100 signatures, a proof at most 63 hashes,
// a policy at most 32 logs, 32 witnesses and 32 groups, and a tree at most 2^62
// entries.
package tlog
