// Package sign makes Sigstore bundles of version 0.3: it has an identity token
// certified by Fulcio for a key that lives for one signature, signs a statement
// or a digest, has the signature stamped by RFC 3161 authorities and logged in
// Rekor (API versions 1 and 2), and returns the bundle.
//
//	Token --Fulcio--> certificate --key--> signature --TSA, Rekor--> bundle --Verifier--> attestation
//
// No service is believed. What each answers is held against what it was asked,
// and the finished bundle against the sigstore.Verifier that the caller gives:
// the one of those who will verify it later. A bundle that it refuses is never
// returned.
//
// # Order
//
// The log comes last, for what is logged cannot be taken back: a statement whose
// certificate or time-stamp is faulty is not published. Publishing a signature
// publishes the certificate with its holder's name.
//
// # Network
//
// All requests go through the http.Client that the caller passes, and end with
// their context. No redirect is followed: a token must reach nobody whom the
// configuration does not name. Answers are bounded. Only requests that may be
// repeated without harm are, and only if Retry says so: tokens, time-stamps, and
// entries of Rekor version 1, which knows the entry that it has already.
//
// Values of this package are immutable and safe for concurrent use. It reads no
// clock, environment or file of its own; Environment tells Ambient where to look
// for tokens.
package sign
