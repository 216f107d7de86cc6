package strictjson

import (
	"bytes"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// A scanner reads one document once, from left to right. Where it has a plan
// for a value it also holds the value against the Go type, and puts it into the
// Go value that goes with the plan, if there is one; a nil plan takes anything.
type scanner struct {
	data   []byte
	pos    int
	limits Options
	depth  int // nesting that is left
	values int // values that are left

	allowUnknown   bool
	refuseReplaced bool // refuse the escape \ufffd
	unfilled       bool // the target lacks a value that encoding/json must put there
	metInterface   bool // a value goes into a Go interface
	stop           int  // fail at the scalar that ends here, to learn its path

	keys  keySet
	path  []segment // of the error, from the inside out
	parts []Part    // of the outermost object or array, for Fields and Elements
}

func newScanner(data []byte, o Options) *scanner {
	o = o.withDefaults()
	return &scanner{data: data, limits: o, depth: o.Depth, values: o.Values}
}

// document reads the whole of data as one value, into target if that is valid.
func (s *scanner) document(p *plan, target reflect.Value) *Error {
	err := s.wholeValue(p, target)
	if err != nil {
		err.Pointer = pointer(s.path)
	}
	return err
}

func (s *scanner) wholeValue(p *plan, target reflect.Value) *Error {
	if len(s.data) > s.limits.Bytes {
		return &Error{Cause: CauseBytes, Want: atMost(s.limits.Bytes, "bytes"), Got: strconv.Itoa(len(s.data))}
	}
	if bytes.HasPrefix(s.data, []byte("\xef\xbb\xbf")) {
		return s.refuse(CauseBOM, "no byte order mark")
	}
	if err := s.value(p, target); err != nil {
		return err
	}
	if s.space(); s.pos < len(s.data) {
		return s.refuse(CauseTrailing, "end of data")
	}
	return nil
}

// value reads one value and the space before it.
func (s *scanner) value(p *plan, target reflect.Value) *Error {
	s.space()
	if s.pos == len(s.data) {
		return s.refuse(CauseSyntax, "a value")
	}
	if s.values--; s.values < 0 {
		return &Error{Cause: CauseValues, Offset: int64(s.pos), Want: atMost(s.limits.Values, "values"), Got: "more"}
	}
	c := s.data[s.pos]
	if p != nil {
		if err := s.admit(p, c); err != nil {
			return err
		}
	}
	start := s.pos
	target = s.reach(p, target, c)
	if c == '{' || c == '[' {
		into := target
		if into.IsValid() && p.isOpaque {
			into = reflect.Value{}
		}
		if err := s.nested(p, into, c); err != nil {
			return err
		}
		if target.IsValid() && p.isOpaque {
			s.hand(p, target, start)
		}
		return nil
	}
	err := s.scalar(p, c)
	if err == nil && s.stop > 0 && s.pos >= s.stop {
		return &Error{}
	}
	if err == nil && target.IsValid() {
		s.fill(p, target, start)
	}
	return err
}

func (s *scanner) scalar(p *plan, c byte) *Error {
	switch c {
	case '"':
		return s.text(p)
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	}
	return s.number()
}

// pointerAt returns the JSON pointer of the scalar of data, which was found
// strict, that ends at offset.
func pointerAt(data []byte, offset int64) string {
	s := newScanner(data, Options{Bytes: len(data), Depth: maxDepth, Values: len(data)})
	s.stop = int(offset)
	if err := s.document(nil, reflect.Value{}); err != nil {
		return err.Pointer
	}
	return ""
}

// admit refuses a value that starts with c where the Go type holds no such kind.
func (s *scanner) admit(p *plan, c byte) *Error {
	k := kindOf(c)
	s.metInterface = s.metInterface || p.isInterface
	if p.kinds&k != 0 || k == 0 {
		return nil
	}
	return mismatch(p.kinds, k, s.pos)
}

// mismatch reports a value of kind got where one of the kinds want must stand.
func mismatch(want, got kind, at int) *Error {
	cause := CauseType
	if got == kindNull {
		cause = CauseNull
	}
	return &Error{Cause: cause, Offset: int64(at), Want: want.String(), Got: got.String()}
}

// nested reads the array or object that c opens, one level deeper.
func (s *scanner) nested(p *plan, target reflect.Value, c byte) (err *Error) {
	if s.depth == 0 {
		return &Error{Cause: CauseDepth, Offset: int64(s.pos), Want: atMost(s.limits.Depth, "levels"), Got: "more"}
	}
	s.depth--
	s.pos++
	if c == '{' {
		err = s.object(p, target)
	} else {
		err = s.array(p, target)
	}
	s.depth++
	return err
}

func (s *scanner) array(p *plan, target reflect.Value) *Error {
	elem, err := p.elem()
	if err != nil {
		return err
	}
	count := 0
	if !s.skip(']') {
		for {
			start := s.pos
			if err := s.value(elem, element(target, count)); err != nil {
				s.path = append(s.path, segment{index: count})
				return err
			}
			if s.parts != nil && s.depth == s.limits.Depth-1 && len(s.keys.opened) == 0 {
				s.parts = append(s.parts, s.since(start))
			}
			count++
			if s.skip(']') {
				break
			}
			if !s.skip(',') {
				return s.refuse(CauseSyntax, "a comma or the array's end")
			}
		}
	}
	if count == 0 {
		begin(target)
	}
	if p != nil && p.length >= 0 && count != p.length {
		return &Error{Cause: CauseLength, Offset: int64(s.pos), Want: strconv.Itoa(p.length) + " elements", Got: strconv.Itoa(count)}
	}
	return nil
}

func (s *scanner) object(p *plan, target reflect.Value) *Error {
	begin(target)
	s.keys.open()
	if !s.skip('}') {
		for {
			if err := s.member(p, target); err != nil {
				return err
			}
			if s.skip('}') {
				break
			}
			if !s.skip(',') {
				return s.refuse(CauseSyntax, "a comma or the object's end")
			}
		}
	}
	s.keys.close()
	return nil
}

// member reads one key and its value.
func (s *scanner) member(p *plan, target reflect.Value) *Error {
	key, raw, err := s.key()
	if err != nil {
		return err
	}
	at := int64(s.pos)
	if cause, twin := s.keys.add(s.data, key, raw); cause != "" {
		s.path = append(s.path, segment{key: bytes.Clone(key)})
		return &Error{Cause: cause, Offset: at, Want: "distinct keys", Got: clip(key) + " after " + clip(twin)}
	}
	elem, index, err := s.field(p, key)
	if err == nil && !s.skip(':') {
		err = s.refuse(CauseSyntax, "a colon")
	}
	start := s.pos
	into := s.room(p, target, index)
	if err == nil {
		err = s.value(elem, into)
	}
	if err != nil {
		s.path = append(s.path, segment{key: raw.plain(s.data)})
		return err
	}
	if s.parts != nil && len(s.keys.opened) == 1 && index >= 0 {
		s.parts[index] = s.since(start)
	}
	if target.IsValid() && target.Kind() == reflect.Map {
		s.put(p, target, raw, into, start)
	}
	return nil
}

// since returns the value that was read from start on, without space before it.
func (s *scanner) since(start int) Part {
	return bytes.TrimLeft(s.data[start:s.pos:s.pos], " \t\r\n")
}

// field finds the plan for the value of key, and for a struct the field's index.
func (s *scanner) field(p *plan, key []byte) (*plan, int, *Error) {
	if p == nil || p.fields == nil {
		elem, err := p.elem()
		return elem, -1, err
	}
	if i := p.exact(key); i >= 0 {
		f, err := p.field(i)
		return f, i, err
	}
	if name := p.folded(key); name != "" {
		return nil, -1, &Error{Cause: CauseKeyCase, Offset: int64(s.pos), Want: strconv.Quote(name), Got: clip(key)}
	}
	if !s.allowUnknown {
		return nil, -1, &Error{Cause: CauseUnknownKey, Offset: int64(s.pos), Want: p.names(), Got: clip(key)}
	}
	return nil, -1, nil
}

// skip passes c and the space before it.
func (s *scanner) skip(c byte) bool {
	if s.pos < len(s.data) && s.data[s.pos] <= ' ' {
		s.space()
	}
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		if c := s.data[s.pos]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return
		}
		s.pos++
	}
}

