// Package oidc verifies the identity tokens that build platforms give to jobs (OpenID
// Connect Core 1.0, RFC 7519), so that their claims become facts that the platform
// signed.
//
// The caller pins the issuer, the audience and, if it likes, the keys. Nothing in a
// token or in the environment of a build can say where keys are: not its iss, its jku
// nor a variable with the server's address. Keys that are not pinned come from the
// discovery document of the pinned issuer, whose key address must be on the issuer's
// own host.
//
// Signatures are checked by go-jose with the algorithms RS256, RS384, RS512, ES256 and
// ES384, as the caller lists them, by default RS256 and ES256; there is no way to allow
// "none" or a symmetric one. Everything else about a token is checked here, strictly:
// its JSON is read as package strictjson reads it, as two readers of one token must
// not see two tokens.
//
// A token proves what the platform said to its first holder. It is a credential: it
// must not be stored or logged, and nothing here repeats any part of one that was not
// verified.
package oidc
