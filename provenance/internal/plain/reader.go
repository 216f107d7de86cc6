package plain

import (
	"encoding/json"
	"strings"
)

// A Reader walks over one document from left to right. All texts that it returns
// share the document's memory.
type Reader struct {
	text string
	pos  int
	odd  bool
}

// Read returns a Reader at the start of a document.
func Read(document string) Reader { return Reader{text: document} }

// GiveUp makes r odd.
func (r *Reader) GiveUp() { r.odd = true }

// Odd reports whether r gave up. What it returned before is then worth nothing.
func (r *Reader) Odd() bool { return r.odd }

// Done reports whether the whole document was read.
func (r *Reader) Done() bool {
	r.space()
	return !r.odd && r.pos == len(r.text)
}

func (r *Reader) space() {
	for r.pos < len(r.text) {
		if c := r.text[r.pos]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return
		}
		r.pos++
	}
}

// take passes c and the space before it.
func (r *Reader) take(c byte) bool {
	r.space()
	if r.pos < len(r.text) && r.text[r.pos] == c {
		r.pos++
		return true
	}
	return false
}

// Text reads a string without escapes.
func (r *Reader) Text() string {
	if !r.take('"') {
		r.odd = true
		return ""
	}
	rest := r.text[r.pos:]
	n := strings.IndexByte(rest, '"')
	if n < 0 || strings.IndexByte(rest[:n], '\\') >= 0 {
		r.odd = true
		return ""
	}
	r.pos += n + 1
	return rest[:n]
}

// Object reads an object. It calls member with each key; member reads the value.
func (r *Reader) Object(member func(key string)) {
	if !r.take('{') {
		r.odd = true
		return
	}
	if r.take('}') {
		return
	}
	for !r.odd {
		key := r.Text()
		if !r.take(':') {
			r.odd = true
			return
		}
		member(key)
		if r.take('}') {
			return
		}
		r.odd = !r.take(',') || r.odd
	}
}

// Array reads an array. It calls element for each element, which element reads.
func (r *Reader) Array(element func()) {
	if !r.take('[') {
		r.odd = true
		return
	}
	if r.take(']') {
		return
	}
	for !r.odd {
		element()
		if r.take(']') {
			return
		}
		r.odd = !r.take(',') || r.odd
	}
}

// Other passes the value of a key that is none of the names, and gives up if it is
// one of them in other case.
func (r *Reader) Other(key string, names ...string) {
	for _, name := range names {
		if strings.EqualFold(key, name) {
			r.odd = true
			return
		}
	}
	r.Span()
}

// Span passes a value of any kind and returns where it stands.
func (r *Reader) Span() (from, to int) {
	r.space()
	from = r.pos
	for depth := 0; r.pos < len(r.text); {
		switch r.text[r.pos] {
		case '"':
			r.quoted()
		case '{', '[':
			r.pos++
			depth++
			continue
		case '}', ']':
			r.pos++
			depth--
		case ',', ':', ' ', '\n', '\t', '\r':
			r.pos++
			continue
		default:
			r.scalar()
		}
		if depth <= 0 {
			return from, r.pos
		}
	}
	r.odd = true
	return from, r.pos
}

// quoted passes a string, whatever is in it.
func (r *Reader) quoted() {
	for r.pos++; r.pos < len(r.text); r.pos++ {
		switch r.text[r.pos] {
		case '"':
			r.pos++
			return
		case '\\':
			r.pos++
		}
	}
	r.pos, r.odd = len(r.text), true
}

// scalar passes a number or a literal.
func (r *Reader) scalar() {
	for r.pos < len(r.text) {
		switch r.text[r.pos] {
		case ',', ']', '}', ' ', '\n', '\t', '\r':
			return
		}
		r.pos++
	}
}

// Raw passes a value of any kind and returns it as it stands there.
func (r *Reader) Raw() string {
	from, to := r.Span()
	return r.text[from:to]
}

// Value reads a value of any kind: a map[string]any, []any, string, json.Number, bool
// or nil.
func (r *Reader) Value() any {
	r.space()
	if r.pos == len(r.text) {
		r.odd = true
		return nil
	}
	switch r.text[r.pos] {
	case '{':
		out := make(map[string]any)
		r.Object(func(key string) { out[key] = r.Value() })
		return out
	case '[':
		out := []any{}
		r.Array(func() { out = append(out, r.Value()) })
		return out
	case '"':
		return r.Text()
	}
	switch raw := r.Raw(); raw {
	case "true", "false":
		return raw == "true"
	case "null":
		return nil
	default:
		return json.Number(raw)
	}
}
