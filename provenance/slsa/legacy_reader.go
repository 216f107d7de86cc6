package slsa

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// A reader takes a predicate apart so that nothing gets lost: what is not taken is
// kept. It remembers its first error and does nothing after that.
type reader struct {
	version string
	rest    map[string]json.RawMessage
	err     error
}

// An object is a JSON object of which members are taken one by one.
type object map[string]json.RawMessage

// take removes a member and returns its exact bytes; nil where it is absent or null,
// which the in-toto parsing rules equate.
func (o object) take(name string) json.RawMessage {
	raw := o[name]
	delete(o, name)
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// object reads raw, nil for an empty object. It refuses the names in snake_case that
// Protocol Buffers' JSON mapping also reads, and known names in other case.
func (r *reader) object(at string, raw json.RawMessage, aliases ...string) object {
	if raw == nil || r.err != nil {
		return object{}
	}
	var o object
	if err := strictjson.Unmarshal(raw, &o, strictjson.Options{Bytes: len(raw)}); err != nil || o == nil {
		r.err = attest.Refuse(CodePredicate, "/predicate"+at, "an object of "+r.version, "").Because(err)
		return object{}
	}
	for _, name := range aliases {
		if _, found := o[name]; found {
			r.refuse(CodeAlias, at, "fields by their names in SLSA", name)
		}
	}
	for name := range o {
		if known := inOtherCase(name); known != "" {
			r.refuse(CodePredicate, at, strconv.Quote(known), excerpt.Quote(name))
		}
	}
	return o
}

// inOtherCase returns the field of v0.1 or v0.2 that name spells in other case.
func inOtherCase(name string) string {
	other := ""
	for _, known := range []string{
		"builder", "id", "buildType", "invocation", "configSource", "uri", "digest", "entryPoint", "parameters",
		"environment", "buildConfig", "metadata", "buildInvocationId", "buildInvocationID", "buildStartedOn",
		"buildFinishedOn", "completeness", "reproducible", "materials", "recipe", "type", "definedInMaterial", "arguments",
	} {
		if name == known {
			return ""
		}
		if strings.EqualFold(name, known) {
			other = known
		}
	}
	return other
}

// text reads a string into v; an absent one leaves it.
func (r *reader) text(at string, raw json.RawMessage, v *string) {
	if raw == nil || r.err != nil {
		return
	}
	if err := strictjson.Unmarshal(raw, v, strictjson.Options{Bytes: len(raw)}); err != nil {
		r.err = attest.Refuse(CodePredicate, "/predicate"+at, "a string", "").Because(err)
	}
}

// time reads a timestamp; the zero time where it is absent.
func (r *reader) time(at string, raw json.RawMessage) (t time.Time) {
	if raw == nil {
		return t
	}
	var s string
	r.text(at, raw, &s)
	if r.err == nil {
		t, r.err = parseTimestamp("/predicate"+at, &s)
	}
	return t
}

// keep puts what was not taken of the object at into the rest.
func (r *reader) keep(at string, o object) {
	for name, raw := range o {
		if r.rest == nil {
			r.rest = map[string]json.RawMessage{}
		}
		step := strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
		r.rest[at+"/"+step] = bytes.Clone(raw)
	}
}

func (r *reader) refuse(code attest.Code, at, want, got string) {
	if r.err == nil {
		r.err = attest.Refuse(code, "/predicate"+at, want, got)
	}
}

// A member is a named value; nil for none.
type member struct {
	name  string
	value json.RawMessage
}

// compose writes the object of those members that are there, with their exact bytes.
func compose(members ...member) json.RawMessage {
	out := []byte{'{'}
	for _, m := range members {
		if m.value == nil {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(strconv.AppendQuote(out, m.name), ':'), m.value...)
	}
	return append(out, '}')
}