func (s *scanner) literal(word string) *Error {
	for i := range len(word) {
		if s.pos == len(s.data) || s.data[s.pos] != word[i] {
			return s.refuse(CauseSyntax, word)
		}
		s.pos++
	}
	return nil
}

// number reads a number as RFC 8259 section 6 has it.
func (s *scanner) number() *Error {
	if s.data[s.pos] == '-' {
		s.pos++
	}
	switch {
	case s.pos < len(s.data) && s.data[s.pos] == '0':
		s.pos++
	case !s.digits():
		return s.refuse(CauseSyntax, "a value")
	}
	if s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			return s.refuse(CauseSyntax, "a digit")
		}
	}
	if s.pos < len(s.data) && s.data[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.data) && (s.data[s.pos] == '+' || s.data[s.pos] == '-') {
			s.pos++
		}
		if !s.digits() {
			return s.refuse(CauseSyntax, "a digit")
		}
	}
	return nil
}

// digits passes one digit or more.
func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > start
}

// refuse reports that something else than want stands at the current position.
func (s *scanner) refuse(cause Cause, want string) *Error {
	got := "end of data"
	if s.pos < len(s.data) {
		_, n := utf8.DecodeRune(s.data[s.pos:])
		got = clip(s.data[s.pos : s.pos+n])
	}
	return &Error{Cause: cause, Offset: int64(s.pos), Want: want, Got: got}
}

func atMost(n int, of string) string { return "at most " + strconv.Itoa(n) + " " + of }
