package doc_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/cel"
	"github.com/sealwright/sealwright/policy/doc"
	"github.com/sealwright/sealwright/policy/policytest"
)

func file(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(b)
}

func TestYAMLSaysWhatJSONSays(t *testing.T) {
	j, y := production(t), file(t, "production.yaml")
	want, err := doc.Canonical([]byte(j))
	require.NoError(t, err)
	got, err := doc.Canonical([]byte(y))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	fromJSON, err := doc.Parse([]byte(j))
	require.NoError(t, err)
	fromYAML, err := doc.ParseYAML([]byte(y))
	require.NoError(t, err)
	a, err := json.Marshal(fromJSON)
	require.NoError(t, err)
	b, err := json.Marshal(fromYAML)
	require.NoError(t, err)
	require.JSONEq(t, string(a), string(b))

	tr := trust(t)
	c, err := doc.Load(t.Context(), tr, []byte(y), sign(t, y, "ann", "ben"), now)
	require.NoError(t, err)
	require.Equal(t, digest.FromBytes(want), c.Policy.Digest, "what is pinned is the canonical JSON")
	again, err := doc.Load(t.Context(), tr, want, sign(t, y, "ann", "ben"), now)
	require.NoError(t, err, "the canonical JSON is the same release")
	require.Equal(t, c.Policy, again.Policy)
}

func TestYAMLBeyondTheSubsetIsRefused(t *testing.T) {
	for _, tt := range []struct{ name, old, replacement string }{
		{"an anchor", "validity: 1h", "validity: &v 1h"},
		{"an alias", "levels:", "extra: &a [x]\nlevels: *a\nother:"},
		{"a merge key", "validity: 1h", "<<: {validity: 1h}"},
		{"a tag", "version: 3", "version: !!int 3"},
		{"a tag on a string", "validity: 1h", "validity: !!str 1h"},
		{"a tag of its own", "validity: 1h", "validity: !exec 1h"},
		{"binary", "validity: 1h", "validity: !!binary MWg="},
		{"a key twice", "version: 3", "version: 3\nversion: 4"},
		{"a key in two spellings", "version: 3", "version: 3\nVersion: 3"},
		{"a key that is a number", "validity: 1h", "1: x"},
		{"a key that is a list", "validity: 1h", "? [a]\n: x"},
		{"Norway", "environments: [production]", "environments: [no]"},
		{"Norway in capitals", "environments: [production]", "environments: [NO]"},
		{"a letter that once was a truth", "environments: [production]", "environments: [y]"},
		{"a truth in capitals", "validity: 1h", "validity: True"},
		{"null", "validity: 1h", "validity: null"},
		{"a tilde", "validity: 1h", "validity: ~"},
		{"nothing", "validity: 1h", "validity:"},
		{"a fraction", "version: 3", "version: 3.0"},
		{"a version that loses a zero", "validity: 1h", "validity: 1.10"},
		{"an octal number", "version: 3", "version: 010"},
		{"a number with 0o", "version: 3", "version: 0o10"},
		{"a hexadecimal number", "version: 3", "version: 0x3"},
		{"a number with an underscore", "version: 3", "version: 1_000"},
		{"a sexagesimal number", "version: 3", "version: 1:30"},
		{"a number with a sign", "version: 3", "version: +3"},
		{"minus zero", "version: 3", "version: -0"},
		{"infinity", "version: 3", "version: .inf"},
		{"a date", "expires: 2027-01-01T00:00:00Z", "expires: 2027-01-01"},
		{"a second document", "levels:", "---\nlevels:"},
		{"a byte order mark", "schema:", "\ufeffschema:"},
		{"no UTF-8", "platform", "\xff"},
		{"a tab", "  all:", "\tall:"},
		{"a list at the top", "schema:", "- schema:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			y := file(t, "production.yaml")
			require.Contains(t, y, tt.old)
			y = strings.Replace(y, tt.old, tt.replacement, 1)
			_, err := doc.ParseYAML([]byte(y))
			require.ErrorIs(t, err, attest.Is(doc.CodeYAML))
		})
	}
	for name, y := range map[string]string{
		"deep":           "a: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"wide":           "a: [" + strings.Repeat("1,", 200_000) + "1]",
		"billion laughs": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]",
		"only comments":  "# nothing",
		"two documents":  "a: b\n---\nc: d",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := doc.ParseYAML([]byte(y))
			require.ErrorIs(t, err, attest.Is(doc.CodeYAML))
		})
	}
	_, err := doc.Canonical([]byte("a: " + strings.Repeat("x", 1<<20)))
	require.ErrorIs(t, err, attest.Is(doc.CodeFormat))
	_, err = doc.ParseYAML([]byte(strings.Replace(file(t, "production.yaml"), "validity: 1h", "validity: 1h\nmode: warn", 1)))
	require.ErrorIs(t, err, attest.Is(doc.CodeFormat), "an unknown field is no better in YAML")
}

