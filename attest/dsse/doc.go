// Package dsse signs and verifies statements in DSSE v1 envelopes
// (github.com/secure-systems-lab/dsse, envelope.md and protocol.md) under keys
// that both sides configure.
//
// NewAttestor signs with one or several keys; NewVerifier accepts an envelope
// that enough distinct principals signed. Wire types and the pre-authentication
// encoding are those of go-securesystemslib; the judgement is this package's
// own:
//
//   - The threshold counts principals, and a key belongs to one principal. Two
//     keys of one principal, two signatures by one key, one signature twice:
//     each counts once.
//   - With Trust.EveryKey a principal counts who signed with every key of theirs:
//     the hybrid rule where one is classical and one post-quantum.
//   - keyid is a hint about the order of trying keys, as protocol.md has it. A
//     right signature under a wrong or missing keyid counts; a wrong signature
//     under a right keyid does not.
//   - A signature by a key that is not trusted is skipped, so that others may
//     sign too; an envelope that falls short of the threshold is refused with the
//     reason of every signature that did not count.
//   - The payload is read only after the threshold is met, and only as an in-toto
//     Statement v1.
//
// Keys of other algorithms than those of package key come as a PublicKey; ML-DSA
// keys of package key/mldsa are such.
//
// Where DSSE leaves a choice to readers the strict one is taken, so that an
// envelope has one reading and few spellings: base64 is standard, padded and
// canonical (DSSE also allows the URL alphabet), unknown and repeated JSON keys
// are refused (DSSE would ignore the former), nothing may be empty.
package dsse
