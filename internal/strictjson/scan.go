package strictjson

import (
	"bytes"
	"reflect"
	"strconv"
	"strings"
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

	refuseReplaced bool // refuse the escape \ufffd
	unfilled       bool // the target lacks a value that encoding/json must put there
	metInterface   bool // a value goes into a Go interface
	stop           int  // fail at the scalar that ends here, to learn its path

	keys  keySet
	texts strings.Builder // of what was filled
	path  []segment       // of the error, from the inside out

	// For Fields and Elements:
	outermost kind     // what the document must be; 0 for anything
	outer     int      // the depth that is left inside of it; -1 if nobody asks for its parts
	names     []string // of the members that are asked for
	parts     []Part   // of the outermost value
}

func newScanner(data []byte, o Options) *scanner {
	o = o.withDefaults()
	return &scanner{data: data, limits: o, depth: o.Depth, values: o.Values, outer: -1}
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
		return s.refuse(s.pos, CauseBOM, "no byte order mark")
	}
	s.pos = s.blank(0)
	if k := s.kind(); s.outermost != 0 && k != 0 && k != s.outermost {
		return mismatch(s.outermost, k, s.pos)
	}
	if err := s.value(p, target); err != nil {
		return err
	}
	if s.pos = s.blank(s.pos); s.pos < len(s.data) {
		return s.refuse(s.pos, CauseTrailing, "end of data")
	}
	return nil
}

// value reads one value and the space before it.
func (s *scanner) value(p *plan, target reflect.Value) (err *Error) {
	if p == nil {
		if target.IsValid() {
			s.leave()
		}
		s.pos, err = s.pass(s.pos)
		return err
	}
	start := s.blank(s.pos)
	s.pos = start
	if start == len(s.data) {
		return s.refuse(start, CauseSyntax, "a value")
	}
	if s.values--; s.values < 0 {
		return s.tooMany(start)
	}
	c := s.data[start]
	if err := s.admit(p, c); err != nil {
		return err
	}
	target = s.reach(p, target, c)
	switch {
	case c != '{' && c != '[':
		err = s.scalarFor(p, c)
	case p.elemType == nil && p.fields == nil: // nobody looks into it
		s.pos, err = s.passNested(start, c)
	default:
		return s.nested(p, target, c)
	}
	if err == nil && target.IsValid() {
		s.fill(p, target, start)
	}
	return err
}

// scalarFor reads the scalar at s.pos, which begins with c, for a Go type.
func (s *scanner) scalarFor(p *plan, c byte) *Error {
	if c == '"' {
		return s.text(p)
	}
	return s.scalar(c)
}

// scalar reads the literal or number at s.pos, which begins with c.
func (s *scanner) scalar(c byte) *Error {
	switch c {
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

// kind returns the kind of the value at s.pos, 0 if none is there.
func (s *scanner) kind() kind {
	if s.pos == len(s.data) {
		return 0
	}
	return kindOf(s.data[s.pos])
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
		return s.tooDeep(s.pos)
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
	count, more := 0, false
	for s.pos, more = s.begins(s.pos, ']'); more; count++ {
		if err := s.value(elem, element(target, count)); err != nil {
			s.path = append(s.path, segment{index: count})
			return err
		}
		if s.pos, more, err = s.goesOn(s.pos, ']'); err != nil {
			return err
		}
	}
	if count == 0 {
		begin(target)
	}
	if p.length >= 0 && count != p.length {
		return &Error{Cause: CauseLength, Offset: int64(s.pos), Want: strconv.Itoa(p.length) + " elements", Got: strconv.Itoa(count)}
	}
	return nil
}

func (s *scanner) object(p *plan, target reflect.Value) (err *Error) {
	begin(target)
	s.keys.open()
	more := false
	for s.pos, more = s.begins(s.pos, '}'); more; {
		if err := s.member(p, target); err != nil {
			return err
		}
		if s.pos, more, err = s.goesOn(s.pos, '}'); err != nil {
			return err
		}
	}
	s.keys.close()
	return nil
}

// member reads one key and its value.
func (s *scanner) member(p *plan, target reflect.Value) *Error {
	name, err := s.key(s.pos)
	if err != nil {
		return err
	}
	elem, index, err := s.field(p, name)
	if s.pos = s.blank(name.end + 1); err == nil && !s.is(s.pos, ':') {
		err = s.refuse(s.pos, CauseSyntax, "a colon")
	}
	into := s.room(p, target, index)
	s.pos = s.blank(s.pos + 1)
	start := s.pos
	if err == nil {
		err = s.value(elem, into)
	}
	if err != nil {
		s.path = append(s.path, segment{key: name.plain(s.data)})
		return err
	}
	if target.IsValid() && target.Kind() == reflect.Map {
		s.put(p, target, name, into, start)
	}
	return nil
}

// field finds the plan for the value of the key, and for a struct the field's index.
func (s *scanner) field(p *plan, key span) (*plan, int, *Error) {
	if p.fields == nil {
		elem, err := p.elem()
		return elem, -1, err
	}
	name := key.plain(s.data)
	if i := p.exact(name); i >= 0 {
		f, err := p.field(i)
		return f, i, err
	}
	if like := p.folded(string(name)); like != "" {
		return nil, -1, &Error{Cause: CauseKeyCase, Offset: int64(key.end + 1), Want: strconv.Quote(like), Got: clip(name)}
	}
	if !s.limits.AllowUnknown {
		return nil, -1, &Error{Cause: CauseUnknownKey, Offset: int64(key.end + 1), Want: p.names(), Got: clip(name)}
	}
	return nil, -1, nil
}

func (s *scanner) literal(word string) *Error {
	for i := range len(word) {
		if s.pos == len(s.data) || s.data[s.pos] != word[i] {
			return s.refuse(s.pos, CauseSyntax, word)
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
		return s.refuse(s.pos, CauseSyntax, "a value")
	}
	if s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			return s.refuse(s.pos, CauseSyntax, "a digit")
		}
	}
	if s.pos < len(s.data) && s.data[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.data) && (s.data[s.pos] == '+' || s.data[s.pos] == '-') {
			s.pos++
		}
		if !s.digits() {
			return s.refuse(s.pos, CauseSyntax, "a digit")
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

// refuse reports that something else than want stands at at.
func (s *scanner) refuse(at int, cause Cause, want string) *Error {
	got := "end of data"
	if at < len(s.data) {
		_, n := utf8.DecodeRune(s.data[at:])
		got = clip(s.data[at : at+n])
	}
	return &Error{Cause: cause, Offset: int64(at), Want: want, Got: got}
}

func (s *scanner) tooMany(at int) *Error {
	return &Error{Cause: CauseValues, Offset: int64(at), Want: atMost(s.limits.Values, "values"), Got: "more"}
}

func (s *scanner) tooDeep(at int) *Error {
	return &Error{Cause: CauseDepth, Offset: int64(at), Want: atMost(s.limits.Depth, "levels"), Got: "more"}
}

func atMost(n int, of string) string { return "at most " + strconv.Itoa(n) + " " + of }