func languages() doc.Languages { return doc.Languages{"cel": cel.Compiler{}} }

func TestAConditionIsARule(t *testing.T) {
	d, err := doc.ParseYAML([]byte(file(t, "conditions.yaml")))
	require.NoError(t, err)
	c, err := d.Config(nil, languages())
	require.NoError(t, err)
	require.Equal(t, policy.Budget{Time: 100 * time.Millisecond, Cost: 50_000, Bytes: 1 << 20}, c.Budget)
	c.Authorities, c.Testing = []string{policytest.Authority}, true
	e, err := policy.New(c)
	require.NoError(t, err)
	subject := attest.Descriptor{Digest: digest.Set{digest.SHA256: strings.Repeat("a", 64)}}
	for predicate, want := range map[string]policy.Verdict{
		`{"finished":"2026-05-01T11:00:00Z","tests":[{"result":"passed"},{"result":"passed"}]}`: policy.Allow,
		`{"finished":"2026-05-01T11:00:00Z","tests":[{"result":"passed"},{"result":"failed"}]}`: policy.Deny,
		`{"finished":"2026-05-01T11:00:00Z","tests":[{"result":"passed"}]}`:                     policy.Deny,
		`{"finished":"2026-05-01T11:00:00Z","tests":[]}`:                                        policy.Deny,
		`{"finished":"2026-05-01T11:00:00Z"}`:                                                   policy.Indeterminate,
		`{"finished":"2026-04-01T11:00:00Z","tests":[{"result":"passed"},{"result":"passed"}]}`: policy.Indeterminate,
	} {
		s, err := attest.NewStatement("https://example.com/tests/v1", json.RawMessage(predicate), subject)
		require.NoError(t, err)
		v, err := policytest.Synthetic{Signers: []string{"ci"}}.Seal(s)
		require.NoError(t, err)
		decision, err := e.Evaluate(t.Context(), policy.Request{Subject: subject, Phase: policy.PhaseDeploy, Now: now, Evidence: []*attest.Verified{v}})
		require.NoError(t, err)
		require.Equal(t, want, decision.Verdict(), "%s: %v", predicate, decision.Err())
		f := decision.Report().Findings[0]
		require.Equal(t, "tests-passed", f.Rule)
		require.Equal(t, 2, f.Version)
		require.Equal(t, "every test passed, and there were some", f.Title)
		require.Equal(t, []policy.Control{{Catalog: "NIST SP 800-218", ID: "PW.8.2"}}, f.Controls)
	}
}

type nothing struct{}

func (nothing) Compile(policy.Clause) (policy.Rule, error) { return nil, nil }

func TestAConditionThatCannotBeReadIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name, old, replacement string
		languages              doc.Languages
		code                   attest.Code
	}{
		{"no languages", "", "", nil, doc.CodeLanguage},
		{"another language", "language: cel", "language: rego", languages(), doc.CodeLanguage},
		{"a language that is nil", "", "", doc.Languages{"cel": nil}, doc.CodeLanguage},
		{"a compiler without a rule", "", "", doc.Languages{"cel": nothing{}}, doc.CodeCondition},
		{"no language", "    language: cel\n", "", languages(), doc.CodeLanguage},
		{"no id", "    id: tests-passed\n", "", languages(), doc.CodeFormat},
		{"a vacuous condition", `results.all(r, r == "passed")`, `!results.exists(r, r == "failed")`, languages(), cel.CodeVacuous},
		{"a quantifier that nobody knows", "quantifier: all", "quantifier: most", languages(), doc.CodeFormat},
		{"no signers", "      signers: [ci]\n", "", languages(), policy.CodeConfigNeed},
		{"beside a rule", "  condition:", "  rule: {use: signer, id: x, with: {}}\n  condition:", languages(), doc.CodeNode},
		{"a budget below nothing", "cost: 1000", "cost: -1000", languages(), policy.CodeConfigRule},
	} {
		t.Run(tt.name, func(t *testing.T) {
			y := file(t, "conditions.yaml")
			require.Contains(t, y, tt.old)
			d, err := doc.ParseYAML([]byte(strings.Replace(y, tt.old, tt.replacement, 1)))
			if err == nil {
				var c policy.Config
				if c, err = d.Config(nil, tt.languages); err == nil {
					_, err = policy.New(c)
				}
			}
			require.ErrorIs(t, err, attest.Is(tt.code))
		})
	}
}

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	b, err := doc.Schema()
	require.NoError(t, err)
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource(doc.SchemaURI, parsed))
	s, err := c.Compile(doc.SchemaURI)
	require.NoError(t, err)
	return s
}

