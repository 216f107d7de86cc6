package policy

import (
	"sync/atomic"

	"github.com/sealwright/sealwright/attest"
)

// A memo keeps what one rule made of one piece of evidence.
type memo struct{ kept atomic.Pointer[any] }

// read is what a decoder returned.
type read[T any] struct {
	value T
	err   error
}

// Decoded returns what decode makes of the evidence's statement. Under an engine it
// calls decode; under Engine.Prepare it calls it once, and again only if the rule
// decodes the same evidence as another type in between. The value is the rule's own,
// but may be handed to several calls of Check at once: they must not change it, and
// decode must be a function of the statement alone.
func Decoded[T any](e Evidence, decode func(*attest.Statement) (T, error)) (T, error) {
	if e.piece.memo == nil {
		return decode(e.Statement())
	}
	if p := e.piece.memo.kept.Load(); p != nil {
		if r, ok := (*p).(*read[T]); ok {
			return r.value, r.err
		}
	}
	var r read[T]
	r.value, r.err = decode(e.Statement())
	kept := any(&r)
	e.piece.memo.kept.Store(&kept)
	return r.value, r.err
}
