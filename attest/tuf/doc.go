// Package tuf fetches trust from a repository of The Update Framework (TUF
// specification 1.0): the trusted root and the signing configuration of a
// Sigstore instance, and any other file that a repository signs.
//
// The client's workflow is go-tuf's (github.com/theupdateframework/go-tuf/v2).
// This package adds what a library must have: the first root comes from the
// caller and never from the network; HTTP client, clock and directory are the
// caller's; each answer is bounded and, if it is metadata, strict JSON before
// anybody reads it; a refusal tells what kind of attack it may be; and a root
// that was once seen is where the next fetch starts, so that a repository cannot
// go back to keys that it has given up.
//
// # Directory
//
// A Source remembers the newest metadata in its directory, without which neither
// a rollback nor a freeze can be noticed. Only its owner may be able to write
// there. Two repositories must not share one. A file in it that cannot be read
// refuses every fetch, for to ignore it would be to forget.
//
// # Time
//
// What Source.Fetch returns is trusted until Target.Expires, the first expiry of
// all metadata that vouch for it. A repository that is not renewed in time is
// refused: it may be held back.
//
// A Source is safe for concurrent use; its fetches run one after another. go-tuf
// keeps one package-level value, a logger that discards, which this package
// leaves alone.
package tuf