func TestTheSchemaAgreesWithTheReader(t *testing.T) {
	s := schema(t)
	validate := func(document string) error {
		b, err := doc.Canonical([]byte(document))
		require.NoError(t, err)
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
		require.NoError(t, err)
		return s.Validate(v)
	}
	for _, name := range []string{"production.json", "production.yaml", "conditions.yaml", "../../../examples/policy/testdata/release.yaml"} {
		require.NoError(t, validate(file(t, name)), name)
	}
	for name, change := range map[string][2]string{
		"an unknown field":      {"version: 3", "version: 3\nmode: warn"},
		"no version":            {"version: 3\n", ""},
		"a text for a number":   {"version: 3", `version: "3"`},
		"another schema":        {"policy/doc/v1", "policy/doc/v2"},
		"a duration in days":    {"validity: 1h", "validity: 1d"},
		"an unknown phase":      {"[deploy]", "[Deploy]"},
		"two forms":             {"    - any:", "    - all: []\n      any:"},
		"an unknown parameter":  {"builds: 2", "builds: 2, minimum: 1"},
		"parameters of another": {"use: source", "use: builder"},
	} {
		y := file(t, "production.yaml")
		require.Contains(t, y, change[0], name)
		require.Error(t, validate(strings.Replace(y, change[0], change[1], 1)), name)
	}
}

// Every field that a document can have is in the schema, and no other.
func TestEveryFieldIsInTheSchema(t *testing.T) {
	b, err := doc.Schema()
	require.NoError(t, err)
	var root map[string]any
	require.NoError(t, json.Unmarshal(b, &root))
	defs := root["$defs"].(map[string]any)
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(ty reflect.Type) {
		switch ty.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(ty.Elem())
			return
		case reflect.Struct:
		default:
			return
		}
		if seen[ty] || ty == reflect.TypeFor[time.Time]() {
			return
		}
		seen[ty] = true
		def := root
		if ty != reflect.TypeFor[doc.Document]() {
			require.Contains(t, defs, ty.Name())
			def = defs[ty.Name()].(map[string]any)
		}
		properties := def["properties"].(map[string]any)
		require.Len(t, properties, ty.NumField(), ty.Name())
		for i := range ty.NumField() {
			name, _, _ := strings.Cut(ty.Field(i).Tag.Get("json"), ",")
			require.Contains(t, properties, name, ty.Name())
			walk(ty.Field(i).Type)
		}
	}
	for _, ty := range []reflect.Type{
		reflect.TypeFor[doc.Document](), reflect.TypeFor[doc.Builder](), reflect.TypeFor[doc.Parameters](), reflect.TypeFor[doc.Reproduced](),
		reflect.TypeFor[doc.Signer](), reflect.TypeFor[doc.Source](), reflect.TypeFor[doc.Vulnerabilities](),
	} {
		if ty != reflect.TypeFor[doc.Document]() {
			require.Contains(t, defs, ty.Name())
		}
		walk(ty)
	}
	require.Greater(t, len(seen), 15)
}

func FuzzYAML(f *testing.F) {
	f.Add([]byte(file(f, "production.yaml")))
	f.Add([]byte(file(f, "conditions.yaml")))
	f.Add([]byte("a: &x [1, *x]"))
	f.Fuzz(func(t *testing.T, document []byte) {
		c, err := doc.Canonical(document)
		if err != nil {
			if len(attest.Reasons(err)) == 0 {
				t.Fatalf("an error without a reason: %v", err)
			}
			return
		}
		if c[0] != '{' {
			return // no document
		}
		again, err := doc.Canonical(c)
		if err != nil || string(again) != string(c) {
			t.Fatalf("the canonical form of %q is not its own: %v", document, err)
		}
	})
}

func TestParseRefusesYAMLSoThatNobodyStoresItAsTheDocument(t *testing.T) {
	for _, name := range []string{"production.yaml", "conditions.yaml"} {
		_, err := doc.ParseYAML([]byte(file(t, name)))
		require.NoError(t, err)
		_, err = doc.Parse([]byte(file(t, name)))
		require.ErrorIs(t, err, attest.Is(doc.CodeFormat))
		canonical, err := doc.Canonical([]byte(file(t, name)))
		require.NoError(t, err)
		_, err = doc.Parse(canonical)
		require.NoError(t, err)
	}
}

func TestADocumentDeclaresWhatNoReportRepeats(t *testing.T) {
	d, err := doc.ParseYAML([]byte(file(t, "production.yaml") + "\nredact:\n  - /token\n"))
	require.NoError(t, err)
	config, err := d.Config(doc.Builtin(), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"/token"}, config.Redact)
	_, err = policy.New(config)
	require.NoError(t, err)
	config.Redact = []string{"token"}
	_, err = policy.New(config)
	require.ErrorIs(t, err, attest.Is(policy.CodeConfig))
}
