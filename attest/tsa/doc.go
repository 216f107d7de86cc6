// Package tsa verifies time-stamp tokens (RFC 3161, RFC 5816) by authorities
// that the caller trusts.
//
// A token is judged by one authority only: the one whose certificate the token
// names, in the window of that very authority. Certificates that a token brings
// along count only where the authority's configuration ends with an issuer;
// where it has the signing certificate, the token's own decide nothing. Each
// token costs one signature; the paths of configured signers are verified once.
//
// Tokens are read in DER alone, with golang.org/x/crypto/cryptobyte: a SignedData
// by one signer with signed attributes in their DER order, SHA-2 only, of the
// signed content type TSTInfo, bound to the signing certificate (RFC 5816).
// Tests hold this reader against github.com/digitorus/pkcs7, which a verifying
// program does not contain: it converts BER, and compiles package testing.
//
// A Verifier is immutable and safe for concurrent use, reads no clock and
// performs no input or output.
package tsa
