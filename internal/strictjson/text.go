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
// quotes. escaped tells that it holds escapes.
type span struct {
	start, end int
	escaped    bool
}

// plain returns the text without escapes; it copies only where there are any.
// The span must have been read without error.
func (t span) plain(data []byte) []byte {
	raw := data[t.start:t.end:t.end]
	if !t.escaped {
		return raw
	}
	return unescape(make([]byte, 0, len(raw)), raw)
}

// text reads a string value.
func (s *scanner) text(p *plan) *Error {
	t, err := s.quoted()
	if err != nil || p == nil {
		return err
	}
	switch {
	case p.isBytes && !canonicalBase64(t.plain(s.data)):
		return &Error{Cause: CauseBase64, Offset: int64(t.start), Want: "canonical standard base64", Got: clip(s.data[t.start:t.end])}
	case p.quoted && string(t.plain(s.data)) == "null":
		return &Error{Cause: CauseNull, Offset: int64(t.start), Want: "a quoted value", Got: "null"}
	}
	return nil
}

// key reads the key of a member. The text is valid until the next call.
func (s *scanner) key() (key []byte, raw span, err *Error) {
	if s.space(); s.pos == len(s.data) || s.data[s.pos] != '"' {
		return nil, raw, s.refuse(CauseSyntax, "a key")
	}
	if raw, err = s.quoted(); err != nil {
		return nil, raw, err
	}
	if !raw.escaped {
		return s.data[raw.start:raw.end], raw, nil
	}
	s.keys.plain = unescape(s.keys.plain[:0], s.data[raw.start:raw.end])
	return s.keys.plain, raw, nil
}

// quoted reads a string, quotes included.
func (s *scanner) quoted() (t span, err *Error) {
	s.pos++
	t.start = s.pos
	var high byte
	for {
		n, seen := plainText(s.data[s.pos:])
		s.pos += n
		high |= seen
		if s.pos == len(s.data) {
			return t, s.refuse(CauseSyntax, "the string's end")
		}
		switch s.data[s.pos] {
		case '"':
			t.end = s.pos
			s.pos++
			if high >= utf8.RuneSelf {
				return t, s.utf8(t)
			}
			return t, nil
		case '\\':
			t.escaped = true
			if err := s.escape(); err != nil {
				return t, err
			}
		default:
			return t, s.refuse(CauseSyntax, "no control character in a string")
		}
	}
}

// plainText tells how many bytes at the start of b need no look of their own: none ends
// a string, begins an escape or is a control character. high has its highest bit set if
// one of them is beyond ASCII.
func plainText(b []byte) (n int, high byte) {
	const ones, highest = 0x0101010101010101, 0x8080808080808080
	var all uint64
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, slash := x^ones*'"', x^ones*'\\'
		// A byte below k borrows when k is taken from it, and then has the highest bit.
		// What it borrows may spoil the bytes above it, but not the first such byte.
		odd := ((x-ones*0x20)&^x | (quote-ones)&^quote | (slash-ones)&^slash) & highest
		if odd != 0 {
			plain := bits.TrailingZeros64(odd) / 8
			all |= x & (1<<(8*plain) - 1)
			return n + plain, beyondASCII(all)
		}
		all |= x
	}
	for ; n < len(b) && b[n] >= 0x20 && b[n] != '"' && b[n] != '\\'; n++ {
		all |= uint64(b[n])
	}
	return n, beyondASCII(all)
}

// beyondASCII returns a byte whose highest bit is set if that of any byte of x is.
func beyondASCII(x uint64) byte {
	if x&0x8080808080808080 != 0 {
		return utf8.RuneSelf
	}
	return 0
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

// escape reads one escape, or two that make a surrogate pair.
func (s *scanner) escape() *Error {
	start := s.pos
	if s.pos++; s.pos == len(s.data) {
		return s.refuse(CauseSyntax, "an escape")
	}
	if c := s.data[s.pos]; c != 'u' {
		if letter(c) == 0 {
			return s.refuse(CauseSyntax, "an escape")
		}
		s.pos++
		return nil
	}
	r, ok := hex4(s.data[s.pos+1:])
	if !ok {
		return s.refuse(CauseSyntax, "four hexadecimal digits")
	}
	s.pos += 5
	if r == utf8.RuneError && s.refuseReplaced {
		return &Error{Cause: CauseUTF8, Offset: int64(start), Want: "UTF-8", Got: "text that is not, or the escape \\ufffd"}
	}
	if !utf16.IsSurrogate(r) {
		return nil
	}
	if low, ok := lowSurrogate(s.data[s.pos:]); !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
		return &Error{Cause: CauseSurrogate, Offset: int64(start), Want: "a surrogate pair", Got: "U+" + strconv.FormatInt(int64(r), 16)}
	}
	s.pos += 6
	return nil
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
