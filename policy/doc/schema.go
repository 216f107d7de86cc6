package doc

import (
	"encoding"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/reproducible"
)

// Schema returns the JSON Schema (draft 2020-12) of a document, with the parameters of
// the rules of Builtin. It is made from the Go types that documents are read into,
// and helps to write documents; only Parse and Config judge them.
func Schema() ([]byte, error) {
	s := schemas{defs: map[string]any{}}
	root := s.object(reflect.TypeFor[Document]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = SchemaURI
	root["properties"].(map[string]any)["schema"] = map[string]any{"const": SchemaURI}
	node := s.defs["Node"].(map[string]any)
	node["minProperties"], node["maxProperties"] = 1, 1

	parameters := map[string]reflect.Type{
		"builder": reflect.TypeFor[Builder](), "parameters": reflect.TypeFor[Parameters](), "reproduced": reflect.TypeFor[Reproduced](),
		"signer": reflect.TypeFor[Signer](), "source": reflect.TypeFor[Source](), "vulnerabilities": reflect.TypeFor[Vulnerabilities](),
	}
	var cases []any
	s.defs["Rule"].(map[string]any)["properties"].(map[string]any)["use"] = map[string]any{"type": "string", "examples": slices.Sorted(maps.Keys(Builtin()))}
	for _, use := range slices.Sorted(maps.Keys(parameters)) {
		cases = append(cases, map[string]any{
			"if":   map[string]any{"properties": map[string]any{"use": map[string]any{"const": use}}},
			"then": map[string]any{"properties": map[string]any{"with": s.of(parameters[use])}},
		})
	}
	s.defs["Rule"].(map[string]any)["allOf"] = cases
	root["$defs"] = s.defs
	return strictjson.Marshal(root)
}

// schemas makes schemas of Go types; those of structs are kept once in defs.
type schemas struct{ defs map[string]any }

// of returns the schema of what the type is read from.
func (s *schemas) of(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{}
	case reflect.TypeFor[reproducible.Guarantees]():
		return map[string]any{"type": "array", "items": map[string]any{"type": "string"}}
	case reflect.TypeFor[Duration]():
		return map[string]any{"type": "string", "pattern": `^([0-9.]+(ns|us|µs|ms|s|m|h))+$`}
	case reflect.TypeFor[Quantifier]():
		return map[string]any{"enum": []string{"all", "any"}}
	case reflect.TypeFor[policy.Phase]():
		return map[string]any{"enum": []policy.Phase{policy.PhaseBuild, policy.PhasePublish, policy.PhasePromote, policy.PhaseDeploy}}
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Struct:
		if _, ok := s.defs[t.Name()]; !ok {
			s.defs[t.Name()] = map[string]any{} // the type may contain itself
			maps.Copy(s.defs[t.Name()].(map[string]any), s.object(t))
		}
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	}
	return map[string]any{"type": "string"}
}

// object returns the schema of a struct: its fields and no others.
func (s *schemas) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for i := range t.NumField() {
		name, option, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		properties[name] = s.of(t.Field(i).Type)
		if option == "" {
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "required": required}
}
