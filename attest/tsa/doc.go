// Package tsa verifies time-stamp tokens (RFC 3161, RFC 5816) by authorities
// that the caller trusts.
//
// A token is judged by one authority only: the one whose certificate the token
// names, in the window of that very authority. Certificates that a token brings
// along are read only where the authority's configuration ends with an issuer;
// where it has the signing certificate, the token's own are not looked at. Each
// token costs one signature; the paths of configured signers are verified once.
//
// The CMS structure is parsed and verified by github.com/digitorus/pkcs7. This
// package adds what that one leaves open: one signer, SHA-2 only, the signed
// content type, and the binding to the signing certificate (RFC 5816).
//
// A Verifier is immutable and safe for concurrent use, reads no clock and
// performs no input or output.
package tsa
