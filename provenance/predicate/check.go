package predicate

import (
	"encoding/json"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

func checkURI(where, uri string) error {
	if attest.CheckTypeURI(uri) != nil {
		return attest.Refuse(CodeURI, where, "an absolute URI", excerpt.Quote(uri))
	}
	return nil
}

func checkText(where, text string) error {
	if text == "" {
		return attest.Refuse(CodeMissing, where, "a text", "none")
	}
	return nil
}

func checkTime(where string, t Timestamp) error {
	if y := t.UTC().Year(); t.IsZero() || y < 1 || y > 9999 {
		return attest.Refuse(CodeTimestamp, where, "an instant in the years 1 to 9999", t.String())
	}
	return nil
}

// checkOptionalTime accepts the zero Timestamp.
func checkOptionalTime(where string, t Timestamp) error {
	if t.IsZero() {
		return nil
	}
	return checkTime(where, t)
}

func checkDescriptor(where string, d *attest.Descriptor) error {
	if d == nil {
		return nil
	}
	if err := d.Validate(); err != nil {
		return attest.Refuse(CodeDescriptor, where, "a uri, a digest or the content", "").Because(err)
	}
	return nil
}

// checkObject accepts nil, but not the JSON value null.
func checkObject(where string, raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	if len(raw) == 0 || raw[0] != '{' {
		return attest.Refuse(CodeValue, where, "a JSON object", "something else")
	}
	if err := strictjson.Check(raw, strictjson.Options{}); err != nil {
		return attest.Refuse(CodeJSON, where, "strict JSON", "").Because(err)
	}
	return nil
}

func at(where string, i int) string { return where + "/" + strconv.Itoa(i) }
