// Package rekor searches, reads and extends a Rekor log of version 1
// (github.com/sigstore/rekor), and turns its entries into evidence.
//
// An Entry is a claim of whoever answered. What this package checks when it
// fetches one is that it is what was asked for: its number is the hash of its
// body, its index the one in question. Whether the log included it, and who
// signed, only a verifier tells: Entry.MessageBundle and Entry.EnvelopeBundle
// return a Sigstore bundle for attest/sigstore, whose Verifier checks promise,
// inclusion proof, checkpoint, certificate and signature under the caller's trust.
// Nothing that the client library verified, or says that it did, is believed.
//
// # Network
//
// All requests go through the http.Client that the caller passes, follow no
// redirect, and end with their context. Each answer is bounded and must be strict
// JSON before the client library reads it. Nothing is repeated.
//
// # The client library
//
// Of sigstore/rekor only the generated client and its types (pkg/generated/client
// and pkg/generated/models) are used. Its pkg/client adds a format to
// go-openapi/strfmt's package-level registry on every call and brings transports
// and retries of its own; its pkg/types register entry kinds in package-level
// maps when they are imported, and fetch URLs that entries name. Neither is
// imported here. What remains: the types fill tables of their enumerations when
// they are imported; strfmt.Default is read and not changed; and go-openapi's
// transport prints requests to the standard error if the environment variable
// DEBUG or SWAGGER_DEBUG is set.
//
// A Log is immutable and safe for concurrent use.
package rekor
