package inputs_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/internal/inputs"
)

func decoded(t testing.TB, document string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

const document = `{"s":"x","n":9007199254740993,"b":true,"t":"2026-05-01T12:00:00+02:00","l":["a","b"],"m":{"k":1},
	"parts":[{"name":"p","v":{"~/":1}},{"name":"q","v":{"~/":2}}],"empty":[],"f":1.0,"z":-0,"big":9223372036854775808,"null":null,"mixed":["a",1]}`

func TestInputs(t *testing.T) {
	for _, c := range []struct {
		pointer, kind string
		want          any
		code          attest.Code
	}{
		{"/s", "string", "x", ""},
		{"/n", "int", int64(9007199254740993), ""},
		{"/b", "bool", true, ""},
		{"/t", "time", time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC), ""},
		{"/l", "list(string)", []any{"a", "b"}, ""},
		{"/l/1", "string", "b", ""},
		{"/m", "map(int)", map[string]any{"k": int64(1)}, ""},
		{"/parts/*/name", "list(string)", []any{"p", "q"}, ""},
		{"/parts/*/v/~0~1", "list(int)", []any{int64(1), int64(2)}, ""},
		{"/empty", "list(string)", []any{}, ""},
		{"/empty/*/name", "list(string)", []any{}, ""},
		{"/gone", "string", nil, inputs.CodeMissing},
		{"/S", "string", nil, inputs.CodeMissing},
		{"/s/deeper", "string", nil, inputs.CodeMissing},
		{"/l/2", "string", nil, inputs.CodeMissing},
		{"/l/01", "string", nil, inputs.CodeMissing},
		{"/l/-", "string", nil, inputs.CodeMissing},
		{"/parts/*/gone", "list(string)", nil, inputs.CodeMissing},
		{"/parts/0/v/*", "list(int)", nil, inputs.CodeType},
		{"/s", "int", nil, inputs.CodeType},
		{"/s", "time", nil, inputs.CodeType},
		{"/n", "string", nil, inputs.CodeType},
		{"/b", "string", nil, inputs.CodeType},
		{"/f", "int", nil, inputs.CodeType},
		{"/z", "int", nil, inputs.CodeType},
		{"/big", "int", nil, inputs.CodeType},
		{"/null", "string", nil, inputs.CodeType},
		{"/null", "list(string)", nil, inputs.CodeType},
		{"/mixed", "list(string)", nil, inputs.CodeType},
		{"/l", "string", nil, inputs.CodeType},
		{"/s", "list(string)", nil, inputs.CodeType},
		{"/l", "map(string)", nil, inputs.CodeType},
	} {
		t.Run(c.pointer+" as "+c.kind, func(t *testing.T) {
			fields, err := inputs.Compile([]policy.Input{{Name: "x", Pointer: c.pointer, Type: c.kind}})
			require.NoError(t, err)
			require.Equal(t, c.kind, fields[0].Type.String())
			values, err := inputs.Read(fields, decoded(t, document))
			if c.code != "" {
				require.ErrorIs(t, err, attest.Is(c.code))
				require.Nil(t, values)
				return
			}
			require.NoError(t, err)
			require.Equal(t, map[string]any{"x": c.want}, values)
		})
	}
}

func TestADeclarationIsChecked(t *testing.T) {
	for name, declared := range map[string][]policy.Input{
		"none":             nil,
		"too many":         make([]policy.Input, 65),
		"no name":          {{Pointer: "/x", Type: "int"}},
		"a name in caps":   {{Name: "X", Pointer: "/x", Type: "int"}},
		"a name twice":     {{Name: "x", Pointer: "/x", Type: "int"}, {Name: "x", Pointer: "/y", Type: "int"}},
		"a reserved name":  {{Name: "subject", Pointer: "/x", Type: "int"}},
		"no type":          {{Name: "x", Pointer: "/x"}},
		"an unknown type":  {{Name: "x", Pointer: "/x", Type: "dyn"}},
		"a list of lists":  {{Name: "x", Pointer: "/x", Type: "list(list(int))"}},
		"the predicate":    {{Name: "x", Pointer: "", Type: "map(int)"}},
		"a star for one":   {{Name: "x", Pointer: "/x/*", Type: "int"}},
		"two stars":        {{Name: "x", Pointer: "/x/*/y/*", Type: "list(int)"}},
		"a relative point": {{Name: "x", Pointer: "x", Type: "int"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := inputs.Compile(declared, "subject")
			require.ErrorIs(t, err, attest.Is(inputs.CodeDeclaration))
		})
	}
}
