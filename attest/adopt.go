package attest

// AdoptStatement is ParseStatement of bytes that the caller hands over: the
// statement keeps b itself, so that a large one exists once. It is for verifiers,
// of bytes that they decoded themselves and that nobody else has: who changed b
// later would change what was verified. Never hand over an Attestation's Body.
func AdoptStatement(b []byte, limits Limits) (*Statement, error) {
	return parseStatement(b[:len(b):len(b)], limits)
}
