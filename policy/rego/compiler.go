package rego

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/internal/inputs"
)

// A Compiler makes rules of clauses in Rego. The zero Compiler has the default limits.
type Compiler struct {
	// Steps bounds the evaluation of one piece of evidence; 0 means 100,000. It also is
	// the rule's policy.Budget.Cost, over all evidence.
	Steps int64
	// Bytes bounds the predicates that are read; 0 means 1 MiB.
	Bytes int64
}

var _ policy.Compiler = Compiler{}

// maxText bounds a module, in bytes.
const maxText = 64 << 10

// requestName is the member of input that tells of the request.
const requestName = "request"

// allowed are the built-in functions that a module may call.
func allowed() []string {
	return []string{
		"eq", "equal", "neq", "lt", "lte", "gt", "gte", "assign", "internal.member_2", "internal.member_3",
		"plus", "minus", "mul", "div", "rem", "abs", "and", "or", "count", "sum",
		"all", "any", "startswith", "endswith", "contains", "lower", "upper", "trim", "trim_space", "trim_prefix", "trim_suffix",
		"regex.match", "concat", "split", "sprintf", "object.get", "semver.compare", "semver.is_valid", "time.parse_rfc3339_ns",
	}
}

// Compile implements policy.Compiler. The rule's needs are checked by policy.New.
func (c Compiler) Compile(clause policy.Clause) (policy.Rule, error) {
	if err := c.check(clause.Text); err != nil {
		return nil, err
	}
	fields, err := inputs.Compile(clause.Inputs, requestName)
	if err != nil {
		return nil, err
	}
	module, err := parse("clause.rego", clause.Text, ast.RegoV1)
	if err != nil {
		return nil, err
	}
	entry, err := lint(module, vocabularyOf(fields), entryAllow, entryDeny)
	if err != nil {
		return nil, err
	}
	schemas := ast.NewSchemaSet()
	schemas.Put(ast.SchemaRootRef, schema(fields))
	query, err := prepare(module, ast.RegoV1, entry, entry == entryAllow, rego.Schemas(schemas))
	if err != nil {
		return nil, err
	}
	need := clause.Need
	need.Name = cmp.Or(need.Name, "evidence")
	return &rule{
		spec: policy.Spec{
			ID: clause.ID, Version: clause.Version, Title: clause.Title, Controls: clause.Controls, Needs: []policy.Need{need},
			Budget: policy.Budget{Cost: c.steps(), Bytes: c.bytes()},
		},
		fields: fields, query: query, remedy: clause.Remedy,
	}, nil
}

func (c Compiler) steps() int64 { return cmp.Or(c.Steps, 100_000) }
func (c Compiler) bytes() int64 { return cmp.Or(c.Bytes, 1<<20) }

// check refuses limits and modules that are out of range.
func (c Compiler) check(text string) error {
	if c.Steps < 0 || c.Bytes < 0 {
		return attest.Refuse(CodeConfig, "Compiler", "positive limits", "a negative one")
	}
	if n := len(text); n == 0 || n > maxText {
		return attest.Refuse(CodeConfig, "Text", "a module of at most "+strconv.Itoa(maxText)+" bytes", strconv.Itoa(n))
	}
	return nil
}

func parse(file, text string, version ast.RegoVersion) (*ast.Module, error) {
	module, err := ast.ParseModuleWithOpts(file, text, ast.ParserOptions{RegoVersion: version, Capabilities: capable()})
	if err != nil {
		return nil, refuseText("a module in Rego "+version.String(), err)
	}
	return module, nil
}

// prepare makes a query for the entry point of a module that was judged.
func prepare(module *ast.Module, version ast.RegoVersion, entry string, boolean bool, more ...func(*rego.Rego)) (query, error) {
	boundTexts(module)
	options := slices.Concat(boundedFunctions(), more, []func(*rego.Rego){
		rego.Query(module.Package.Path.String() + "." + entry),
		rego.ParsedModule(module),
		rego.SetRegoVersion(version),
		rego.Capabilities(capable()),
		rego.Strict(true),
		rego.StrictBuiltinErrors(true),
	})
	prepared, err := rego.New(options...).PrepareForEval(context.Background())
	if err != nil {
		return query{}, refuseText("a module that compiles", err)
	}
	return query{prepared, entry, boolean}, nil
}

func refuseText(want string, err error) error {
	code := CodeSyntax
	if strings.Contains(err.Error(), "undefined function") {
		code = CodeBuiltin
	}
	return attest.Refuse(code, "Text", want, excerpt.Quote(err.Error()))
}

// capable returns what a module may use of OPA.
func capable() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	list := allowed()
	c.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool { return b.Nondeterministic || !slices.Contains(list, b.Name) })
	c.AllowNet = []string{}
	return c
}

// schema returns the JSON Schema of input. Time is a text to Rego.
func schema(fields []inputs.Field) any {
	text := map[string]any{"type": "string"}
	object := func(properties map[string]any) map[string]any {
		required := make([]any, 0, len(properties))
		for name := range properties {
			required = append(required, name)
		}
		return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	}
	list := func(of any) any { return map[string]any{"type": "array", "items": of} }
	properties := map[string]any{requestName: object(map[string]any{
		"subject": list(text), "signers": list(text), "phase": text, "environment": text, "actor": text,
	})}
	for _, f := range fields {
		var t any = map[string]any{"type": map[string]string{"bool": "boolean", "int": "integer", "string": "string", "time": "string"}[f.Type.Scalar]}
		switch f.Type.Container {
		case "list":
			t = list(t)
		case "map":
			t = map[string]any{"type": "object", "additionalProperties": t}
		}
		properties[f.Name] = t
	}
	return object(properties)
}
