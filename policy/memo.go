package policy

import (
	"sync/atomic"
	"unsafe"

	"github.com/sealwright/sealwright/attest"
)

// A memo keeps what one rule made of one piece of evidence, for as long as the request is
// prepared.
type memo struct{ kept atomic.Pointer[any] }

// A desk is where the rules of one request put what they made of one piece of evidence,
// for each other.
type desk struct{ top atomic.Pointer[sheet] }

// A sheet on a desk never changes.
type sheet struct {
	decoder unsafe.Pointer // the function that made it, which this pointer keeps alive
	value   any            // a *read[T]
	under   *sheet
	depth   int
}

// mostSheets bounds a desk: functions that are made anew for each call would pile up.
const mostSheets = 8

// find returns what the decoder made, nil if it made nothing.
func (d *desk) find(decoder unsafe.Pointer) any {
	for s := d.top.Load(); s != nil; s = s.under {
		if s.decoder == decoder {
			return s.value
		}
	}
	return nil
}

func (d *desk) put(decoder unsafe.Pointer, value any) {
	for {
		top := d.top.Load()
		s := &sheet{decoder, value, top, 1}
		if top != nil {
			s.depth += top.depth
		}
		if s.depth > mostSheets || d.top.CompareAndSwap(top, s) {
			return
		}
	}
}

// clearAll empties the desks and lets nothing be put on them any more.
func clearAll(desks []desk) {
	full := &sheet{depth: mostSheets}
	for i := range desks {
		desks[i].top.Store(full)
	}
}

// read is what a decoder returned.
type read[T any] struct {
	value T
	err   error
}

// Decoded returns what decode makes of the evidence's statement. Rules that give the same
// function for the same evidence share what it makes: it is called once for a request,
// and not again while that is prepared (see Engine.Prepare), unless a rule decodes the
// same evidence by several functions. Functions that refer to variables around them are
// not the same. The value may be handed to several rules, and to several calls of Check
// at once: they must not change it, and decode must be a function of the statement alone.
func Decoded[T any](e Evidence, decode func(*attest.Statement) (T, error)) (T, error) {
	own := e.piece.memo
	if own != nil {
		if p := own.kept.Load(); p != nil {
			if r, ok := (*p).(*read[T]); ok {
				return r.value, r.err
			}
		}
	}
	r := decoded(e, decode)
	if own != nil {
		kept := any(r)
		own.kept.Store(&kept)
	}
	return r.value, r.err
}

// decoded decodes, or finds it done by another rule. Two functions are the same if they
// are one value: code alone does not tell, for it may refer to different variables.
func decoded[T any](e Evidence, decode func(*attest.Statement) (T, error)) *read[T] {
	d := e.piece.desk
	if d == nil {
		r := new(read[T])
		r.value, r.err = decode(e.Statement())
		return r
	}
	decoder := *(*unsafe.Pointer)(unsafe.Pointer(&decode))
	if r, ok := d.find(decoder).(*read[T]); ok {
		return r
	}
	r := new(read[T])
	r.value, r.err = decode(e.Statement())
	d.put(decoder, r)
	return r
}
