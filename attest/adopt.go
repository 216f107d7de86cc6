package attest

import "strconv"

// AdoptStatement is ParseStatement of bytes that the caller hands over: the
// statement keeps b itself, so that a large one exists once. From then on nobody
// may change b.
func AdoptStatement(b []byte, limits Limits) (*Statement, error) {
	if most := limits.withDefaults().Bytes; len(b) > most {
		return nil, Refuse(CodeLimit, "statement", "at most "+strconv.Itoa(most)+" bytes", strconv.Itoa(len(b)))
	}
	return parseStatement(b[:len(b):len(b)], limits)
}
