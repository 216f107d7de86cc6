// Package strictjson is the one guard between attacker bytes and encoding/json.
//
// Two readers of one document must never see two documents. RFC 8259 leaves
// open what a repeated key means, encoding/json takes the last one and matches
// names regardless of case, and other decoders do neither; a signature then
// covers bytes that mean one thing to the verifier and another to the user.
// This package refuses every document about which decoders disagree, and bounds
// what a document may cost. It fills usual Go types while it reads, and leaves the
// others to encoding/json, with which it agrees on all that it accepts.
//
// A document is refused when
//
//   - it is not exactly one RFC 8259 value: trailing data, byte order mark;
//   - it is not UTF-8, or escapes half of a surrogate pair;
//   - an object has a key twice, after unescaping, or two keys that differ only
//     by case (Unicode simple folding, as encoding/json and strings.EqualFold
//     have it) – in every object, also where no Go struct reads it;
//   - it exceeds its Options.
//
// Unmarshal adds the rules that follow from the Go type; see there.
//
// All functions are safe for concurrent use and keep nothing between calls but what
// they found out about Go types.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
)

// Options bound and qualify a document. The zero value of a limit means its
// default.
type Options struct {
	Bytes int // size of the document; default 16 MiB
	Depth int // nesting of arrays and objects; default 64, never above 10,000
	// Values counts scalars, arrays and objects, not keys; default one per 16 of
	// Bytes, and at least 1,000,000.
	Values       int
	AllowUnknown bool // ignore object keys that the target struct does not have
}

// maxDepth is where encoding/json stops.
const maxDepth = 10_000

func (o Options) withDefaults() Options {
	if o.Bytes == 0 {
		o.Bytes = 16 << 20
	}
	if o.Depth == 0 {
		o.Depth = 64
	}
	if o.Values == 0 {
		o.Values = max(1_000_000, o.Bytes/16)
	}
	o.Depth = min(o.Depth, maxDepth)
	return o
}

// Check reports whether data is one strict JSON value within o's limits. It
// builds nothing: its memory is proportional to the number of keys in the
// objects that are open at one time. The error is an *Error.
func Check(data []byte, o Options) error {
	s := newScanner(data, o)
	if err := s.document(nil, reflect.Value{}); err != nil {
		return err
	}
	return nil
}

// Unmarshal checks data as Check does and decodes it into v, a non-nil pointer
// to a zero value. Beyond encoding/json it demands that
//
//   - keys are spelled exactly as the struct's fields: a key that matches only
//     regardless of case is refused even with AllowUnknown;
//   - every key has a field, unless AllowUnknown is set;
//   - null stands only where Go has a nil to hold it (pointer, map, slice,
//     interface) or where the type reads it itself (UnmarshalJSON,
//     json.RawMessage); encoding/json would treat it as an absent key;
//   - an array has as many elements as the Go array that it fills;
//   - a []byte is canonical standard base64: padded, no line breaks, no stray
//     bits;
//   - a map has string keys, for other keys can collide after decoding.
//
// Numbers in an interface become json.Number, so that integers stay exact.
// A type with its own UnmarshalJSON judges its value itself, after Check. When
// Unmarshal fails, v may be partly filled. The error is an *Error.
func Unmarshal(data []byte, v any, o Options) error {
	return newScanner(data, o).unmarshal(v)
}

// unmarshal decodes the document into what v points to.
func (s *scanner) unmarshal(v any) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return &Error{Cause: CauseTarget, Want: "a non-nil pointer", Got: typeName(v)}
	}
	target = target.Elem()
	merge := !target.IsZero() // encoding/json knows how to
	s.unfilled = merge
	p, err := planOf(target.Type())
	if err == nil {
		err = s.document(p, target)
	}
	if err != nil {
		return err
	}
	if !s.unfilled {
		return nil
	}
	if !merge {
		target.SetZero()
	}
	if err := decode(s.data, v, s.metInterface); err != nil {
		return decodeError(s.data, err)
	}
	return nil
}

// decode takes the detour through a Decoder, which copies data, only where an
// interface would otherwise get a float64.
func decode(data []byte, v any, useNumber bool) error {
	if !useNumber {
		return json.Unmarshal(data, v)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(v)
}

func typeName(v any) string {
	if v == nil {
		return "nil"
	}
	return "a " + reflect.TypeOf(v).String()
}

// Marshal writes v as encoding/json does, without HTML escapes and without a
// final newline; map keys are sorted, so equal values give equal bytes. The
// result passes Check, whatever its size: a json.RawMessage or MarshalJSON
// that repeats a key is refused. So is a string that is not UTF-8, for which
// encoding/json would write the escape \ufffd; a json.RawMessage must hold that
// character itself, not its escape.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, &Error{Cause: CauseEncode, Want: "a value that marshals", Got: typeName(v), Err: err}
	}
	data := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	s := newScanner(data, Options{Bytes: len(data), Depth: maxDepth, Values: len(data)})
	s.refuseReplaced = true
	if err := s.document(nil, reflect.Value{}); err != nil {
		return nil, err
	}
	return data, nil
}

// decodeError gives an error of encoding/json the form of this package's own.
func decodeError(data []byte, err error) *Error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return &Error{
			Cause: CauseType, Pointer: pointerAt(data, wrong.Offset), Offset: wrong.Offset,
			Want: wrong.Type.String(), Got: clip([]byte(wrong.Value)), Err: err,
		}
	}
	return &Error{Cause: CauseDecode, Want: "a value that its Go type accepts", Err: err}
}
