package attest

import "context"

// Media types of attestations that this module reads or writes.
const (
	MediaTypeDSSE   = "application/vnd.dsse.envelope.v1+json" // DSSE v1 envelope
	MediaTypeInToto = "application/vnd.in-toto+json"          // payload type of a Statement
)

// An Attestation is unverified evidence: bytes, and the media type that tells
// which Verifier can read them. Nothing in it may be believed; only a Verifier
// turns it into a Verified.
type Attestation struct {
	MediaType string // for example MediaTypeDSSE
	Body      []byte
}

// An Attestor makes a claim attributable: it signs a statement, and where its
// construction says so also logs and timestamps it.
//
// Attest signs exactly statement.Bytes and returns self-contained evidence that
// a Verifier with the matching trust accepts. It either returns a complete
// attestation or an error that carries at least one Reason, never both, and
// never a partly signed one. It refuses a nil statement with CodeNil, and the
// zero Statement. It honours cancellation of ctx before it signs, with an error
// that wraps the cause, and hands ctx to every remote signer, log and clock.
//
// Implementations must be safe for concurrent use.
type Attestor interface {
	Attest(ctx context.Context, statement *Statement) (Attestation, error)
}

// A Verifier decides whether evidence may be believed. What it checks (keys,
// thresholds, logs, times) is fixed when it is constructed; nothing in the
// evidence can weaken it.
//
// Verify returns a Verified whose statement matches want, or an error that
// carries at least one Reason; never both. Every failed check is reported, not
// only the first. Evidence of a foreign media type is refused with
// CodeMediaType, the zero Want with CodeWantEmpty, a statement about something
// else with CodeWantSubject or CodeWantPredicateType. It honours cancellation of
// ctx with an error that wraps the cause. A verifier performs no I/O and reads
// no clock.
//
// Implementations must be safe for concurrent use on the same Attestation and
// must not retain or change its Body.
type Verifier interface {
	Verify(ctx context.Context, a Attestation, want Want) (*Verified, error)
}
