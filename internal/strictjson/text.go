package strictjson

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A span is where the text of a string stands in the document, without its
// quotes.
type span struct {
	start, end int
	form       form
}

// A form tells what a text has that needs a look of its own.
type form uint8

const (
	escaped form = 1 << iota // an escape
	wide                     // a byte beyond ASCII
)

// plain returns the text without escapes; it copies only where there are any.
// The span must have been read without error.
func (t span) plain(data []byte) []byte {
	raw := data[t.start:t.end:t.end]
	if t.form&escaped == 0 {
		return raw
	}
	return unescape(make([]byte, 0, len(raw)), raw)
}

// text reads the string at s.pos for a Go type.
func (s *scanner) text(p *plan) *Error {
	t, err := s.quoted(s.pos)
	if err != nil {
		return err
	}
	s.pos = t.end + 1
	switch {
	case p.isBytes && !canonicalBase64(t.plain(s.data)):
		return &Error{Cause: CauseBase64, Offset: int64(t.start), Want: "canonical standard base64", Got: clip(s.data[t.start:t.end])}
	case p.quoted && string(t.plain(s.data)) == "null":
		return &Error{Cause: CauseNull, Offset: int64(t.start), Want: "a quoted value", Got: "null"}
	}
	return nil
}

// key reads the key of a member at at and the space before it.
func (s *scanner) key(at int) (t span, err *Error) {
	at = s.blank(at)
	if !s.is(at, '"') {
		return t, s.refuse(at, CauseSyntax, "a key")
	}
	if t, err = s.quoted(at); err != nil || s.keys.distinct {
		return t, err
	}
	if cause, twin := s.keys.add(s.data, t); cause != "" {
		key := t.plain(s.data)
		s.path = append(s.path, segment{key: key})
		err = &Error{Cause: cause, Offset: int64(t.end + 1), Want: "distinct keys", Got: clip(key) + " after " + clip(twin)}
	}
	return t, err
}

// quoted reads the string at at, quotes included.
func (s *scanner) quoted(at int) (t span, err *Error) {
	data := s.data
	at++
	t.start = at
	for {
		odd := oddities(window(data, at))
		if odd == 0 {
			at += 8
			continue
		}
		at += bits.TrailingZeros64(odd) / 8
		if at < len(data) && data[at] == '"' {
			break
		}
		var f form
		if at, f, err = s.unusual(at); err != nil {
			return t, err
		}
		t.form |= f
	}
	t.end = at
	if t.form&wide != 0 {
		err = s.utf8(t)
	}
	return t, err
}

// unusual passes the escape at at, or all bytes there that are beyond ASCII, and returns
// where they end.
func (s *scanner) unusual(at int) (end int, f form, err *Error) {
	switch {
	case at == len(s.data):
		return at, 0, s.refuse(at, CauseSyntax, "the string's end")
	case s.data[at] == '\\':
		end, err = s.escape(at)
		return end, escaped, err
	case s.data[at] < utf8.RuneSelf:
		return at, 0, s.refuse(at, CauseSyntax, "no control character in a string")
	}
	for end = at; end < len(s.data) && s.data[end] >= utf8.RuneSelf; end++ {
	}
	return end, wide, nil
}

const ones, highest = 0x0101010101010101, 0x8080808080808080

// window returns the eight bytes of data from at on, the first of them lowest, and zeros
// for those that are not there.
func window(data []byte, at int) uint64 {
	if at < len(data)-7 {
		return binary.LittleEndian.Uint64(data[at:])
	}
	return lastWindow(data[at:])
}

//go:noinline because the loop that calls it needs the registers
func lastWindow(rest []byte) (x uint64) {
	for i, c := range rest {
		x |= uint64(c) << (8 * i)
	}
	return x
}

// oddities returns a word with the highest bit of the lowest byte of x set that ends a
// string, begins an escape, is a control character or goes beyond ASCII, and with none if
// there is no such byte. Those above are not to be relied on.
func oddities(x uint64) uint64 {
	// A byte below k borrows when k is taken from it, and then has the highest bit. What
	// it borrows may spoil the bytes above it, but not the first such byte.
	return ((x - ones*0x20) | ((x ^ ones*'"') - ones) | ((x ^ ones*'\\') - ones) | x) & highest
}

// utf8 refuses text that is not UTF-8.
func (s *scanner) utf8(t span) *Error {
	if utf8.Valid(s.data[t.start:t.end]) {
		return nil
	}
	at := t.start
	for {
		r, n := utf8.DecodeRune(s.data[at:t.end])
		if r == utf8.RuneError && n == 1 {
			return &Error{Cause: CauseUTF8, Offset: int64(at), Want: "UTF-8", Got: clip(s.data[at : at+1])}
		}
		at += n
	}
}

// escape reads the escape at at, or two that make a surrogate pair, and returns where it
// ends.
func (s *scanner) escape(at int) (int, *Error) {
	start := at
	if at++; at == len(s.data) {
		return at, s.refuse(at, CauseSyntax, "an escape")
	}
	if c := s.data[at]; c != 'u' {
		if letter(c) == 0 {
			return at, s.refuse(at, CauseSyntax, "an escape")
		}
		return at + 1, nil
	}
	r, ok := hex4(s.data[at+1:])
	if !ok {
		return at, s.refuse(at, CauseSyntax, "four hexadecimal digits")
	}
	at += 5
	if r == utf8.RuneError && s.refuseReplaced {
		return at, &Error{Cause: CauseUTF8, Offset: int64(start), Want: "UTF-8", Got: "text that is not, or the escape \\ufffd"}
	}
	if !utf16.IsSurrogate(r) {
		return at, nil
	}
	if low, ok := lowSurrogate(s.data[at:]); !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
		return at, &Error{Cause: CauseSurrogate, Offset: int64(start), Want: "a surrogate pair", Got: "U+" + strconv.FormatInt(int64(r), 16)}
	}
	return at + 6, nil
}

// lowSurrogate reads the escape that must follow a high surrogate.
func lowSurrogate(b []byte) (rune, bool) {
	if !bytes.HasPrefix(b, []byte(`\u`)) {
		return 0, false
	}
	return hex4(b[2:])
}

// letter returns what the letter of an escape stands for, 0 if nothing.
func letter(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return 0
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = (c | 0x20) - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape appends raw, whose escapes were found valid, to dst as plain text.
func unescape(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		if raw[i+1] != 'u' {
			dst = append(dst, letter(raw[i+1]))
			raw = raw[i+2:]
			continue
		}
		r, _ := hex4(raw[i+2:])
		raw = raw[i+6:]
		if utf16.IsSurrogate(r) {
			low, _ := hex4(raw[2:])
			r, raw = utf16.DecodeRune(r, low), raw[6:]
		}
		dst = utf8.AppendRune(dst, r)
	}
}

// canonicalBase64 reports whether b ends as canonical standard base64 does and
// has no line break, which encoding/base64 skips. The rest of the text
// encoding/json checks itself.
func canonicalBase64(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if len(b)%4 != 0 || bytes.ContainsAny(b, "\r\n") {
		return false
	}
	var out [3]byte
	_, err := base64.StdEncoding.Strict().Decode(out[:], b[len(b)-4:])
	return err == nil
}
