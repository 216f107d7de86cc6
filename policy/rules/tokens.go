package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
)

// window is how much of a document is held at one time, maxText how long a text may be
// that a rule reads, and maxFew how much a component may have of what is remembered.
const (
	window  = 32 << 10
	maxText = 64 << 10
	maxFew  = 1024
)

var (
	errText  = errors.New("a text is longer than " + strconv.Itoa(maxText) + " bytes")
	errMany  = errors.New("a component has more than " + strconv.Itoa(maxFew) + " of one thing")
	errShape = errors.New("an object or array where there should be none, or none where there should be one")
	errEnd   = errors.New("the document ends early")
)

// tokens reads the tokens of a JSON document from a stream, without building
// anything. It is for predicates: their grammar, their depth and the uniqueness of
// their keys were judged when the statement was parsed, so commas and colons are as
// good as spaces here, and only what a rule asks for is looked at.
type tokens struct {
	r        io.Reader
	buf      []byte
	pos, end int
	text     []byte // of the last token that was kept: a string without quotes, or a literal
	escaped  bool   // text has escapes
}

func newTokens(r io.Reader) *tokens { return &tokens{r: r, buf: make([]byte, window)} }

// fill reads on when the window is used up.
func (t *tokens) fill() error {
	t.pos, t.end = 0, 0
	for range 100 {
		n, err := t.r.Read(t.buf)
		if n > 0 {
			t.end = n
			return nil
		}
		if err == io.EOF {
			return errEnd
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// next returns the kind of the next token: one of '{', '}', '[', ']', '"' for a string
// and '0' for a number, true, false or null. With keep, the latter two leave their
// text.
func (t *tokens) next(keep bool) (kind byte, err error) {
	for {
		for t.pos < t.end {
			c := t.buf[t.pos]
			t.pos++
			switch c {
			case ' ', '\t', '\r', '\n', ',', ':':
			case '{', '}', '[', ']':
				return c, nil
			case '"':
				return c, t.string(keep)
			default:
				t.pos--
				return '0', t.literal(keep)
			}
		}
		if err := t.fill(); err != nil {
			return 0, err
		}
	}
}

// string reads to the closing quote.
func (t *tokens) string(keep bool) error {
	t.text, t.escaped = t.text[:0], false
	skip := false // the next byte follows a backslash
	for {
		start := t.pos
		rest := t.buf[start:t.end]
		if n := bytes.IndexByte(rest, '"'); n != -1 && !skip && bytes.IndexByte(rest[:n], '\\') == -1 {
			t.pos += n + 1
			return t.keep(keep, rest[:n])
		}
		for t.pos < t.end {
			c := t.buf[t.pos]
			t.pos++
			switch {
			case skip:
				skip = false
			case c == '\\':
				skip, t.escaped = true, true
			case c == '"':
				return t.keep(keep, t.buf[start:t.pos-1])
			}
		}
		if err := t.keep(keep, t.buf[start:t.end]); err != nil {
			return err
		}
		if err := t.fill(); err != nil {
			return err
		}
	}
}

// literal reads to the next separator.
func (t *tokens) literal(keep bool) error {
	t.text, t.escaped = t.text[:0], false
	for {
		rest := t.buf[t.pos:t.end]
		n := bytes.IndexAny(rest, " \t\r\n,:{}[]\"")
		if n >= 0 {
			t.pos += n
			return t.keep(keep, rest[:n])
		}
		if err := t.keep(keep, rest); err != nil {
			return err
		}
		if err := t.fill(); err != nil {
			return err
		}
	}
}

func (t *tokens) keep(keep bool, part []byte) error {
	if !keep {
		return nil
	}
	if len(t.text)+len(part) > maxText {
		return errText
	}
	t.text = append(t.text, part...)
	return nil
}

// object reads the members of an object whose brace was read. member reads exactly
// the member's value; the key is only good until then.
func (t *tokens) object(member func(key []byte) error) error {
	for {
		kind, err := t.next(true)
		if err != nil {
			return err
		}
		if kind == '}' {
			return nil
		}
		if kind != '"' {
			return errShape
		}
		if err := t.unescape(); err != nil {
			return err
		}
		if err := member(t.text); err != nil {
			return err
		}
	}
}

// array reads the elements of the array that comes next. element gets the number of
// the element and the kind of its first token, which is read, and reads the rest of it.
func (t *tokens) array(element func(i int, kind byte) error) error {
	kind, err := t.next(false)
	if err != nil {
		return err
	}
	if kind != '[' {
		return errShape
	}
	for i := 0; ; i++ {
		kind, err := t.next(true)
		if err != nil {
			return err
		}
		if kind == ']' {
			return nil
		}
		if err := element(i, kind); err != nil {
			return err
		}
	}
}

// objects reads the objects of the array that comes next. element reads the rest of
// one, whose brace was read.
func (t *tokens) objects(element func(i int) error) error {
	return t.array(func(i int, kind byte) error {
		if kind != '{' {
			return errShape
		}
		return element(i)
	})
}

// few reads objects of which there cannot be many.
func (t *tokens) few(element func() error) error {
	return t.objects(func(i int) error {
		if i == maxFew {
			return errMany
		}
		return element()
	})
}

// open reads the brace of the object that comes next.
func (t *tokens) open() error {
	kind, err := t.next(false)
	if err == nil && kind != '{' {
		return errShape
	}
	return err
}

// value reads the string that comes next into dst, which is reused.
func (t *tokens) value(dst []byte) ([]byte, error) {
	kind, err := t.next(true)
	if err != nil {
		return nil, err
	}
	if kind != '"' {
		return nil, errShape
	}
	if err := t.unescape(); err != nil {
		return nil, err
	}
	return append(dst[:0], t.text...), nil
}

// unescape resolves the escapes of text.
func (t *tokens) unescape() error {
	if !t.escaped {
		return nil
	}
	var s string
	if err := json.Unmarshal([]byte(`"`+string(t.text)+`"`), &s); err != nil {
		return err
	}
	t.text, t.escaped = append(t.text[:0], s...), false
	return nil
}

// skip reads past the value that comes next.
func (t *tokens) skip() error {
	kind, err := t.next(false)
	if err != nil {
		return err
	}
	return t.rest(kind)
}

// rest reads the rest of a value that has begun.
func (t *tokens) rest(kind byte) error {
	for depth := 0; ; {
		switch kind {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if kind, err = t.next(false); err != nil {
			return err
		}
	}
}
