// Package batch signs and verifies many statements at the price of few signatures.
//
// An Attestor's AttestAll signs any number of statements with one signature per
// signer: it builds the tree of RFC 6962 over them, signs a checkpoint of it (C2SP
// tlog-checkpoint) and gives each statement its own proof (C2SP tlog-proof). Each
// attestation stands alone; NewVerifier verifies it without the others.
//
// VerifyAll verifies a stream of attestations of any kind on all processors, in
// bounded memory and in order. A Cache remembers what was verified.
//
// # Format
//
// An attestation of media type MediaType is a JSON object in the only spelling
// that this package writes, without space:
//
//	{"statement":"<base64 of the in-toto statement>","proof":"<tlog-proof>"}
//
// The leaf of the tree is "application/vnd.in-toto+json", a line feed and the
// statement. The checkpoint's origin is "sealwright/batch/v1/" and its root in
// hexadecimal: each batch is a log of its own, so that signing many never shows
// two trees of one log, and no checkpoint of a real log passes for a batch. It has
// no extension lines and the proof no extra data. Its signatures are note
// signatures of type Ed25519 or ML-DSA-44; both together are the hybrid of a
// classical and a post-quantum key.
//
// A proof tells nothing about the other statements but the hashes of subtrees;
// who can guess a statement next to it can confirm the guess.
package batch
