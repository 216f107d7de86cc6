package strictjson

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
)

// A Part is one value of a document that was checked, as it stands there. It
// shares the document's memory; nil stands for no value. Its methods take it
// apart without checking it again and without copying: on bytes that no function
// of this package returned as a Part they give no meaningful answer.
//
// Errors are of type *Error, with Pointer and Offset within the part.
type Part []byte

// Whole checks data as Check does and returns it as a Part.
func Whole(data []byte, o Options) (Part, error) {
	c, err := CheckedWhole(data, o)
	return c.part, err
}

// kind returns the kind of the value.
func (p Part) kind() kind {
	if len(p) == 0 {
		return 0
	}
	return kindOf(p[0])
}

// IsNull reports whether the value is null or absent.
func (p Part) IsNull() bool { return len(p) == 0 || p[0] == 'n' }

// Members puts the values of an object's named keys into parts: parts[i] becomes
// the value of names[i], nil where the key is absent. It refuses every other key
// unless allowUnknown is set, and always one that differs only by case.
func (p Part) Members(allowUnknown bool, parts []Part, names ...string) error {
	clear(parts)
	it, err := p.iterate(kindObject)
	if err != nil {
		return err
	}
	for it.Next() {
		key := it.key.plain()
		if i := indexOf(names, key); i >= 0 {
			parts[i] = it.value
		} else if err := unknownKey(allowUnknown, names, key, it.start); err != nil {
			return err
		}
	}
	return nil
}

func indexOf(names []string, key []byte) int {
	for i, name := range names {
		if name == string(key) {
			return i
		}
	}
	return -1
}

// unknownKey refuses a key that is none of names, if it must be refused.
func unknownKey(allow bool, names []string, key []byte, at int) *Error {
	cause, want := CauseUnknownKey, ""
	for _, name := range names {
		if strings.EqualFold(name, string(key)) {
			cause, want = CauseKeyCase, strconv.Quote(name)
		}
	}
	if cause == CauseUnknownKey {
		if allow {
			return nil
		}
		want = "one of " + strings.Join(names, ", ")
	}
	return &Error{Cause: cause, Pointer: pointer([]segment{{key: key}}), Offset: int64(at), Want: want, Got: clip(key)}
}

// Within tells that the value which e is about stands under key in a larger one.
// The key may be any text of the document: it is escaped and shortened.
func (e *Error) Within(key string) {
	e.Pointer = pointer([]segment{{key: []byte(key)}}) + e.Pointer
}

// An Iterator visits the elements of an array or the members of an object, in
// order.
type Iterator struct {
	p          Part
	at         int // behind the newest value
	start      int // of the newest key or value
	index      int
	key, value Part
}

// Elements returns an Iterator of an array, before its first element.
func (p Part) Elements() (Iterator, error) { return p.iterate(kindArray) }

// Entries returns an Iterator of an object, before its first member.
func (p Part) Entries() (Iterator, error) { return p.iterate(kindObject) }

func (p Part) iterate(want kind) (Iterator, error) {
	if k := p.kind(); k != want {
		return Iterator{}, mismatch(want, k, 0)
	}
	return Iterator{p: p, at: 1, index: -1}, nil
}

// Next moves to the next value; it reports whether there is one.
func (it *Iterator) Next() bool {
	if len(it.p) == 0 {
		return false
	}
	p := it.p
	it.start = p.space(it.at)
	if p[it.start] == ',' {
		it.start = p.space(it.start + 1)
	}
	if it.start == len(p)-1 { // the bracket at the end
		return false
	}
	from := it.start
	if p[0] == '{' {
		end := p.skip(from)
		it.key = p[from:end:end]
		from = p.space(p.space(end) + 1)
	}
	it.at = p.skip(from)
	it.value = p[from:it.at:it.at]
	it.index++
	return true
}

// Index returns the number of the value, from 0 on.
func (it *Iterator) Index() int { return it.index }

// Key returns the key of a member without escapes.
func (it *Iterator) Key() string { return string(it.key.plain()) }

// Value returns the value.
func (it *Iterator) Value() Part { return it.value }

// Text returns a string without its quotes and escapes.
func (p Part) Text() (string, error) {
	if k := p.kind(); k != kindString {
		return "", mismatch(kindString, k, 0)
	}
	return string(p.plain()), nil
}

// TextBytes is Text in bytes. It copies only where there are escapes: otherwise
// the bytes are the document's and must not be changed.
func (p Part) TextBytes() ([]byte, error) {
	if k := p.kind(); k != kindString {
		return nil, mismatch(kindString, k, 0)
	}
	return p.plain(), nil
}

// Base64 appends to dst the bytes that a string of canonical standard base64
// stands for: padded, no line breaks, no stray bits. It grows dst at most once.
func (p Part) Base64(dst []byte) ([]byte, error) {
	if k := p.kind(); k != kindString {
		return nil, mismatch(kindString, k, 0)
	}
	encoded := p.plain()
	start := len(dst)
	if cap(dst)-start < base64.StdEncoding.DecodedLen(len(encoded)) {
		dst = append(make([]byte, 0, start+base64.StdEncoding.DecodedLen(len(encoded))), dst...)
	}
	out := dst[start:cap(dst)]
	n, err := base64.StdEncoding.Decode(out, encoded)
	if err == nil && base64.StdEncoding.EncodedLen(n) == len(encoded) && canonicalEnd(encoded, out[:n]) {
		return dst[:start+n], nil
	}
	return nil, &Error{Cause: CauseBase64, Want: "canonical standard base64", Got: clip(encoded)}
}

// canonicalEnd reports whether the last characters of encoded are those that the
// last bytes of decoded are written as: without stray bits.
func canonicalEnd(encoded, decoded []byte) bool {
	if len(decoded) == 0 {
		return true
	}
	var last [4]byte
	base64.StdEncoding.Encode(last[:], decoded[(len(decoded)-1)/3*3:])
	return bytes.HasSuffix(encoded, last[:])
}

// plain returns a string's text without escapes; it copies only where there are
// any.
func (p Part) plain() []byte {
	t := span{start: 1, end: len(p) - 1}
	if bytes.IndexByte(p, '\\') >= 0 {
		t.form = escaped
	}
	return t.plain(p)
}

// space returns the index of the first byte from at on that is no space.
func (p Part) space(at int) int {
	for p[at] == ' ' || p[at] == '\n' || p[at] == '\t' || p[at] == '\r' {
		at++
	}
	return at
}

// skip returns the index after the value that begins at at.
func (p Part) skip(at int) int {
	switch p[at] {
	case '"':
		return p.skipString(at)
	case '{', '[':
		for depth := 0; ; {
			switch p[at] {
			case '"':
				at = p.skipString(at)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if at++; depth == 0 {
				return at
			}
		}
	}
	for at < len(p) && p[at] != ',' && p[at] != '}' && p[at] != ']' && p[at] > ' ' {
		at++
	}
	return at
}

// skipString returns the index after the string that begins at at.
func (p Part) skipString(at int) int {
	for at++; ; at++ {
		at += bytes.IndexByte(p[at:], '"')
		escapes := 0
		for p[at-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return at + 1
		}
	}
}
