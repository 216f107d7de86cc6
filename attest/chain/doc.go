// Package chain verifies what short-lived signing certificates need: a path to
// a trusted authority at a given time, proof that certificate transparency logs
// saw the certificate (RFC 6962), and the identity that the authority vouches
// for (the X.509 extensions of Sigstore's Fulcio, OID arc 1.3.6.1.4.1.57264.1).
//
// Paths are found by crypto/x509. What is the same for every certificate is done
// once: NewAuthorities verifies each intermediate up to its root when it is
// called, and Authorities.Path then costs one signature, that of the leaf,
// whatever number of times the path is held against a time.
//
// All values are immutable once made and safe for concurrent use. The package
// reads no clock and performs no input or output.
package chain
