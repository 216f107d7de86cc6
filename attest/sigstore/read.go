package sigstore

import (
	"errors"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// A reader takes strict JSON apart. It keeps the first fault and reads nothing
// after it, so that its user looks once, at the end.
type reader struct {
	code  attest.Code
	where string // of the document
	err   error
}

// A place is where in a document a value stands.
type place struct {
	up    *place
	key   string
	index int // in an array, where key is empty
}

// String returns the place as a JSON pointer (RFC 6901); keys are those of this
// package's own and need no escapes.
func (p *place) String() string {
	if p == nil {
		return ""
	}
	if p.key == "" {
		return p.up.String() + "/" + strconv.Itoa(p.index)
	}
	return p.up.String() + "/" + p.key
}

// open checks a document.
func (r *reader) open(data []byte, o strictjson.Options) strictjson.Part {
	p, err := strictjson.Whole(data, o)
	r.fail(nil, "", err)
	return p
}

func (r *reader) fail(at *place, key string, err error) {
	if err == nil || r.err != nil {
		return
	}
	where := r.pointer(at, key)
	bad, ok := errors.AsType[*strictjson.Error](err)
	if !ok {
		r.err = attest.Refuse(r.code, where, "strict JSON", "").Because(err)
		return
	}
	code := r.code
	if bad.Cause.Limit() {
		code = attest.CodeLimit
	}
	r.err = attest.Refuse(code, where+bad.Pointer, bad.Want, bad.Got).Because(err)
}

func (r *reader) refuse(at *place, key, want, got string) {
	if r.err == nil {
		r.err = attest.Refuse(r.code, r.pointer(at, key), want, got)
	}
}

// pointer returns the place of the value under key, of at itself if key is empty.
func (r *reader) pointer(at *place, key string) string {
	if key == "" {
		return r.where + at.String()
	}
	return r.where + at.String() + "/" + key
}

// object takes an object apart; it reports whether there is one to read: null
// stands for none.
func (r *reader) object(p strictjson.Part, at *place, parts []strictjson.Part, names ...string) bool {
	if r.err != nil || p.IsNull() {
		return false
	}
	r.fail(at, "", p.Members(false, parts, names...))
	return r.err == nil
}

// elements returns an iterator of an array; null stands for no element.
func (r *reader) elements(p strictjson.Part, at *place) (it strictjson.Iterator) {
	if r.err != nil || p.IsNull() {
		return it
	}
	it, err := p.Elements()
	r.fail(at, "", err)
	return it
}

// count returns how many elements an array has.
func (r *reader) count(p strictjson.Part, at *place) (n int) {
	for it := r.elements(p, at); it.Next(); {
		n++
	}
	return n
}

// text reads a string, "" where it is absent.
func (r *reader) text(p strictjson.Part, at *place, key string) string {
	if r.err != nil || p == nil {
		return ""
	}
	if s, ok := frequent(p); ok {
		return s
	}
	s, err := p.Text()
	r.fail(at, key, err)
	return s
}

// textBytes is text in bytes, which may be the document's own.
func (r *reader) textBytes(p strictjson.Part, at *place, key string) []byte {
	if r.err != nil || p == nil {
		return nil
	}
	b, err := p.TextBytes()
	r.fail(at, key, err)
	return b
}

// frequent returns texts that nearly every bundle has, without memory of their
// own.
func frequent(p strictjson.Part) (string, bool) {
	switch string(p) {
	case `"` + MediaTypeBundle03 + `"`:
		return MediaTypeBundle03, true
	case `"` + attest.MediaTypeInToto + `"`:
		return attest.MediaTypeInToto, true
	case `"dsse"`:
		return "dsse", true
	case `"intoto"`:
		return "intoto", true
	case `"hashedrekord"`:
		return "hashedrekord", true
	case `"0.0.1"`:
		return "0.0.1", true
	case `"0.0.2"`:
		return "0.0.2", true
	case `"sha256"`:
		return "sha256", true
	case `"SHA2_256"`:
		return "SHA2_256", true
	case `"PKIX_ECDSA_P256_SHA_256"`:
		return "PKIX_ECDSA_P256_SHA_256", true
	}
	return "", false
}

// bytes reads canonical standard base64; null and absence stand for none.
func (r *reader) bytes(p strictjson.Part, at *place, key string) []byte {
	return r.appendBytes(nil, p, at, key)
}

// appendBytes is bytes behind dst.
func (r *reader) appendBytes(dst []byte, p strictjson.Part, at *place, key string) []byte {
	if r.err != nil || p.IsNull() {
		return dst
	}
	b, err := p.Base64(dst)
	r.fail(at, key, err)
	return b
}

// integer reads a protocol buffers int64, which JSON spells as a string of
// digits or as a number: without sign, fraction, exponent or leading zero.
func (r *reader) integer(p strictjson.Part, at *place, key string) int64 {
	if r.err != nil || p == nil {
		return 0
	}
	digits := p
	if p[0] == '"' {
		digits = p[1 : len(p)-1]
	}
	const most = 19
	n, err := strconv.ParseInt(string(digits[:min(len(digits), most+1)]), 10, 64)
	if err != nil || n < 0 || len(digits) == 0 || digits[0] == '+' || digits[0] == '-' || len(digits) > 1 && digits[0] == '0' {
		r.refuse(at, key, "an integer without sign or leading zeros", excerpt.Quote(string(p)))
		return 0
	}
	return n
}

// instant reads a time in RFC 3339; the zero Time where it is absent.
func (r *reader) instant(p strictjson.Part, at *place, key string) (t time.Time) {
	if p.IsNull() {
		return t
	}
	if err := t.UnmarshalText([]byte(r.text(p, at, key))); err != nil {
		r.refuse(at, key, "a time in RFC 3339", excerpt.Quote(string(p)))
	}
	return t
}
