// Package folder seals a directory of evidence, so that a stranger who gets the
// directory can tell that no byte of it has changed since.
//
// Seal writes one more file, SealName: a signed in-toto statement whose subjects
// are all other regular files, by path relative to the directory. Verify demands
// that the directory holds exactly these files with exactly these bytes, and
// that the seal itself is in the one form that Seal writes, so that not even a
// signature's hint can be altered.
//
// A seal proves that the folder is whole. It does not prove that what the files
// say is true: each is still to be verified by its own verifier.
//
// Unverified bytes of a directory flow in; an attest.Verified flows out. The
// package may import attest, its digest packages and internal.
package folder
