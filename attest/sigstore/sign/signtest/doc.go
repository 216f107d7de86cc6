// Package signtest is a Sigstore instance that answers HTTP without a network,
// for tests of what signs: Fulcio, Rekor version 1 and 2, and an RFC 3161
// authority, with the keys and the valid cryptography of package virtual.
//
// Each service checks all that it is sent, as the real ones do: method, path,
// content type, the exact shape of the body, token, proof of possession,
// signatures, digests. What fails is answered with HTTP status 400 and the
// reason. A World can be told to lie: to answer another status or body, or what
// package virtual breaks for it, with all else still valid.
//
// Nothing here protects anything.
package signtest
