package attest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// StatementType is the _type of an in-toto Statement v1.
const StatementType = "https://in-toto.io/Statement/v1"

// Limits bound a statement that somebody else wrote. The zero value of a field
// means its default. Besides, a subject has at most 64 digests.
type Limits struct {
	Bytes    int // size of the document; default 16 MiB
	Depth    int // nesting of JSON values; default 64
	Subjects int // default 100,000
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 16 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Subjects == 0 {
		l.Subjects = 100_000
	}
	return l
}

// A Statement is an in-toto Statement v1 (in-toto attestation specification,
// statement.md) with the exact bytes that are, or will be, signed. It is
// immutable and safe for concurrent use. The zero Statement is invalid.
type Statement struct {
	subjects      []Descriptor
	predicateType string
	predicate     strictjson.Checked
	raw           []byte
}

// wireStatement is the JSON form. The order of its fields is the order of bytes
// in a statement that NewStatement writes.
type wireStatement struct {
	Type          string          `json:"_type"`
	Subject       []Descriptor    `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

// NewStatement makes a statement about subjects. predicate is marshalled to
// JSON and must give an object; a json.RawMessage is taken as it is, save for
// space between its tokens. Equal input gives equal bytes. The result is held to
// the default Limits and to every rule of ParseStatement.
func NewStatement(predicateType string, predicate any, subjects ...Descriptor) (*Statement, error) {
	body, err := strictjson.Marshal(predicate)
	if err != nil {
		return nil, Refuse(CodePredicate, "/predicate", "a value that marshals to strict JSON", "").Because(err)
	}
	if string(body) == "null" {
		return nil, Refuse(CodePredicate, "/predicate", "a JSON object", "null")
	}
	raw, err := strictjson.Marshal(wireStatement{StatementType, subjects, predicateType, body})
	if err != nil {
		return nil, refuseJSON("/subject", "subjects that marshal to strict JSON", err)
	}
	return parseStatement(raw, Limits{})
}

// ParseStatement reads a statement strictly: one JSON value without duplicate or
// case-folded keys, of type Statement v1, with at least one subject, each with
// well-formed digests, a predicate type that is a URI, and an object as
// predicate, where none and null stand for the empty one (statement.md). Fields
// that the specification does not name are ignored, as its parsing rules demand,
// but not other spellings of those that it names. Inside the predicate only the
// JSON is judged. The statement keeps a copy of b.
func ParseStatement(b []byte, limits Limits) (*Statement, error) {
	if most := limits.withDefaults().Bytes; len(b) > most {
		return nil, Refuse(CodeLimit, "statement", "at most "+strconv.Itoa(most)+" bytes", strconv.Itoa(len(b)))
	}
	return parseStatement(bytes.Clone(b), limits)
}

// parseStatement reads raw and keeps it: the predicate shares its memory.
func parseStatement(raw []byte, limits Limits) (*Statement, error) {
	limits = limits.withDefaults()
	opts := strictjson.Options{Bytes: limits.Bytes, Depth: limits.Depth, AllowUnknown: true}
	parts, err := strictjson.CheckedFields(raw, opts, "_type", "subject", "predicateType", "predicate", "type", "predicate_type")
	if err != nil {
		return nil, refuseJSON("", "strict JSON of a Statement", err)
	}
	for i, alias := range []string{"type", "predicate_type"} { // by which readers of protocol buffers know two of them, too
		if parts[4+i].Part() != nil {
			return nil, Refuse(CodeJSON, "/"+alias, "fields by their names in the specification", "an alias")
		}
	}
	s := &Statement{predicate: parts[3], raw: raw}
	kind, err := text("/_type", parts[0].Part())
	if err != nil {
		return nil, err
	}
	if kind != StatementType {
		return nil, Refuse(CodeStatementType, "/_type", StatementType, excerpt.Quote(kind))
	}
	if s.subjects, err = readSubjects(parts[1].Part(), limits.Subjects); err != nil {
		return nil, refuseJSON("/subject", "strict JSON of a Statement", err)
	}
	if err := checkSubjects(s.subjects, limits.Subjects); err != nil {
		return nil, err
	}
	if s.predicateType, err = text("/predicateType", parts[2].Part()); err != nil {
		return nil, err
	}
	if err := CheckTypeURI(s.predicateType); err != nil {
		return nil, err
	}
	if s.predicate.Part().IsNull() { // "unset is treated the same as set-but-empty"
		s.predicate, err = strictjson.CheckedWhole([]byte("{}"), strictjson.Options{})
	} else if p := s.predicate.Part(); p[0] != '{' {
		err = Refuse(CodePredicate, "/predicate", "a JSON object", kindOf(p))
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// text reads a string of a statement; "" where it is missing.
func text(where string, part strictjson.Part) (string, error) {
	if part == nil {
		return "", nil
	}
	s, err := part.Text()
	if err != nil {
		return "", refuseJSON(where, "strict JSON of a Statement", err)
	}
	return s, nil
}

// refuseJSON turns what strictjson found below the JSON pointer at into a
// refusal.
func refuseJSON(at, want string, err error) *Error {
	code := CodeJSON
	var e *strictjson.Error
	if errors.As(err, &e) {
		at += e.Pointer
		if e.Cause.Limit() {
			code = CodeLimit
		}
	}
	return Refuse(code, cmp.Or(at, "statement"), want, "").Because(err)
}

func checkSubjects(subjects []Descriptor, most int) error {
	if len(subjects) == 0 {
		return Refuse(CodeNoSubject, "/subject", "at least one subject", "none")
	}
	if len(subjects) > most {
		return Refuse(CodeLimit, "/subject", "at most "+strconv.Itoa(most), "more")
	}
	for i, s := range subjects {
		if len(s.Digest) > maxDigests {
			return Refuse(CodeLimit, digestsOf(i), "at most "+strconv.Itoa(maxDigests)+" digests", "more")
		}
		if err := s.Digest.Validate(); err != nil {
			return Refuse(CodeSubjectDigest, digestsOf(i), "well-formed digests", "").Because(err)
		}
	}
	return nil
}

func digestsOf(subject int) string { return "/subject/" + strconv.Itoa(subject) + "/digest" }

// CheckTypeURI reports whether s is an absolute URI without fragment or
// surrounding space, as predicate types, build types and builder ids must be.
func CheckTypeURI(s string) error {
	if plainURI(s) {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || !u.IsAbs() || u.Fragment != "" || s != u.String() {
		return Refuse(CodePredicateType, "/predicateType", "an absolute URI", excerpt.Quote(s)).Because(err)
	}
	return nil
}

// plainURI reports whether s is https://, a name and a path of unreserved
// characters (RFC 3986 section 2.3), which net/url would not write otherwise.
func plainURI(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok || rest == "" || rest[0] == '/' {
		return false
	}
	for i := range len(rest) {
		c := rest[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '-' || c > '9') && c != '_' && c != '~' { // from '-' to '9' are '.', '/' and digits
			return false
		}
	}
	return true
}

// Bytes returns a copy of the exact bytes that are signed.
func (s *Statement) Bytes() []byte { return bytes.Clone(s.raw) }

// Subjects returns a copy of the subjects.
func (s *Statement) Subjects() []Descriptor {
	out := make([]Descriptor, len(s.subjects))
	for i, d := range s.subjects {
		out[i] = d.Clone()
	}
	return out
}

// PredicateType returns the URI that tells the predicate's schema.
func (s *Statement) PredicateType() string { return s.predicateType }

// Predicate returns a copy of the predicate's bytes: a JSON object. For a large
// one, PredicateReader copies nothing.
func (s *Statement) Predicate() json.RawMessage {
	return json.RawMessage(bytes.Clone(s.predicate.Part()))
}

// PredicateReader returns a reader of the predicate's bytes.
func (s *Statement) PredicateReader() io.Reader {
	// Without the methods of bytes.Reader: WriteTo would hand the statement's own
	// memory to a writer.
	return struct{ io.Reader }{bytes.NewReader(s.predicate.Part())}
}

// PredicateSize returns the number of the predicate's bytes.
func (s *Statement) PredicateSize() int { return len(s.predicate.Part()) }

// DecodePredicate reads the predicate strictly into v, a pointer to a struct.
// Unlike at the top level, a field that v does not have is refused unless
// allowUnknown is set: what a verifier does not understand it must not pass.
func (s *Statement) DecodePredicate(v any, allowUnknown bool) error {
	if err := s.predicate.Unmarshal(v, allowUnknown); err != nil {
		refusal := refuseJSON("/predicate", "strict JSON of "+excerpt.Quote(s.predicateType), err)
		refusal.Code = CodePredicate
		return refusal
	}
	return nil
}

func kindOf(b strictjson.Part) string {
	if len(b) == 0 {
		return "nothing"
	}
	switch b[0] {
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 'n':
		return "null"
	default:
		return "a scalar"
	}
}
