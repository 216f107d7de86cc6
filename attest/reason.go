package attest

import (
	"errors"
	"strings"

	"github.com/sealwright/sealwright/attest/digest"
)

// A Code is the stable, machine-readable name of one cause of rejection, in
// the form room.check.cause, lower case ("attest.statement.duplicate-key").
// Codes are never renamed or reused; every room lists its own in its
// reasons.go.
type Code string

// A Reason tells why something was refused: the stable code, where the fault
// is (a JSON pointer, a file, a name), what was wanted and what was got. Only
// Code is always set. Texts that an attacker chose are quoted and bounded.
type Reason struct {
	Code  Code   `json:"code"`
	Where string `json:"where,omitempty"`
	Want  string `json:"want,omitempty"`
	Got   string `json:"got,omitempty"`
}

// String returns the reason on one line.
func (r Reason) String() string {
	var b strings.Builder
	b.WriteString(string(r.Code))
	if r.Where != "" {
		b.WriteString(" at " + r.Where)
	}
	if r.Want != "" {
		b.WriteString(": want " + r.Want)
	}
	if r.Got != "" {
		b.WriteString(", got " + r.Got)
	}
	return b.String()
}

// An Error is a rejection with its reason. All rooms return it; find it with
// errors.As, or collect every reason of a joined error with Reasons.
type Error struct {
	Reason
	Err error // the cause, if another package gave one; may be nil
}

// Refuse returns an *Error. It is the one constructor that the rooms use.
func Refuse(code Code, where, want, got string) *Error {
	return &Error{Reason: Reason{Code: code, Where: where, Want: want, Got: got}}
}

// Because returns e with its cause set to err. It changes e.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// Error returns the reason and its cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Reason.String() + ": " + e.Err.Error()
	}
	return e.Reason.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an *Error that carries the same code and
// nothing else, so that errors.Is(err, attest.Is(code)) works.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Err == nil && t.Reason == Reason{Code: e.Code}
}

// Is returns a target for errors.Is that matches every *Error with that code.
func Is(code Code) error { return &Error{Reason: Reason{Code: code}} }

// Reasons returns the reason of every *Error and *digest.Error in err's tree,
// outermost first. An error without any yields none: callers must not read
// that as success.
func Reasons(err error) []Reason {
	var out []Reason
	walk(err, func(err error) {
		switch e := err.(type) {
		case *Error:
			out = append(out, e.Reason)
		case *digest.Error:
			out = append(out, Reason{Code: Code(e.Code), Where: e.Where, Want: e.Want, Got: e.Got})
		}
	})
	return out
}

func walk(err error, visit func(error)) {
	if err == nil {
		return
	}
	visit(err)
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			walk(e, visit)
		}
		return
	}
	walk(errors.Unwrap(err), visit)
}
