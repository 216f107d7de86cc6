// Package sigstore verifies Sigstore bundles offline: versions 0.1, 0.2 and 0.3,
// with a DSSE envelope or a message signature, by a Fulcio certificate or a
// long-lived key, logged in Rekor v1 or v2, timestamped by RFC 3161.
//
// ParseTrustedRoot reads a trusted_root.json. NewVerifier makes a Verifier of
// bundles signed under certificates, NewKeyVerifier one of bundles signed by
// keys that the caller names: neither accepts what the other is for. Both fix
// what is checked. How many logs, timestamp authorities and certificate
// transparency logs must agree, and who may sign, is told when they are made;
// a bundle can only meet that or fail.
//
//   - A log entry counts once per log and only if its signed entry timestamp,
//     its inclusion proof and the log's checkpoint hold, as far as the bundle's
//     version demands each, and if every field of the entry is the bundle's own:
//     signature, certificate or key, digest of what is signed.
//   - A time is trusted if a timestamp authority stamped the signature in that
//     authority's own window, or if a Rekor v1 log signed the time of an entry.
//     The certificate, all above it and the logs' keys must be valid at every
//     trusted time, not at some.
//   - An entry or a timestamp by somebody who is not trusted counts nothing. One
//     that bears the name of a trusted log or authority and fails refuses the
//     bundle.
//   - Every check that fails is told, not the first alone.
//
// Who must agree is a number (Demand), a rule over names (Rules, in the algebra of
// attest/rule), and for a log's checkpoint a quorum of C2SP witnesses
// (Trust.Witnesses). All three count names: two keys of one log, or two windows of
// one timestamp authority, are one.
//
// A Verifier is an attest.Verifier for statements. What is not an in-toto
// Statement v1 leaves only as a type of its own: VerifyArtifact for message
// signatures and VerifyEnvelope for envelopes with another payload give a Signed,
// VerifyStatementV01 a StatementV01, which is never laxer.
//
// The package imports nothing of Sigstore's and no protocol buffers, reads no
// clock, and performs no input or output. Where protocol buffers' JSON mapping
// leaves writers a choice, the spelling that Sigstore's clients write is the one
// that is read: lowerCamelCase names, standard padded base64, names of enums.
package sigstore
