// Package virtual is a Sigstore instance in memory, for tests: a certificate
// authority like Fulcio, a certificate transparency log, a timestamp authority
// and a Rekor log of version 1 or 2, with valid cryptography under throwaway
// keys. It makes bundles that a verifier of Instance.TrustedRoot accepts, and
// Witnesses who cosign checkpoints. Several instances (NewAt, Recipe.Also, With)
// vouch for one bundle.
//
// A Recipe tells what a bundle holds, and breaks any one field of it: its
// functions are called with each artefact before the artefact is signed, so that
// all else stays valid.
//
// Nothing here protects anything. The clock is Instance.Now, which is fixed.
package virtual
