package slsa

import (
	"encoding/json"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// LegacyStatementType is the _type of an in-toto Statement v0.1.
const LegacyStatementType = "https://in-toto.io/Statement/v0.1"

// DecodeLegacyStatement reads the payload of an envelope that holds an in-toto
// Statement v0.1 about provenance v0.1 or v0.2. An attest.Statement, and so an
// attest.Verified, is always Statement v1: a verifier of this module never passes
// such a payload on. Who calls this function opts in, and has authenticated the
// payload on their own. limits mean what they mean for attest.ParseStatement, and
// fields that the specification does not name are ignored as there.
func DecodeLegacyStatement(payload []byte, limits attest.Limits) (*Legacy, error) {
	parts, err := strictjson.Fields(payload, strictjson.Options{Bytes: limits.Bytes, Depth: limits.Depth, AllowUnknown: true}, "_type", "predicateType", "subject", "predicate", "type", "predicate_type")
	if err != nil {
		return nil, attest.Refuse(CodeStatement, "", "strict JSON of a Statement v0.1", "").Because(err)
	}
	if parts[4] != nil || parts[5] != nil {
		return nil, attest.Refuse(CodeAlias, "", "fields by their names in the specification", "type or predicate_type")
	}
	var kind, predicateType string
	for i, v := range []*string{&kind, &predicateType} {
		if parts[i] == nil {
			continue
		}
		if *v, err = parts[i].Text(); err != nil {
			return nil, attest.Refuse(CodeStatement, "", "strings for _type and predicateType", "").Because(err)
		}
	}
	if kind != LegacyStatementType {
		return nil, attest.Refuse(CodeStatement, "/_type", LegacyStatementType, excerpt.Quote(kind))
	}
	if predicateType != PredicateTypeV01 && predicateType != PredicateTypeV02 {
		return nil, attest.Refuse(CodePredicateType, "/predicateType", PredicateTypeV01+" or "+PredicateTypeV02, excerpt.Quote(predicateType))
	}
	// Read as Statement v1, whose subjects and predicate are at least as strict.
	current, err := strictjson.Marshal(map[string]any{
		"_type": attest.StatementType, "predicateType": predicateType,
		"subject": json.RawMessage(parts[2]), "predicate": json.RawMessage(parts[3]),
	})
	if err != nil {
		return nil, attest.Refuse(CodeStatement, "", "strict JSON of a Statement v0.1", "").Because(err)
	}
	limits.Bytes = len(current) // space between tokens is gone, and the type is a little shorter
	s, err := attest.ParseStatement(current, limits)
	if err != nil {
		return nil, err
	}
	return decodeLegacy(predicateType, []byte(parts[3]), s.Subjects())
}
