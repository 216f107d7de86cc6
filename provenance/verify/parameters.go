package verify

import (
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
)

// Check tells in what the external parameters of b differ from p; no reason means in
// nothing. Faults of p itself are reasons too.
func (p Parameters) Check(b *provenance.Build) []attest.Reason {
	if err := p.Validate(); err != nil {
		return attest.Reasons(err)
	}
	if strictjson.Check(b.External, strictjson.Options{}) != nil {
		return []attest.Reason{{Code: CodeFormat, Where: parametersAt, Want: "a strict JSON object", Got: "something else"}}
	}
	return p.prepare().check(b.External)
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
