package strictjson

import (
	"strconv"
	"strings"
)

// A Cause names the rule that a document breaks. Causes are stable.
type Cause string

// The causes. Those marked (stricter) refuse documents that encoding/json
// accepts; all others it refuses too.
const (
	CauseSyntax       Cause = "syntax"        // not RFC 8259
	CauseTrailing     Cause = "trailing-data" // something after the value
	CauseBOM          Cause = "bom"           // a byte order mark before the value
	CauseUTF8         Cause = "utf-8"         // bytes that are not UTF-8 (stricter)
	CauseSurrogate    Cause = "surrogate"     // half of a surrogate pair is escaped (stricter)
	CauseDuplicateKey Cause = "duplicate-key" // a key twice in one object (stricter)
	CauseFoldedKey    Cause = "folded-key"    // two keys of one object differ only by case (stricter)
	CauseBytes        Cause = "bytes"         // larger than Options.Bytes (stricter)
	CauseDepth        Cause = "depth"         // deeper than Options.Depth (stricter)
	CauseValues       Cause = "values"        // more than Options.Values (stricter)

	// The causes below depend on the Go type, so Check never gives them.

	CauseUnknownKey Cause = "unknown-key" // a key that the struct does not have (stricter)
	CauseKeyCase    Cause = "key-case"    // a key that matches a field only regardless of case (stricter)
	CauseNull       Cause = "null"        // null where Go has no nil to hold it (stricter)
	CauseLength     Cause = "length"      // an array of another length than Go's (stricter)
	CauseBase64     Cause = "base64"      // bytes that are not canonical base64 (stricter)
	CauseType       Cause = "type"        // another kind of value than the Go type holds
	CauseDecode     Cause = "decode"      // the Go type's own unmarshaler refused
	CauseTarget     Cause = "target"      // the Go type cannot be decoded strictly: a fault of the program
	CauseEncode     Cause = "encode"      // Marshal: encoding/json refused the value
)

// Limit reports whether the cause is that a document exceeds its Options.
func (c Cause) Limit() bool { return c == CauseBytes || c == CauseDepth || c == CauseValues }

// An Error tells why a document was refused. Texts that come from the document
// are quoted and bounded.
type Error struct {
	Cause Cause
	// Pointer is the JSON pointer (RFC 6901) of the value or key at fault; ""
	// means the whole document, or that a Go type's own unmarshaler refused
	// somewhere. Long keys and deep paths are shortened.
	Pointer string
	Offset  int64 // bytes before the fault
	Want    string
	Got     string
	Err     error // the cause, if encoding/json or a Go type gave one
}

// Error returns the refusal on one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("strictjson: " + string(e.Cause))
	if e.Pointer != "" {
		b.WriteString(" at " + e.Pointer)
	}
	b.WriteString(" (offset " + strconv.FormatInt(e.Offset, 10) + ")")
	if e.Want != "" {
		b.WriteString(": want " + e.Want)
	}
	if e.Got != "" {
		b.WriteString(", got " + e.Got)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Bounds of what an error repeats of a document.
const (
	mostText     = 64
	mostSegments = 64
)

// clip quotes and shortens text of the document.
func clip(b []byte) string { return `"` + escapeText(b, `"...`, `"`) }

// escapeText makes text printable and ends it with long where it had to be
// shortened, with whole where not.
func escapeText(b []byte, long, whole string) string {
	if len(b) > mostText {
		b, whole = b[:mostText], long
	}
	quoted := strconv.QuoteToASCII(string(b))
	return quoted[1:len(quoted)-1] + whole
}

// segment is one step of a JSON pointer: a key, or where that is nil an index.
type segment struct {
	key   []byte
	index int
}

// pointer joins steps that were collected from the inside out.
func pointer(inner []segment) string {
	var b strings.Builder
	for i := len(inner) - 1; i >= 0; i-- {
		if len(inner)-i > mostSegments {
			b.WriteString("/...")
			break
		}
		b.WriteByte('/')
		if inner[i].key == nil {
			b.WriteString(strconv.Itoa(inner[i].index))
			continue
		}
		name := strings.ReplaceAll(escapeText(inner[i].key, "...", ""), "~", "~0")
		b.WriteString(strings.ReplaceAll(name, "/", "~1"))
	}
	return b.String()
}
