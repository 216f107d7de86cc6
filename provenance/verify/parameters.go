package verify

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
)

// Check tells in what the external parameters of b differ from p; no reason means in
// nothing. Faults of p itself are reasons too.
func (p Parameters) Check(b *provenance.Build) []attest.Reason {
	const where = "/predicate/buildDefinition/externalParameters"
	if err := p.Validate(); err != nil {
		return attest.Reasons(err)
	}
	var got map[string]json.RawMessage
	if err := strictjson.Unmarshal(b.External, &got, strictjson.Options{}); err != nil || got == nil {
		return []attest.Reason{{Code: CodeFormat, Where: where, Want: "a strict JSON object", Got: "something else"}}
	}
	var reasons []attest.Reason
	for _, name := range slices.Sorted(maps.Keys(p.Equal)) {
		value, ok := got[name]
		if !ok {
			reasons = append(reasons, attest.Reason{Code: CodeParameter, Where: where + pointer(name), Want: excerpt.Quote(string(p.Equal[name])), Got: "nothing"})
			continue
		}
		if same, err := provenance.EqualJSON(value, p.Equal[name]); err != nil || !same {
			reasons = append(reasons, attest.Reason{Code: CodeParameter, Where: where + pointer(name), Want: excerpt.Quote(string(p.Equal[name])), Got: excerpt.Quote(string(value))})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, expected := p.Equal[name]; !expected && !slices.Contains(p.Ignore, name) {
			reasons = append(reasons, attest.Reason{Code: CodeParameterExtra, Where: where + pointer(name), Want: "no such parameter", Got: excerpt.Quote(string(got[name]))})
		}
	}
	return reasons
}

// pointer is the JSON pointer step (RFC 6901) to a member.
func pointer(name string) string {
	step := strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
	quoted := excerpt.Quote(step)
	if quoted == `"`+step+`"` {
		return "/" + step
	}
	return "/" + quoted
}
