package doc

import (
	"encoding"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/scan"
)

// Schema returns the JSON Schema (draft 2020-12) of a document, with the parameters of
// the rules of Builtin. It is made from the Go types that documents and parameters are
// read into, and helps to write them: it refuses what is missing, unknown, empty or of
// another type, but cannot tell what a text must be or how values hang together. Only
// Parse and Config judge documents.
func Schema() ([]byte, error) {
	s := schemas{defs: map[string]any{}}
	root := s.object(reflect.TypeFor[Document]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = SchemaURI
	root["properties"].(map[string]any)["schema"] = map[string]any{"const": SchemaURI}
	node := s.defs["Node"].(map[string]any)
	node["minProperties"], node["maxProperties"] = 1, 1

	parameters := rules.ParameterTypes()
	maps.Copy(parameters, map[string]reflect.Type{
		"builder": reflect.TypeFor[Builder](), "parameters": reflect.TypeFor[Parameters](), "reproduced": reflect.TypeFor[Reproduced](),
		"signer": reflect.TypeFor[Signer](), "source": reflect.TypeFor[Source](), "vulnerabilities": reflect.TypeFor[Vulnerabilities](),
	})
	s.demanding = true
	var cases []any
	s.defs["Rule"].(map[string]any)["properties"].(map[string]any)["use"] = map[string]any{"type": "string", "examples": slices.Sorted(maps.Keys(Builtin()))}
	for _, use := range slices.Sorted(maps.Keys(parameters)) {
		cases = append(cases, map[string]any{
			"if":   map[string]any{"properties": map[string]any{"use": map[string]any{"const": use}}, "required": []string{"use"}},
			"then": map[string]any{"properties": map[string]any{"with": s.of(parameters[use])}},
		})
	}
	s.defs["Rule"].(map[string]any)["allOf"] = cases
	root["$defs"] = s.defs
	return strictjson.Marshal(root)
}

// schemas makes schemas of Go types; those of structs are kept once in defs.
type schemas struct {
	defs map[string]any
	// demanding demands that what is required is not empty, as rules do of their
	// parameters.
	demanding bool
}

// of returns the schema of what the type is read from.
func (s *schemas) of(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{}
	case reflect.TypeFor[reproducible.Guarantees]():
		return map[string]any{"type": "array", "uniqueItems": true, "items": map[string]any{"enum": reproducible.AllGuarantees.Names()}}
	case reflect.TypeFor[scan.Severity]():
		return map[string]any{"enum": []scan.Severity{scan.None, scan.Low, scan.Medium, scan.High, scan.Critical}}
	case reflect.TypeFor[digest.Set]():
		return map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string", "pattern": "^[0-9a-f]+$"}}
	case reflect.TypeFor[Quantifier]():
		return map[string]any{"enum": []string{"all", "any"}}
	case reflect.TypeFor[policy.Phase]():
		return map[string]any{"enum": []policy.Phase{policy.PhaseBuild, policy.PhasePublish, policy.PhasePromote, policy.PhaseDeploy}}
	}
	if t.Kind() == reflect.Int64 && strings.EqualFold(t.Name(), "duration") {
		return map[string]any{"type": "string", "pattern": `^(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))+$|^0$`}
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"type": "string", "contentEncoding": "base64"}
		}
		return map[string]any{"type": "array", "items": s.filled(s.of(t.Elem()))}
	case reflect.Map:
		values := s.of(t.Elem())
		if t.Elem().Kind() == reflect.Slice {
			values = s.filled(values)
		}
		return map[string]any{"type": "object", "additionalProperties": values}
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Float64: // a probability
		return map[string]any{"type": "number", "minimum": 0, "maximum": 1}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Struct:
		name := name(t)
		if _, ok := s.defs[name]; !ok {
			s.defs[name] = map[string]any{} // the type may contain itself
			maps.Copy(s.defs[name].(map[string]any), s.object(t))
		}
		return map[string]any{"$ref": "#/$defs/" + name}
	}
	return map[string]any{"type": "string"}
}

// name names the schema of a struct. The catalogue's own types are another package's.
func name(t reflect.Type) string {
	if strings.HasSuffix(t.PkgPath(), "/rules") {
		return "rules." + t.Name()
	}
	return t.Name()
}

// object returns the schema of a struct: its fields and no others.
func (s *schemas) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for i := range t.NumField() {
		name, option, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		property := s.of(t.Field(i).Type)
		if option == "" {
			required = append(required, name)
			property = s.filled(property)
		}
		properties[name] = property
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "required": required}
}

// filled demands, of parameters, that a value is not empty.
func (s *schemas) filled(schema map[string]any) map[string]any {
	if least := map[any]string{"array": "minItems", "object": "minProperties", "string": "minLength"}[schema["type"]]; least != "" && s.demanding {
		schema[least] = 1
	}
	return schema
}
