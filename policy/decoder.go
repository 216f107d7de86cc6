package policy

import (
	"sync/atomic"

	"github.com/sealwright/sealwright/attest"
)

// A Decoder makes a T of a statement. Rules that hold one Decoder share what it makes of a
// piece of evidence: it decodes once for a request, and not again while that is prepared
// (see Engine.Prepare). It is safe for concurrent use.
type Decoder[T any] struct {
	decode func(*attest.Statement) (T, error)
}

// NewDecoder returns a Decoder that calls decode, which must be a function of the statement
// alone.
func NewDecoder[T any](decode func(*attest.Statement) (T, error)) *Decoder[T] {
	return &Decoder[T]{decode}
}

// read is what a decoder returned, on a sheet of its own.
type read[T any] struct {
	sheet
	value T
	err   error
}

// Of returns what the decoder makes of the evidence's statement, errors included. The value
// may be handed to several rules, and to several calls of Check at once: they must not
// change it.
func (d *Decoder[T]) Of(e Evidence) (T, error) {
	desk := e.piece.desk
	if desk == nil {
		return d.decode(e.Statement())
	}
	if r, ok := desk.find(d).(*read[T]); ok {
		return r.value, r.err
	}
	r := new(read[T])
	r.value, r.err = d.decode(e.Statement())
	r.sheet = sheet{decoder: d, read: r}
	desk.put(&r.sheet)
	return r.value, r.err
}

// A desk is where the rules of one request put what they made of one piece of evidence,
// for each other.
type desk struct{ top atomic.Pointer[sheet] }

// A sheet on a desk never changes.
type sheet struct {
	decoder any // the *Decoder[T] that made it
	read    any // the *read[T] that it is part of
	under   *sheet
	depth   int
}

// mostSheets bounds a desk: decoders that are made anew for each call would pile up.
const mostSheets = 8

// find returns what the decoder made, nil if it made nothing.
func (d *desk) find(decoder any) any {
	for s := d.top.Load(); s != nil; s = s.under {
		if s.decoder == decoder {
			return s.read
		}
	}
	return nil
}

func (d *desk) put(s *sheet) {
	for {
		top := d.top.Load()
		s.under, s.depth = top, 1
		if top != nil {
			s.depth += top.depth
		}
		if s.depth > mostSheets || d.top.CompareAndSwap(top, s) {
			return
		}
	}
}

// clear empties the desk and lets nothing be put on it any more. full is a sheet as deep
// as a desk may be.
func (d *desk) clear(full *sheet) { d.top.Store(full) }
